package dev.demikv.libos.device.dpdk;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.LibOsConfig;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/// What [TwoQueuesTest] runs in a process of its own: the example EchoLoops with connections to an
/// echo server at PEER besides, eight from each loop. `ADDRESS LOOPS PEER SETTING=VALUE...`
final class EchoLoopsBothWays {
  private static final int CONNECTIONS = 8;

  private final int loop;
  private final LibOs libos;
  private final QResult[] results = new QResult[64];
  private final byte[] message;
  private final List<Integer> outgoing = new ArrayList<>();
  private int echoes;

  private EchoLoopsBothWays(int loop, LibOs libos) {
    this.loop = loop;
    this.libos = libos;
    this.message = ("hello from loop " + loop).getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < results.length; i++) {
      results[i] = new QResult();
    }
  }

  public static void main(String[] args) throws InterruptedException {
    Endpoint address = Endpoint.parse(args[0]);
    int loops = Integer.parseInt(args[1]);
    Endpoint peer = Endpoint.parse(args[2]);
    LibOsConfig config = LibOsConfig.kernel().withOption("network.dpdk.queues", args[1]);
    for (int i = 3; i < args.length; i++) {
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
      Thread.ofPlatform().start(() -> run(loop, own, address, peer, listening));
    }
    listening.await();
    System.out.println("ready " + address);
  }

  private static void run(
      int loop, LibOsConfig config, Endpoint address, Endpoint peer, CountDownLatch listening) {
    try (LibOs libos = LibOses.open(config)) {
      new EchoLoopsBothWays(loop, libos).serve(address, peer, listening);
    } catch (RuntimeException e) {
      e.printStackTrace();
      System.exit(1);
    }
  }

  private void serve(Endpoint address, Endpoint peer, CountDownLatch listening) {
    int listener = libos.socket(SocketType.STREAM, address.family());
    libos.bind(listener, address); // Every loop listens, and gets its part of the connections.
    libos.listen(listener, 1024);
    libos.accept(listener);
    listening.countDown();
    for (int i = 0; i < CONNECTIONS; i++) {
      int qd = libos.socket(SocketType.STREAM, peer.family());
      outgoing.add(qd);
      libos.connect(qd, peer);
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
      if (!result.failed()) {
        System.out.println("loop " + loop + " accepted");
        libos.pop(result.result);
      }
      libos.accept(listener);
    } else if (result.opcode == Opcode.CONNECT && !result.failed()) {
      ScatterGatherArray sga = libos.sgaAlloc(message.length);
      sga.copyFrom(0, MemorySegment.ofArray(message), 0, message.length);
      libos.push(result.qd, sga);
      libos.sgaFree(sga);
      libos.pop(result.qd);
    } else if (result.opcode == Opcode.POP && result.sga != null) {
      if (outgoing.contains(result.qd)) {
        returned(result.sga.toByteArray());
        libos.close(result.qd);
      } else {
        libos.push(result.qd, result.sga);
        libos.pop(result.qd);
      }
      libos.sgaFree(result.sga);
    } else if (result.opcode != Opcode.PUSH) {
      libos.close(result.qd);
    }
  }

  private void returned(byte[] echo) {
    if (Arrays.equals(echo, message)) {
      echoes++;
    }
    if (echoes == CONNECTIONS) {
      long handedOver = libos.report().counters().get("network.steering.handed-over");
      System.out.println("loop " + loop + " got all echoes, handed over " + handedOver + " frames");
    }
  }
}
