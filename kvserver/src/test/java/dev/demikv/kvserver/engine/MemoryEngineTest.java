package dev.demikv.kvserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.demikv.kvserver.engine.Engine.Snapshot.Progress;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The contract, and what is special about memory: its use, its return, and none of it on the heap.
final class MemoryEngineTest extends EngineContract {
  @Override
  Engine openEngine(int databases, long limitBytes, long seed) {
    return new MemoryEngine(databases, limitBytes, seed);
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {11, 12, 13})
  void usesNothingWhenAllKeysAreDeleted(long seed) {
    Engine engine = open(3, 1L << 30, seed);
    EngineExercise exercise = new EngineExercise(engine, seed, 3_000);
    exercise.run(20_000);
    exercise.finish();
    for (int db = 0; db < 3; db++) {
      for (String key : exercise.model().database(db).keySet()) {
        assertThat(engine.delete(db, EngineModel.slice(key))).isEqualTo(Engine.OK);
      }
    }
    assertThat(engine.usedBytes()).isZero();
  }

  @Test
  void givesMemoryBackPieceByPieceAfterClearing() {
    Engine engine = open(1, 1L << 30, 1);
    for (int i = 0; i < 200_000; i++) {
      put(engine, 0, "key:" + i, "v".repeat(100));
    }
    put(engine, 0, "huge", "v".repeat(5 << 20));
    long full = counters(engine).get("reserved_bytes");
    assertThat(full).isGreaterThan(30 << 20);
    engine.clear(0);
    int turns = 0;
    while (engine.housekeep(64)) {
      turns++;
    }
    assertThat(turns).isBetween(5, 100);
    assertThat(engine.usedBytes()).isZero();
    assertThat(counters(engine).get("reserved_bytes")).isLessThanOrEqualTo(8 << 20);
  }

  /// A large value is gone at once, its memory step by step: no step takes long.
  @Test
  void givesTheMemoryOfALargeValueBackInSteps() {
    Engine engine = open(1, 1L << 30, 1);
    try (Arena arena = Arena.ofConfined()) {
      int length = 256 << 20;
      Slice value = new Slice().set(arena.allocate(length), 0, length);
      Slice key = Slice.of("k");
      for (int i = 0; i < 3; i++) {
        assertThat(engine.put(0, key, STRING, value, Engine.NO_EXPIRY)).isEqualTo(Engine.OK);
        if (i == 0) {
          engine.delete(0, key);
        } else {
          put(engine, 0, "k", "small");
        }
        assertThat(engine.usedBytes()).isLessThan(1 << 20);
        assertThat(counters(engine).get("reserved_bytes")).isGreaterThan(length);
        int turns = 1;
        while (engine.housekeep(50)) {
          turns++;
        }
        assertThat(turns).isBetween(32, 256);
        assertThat(counters(engine).get("reserved_bytes")).isLessThan(20 << 20);
      }
    }
  }

  /// What waits to be given back does not stand in the way of what is needed.
  @Test
  void takesWhatIsToBeGivenBackWhenItIsNeeded() {
    Engine engine = open(1, 100 << 20, 1);
    try (Arena arena = Arena.ofConfined()) {
      int length = 90 << 20;
      Slice value = new Slice().set(arena.allocate(length), 0, length);
      for (int i = 0; i < 10; i++) {
        Slice key = Slice.of("k" + i);
        assertThat(engine.put(0, key, STRING, value, Engine.NO_EXPIRY)).isEqualTo(Engine.OK);
        assertThat(counters(engine).get("reserved_bytes")).isLessThan(190 << 20);
        engine.delete(0, key);
      }
    }
  }

  @Test
  void givesMemoryBackWhenAClearedDatabaseWasPartOfAnAbandonedSnapshot() {
    Engine engine = open(2, 1L << 30, 1);
    for (int i = 0; i < 20_000; i++) {
      put(engine, 0, "key:" + i, "v".repeat(i % 500));
    }
    Engine.Snapshot snapshot = engine.snapshot();
    snapshot.step((db, entry) -> true, 100);
    for (int i = 0; i < 20_000; i++) {
      put(engine, 0, "key:" + i, "w".repeat(i % 400));
    }
    snapshot.close();
    engine.clear(0);
    while (engine.housekeep(10)) {
      put(engine, 0, "after", "v");
    }
    engine.delete(0, Slice.of("after"));
    assertThat(engine.usedBytes()).isZero();
  }

