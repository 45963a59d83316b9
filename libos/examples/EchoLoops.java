import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.LibOsConfig;
import java.util.concurrent.CountDownLatch;

/// A TCP echo server on several cores: one loop, one LibOs and one queue of a DPDK port per thread,
/// nothing shared.
///
/// `libos/bin/example EchoLoops 10.77.0.2:7000 2 network.backend=dpdk
/// network.address=10.77.0.2/24 'network.dpdk.eal-args=--in-memory --no-pci
/// --vdev=net_af_packet0,iface=eth1,qpairs=2'`
public final class EchoLoops {
  private final int loop;
  private final LibOs libos;
  private final QResult[] results = new QResult[64];

  private EchoLoops(int loop, LibOs libos) {
    this.loop = loop;
    this.libos = libos;
    for (int i = 0; i < results.length; i++) {
      results[i] = new QResult();
    }
  }

  public static void main(String[] args) throws InterruptedException {
    Endpoint address = Endpoint.parse(args[0]);
    int loops = Integer.parseInt(args[1]);
    LibOsConfig config = LibOsConfig.kernel().withOption("network.dpdk.queues", args[1]);
    for (int i = 2; i < args.length; i++) {
      String[] setting = args[i].split("=", 2);
      config =
          setting[0].equals("network.backend")
              ? config.withNetwork(setting[1])
              : config.withOption(setting[0], setting[1]);
    }
    CountDownLatch listening = new CountDownLatch(loops);
    for (int i = 0; i < loops; i++) {
      int loop = i;
      LibOsConfig own = config.withOption("network.dpdk.queue", "" + loop);
      Thread.ofPlatform().start(() -> run(loop, own, address, listening));
    }
    listening.await();
    System.out.println("ready " + address);
  }

  private static void run(
      int loop, LibOsConfig config, Endpoint address, CountDownLatch listening) {
    try (LibOs libos = LibOses.open(config)) {
      new EchoLoops(loop, libos).serve(address, listening);
    } catch (RuntimeException e) {
      e.printStackTrace();
      System.exit(1);
    }
  }

  private void serve(Endpoint address, CountDownLatch listening) {
    int listener = libos.socket(SocketType.STREAM, address.family());
    libos.bind(listener, address); // Every loop listens, and gets its part of the connections.
    libos.listen(listener, 1024);
    libos.accept(listener);
    listening.countDown();
    while (true) {
      int n = libos.waitNext(results, -1);
      for (int i = 0; i < n; i++) {
        completed(results[i], listener);
      }
    }
  }

  private void completed(QResult result, int listener) {
    if (result.opcode == Opcode.ACCEPT) {
      if (!result.failed()) {
        System.out.println("loop " + loop + " accepted");
        libos.pop(result.result);
      }
      libos.accept(listener);
    } else if (result.opcode == Opcode.POP && result.sga != null) {
      libos.push(result.qd, result.sga);
      libos.sgaFree(result.sga);
      libos.pop(result.qd);
    } else if (result.opcode != Opcode.PUSH) {
      libos.close(result.qd);
    }
  }
}
