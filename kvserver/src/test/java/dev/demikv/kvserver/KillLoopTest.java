package dev.demikv.kvserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// SIGKILL under load, again and again on one data directory: every acknowledged write is there
/// afterwards, and no other is half there.
///
/// Each writer has keys of its own and numbers its writes. A write is one MSET of a number, a copy
/// of it and a payload that only that number makes, and every fourth one is an INCR of a counter.
/// After the restart the three belong to one number, not less than the last acknowledged and not
/// more than the last sent. Snapshots are begun at random, so that kills meet them, too.
///
/// `-Dkill.rounds=N -Dkill.seed=S` repeats a run.
final class KillLoopTest {
  private static final int WRITERS = 4;
  private static final int SHORT_ROUNDS = 6;
  private static final int LONG_ROUNDS = 200;

  @TempDir Path folder;

  @Test
  void everyAcknowledgedWriteSurvivesKill() throws Exception {
    run(Integer.getInteger("kill.rounds", SHORT_ROUNDS));
  }

  @Test
  @Tag("slow")
  void everyAcknowledgedWriteSurvivesTwoHundredKills() throws Exception {
    run(Integer.getInteger("kill.rounds", LONG_ROUNDS));
  }

  private void run(int rounds) throws Exception {
    long seed = Long.getLong("kill.seed", System.nanoTime());
    System.out.println("kill.seed=" + seed + " kill.rounds=" + rounds);
    Random random = new Random(seed);
    List<Writer> writers = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      writers.add(new Writer(i, random.nextLong()));
    }
    Path data = folder.resolve("data");
    String[] settings = {
      "durability=fsync",
      "storage.file.segment-bytes=4MiB",
      "storage.file.capacity=512MiB",
      "snapshot.log-bytes=16MiB"
    };
    long acknowledged = 0;
    for (int round = 0; round < rounds; round++) {
      String at = "kill.seed=" + seed + " round " + round;
      try (ServerProcess server = ServerProcess.start(data, settings)) {
        for (Writer writer : writers) {
          writer.check(server.port(), at);
        }
        List<Thread> threads = new ArrayList<>();
        for (Writer writer : writers) {
          threads.add(Thread.ofPlatform().start(() -> writer.write(server.port())));
        }
        boolean snapshot = random.nextInt(3) == 0;
        // How long it runs is chance, on purpose; nothing depends on it.
        long until = System.nanoTime() + (20 + random.nextInt(300)) * 1_000_000L;
        if (snapshot) {
          try (RespClient client = new RespClient(server.port())) {
            client.call("BGSAVE");
          }
        }
        while (System.nanoTime() < until) {
          Thread.onSpinWait();
        }
        server.kill();
        for (Thread thread : threads) {
          thread.join();
        }
        for (Writer writer : writers) {
          Throwable failure = writer.failure.get();
          if (failure != null) {
            throw new AssertionError(at + ":\n" + server.log(), failure);
          }
        }
      }
    }
    try (ServerProcess server = ServerProcess.start(data, settings)) {
      for (Writer writer : writers) {
        writer.check(server.port(), "kill.seed=" + seed + " at the end");
        acknowledged += writer.acknowledged;
      }
      assertThat(server.terminate()).isZero();
    }
    assertThat(acknowledged).as("there was load").isGreaterThan(rounds);
    System.out.println(acknowledged + " acknowledged writes survived " + rounds + " kills");
  }

  /// One connection's writes, over all lives of the server.
  private static final class Writer {
    private final int number;
    private final long payloadSeed;
    private long sent;
    private long acknowledged;
    private long countersSent;
    private long countersAcknowledged;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    Writer(int number, long payloadSeed) {
      this.number = number;
      this.payloadSeed = payloadSeed;
    }

    /// Writes until the connection breaks.
    void write(int port) {
      try (RespClient client = new RespClient(port)) {
        while (true) {
          if (sent % 4 == 3) {
            countersSent++;
            Object reply = client.call("INCR", "counter:" + number);
            assertThat(reply).isEqualTo(countersSent);
            countersAcknowledged = countersSent;
          }
          sent++;
          Object reply =
              client.call(
                  "MSET",
                  "n:" + number,
                  sent,
                  "copy:" + number,
                  sent,
                  "data:" + number,
                  payload(sent));
          assertThat(reply).isEqualTo("OK");
          acknowledged = sent;
        }
      } catch (IOException e) {
        // Killed: what was sent last may or may not be there.
      } catch (Throwable e) {
        failure.set(e);
      }
    }

    /// Checks what is there, and goes on from it.
    void check(int port, String at) throws IOException {
      try (RespClient client = new RespClient(port)) {
        Object n = client.call("GET", "n:" + number);
        long found = n == null ? 0 : Long.parseLong(text(n));
        assertThat(found).as(at + ": writer " + number).isBetween(acknowledged, sent);
        if (found > 0) {
          assertThat(text(client.call("GET", "copy:" + number)))
              .as(at + ": all or nothing")
              .isEqualTo(Long.toString(found));
          assertThat(Arrays.equals((byte[]) client.call("GET", "data:" + number), payload(found)))
              .as(at + ": payload of write " + found + " of writer " + number)
              .isTrue();
        }
        Object c = client.call("GET", "counter:" + number);
        long counter = c == null ? 0 : Long.parseLong(text(c));
        assertThat(counter)
            .as(at + ": counter of writer " + number)
            .isBetween(countersAcknowledged, countersSent);
        sent = found;
        acknowledged = found;
        countersSent = counter;
        countersAcknowledged = counter;
      }
    }

    private static String text(Object bulk) {
      return new String((byte[]) bulk, StandardCharsets.US_ASCII);
    }

    /// 0 to 100,000 bytes that depend on the writer and the number of the write.
    private byte[] payload(long write) {
      Random random = new Random(payloadSeed + write);
      int length = random.nextInt(8) == 0 ? random.nextInt(100_000) : random.nextInt(300);
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      return bytes;
    }
  }
}
