package dev.demikv.libos.device.dpdk;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;

/// A process for tests: an echo server or its client, on the stack over memif.
final class MemifPeer {
  private static final int ECHOES = 1000;

  private MemifPeer() {}

  /// `server|client SOCKET`. A client prints "echoed" and goes on until it is killed.
  public static void main(String[] args) {
    boolean server = args[0].equals("server");
    Options options =
        DpdkTestPorts.options(
                "net_memif0",
                "net_memif0,role=" + args[0] + ",socket-abstract=no,socket=" + args[1])
            .with("network.address", server ? "10.77.0.1/24" : "10.77.0.2/24");
    LibOsConfig config =
        new LibOsConfig("dpdk", "none", options, LibOsConfig.Limits.SMALL, LibOsConfig.Idle.BLOCK);
    try (LibOs libos = LibOses.open(config)) {
      if (server) {
        serve(libos);
      } else {
        echo(libos);
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

  private static void echo(LibOs libos) {
    int qd = libos.socket(SocketType.STREAM);
    QResult result = new QResult();
    libos.wait(libos.connect(qd, Endpoint.parse("10.77.0.1:7000")), -1, result);
    if (result.result < 0) {
      throw new IllegalStateException("connect: " + result.result);
    }
    ScatterGatherArray message = libos.sgaAlloc(64);
    for (int i = 0; i < ECHOES; i++) {
      libos.wait(libos.push(qd, message), -1, result);
      libos.wait(libos.pop(qd), -1, result);
      if (result.result <= 0) {
        throw new IllegalStateException("pop: " + result.result);
      }
      libos.sgaFree(result.sga);
    }
    System.out.println("echoed");
    libos.wait(libos.pop(qd), -1, result); // Until it is killed.
  }
}