  @Test
  void losesTheSnapshotRatherThanAChangeThatNeedsNoMemory() {
    Engine engine = open(1, 1L << 30, 1);
    int count = 160_000;
    for (int i = 0; i < count; i++) {
      engine.put(0, Slice.of("k" + i), STRING, Slice.of("v".repeat(200)), 1_000);
    }
    Engine.Snapshot snapshot = engine.snapshot();
    // Now nothing more may be reserved, and there is no room for copies.
    engine.setLimitBytes(0);
    for (int i = 0; i < count; i++) {
      assertThat(engine.expire(0, Slice.of("k" + i), 2_000)).isEqualTo(Engine.OK);
    }
    for (int i = 0; i < count; i++) {
      assertThat(engine.delete(0, Slice.of("k" + i))).isEqualTo(Engine.OK);
    }
    assertThat(snapshot.step((db, entry) -> true, 100)).isEqualTo(Progress.LOST);
    assertThat(snapshot.step((db, entry) -> true, 100)).isEqualTo(Progress.LOST);
    snapshot.close();
    while (engine.housekeep(1_000)) {
      // All of what was kept.
    }
    assertThat(engine.usedBytes()).isZero();
  }

  @Test
  void countsFragmentationAndTheCostOfIndexes() {
    Engine engine = open(1, 1L << 30, 1);
    for (int i = 0; i < 100_000; i++) {
      put(engine, 0, "user:" + 1_000_000_007L * i % 99_999_989, "v".repeat(100));
    }
    Map<String, Long> counters = counters(engine);
    assertThat(counters.get("entries")).isEqualTo(100_000);
    assertThat(counters.get("index_bytes_per_entry")).isBetween(15L, 35L);
    assertThat(counters.get("fragmentation_permille")).isBetween(1_000L, 1_300L);
    assertThat(engine.usedBytes() / 100_000).isLessThan(190);
  }

  @Test
  void allocatesNothingOnTheHeapForPointOperations() {
    Engine engine = open(1, 1L << 30, 1);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Arena arena = Arena.ofConfined()) {
      PointOperations operations = new PointOperations(engine, arena);
      for (int i = 0; i < 40; i++) {
        operations.run();
      }
      long least = Long.MAX_VALUE;
      for (int i = 0; i < 10; i++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        operations.run();
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      // Asking twice allocates nothing either; the compiler may deoptimise in some of the rounds.
      assertThat(least).isZero();
    }
  }

  /// A round of all point operations on a few thousand keys in native memory.
  private static final class PointOperations {
    private static final int KEYS = 2_000;
    private final Engine engine;
    private final MemorySegment memory;
    private final Slice key = new Slice();
    private final Slice value = new Slice();
    private final Entry entry = new Entry();

    PointOperations(Engine engine, Arena arena) {
      this.engine = engine;
      this.memory = arena.allocate(4096);
    }

    void run() {
      int done = 0;
      for (int i = 0; i < KEYS; i++) {
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, 3, i * 0x9e3779b97f4a7c15L);
        key.set(memory, 0, 16);
        done += engine.put(0, key, STRING, value.set(memory, 100, 64), Engine.NO_EXPIRY);
        done += engine.get(0, key, entry);
        done += engine.put(0, key, STRING, value.set(memory, 100, 700), 1_000 + i);
        done += engine.patch(0, key, 700, value.set(memory, 100, 300));
        done += engine.expire(0, key, 5_000 - i);
        done += engine.get(0, key, entry);
      }
      for (int i = 0; i < KEYS; i++) {
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, 3, i * 0x9e3779b97f4a7c15L);
        done += engine.delete(0, key.set(memory, 0, 16));
      }
      if (done != 0) {
        throw new AssertionError("statuses add up to " + done);
      }
    }
  }

  private static Map<String, Long> counters(Engine engine) {
    Map<String, Long> counters = new HashMap<>();
    engine.counters(counters::put);
    return counters;
  }
}
