import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.LibOsConfig;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

/// A TCP echo server on several cores: a loop, a LibOs and a queue of a DPDK port per thread, nothing
/// shared. With PEER (else `-`) each loop also makes eight connections to an echo server there.
/// `libos/bin/example EchoLoops 10.77.0.2:7000 2 - network.address=10.77.0.2/24
/// 'network.dpdk.eal-args=--in-memory --no-pci --vdev=net_af_packet0,iface=eth1,qpairs=2'`
public final class EchoLoops {
  private final String loop;
  private final LibOs libos;
  private final QResult[] results = new QResult[64];
  private final Set<Integer> outgoing = new HashSet<>();

  private EchoLoops(String loop, LibOs libos) {
    this.loop = loop;
    this.libos = libos;
    Arrays.setAll(results, i -> new QResult());
  }

  public static void main(String[] args) throws InterruptedException {
    LibOsConfig config =
        LibOsConfig.kernel().withNetwork("dpdk").withOption("network.dpdk.queues", args[1]);
    for (String arg : Arrays.copyOfRange(args, 3, args.length)) {
      config = config.withOption(arg.split("=", 2)[0], arg.split("=", 2)[1]);
    }
    CountDownLatch listening = new CountDownLatch(Integer.parseInt(args[1]));
    for (int loop = 0; loop < Integer.parseInt(args[1]); loop++) {
      String name = "loop " + loop;
      LibOsConfig own = config.withOption("network.dpdk.queue", "" + loop);
      Thread.ofPlatform().start(() -> {
        try (LibOs libos = LibOses.open(own)) {
          new EchoLoops(name, libos).serve(Endpoint.parse(args[0]), args[2], listening);
        } catch (RuntimeException e) {
          e.printStackTrace();
          System.exit(1);
        }
      });
    }
    listening.await();
    System.out.println("ready " + args[0]);
  }

  private void serve(Endpoint address, String peer, CountDownLatch listening) {
    int listener = libos.socket(SocketType.STREAM, address.family());
    libos.bind(listener, address); // Every loop listens, and gets its part of the connections.
    libos.listen(listener, 1024);
    libos.accept(listener);
    listening.countDown();
    for (int i = 0; i < 8 && !peer.equals("-"); i++) {
      int qd = libos.socket(SocketType.STREAM, address.family());
      outgoing.add(qd);
      libos.connect(qd, Endpoint.parse(peer));
    }
    while (true) {
      int n = libos.waitNext(results, -1);
      for (int i = 0; i < n; i++) {
        completed(results[i], listener);
      }
    }
  }

  private void completed(QResult result, int listener) {
    if (result.opcode == Opcode.ACCEPT) {
      System.out.println(loop + " accepted");
      libos.pop(result.result);
      libos.accept(listener);
    } else if (result.opcode == Opcode.CONNECT && !result.failed()) {
      ScatterGatherArray hello = libos.sgaAlloc(loop.length());
      hello.copyFrom(0, MemorySegment.ofArray(loop.getBytes()), 0, loop.length());
      libos.push(result.qd, hello);
      libos.sgaFree(hello);
      libos.pop(result.qd);
    } else if (result.opcode == Opcode.POP && result.sga != null) {
      if (!outgoing.contains(result.qd)) {
        libos.push(result.qd, result.sga);
        libos.pop(result.qd);
      } else if (new String(result.sga.toByteArray()).equals(loop)) {
        outgoing.remove(result.qd);
        libos.close(result.qd);
        long moved = libos.report().counters().get("network.steering.handed-over");
        System.out.println(loop + ": " + outgoing.size() + " echoes to come, handed over " + moved);
      }
      libos.sgaFree(result.sga);
    } else if (result.opcode != Opcode.PUSH) {
      libos.close(result.qd);
    }
  }
}
