package dev.demikv.libos.device.dpdk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// kill -9 of processes that are joined by memif and in the midst of traffic: the other side goes
/// on or comes back by itself, and nothing is left that hinders the next.
final class DpdkKillTest {
  private static final int KILLS = 3;

  private final List<Peer> started = new ArrayList<>();

  @TempDir private Path folder;

  @BeforeEach
  void assume() {
    DpdkTestPorts.assumeAvailable(DpdkTestPorts.options(""));
  }

  @AfterEach
  void end() throws InterruptedException {
    for (Peer peer : started) {
      peer.kill();
    }
  }

  @Test
  @Timeout(120)
  void aServerOutlivesClientsThatAreKilledInMidTraffic() throws Exception {
    Peer server = start("server");
    server.await("ready", 1);
    for (int i = 0; i < KILLS; i++) {
      Peer client = start("client");
      client.await("echoed", 2 + i); // And goes on until the kill.
      client.kill();
      if (server.endedInTheDriver()) {
        server = start("server");
        server.await("ready", 1);
      }
      assertThat(server.process.isAlive()).as(server.said()).isTrue();
    }

    start("client").await("echoed", 1);
  }

  @Test
  @Timeout(120)
  void aClientFindsTheNextServerAfterOneThatWasKilledInMidTraffic() throws Exception {
    Peer server = start("server");
    server.await("ready", 1);
    Peer client = start("client");
    for (int i = 0; i < KILLS; i++) {
      client.await("echoed", 2 + i); // And goes on until the kill.
      server.kill();
      int before = client.count("echoed");
      server = start("server");
      server.await("ready", 1);
      if (client.endedInTheDriver()) {
        client = start("client");
        before = 0;
      }
      client.await("echoed", before + 2); // What was under way may have made one.
    }
  }

  private Peer start(String role) throws IOException {
    List<String> command =
        DpdkTestPorts.java("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");
    command.addAll(List.of("-XX:-CreateCoredumpOnCrash", "-XX:ErrorFile=" + folder + "/crash"));
    command.addAll(List.of(MemifPeer.class.getName(), role, folder.resolve("memif").toString()));
    Peer peer = new Peer(new ProcessBuilder(command).redirectErrorStream(true).start());
    started.add(peer);
    return peer;
  }

  /// One of the processes, with what it has printed.
  private static final class Peer {
    final Process process;
    private final StringBuilder said = new StringBuilder();
    private boolean ended;

    Peer(Process process) {
      this.process = process;
      Thread.ofVirtual().start(this::read);
    }

    private void read() {
      char[] some = new char[4096];
      try (Reader out = new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)) {
        for (int count = out.read(some); count >= 0; count = out.read(some)) {
          add(new String(some, 0, count));
        }
      } catch (IOException e) {
        add(e.toString());
      }
      synchronized (this) {
        ended = true;
        notifyAll();
      }
    }

    private synchronized void add(String text) {
      said.append(text);
      notifyAll();
    }

    synchronized String said() {
      return said.toString();
    }

    /// How many times it printed a line.
    int count(String line) {
      return (int) said().lines().filter(Predicate.isEqual(line)).count();
    }

    /// Waits until it has printed a line so many times.
    synchronized void await(String line, int times) throws InterruptedException {
      while (count(line) < times) {
        assertThat(ended).as(said()).isFalse();
        wait();
      }
    }

    void kill() throws InterruptedException {
      process.destroyForcibly().waitFor(); // SIGKILL.
    }

    /// Whether it has met what the driver does now and then when a peer dies: it unmaps the memory
    /// while a burst reads it, see ARCHITECTURE.md.
    boolean endedInTheDriver() throws InterruptedException {
      return process.waitFor(1, TimeUnit.SECONDS)
          && said().contains("SIGSEGV")
          && said().contains("librte_net_memif.so");
    }
  }
}
