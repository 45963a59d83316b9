package dev.demikv.libos.device.dpdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Two loops on one port with two queues, as the example EchoLoops has them: connections both ways
/// with one peer. The kernel spreads frames over the queues by a hash that nobody knows (packet(7),
/// PACKET_FANOUT_HASH), so that half of what comes to outgoing connections comes to the wrong loop.
final class TwoQueuesTest {
  private static final int LOOPS = 2;
  private static final int INCOMING = 24;
  private static final byte[] MESSAGE = "from the peer".getBytes(StandardCharsets.US_ASCII);

  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final List<String> seen = new ArrayList<>();
  private VethPair cable;
  private Process example;
  private LibOs peer;
  private int echoes;

  @BeforeEach
  void start() throws IOException, InterruptedException {
    DpdkTestPorts.assumeAvailable(DpdkTestPorts.options(""));
    try {
      cable = VethPair.make();
    } catch (IOException e) {
      abort(e.getMessage());
      return;
    }
    Options options =
        Options.of(Map.of("network.address", "10.77.0.1/24", "network.interface", cable.far()));
    peer =
        LibOses.open(
            new LibOsConfig(
                "packet", "none", options, LibOsConfig.Limits.SMALL, LibOsConfig.Idle.BLOCK));
    List<String> command = DpdkTestPorts.java("-Xmx256m");
    command.add(Path.of("examples", "EchoLoops.java").toAbsolutePath().toString());
    command.addAll(List.of("10.77.0.2:7000", "" + LOOPS, "10.77.0.1:7001"));
    command.add("network.address=10.77.0.2/24");
    command.add(DpdkOptions.LIB_DIR + "=" + DpdkTestPorts.libDir());
    command.add(
        "network.dpdk.eal-args="
            + DpdkTestPorts.EAL_ARGS
            + " --vdev=net_af_packet0,iface="
            + cable.near()
            + ",qpairs="
            + LOOPS);
    example = new ProcessBuilder(command).redirectErrorStream(true).start();
    Thread.ofVirtual().start(this::read);
  }

  private void read() {
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(example.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        lines.add(line);
      }
    } catch (IOException e) {
      lines.add("end: " + e.getMessage());
    }
  }

  @AfterEach
  void end() throws InterruptedException {
    if (example != null) {
      example.destroyForcibly().waitFor();
    }
    if (peer != null) {
      peer.close();
    }
    if (cable != null) {
      cable.close();
    }
  }

  private boolean saw(String text) {
    lines.drainTo(seen);
    return seen.stream().anyMatch(line -> line.startsWith(text));
  }

  @Test
  @Timeout(120)
  void bothLoopsServeAndConnect() {
    int listener = peer.socket(SocketType.STREAM);
    peer.bind(listener, Endpoint.parse("10.77.0.1:7001"));
    peer.listen(listener, 64);
    peer.accept(listener);
    turnUntil(listener, () -> saw("ready"));
    for (int i = 0; i < INCOMING; i++) {
      peer.connect(peer.socket(SocketType.STREAM), Endpoint.parse("10.77.0.2:7000"));
    }
    turnUntil(
        listener,
        () ->
            echoes == INCOMING
                && saw("loop 0: 0 echoes to come")
                && saw("loop 1: 0 echoes to come"));

    assertThat(saw("loop 0 accepted")).isTrue();
    assertThat(saw("loop 1 accepted")).isTrue();
    long handedOver = 0;
    for (String line : seen) {
      if (line.contains(": 0 echoes to come")) {
        handedOver += Long.parseLong(line.replaceAll(".*handed over (\\d+)", "$1"));
      }
    }
    assertThat(handedOver).as("frames that came to the other loop").isPositive();
    assertThat(peer.report().counters()).containsEntry("network.tcp.resets-in", 0L);
  }

  /// Turns the peer's loop: it echoes what others send, and counts what comes back.
  private void turnUntil(int listener, BooleanSupplier done) {
    QResult[] results = new QResult[64];
    for (int i = 0; i < results.length; i++) {
      results[i] = new QResult();
    }
    while (!done.getAsBoolean()) {
      assertThat(example.isAlive()).as("the example: " + seen).isTrue();
      int n = peer.waitNext(results, 50_000_000);
      for (int i = 0; i < n; i++) {
        completed(results[i], listener);
      }
    }
  }

  private void completed(QResult result, int listener) {
    if (result.opcode == Opcode.ACCEPT) {
      peer.pop(result.result);
      peer.accept(listener);
    } else if (result.opcode == Opcode.CONNECT) {
      assertThat(result.result).as("connect").isZero();
      ScatterGatherArray sga = peer.sgaAlloc(MESSAGE.length);
      sga.copyFrom(0, MemorySegment.ofArray(MESSAGE), 0, MESSAGE.length);
      peer.push(result.qd, sga);
      peer.sgaFree(sga);
      peer.pop(result.qd);
    } else if (result.opcode == Opcode.POP && result.sga != null) {
      if (Arrays.equals(result.sga.toByteArray(), MESSAGE)) {
        echoes++;
      } else {
        peer.push(result.qd, result.sga);
        peer.pop(result.qd);
      }
      peer.sgaFree(result.sga);
    } else if (result.opcode != Opcode.PUSH) {
      peer.close(result.qd);
    }
  }
}
