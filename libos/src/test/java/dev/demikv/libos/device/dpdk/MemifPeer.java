package dev.demikv.libos.device.dpdk;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;

/// A process for tests: an echo server or its client, on the stack over memif.
final class MemifPeer {
  private static final int ECHOES = 1000;
  private static final int IN_FLIGHT = 16;
  private static final int MESSAGE_BYTES = 64;
  private static final long SILENCE_NANOS = 1_000_000_000L;
  private static final long RETRY_MILLIS = 50;

  private MemifPeer() {}

  /// `server|client SOCKET`. A client echoes until it is killed and prints "echoed" for each
  /// thousand messages that are back. When the server is silent, it opens its device anew and
  /// connects again.
  public static void main(String[] args) throws InterruptedException {
    boolean server = args[0].equals("server");
    Options options =
        DpdkTestPorts.options(
                "net_memif0",
                "net_memif0,role=" + args[0] + ",socket-abstract=no,socket=" + args[1])
            .with("network.close-linger", "0")
            .with("network.address", server ? "10.77.0.1/24" : "10.77.0.2/24");
    LibOsConfig config =
        new LibOsConfig("dpdk", "none", options, LibOsConfig.Limits.SMALL, LibOsConfig.Idle.BLOCK);
    while (true) {
      try (LibOs libos = LibOses.open(config)) {
        if (server) {
          serve(libos);
        } else {
          echo(libos);
        }
      } catch (LibOsException e) {
        if (server || !String.valueOf(e.getMessage()).contains("start that one first")) {
          throw e;
        }
        Thread.sleep(RETRY_MILLIS);
      }
    }
  }

  private static void serve(LibOs libos) {
    int listener = libos.socket(SocketType.STREAM);
    libos.bind(listener, Endpoint.parse("10.77.0.1:7000"));
    libos.listen(listener, 16);
    libos.accept(listener);
    System.out.println("ready");
    QResult[] results = {new QResult(), new QResult(), new QResult(), new QResult()};
    while (true) {
      int count = libos.waitNext(results, -1);
      for (int i = 0; i < count; i++) {
        QResult result = results[i];
        if (result.opcode == Opcode.ACCEPT) {
          libos.pop(result.result);
          libos.accept(listener);
        } else if (result.opcode == Opcode.POP && result.sga != null) {
          libos.push(result.qd, result.sga);
          libos.sgaFree(result.sga);
          libos.pop(result.qd);
        }
      }
    }
  }

  /// Returns when the server does not answer any more.
  private static void echo(LibOs libos) {
    int qd = libos.socket(SocketType.STREAM);
    QResult result = new QResult();
    long connect = libos.connect(qd, Endpoint.parse("10.77.0.1:7000"));
    if (libos.wait(connect, SILENCE_NANOS, result) < 0 || result.result < 0) {
      return;
    }
    ScatterGatherArray message = libos.sgaAlloc(MESSAGE_BYTES);
    for (int i = 0; i < IN_FLIGHT; i++) {
      libos.wait(libos.push(qd, message), -1, result);
    }
    long echoedBytes = 0;
    while (true) {
      if (libos.wait(libos.pop(qd), SILENCE_NANOS, result) < 0 || result.result <= 0) {
        return;
      }
      long before = echoedBytes / MESSAGE_BYTES;
      echoedBytes += result.result;
      libos.sgaFree(result.sga);
      for (long i = before; i < echoedBytes / MESSAGE_BYTES; i++) {
        libos.wait(libos.push(qd, message), -1, result);
        if ((i + 1) % ECHOES == 0) {
          System.out.println("echoed");
        }
      }
    }
  }
}
