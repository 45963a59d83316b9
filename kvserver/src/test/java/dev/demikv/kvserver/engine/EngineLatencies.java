package dev.demikv.kvserver.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.function.IntSupplier;

/// Measures the memory engine: what a get and a put cost when everything is in the processor's
/// caches and when nothing is, and the longest that one call stops the loop. A program, not a test:
///
///     java -cp … dev.demikv.kvserver.engine.EngineLatencies [keys] [MiB of the large value]
final class EngineLatencies {
  private static final int STRING = ValueType.STRING.code();
  private static final int KEY_BYTES = 16;
  private static final int VALUE_BYTES = 64;
  private static final int ROUNDS = 5;
  private static final long LIMIT_BYTES = 4L << 30;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final Arena arena = Arena.ofConfined();
  private final Slice key = new Slice();
  private final Slice value = new Slice();
  private final Entry entry = new Entry();
  private final MemorySegment keys;
  private final MemorySegment shuffled;
  private final int count;

  private EngineLatencies(int count) {
    this.count = count;
    this.keys = arena.allocate((long) count * KEY_BYTES);
    this.shuffled = arena.allocate((long) count * KEY_BYTES);
    Random random = new Random(1);
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      int at = random.nextInt(i + 1);
      order[i] = order[at];
      order[at] = i;
      byte[] text = "user%012d".formatted(i * 7L).getBytes(StandardCharsets.UTF_8);
      MemorySegment.copy(text, 0, keys, ValueLayout.JAVA_BYTE, (long) i * KEY_BYTES, KEY_BYTES);
    }
    for (int i = 0; i < count; i++) {
      MemorySegment.copy(
          keys, (long) order[i] * KEY_BYTES, shuffled, (long) i * KEY_BYTES, KEY_BYTES);
    }
  }

  public static void main(String[] args) {
    int count = args.length > 0 ? Integer.parseInt(args[0]) : 1_000_000;
    int mib = args.length > 1 ? Integer.parseInt(args[1]) : 256;
    new EngineLatencies(1_000).points("warm-up", 2_000);
    new EngineLatencies(1_000).points("in cache", 2_000);
    new EngineLatencies(count).points("in memory", 1);
    for (int round = 0; round < 2; round++) {
      largeValue(mib << 20);
    }
  }

  /// Processor time of this thread, so that other programs on the machine disturb less.
  private static long cpuNanos() {
    return THREADS.getCurrentThreadCpuTime();
  }

  /// Gets and puts in random order.
  private void points(String title, int repeats) {
    try (MemoryEngine engine = new MemoryEngine(1, LIMIT_BYTES, 42)) {
      MemorySegment bytes = arena.allocate(VALUE_BYTES);
      value.set(bytes, 0, VALUE_BYTES);
      long worstBatch = 0;
      long firstBatch = 0;
      long begin = cpuNanos();
      for (int i = 0; i < count; i += 64) {
        long batchBegin = cpuNanos();
        for (int j = i; j < Math.min(i + 64, count); j++) {
          key.set(keys, (long) j * KEY_BYTES, KEY_BYTES);
          engine.put(0, key, STRING, value, Engine.NO_EXPIRY);
        }
        long took = cpuNanos() - batchBegin;
        firstBatch = i == 0 ? took : firstBatch;
        worstBatch = Math.max(worstBatch, took);
      }
      long insert = (cpuNanos() - begin) / count;
      long[] gets = new long[ROUNDS];
      long[] absents = new long[ROUNDS];
      long[] puts = new long[ROUNDS];
      long[] ahead = new long[ROUNDS];
      long found = 0;
      for (int round = 0; round < ROUNDS; round++) {
        begin = cpuNanos();
        for (int r = 0; r < repeats; r++) {
          found += getAll(engine);
        }
        gets[round] = (cpuNanos() - begin) / ((long) count * repeats);
        begin = cpuNanos();
        for (int r = 0; r < repeats; r++) {
          found -= getAllAhead(engine);
        }
        ahead[round] = (cpuNanos() - begin) / ((long) count * repeats);
        found += (long) count * repeats;
        begin = cpuNanos();
        for (int r = 0; r < repeats; r++) {
          for (int i = 0; i < count; i++) {
            key.set(shuffled, (long) i * KEY_BYTES + 1, KEY_BYTES - 1);
            found += engine.get(0, key, entry) == Engine.OK ? 1 : 0;
          }
        }
        absents[round] = (cpuNanos() - begin) / ((long) count * repeats);
        begin = cpuNanos();
        for (int r = 0; r < repeats; r++) {
          for (int i = 0; i < count; i++) {
            key.set(shuffled, (long) i * KEY_BYTES, KEY_BYTES);
            engine.put(0, key, STRING, value, Engine.NO_EXPIRY);
          }
        }
        puts[round] = (cpuNanos() - begin) / ((long) count * repeats);
      }
      if (found != (long) count * ROUNDS * repeats) {
        throw new AssertionError(found + " found");
      }
      engine.clear(0);
      long[] housekeep = {0, 0};
      for (boolean more = true; more; housekeep[1]++) {
        begin = cpuNanos();
        more = engine.housekeep(64);
        housekeep[0] = Math.max(housekeep[0], cpuNanos() - begin);
      }
      System.out.printf(
          "%s, %d keys: insert %d ns, get %s ns, of 16 prefetched %s ns, absent %s ns, overwrite %s"
              + " ns; 64 puts at first %d µs, at most %d µs; housekeep(64) at most %d µs of %d%n",
          title,
          count,
          insert,
          Arrays.toString(gets),
          Arrays.toString(ahead),
          Arrays.toString(absents),
          Arrays.toString(puts),
          firstBatch / 1_000,
          worstBatch / 1_000,
          housekeep[0] / 1_000,
          housekeep[1]);
    }
  }

  private long getAll(MemoryEngine engine) {
    long found = 0;
    for (int i = 0; i < count; i++) {
      key.set(shuffled, (long) i * KEY_BYTES, KEY_BYTES);
      // The value's first byte is read, as whoever asks reads it.
      if (engine.get(0, key, entry) == Engine.OK && entry.value.byteAt(0) == 0) {
        found++;
      }
    }
    return found;
  }

  /// As MGET does it.
  private long getAllAhead(MemoryEngine engine) {
    Slice[] next = new Slice[Engine.PREFETCH_KEYS_MAX];
    Arrays.setAll(next, i -> new Slice());
    long found = 0;
    for (int i = 0; i < count; i += next.length) {
      int n = Math.min(next.length, count - i);
      for (int j = 0; j < n; j++) {
        next[j].set(shuffled, (long) (i + j) * KEY_BYTES, KEY_BYTES);
      }
      engine.prefetch(0, next, n);
      for (int j = 0; j < n; j++) {
        if (engine.get(0, next[j], entry) == Engine.OK && entry.value.byteAt(0) == 0) {
          found++;
        }
      }
    }
    return found;
  }

  /// How long each thing done to a large value takes.
  private static void largeValue(int bytes) {
    try (MemoryEngine engine = new MemoryEngine(1, LIMIT_BYTES, 42);
        Arena arena = Arena.ofConfined()) {
      Slice large = new Slice().set(arena.allocate(bytes), 0, bytes);
      Slice small = Slice.of("small");
      Slice k = Slice.of("k");
      System.out.printf("value of %d MiB, in ms:", bytes >> 20);
      measure(
          "copy alone",
          () -> arena.allocate(bytes).copyFrom(large.memory()).get(ValueLayout.JAVA_BYTE, 0));
      measure("put", () -> engine.put(0, k, STRING, large, Engine.NO_EXPIRY));
      measure("same size again", () -> engine.put(0, k, STRING, large, Engine.NO_EXPIRY));
      measure("overwrite by small", () -> engine.put(0, k, STRING, small, Engine.NO_EXPIRY));
      keepHouse(engine);
      measure("put", () -> engine.put(0, k, STRING, large, Engine.NO_EXPIRY));
      measure("append", () -> engine.patch(0, k, bytes, small));
      measure("append again", () -> engine.patch(0, k, bytes + 5, small));
      measure("delete", () -> engine.delete(0, k));
      keepHouse(engine);
      engine.put(0, k, STRING, small, Engine.NO_EXPIRY);
      measure("set range at the end", () -> engine.patch(0, k, bytes - 5, small));
      measure(
          "clear",
          () -> {
            engine.clear(0);
            return 0;
          });
      keepHouse(engine);
      System.out.println();
    }
  }

  private static void measure(String what, IntSupplier action) {
    long begin = cpuNanos();
    if (action.getAsInt() != Engine.OK) {
      throw new AssertionError(what);
    }
    System.out.printf(" %s %.2f,", what, (cpuNanos() - begin) / 1e6);
  }

  private static void keepHouse(MemoryEngine engine) {
    long worst = 0;
    long begin;
    boolean more = true;
    int steps = 0;
    while (more) {
      begin = cpuNanos();
      more = engine.housekeep(50);
      worst = Math.max(worst, cpuNanos() - begin);
      steps++;
    }
    System.out.printf(" (%d × housekeep, at most %.2f),", steps, worst / 1e6);
  }
}
