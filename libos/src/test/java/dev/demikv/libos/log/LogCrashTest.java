package dev.demikv.libos.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.LogDeviceGeometry;
import dev.demikv.libos.device.sim.SimDisk.PowerLoss;
import dev.demikv.libos.lang.Nullable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Random work on several logs, crashes at random points, and a model of what must be there after.
///
/// After every crash: each log holds, from its head on, the records appended in their order, every
/// acknowledged one among them, and none behind the first that is missing. Recovering again without
/// any work in between finds the same.
final class LogCrashTest {
  private static final int LIVES = 4;
  private static final int STEPS_MAX = 250;

  static LongStream seeds() {
    return LongStream.range(0, 50);
  }

  static LongStream manySeeds() {
    return LongStream.range(1_000, 4_000);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void acknowledgedRecordsSurviveEveryCrash(long seed) {
    run(seed);
  }

  @Tag("slow")
  @ParameterizedTest(name = "seed {0}")
  @MethodSource("manySeeds")
  void acknowledgedRecordsSurviveEveryCrashOfManySeeds(long seed) {
    run(seed);
  }

  static void run(long seed) {
    try (Run run = new Run(seed)) {
      run.run();
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
    }
  }

  /// A record of the model.
  private static final class Sent {
    final long number;
    final int length;
    final long token;
    long position = -1;
    boolean acknowledged;

    Sent(long number, int length, long token) {
      this.number = number;
      this.length = length;
      this.token = token;
    }
  }

  /// A log of the model.
  private static final class Model {
    final String name;
    final List<Sent> sent = new ArrayList<>();
    int id = -1;

    /// Records before this were truncated for sure; before `headAsked` perhaps.
    int head;

    int headAsked;
    long truncateToken;

    /// Where the cursor stands.
    int cursor;

    Model(String name) {
      this.name = name;
    }
  }

  private static final class Run implements AutoCloseable {
    private final SplittableRandom random;
    private final StoreHarness harness;
    private final List<Model> models = new ArrayList<>();
    private final int idleLogs;
    private long nextNumber = 1;

    Run(long seed) {
      random = new SplittableRandom(seed);
      int block = random.nextBoolean() ? 512 : 4096;
      int segment = random.nextBoolean() ? 256 << 10 : 512 << 10;
      int atomic = random.nextBoolean() ? block : 0;
      LogDeviceGeometry geometry =
          new LogDeviceGeometry(block, 64 << 10, random.nextInt(2, 33), segment, 40, atomic);
      Options options =
          StoreHarness.OPTIONS
              .with("storage.log.groups-in-flight", "" + random.nextInt(1, 5))
              .with("storage.log.group-bytes", random.nextBoolean() ? "64KiB" : "8KiB")
              .with("storage.log.staging-bytes", "2MiB")
              .with("storage.log.verify-on-open", random.nextInt(3) == 0 ? "tail" : "all");
      harness = new StoreHarness(seed, geometry, options);
      harness.disk.faults().latency(1_000, 200_000);
      int logs = random.nextInt(1, 4);
      idleLogs = random.nextInt(3) == 0 ? 9 : 0; // A superblock of more than a sector tears.
      for (int i = 0; i < logs; i++) {
        models.add(new Model("log-" + i));
      }
    }

    void run() {
      for (int life = 0; life < LIVES; life++) {
        if (open(false)) {
          int steps = random.nextInt(STEPS_MAX);
          for (int i = 0; i < steps; i++) {
            step();
          }
          if (random.nextInt(6) == 0) {
            closeCleanly();
            continue;
          }
        }
        crash();
      }
      assertThat(open(true)).isTrue();
      List<List<Long>> before = contents();
      crash();
      assertThat(open(true)).isTrue();
      assertThat(contents()).as("a second recovery finds the same").isEqualTo(before);
      harness.assertNoLeaks();
    }

    /// Opens store and logs, or only some of them.
    ///
    /// @return false if not all are open
    private boolean open(boolean all) {
      harness.open();
      for (int i = 0; i < idleLogs; i++) {
        harness.store().openLog("idle-" + i);
      }
      for (Model model : models) {
        if (!all && random.nextInt(20) == 0) {
          return false;
        }
        model.id = harness.store().openLog(model.name);
        verify(model);
      }
      return true;
    }

    /// Reads a log from its head and compares it with the model, which then is what was found.
    private void verify(Model model) {
      List<Sent> found = new ArrayList<>();
      int next = -1;
      for (byte[] bytes = harness.read(model.id); bytes != null; bytes = harness.read(model.id)) {
        long number = number(bytes);
        if (next < 0) {
          next = indexOf(model, number);
          assertThat(next)
              .as("%s: first record %d", model.name, number)
              .isBetween(model.head, Math.max(model.head, model.headAsked));
        }
        assertThat(next).as("%s: more records than sent", model.name).isLessThan(model.sent.size());
        Sent sent = model.sent.get(next++);
        assertThat(number).as("%s: order", model.name).isEqualTo(sent.number);
        assertThat(Arrays.equals(bytes, payload(sent.number, sent.length)))
            .as("%s: record %d", model.name, number)
            .isTrue();
        found.add(sent);
      }
      int from = next < 0 ? model.headAsked : next;
      for (int i = from; i < model.sent.size(); i++) {
        assertThat(model.sent.get(i).acknowledged)
            .as("%s: record %d was acknowledged and is gone", model.name, i)
            .isFalse();
      }
      found.forEach(sent -> sent.acknowledged = true);
      model.sent.clear();
      model.sent.addAll(found);
      model.head = 0;
      model.headAsked = 0;
      model.truncateToken = 0;
      model.cursor = found.size();
    }

    private static int indexOf(Model model, long number) {
      for (int i = 0; i < model.sent.size(); i++) {
        if (model.sent.get(i).number == number) {
          return i;
        }
      }
      return -1;
    }

    private void step() {
      Model model = models.get(random.nextInt(models.size()));
      switch (random.nextInt(12)) {
        case 0, 1, 2, 3, 4 -> append(model, random.nextInt(4, 400));
        case 5, 6 -> append(model, random.nextInt(4, 20_000));
        case 7 -> append(model, random.nextInt(4, 200_000));
        case 8 -> truncate(model);
        case 9 -> read(model);
        default -> harness.turn();
      }
      settleModel();
    }

    private void append(Model model, int length) {
      long number = nextNumber++;
      long token = harness.append(model.id, payload(number, length));
      if (token > 0) {
        model.sent.add(new Sent(number, length, token));
      } else {
        assertThat(token).isIn((long) -Errno.EAGAIN, (long) -Errno.ENOSPC);
        harness.turn();
      }
    }

    private void truncate(Model model) {
      if (model.truncateToken != 0 || model.sent.isEmpty()) {
        return;
      }
      int index = random.nextInt(model.headAsked, model.sent.size() + 1);
      long position;
      if (index == model.sent.size()) {
        position = harness.store().tail(model.id);
      } else if (model.sent.get(index).position >= 0) {
        position = model.sent.get(index).position;
      } else {
        return;
      }
      long token = harness.token();
      assertThat(harness.store().truncate(model.id, position, token)).isZero();
      model.truncateToken = token;
      model.headAsked = index;
      model.cursor = Math.max(model.cursor, index);
    }

    private void read(Model model) {
      byte @Nullable [] bytes = harness.read(model.id);
      settleModel();
      if (bytes == null) {
        boolean durable =
            model.cursor < model.sent.size()
                && model.sent.get(model.cursor).acknowledged
                && model.cursor >= model.headAsked;
        // What became durable while the pop was served may not have been seen.
        assertThat(durable && harness.read(model.id) == null).isFalse();
        model.cursor += durable ? 1 : 0;
        return;
      }
      assertThat(number(bytes)).isEqualTo(model.sent.get(model.cursor).number);
      model.cursor++;
    }

    /// Takes over what has completed.
    private void settleModel() {
      for (Model model : models) {
        for (Sent sent : model.sent) {
          StoreHarness.Completion completion = harness.completions.get(sent.token);
          if (completion != null && completion.result() > 0) {
            sent.acknowledged = true;
            sent.position = completion.position();
          }
        }
        if (model.truncateToken != 0 && harness.completions.containsKey(model.truncateToken)) {
          assertThat(harness.completions.get(model.truncateToken).result()).isZero();
          model.truncateToken = 0;
          model.head = model.headAsked;
        }
      }
    }

    private void closeCleanly() {
      harness.settle();
      settleModel();
      harness.closeStore();
      for (Model model : models) {
        assertThat(model.sent).allMatch(sent -> sent.acknowledged);
      }
    }

    private void crash() {
      settleModel();
      switch (random.nextInt(3)) {
        case 0 -> harness.kill();
        case 1 -> {
          harness.kill();
          harness.powerLoss(outcome());
        }
        default -> harness.powerLoss(outcome());
      }
    }

    private PowerLoss outcome() {
      return PowerLoss.values()[random.nextInt(PowerLoss.values().length)];
    }

    private List<List<Long>> contents() {
      List<List<Long>> all = new ArrayList<>();
      for (Model model : models) {
        all.add(model.sent.stream().map(sent -> sent.number).toList());
      }
      return all;
    }

    @Override
    public void close() {
      harness.close();
    }
  }

  /// Bytes that say which record they are, as far as there is room, and where in it they stand.
  static byte[] payload(long number, int length) {
    byte[] bytes = new byte[length];
    SplittableRandom random = new SplittableRandom(number);
    random.nextBytes(bytes);
    for (int i = 0; i < Math.min(8, length); i++) {
      bytes[i] = (byte) (number >>> 8 * i);
    }
    return bytes;
  }

  static long number(byte[] bytes) {
    long number = 0;
    for (int i = Math.min(8, bytes.length) - 1; i >= 0; i--) {
      number = number << 8 | bytes[i] & 0xFF;
    }
    return number;
  }
}
