import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Messages of 64 B per second, echoed over TCP on DPDK's net_memif between two processes, on 50
/// connections with 16 messages in flight on each, beside the same over the kernel's TCP on
/// loop-back with both ends in C. Server and client have a CPU each and spin. A client answers the
/// messages that came together with as many in one push; every message's number is checked.
///
/// One message in flight per connection shows what a segment costs: nothing shares one then.
final class MemifRateBench {
  private static final int MESSAGE_BYTES = 64;
  private static final int CONNECTIONS = 50;
  private static final int DEPTH = 16;
  private static final String ENDPOINT = "10.77.0.1:7000";
  private static final String LOCAL = "127.0.0.1";

  /// The compiler shares a CPU with what it compiles.
  private static final long WARM_UP_MILLIS = 8_000;

  /// For the peer: the machine's default may pace, which costs on loop-back.
  private static final String CONTROL = "cubic";

  private static final LibOsConfig.Limits LIMITS =
      new LibOsConfig.Limits(1_024, 8_192, 4_096, 2_048, 256, 16);

  private MemifRateBench() {}

  static void memifRate(Report report, boolean quick) throws Exception {
    int rounds = quick ? 3 : 9;
    int millis = quick ? 500 : 1_000;
    String peerProgram = Processes.compiled("pipeline.c").toString();
    String echo = Processes.compiled("echo.c").toString();
    int port = Processes.freePort();
    Process peer =
        Processes.start(
            Processes.pinned(0, echo, "server", "epoll", LOCAL, "" + port, CONTROL), null);
    Path folder = Processes.folder();
    String socket = folder.resolve("memif").toString();
    Path log = folder.resolve("server.log");
    Process server =
        Processes.startReady(MemifBench.command(MemifRateBench.class, 0, "server", socket), log);
    Processes.pause(peer, true);
    Conversation client =
        new Conversation(MemifBench.command(MemifRateBench.class, 1, "client", socket));
    for (int depth : new int[] {DEPTH, 1}) {
      ourRate(client, depth, WARM_UP_MILLIS);
      double[][] rates = new double[2][rounds];
      for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < 2; i++) {
          int which = (round + i) % 2;
          Processes.pause(which == 0 ? peer : server, true);
          Processes.pause(which == 0 ? server : peer, false);
          rates[which][round] =
              which == 0 ? ourRate(client, depth, millis) : peerRate(peerProgram, port, depth, millis);
        }
      }
      Processes.pause(peer, true);
      Processes.pause(server, false);
      report.compare(
          CONNECTIONS + "x" + depth,
          "messages/s, 64 B, memif; peer: C, kernel TCP (" + CONTROL + ") on loop-back",
          true,
          rates[0],
          rates[1]);
    }
  }

  private static double peerRate(String program, int port, int depth, int millis)
      throws Exception {
    String out =
        Processes.output(
            Processes.pinned(
                1,
                program,
                LOCAL,
                "" + port,
                CONTROL,
                "" + CONNECTIONS,
                "" + depth,
                "" + MESSAGE_BYTES,
                "" + millis));
    return Double.parseDouble(out.trim().split(" ")[0]);
  }

  private static double ourRate(Conversation client, int depth, long millis) throws Exception {
    client.ask(depth + " " + millis);
    return client.answer("rate")[0];
  }

  /// One end: `server|client SOCKET`. The client reads lines `DEPTH MILLISECONDS`.
  public static void main(String[] args) throws Exception {
    boolean serves = args[0].equals("server");
    Options options =
        Options.of(MemifBench.options(serves, args[1], 0))
            .with("network.address", serves ? "10.77.0.1/24" : "10.77.0.2/24");
    LibOsConfig config =
        new LibOsConfig("dpdk", "none", options, LIMITS, LibOsConfig.Idle.SPIN);
    try (LibOs libos = LibOses.open(config)) {
      if (serves) {
        TcpEcho.Server server = new TcpEcho.Server(libos, ENDPOINT);
        System.out.println("ready");
        server.echo();
        return;
      }
      Client client = new Client(libos);
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] words = line.split(" ");
        double rate = client.rate(Integer.parseInt(words[0]), Long.parseLong(words[1]));
        System.out.println("rate " + rate);
      }
      Runtime.getRuntime().halt(0);
    }
  }

  /// All connections of the client.
  private static final class Client {
    private final LibOs libos;
    private final QResult[] results = TcpEcho.results();
    private final List<Integer> qds = new ArrayList<>();
    private final long[] sent = new long[1_024];
    private final long[] received = new long[1_024];
    private final int[] partial = new int[1_024];
    private final long[] number = new long[1_024];
    private int inFlight;
    private long echoed;
    private boolean sending;

    Client(LibOs libos) {
      this.libos = libos;
      for (int i = 0; i < CONNECTIONS; i++) {
        int qd = libos.socket(SocketType.STREAM, AddressFamily.INET);
        libos.wait(libos.connect(qd, Endpoint.parse(ENDPOINT)), -1, results[0]);
        if (results[0].result < 0) {
          throw new IllegalStateException("connect: " + results[0].result);
        }
        libos.setsockopt(qd, SocketOption.PUSH_QUIET, 1);
        libos.pop(qd);
        qds.add(qd);
      }
    }

    /// Messages echoed per second.
    double rate(int depth, long millis) {
      sending = true;
      echoed = 0;
      for (int qd : qds) {
        send(qd, depth);
      }
      long begin = System.nanoTime();
      long end = begin + millis * 1_000_000;
      long now = begin;
      while (now - end < 0) {
        turn();
        now = System.nanoTime();
      }
      double rate = echoed * 1e9 / (now - begin);
      sending = false;
      while (inFlight > 0) {
        turn();
      }
      // What was delayed, as an acknowledgement, goes out as well: the peer may sleep now.
      for (long until = now + 100_000_000; System.nanoTime() - until < 0; ) {
        turn();
      }
      return rate;
    }

    private void turn() {
      int n = libos.waitNext(results, 0);
      for (int i = 0; i < n; i++) {
        QResult result = results[i];
        if (result.opcode != Opcode.POP || result.sga == null) {
          throw new IllegalStateException(result.opcode + ": " + result.result);
        }
        int whole = receive(result.qd, result.sga);
        libos.sgaFree(result.sga);
        echoed += whole;
        inFlight -= whole;
        if (sending && whole > 0) {
          send(result.qd, whole);
        }
        libos.pop(result.qd);
      }
    }

    private void send(int qd, int count) {
      ScatterGatherArray sga = libos.sgaAlloc(count * MESSAGE_BYTES);
      if (sga == null || sga.segmentCount() != 1) {
        throw new IllegalStateException("no buffer for " + count + " messages");
      }
      for (int i = 0; i < count; i++) {
        sga.memory(0)
            .set(JAVA_LONG_UNALIGNED, sga.offset(0) + (long) i * MESSAGE_BYTES, sent[qd]++);
      }
      if (libos.push(qd, sga) < 0) {
        throw new IllegalStateException("push refused");
      }
      libos.sgaFree(sga);
      inFlight += count;
    }

    /// Checks the numbers of the messages in an array, which may begin and end within one.
    private int receive(int qd, ScatterGatherArray sga) {
      int whole = 0;
      for (int s = 0; s < sga.segmentCount(); s++) {
        long offset = sga.offset(s);
        int length = sga.length(s);
        for (int at = 0; at < length; ) {
          int done = partial[qd];
          int take = Math.min(MESSAGE_BYTES - done, length - at);
          if (done == 0 && take >= Long.BYTES) {
            number[qd] = sga.memory(s).get(JAVA_LONG_UNALIGNED, offset + at);
          } else {
            for (int i = done; i < Long.BYTES && i < done + take; i++) {
              long octet = sga.memory(s).get(JAVA_BYTE, offset + at + i - done) & 0xffL;
              number[qd] = number[qd] & ~(0xffL << 8 * i) | octet << 8 * i;
            }
          }
          at += take;
          partial[qd] = done + take;
          if (partial[qd] == MESSAGE_BYTES) {
            if (number[qd] != received[qd]++) {
              throw new IllegalStateException("message " + number[qd] + " on queue " + qd);
            }
            partial[qd] = 0;
            whole++;
          }
        }
      }
      return whole;
    }
  }
}
