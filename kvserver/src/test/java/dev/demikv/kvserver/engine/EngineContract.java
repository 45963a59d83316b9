package dev.demikv.kvserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.demikv.kvserver.engine.Engine.Snapshot.Progress;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What every engine must do. A subclass per engine says how to open one.
abstract class EngineContract {
  static final int STRING = ValueType.STRING.code();
  private static final long LIMIT_BYTES = 1L << 30;

  private final Entry entry = new Entry();
  private final List<Engine> opened = new ArrayList<>();

  /// Opens an empty engine.
  abstract Engine openEngine(int databases, long limitBytes, long seed);

  final Engine open(int databases, long limitBytes, long seed) {
    Engine engine = openEngine(databases, limitBytes, seed);
    opened.add(engine);
    return engine;
  }

  @AfterEach
  void closeEngines() {
    opened.forEach(Engine::close);
  }

  @Test
  void findsWhatWasPutUntilItIsDeleted() {
    Engine engine = open(2, LIMIT_BYTES, 1);
    assertThat(engine.get(0, Slice.of("k"), entry)).isEqualTo(Engine.ABSENT);
    put(engine, 0, "k", "v1");
    put(engine, 0, "k", "a longer value");
    assertThat(engine.get(0, Slice.of("k"), entry)).isEqualTo(Engine.OK);
    assertThat(entry.key.toString()).isEqualTo("k");
    assertThat(entry.value.toString()).isEqualTo("a longer value");
    assertThat(entry.expireAtMillis).isEqualTo(Engine.NO_EXPIRY);
    assertThat(engine.get(1, Slice.of("k"), entry)).isEqualTo(Engine.ABSENT);
    assertThat(engine.delete(0, Slice.of("k"))).isEqualTo(Engine.OK);
    assertThat(engine.delete(0, Slice.of("k"))).isEqualTo(Engine.ABSENT);
    assertThat(engine.get(0, Slice.of("k"), entry)).isEqualTo(Engine.ABSENT);
    assertThat(engine.size(0)).isZero();
  }

  @Test
  void keepsOrReplacesTheExpiryAsToldByPut() {
    Engine engine = open(1, LIMIT_BYTES, 1);
    Slice key = Slice.of("k");
    engine.put(0, key, STRING, Slice.of("1"), 500);
    engine.put(0, key, STRING, Slice.of("2"), Engine.KEEP_EXPIRY);
    engine.get(0, key, entry);
    assertThat(entry.expireAtMillis).isEqualTo(500);
    assertThat(engine.expiring(0)).isEqualTo(1);
    engine.put(0, key, STRING, Slice.of("3"), Engine.NO_EXPIRY);
    engine.get(0, key, entry);
    assertThat(entry.expireAtMillis).isEqualTo(Engine.NO_EXPIRY);
    assertThat(engine.expiring(0)).isZero();
  }

  @Test
  void putsAValueThatIsAPartOfTheOldOne() {
    Engine engine = open(1, LIMIT_BYTES, 1);
    for (int length : new int[] {100, 1_000, 100_000}) {
      String text = "0123456789".repeat(length / 10);
      put(engine, 0, "k", text);
      engine.get(0, Slice.of("k"), entry);
      Slice middle = new Slice().set(entry.value.memory(), entry.value.offset() + 15, length - 40);
      engine.put(0, Slice.of("k"), STRING, middle, Engine.NO_EXPIRY);
      engine.get(0, Slice.of("k"), entry);
      assertThat(entry.value.toString()).isEqualTo(text.substring(15, length - 25));
    }
  }

  @Test
  void growsAValueByManyPatches() {
    Engine engine = open(1, LIMIT_BYTES, 1);
    put(engine, 0, "k", "");
    StringBuilder expected = new StringBuilder();
    for (int i = 0; i < 20_000; i++) {
      String piece = "<" + i + ">";
      assertThat(engine.patch(0, Slice.of("k"), expected.length(), Slice.of(piece)))
          .isEqualTo(Engine.OK);
      expected.append(piece);
    }
    engine.get(0, Slice.of("k"), entry);
    assertThat(entry.value.toString()).isEqualTo(expected.toString());
  }

  @Test
  void holdsAValueOfManyMegabytes() {
    Engine engine = open(1, LIMIT_BYTES, 1);
    byte[] value = new byte[40 << 20];
    new Random(7).nextBytes(value);
    assertThat(engine.put(0, Slice.of("k"), STRING, Slice.of(value), Engine.NO_EXPIRY))
        .isEqualTo(Engine.OK);
    assertThat(engine.patch(0, Slice.of("k"), value.length + 10, Slice.of("end")))
        .isEqualTo(Engine.OK);
    engine.get(0, Slice.of("k"), entry);
    assertThat(entry.value.length()).isEqualTo(value.length + 13);
    byte[] there = entry.value.toByteArray();
    assertThat(there).startsWith(value).endsWith('\0', '\0', 'e', 'n', 'd');
  }

  /// The longest value there is: 512 MiB.
  @Test
  void holdsTheLongestValue() {
    Engine engine = open(1, 2 * LIMIT_BYTES, 1);
    int length = 512 << 20;
    Slice key = Slice.of("k");
    Slice end = Slice.of("end");
    put(engine, 0, "k", "start");
    assertThat(engine.patch(0, key, length - 3, end)).isEqualTo(Engine.OK);
    engine.get(0, key, entry);
    assertThat(entry.value.length()).isEqualTo(length);
    for (int at = 5; at < length - 3; at += 4099) {
      assertThat(entry.value.byteAt(at)).isZero();
    }
    assertThat(entry.value.byteAt(4)).isEqualTo((byte) 't');
    assertThat(entry.value.byteAt(length - 1)).isEqualTo((byte) 'd');
    assertThat(engine.put(0, key, STRING, Slice.of("small"), 77)).isEqualTo(Engine.OK);
    engine.get(0, key, entry);
    assertThat(entry.value.toString()).isEqualTo("small");
    // Made longer again, it is zeros again, whatever was there before.
    assertThat(engine.patch(0, key, 5 << 20, end)).isEqualTo(Engine.OK);
    assertThat(engine.patch(0, key, 0, Slice.of("x".repeat(5 << 20)))).isEqualTo(Engine.OK);
    put(engine, 0, "k", "y".repeat(3 << 20));
    assertThat(engine.patch(0, key, 5 << 20, end)).isEqualTo(Engine.OK);
    engine.get(0, key, entry);
    assertThat(entry.value.toString())
        .isEqualTo("y".repeat(3 << 20) + "\0".repeat(2 << 20) + "end");
    assertThat(engine.delete(0, key)).isEqualTo(Engine.OK);
    assertThat(engine.usedBytes()).isZero();
  }

  @Test
  void handsALongValueToASnapshotInPiecesThoughItChanges() {
    Engine engine = open(2, LIMIT_BYTES, 1);
    byte[] value = new byte[9 << 20];
    new Random(7).nextBytes(value);
    Slice key = Slice.of("long");
    for (int i = 0; i < 50; i++) {
      put(engine, 1, "short" + i, "s" + i);
    }
    assertThat(engine.put(1, key, STRING, Slice.of(value), 99)).isEqualTo(Engine.OK);
    ByteArrayOutputStream pieces = new ByteArrayOutputStream();
    Set<String> others = new HashSet<>();
    Engine.SnapshotSink sink =
        (db, taken) -> {
          assertThat(db).isEqualTo(1);
          if (!Engine.SnapshotSink.isLong(taken)) {
            assertThat(pieces.size()).as("within the long one").isIn(0, value.length);
            return others.add(taken.key + "=" + taken.value);
          }
          assertThat(taken.expireAtMillis).isEqualTo(99);
          int n = Math.min(1_000_003, taken.value.length() - pieces.size());
          pieces.writeBytes(
              new Slice()
                  .set(taken.value.memory(), taken.value.offset() + pieces.size(), n)
                  .toByteArray());
          return pieces.size() == taken.value.length();
        };
    try (Engine.Snapshot snapshot = engine.snapshot()) {
      int steps = 0;
      while (snapshot.step(sink, 100) == Progress.MORE) {
        switch (steps++ % 4) {
          case 0 -> engine.patch(1, key, 3, Slice.of("changed"));
          case 1 -> engine.expire(1, key, 1_000 + steps);
          case 2 -> engine.delete(1, key);
          default -> put(engine, 1, "long", "another" + steps);
        }
        put(engine, 1, "short" + steps, "changed");
      }
      assertThat(steps).isGreaterThan(8);
    }
    assertThat(pieces.toByteArray()).isEqualTo(value);
    assertThat(others).hasSize(50).contains("short0=s0", "short49=s49");
    engine.clear(1);
    while (engine.housekeep(100)) {
      // What was kept.
    }
    assertThat(engine.usedBytes()).isZero();
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void doesWhatTheModelDoes(long seed) {
    EngineExercise exercise = new EngineExercise(open(3, LIMIT_BYTES, seed), seed, 300 << seed % 5);
    exercise.run(20_000);
    exercise.finish();
    assertThat(exercise.snapshotsCompared()).isPositive();
  }

  @Test
  void visitsInAScanWhatIsThereFromBeginningToEnd() {
    for (int seed = 0; seed < 12; seed++) {
      Engine engine = open(1, LIMIT_BYTES, seed);
      Random random = new Random(seed);
      Set<String> lasting = new HashSet<>();
      for (int i = 0; i < 500; i++) {
        lasting.add("lasting:" + i);
        put(engine, 0, "lasting:" + i, "v");
      }
      boolean growing = seed % 2 == 0;
      int passing = growing ? 0 : 20_000;
      for (int i = 0; i < passing; i++) {
        put(engine, 0, "passing:" + i, "v");
      }
      Set<String> seen = new HashSet<>();
      long cursor = 0;
      do {
        cursor =
            engine.scan(
                0,
                cursor,
                1 + random.nextInt(3),
                visited -> {
                  seen.add(visited.key.toString());
                  return true;
                });
        for (int i = random.nextInt(200); i > 0; i--) {
          if (growing && passing < 40_000) {
            put(engine, 0, "passing:" + passing++, "v");
          } else if (!growing && passing > 0) {
            engine.delete(0, Slice.of("passing:" + --passing));
          }
        }
      } while (cursor != 0);
      assertThat(seen).as("seed " + seed).containsAll(lasting);
    }
  }

  @Test
  void endsAScanWithAnyCursor() {
    Engine engine = open(1, LIMIT_BYTES, 3);
    for (int i = 0; i < 1000; i++) {
      put(engine, 0, "k" + i, "v");
    }
    Random random = new Random(3);
    for (int i = 0; i < 100; i++) {
      long cursor = random.nextLong();
      int steps = 0;
      do {
        cursor = engine.scan(0, cursor, 100, visited -> true);
        steps++;
      } while (cursor != 0 && steps < 1000);
      assertThat(steps).isLessThan(1000);
    }
  }

  @ParameterizedTest(name = "{0} keys")
  @ValueSource(ints = {1, 61, 4_000, 60_000})
  void rangesInOrderWhateverTheOrderOfInsertion(int count) {
    for (int order = 0; order < 3; order++) {
      Engine engine = open(1, LIMIT_BYTES, order);
      Random random = new Random(order);
      TreeSet<String> expected = new TreeSet<>();
      for (int i = 0; i < count; i++) {
        int number =
            switch (order) {
              case 0 -> i;
              case 1 -> count - i;
              default -> random.nextInt();
            };
        String key = "table:orders:%010d".formatted(number);
        expected.add(key);
        put(engine, 0, key, "v");
      }
      assertThat(keys(engine)).isEqualTo(List.copyOf(expected));
      for (String key : List.copyOf(expected)) {
        if (random.nextInt(10) > 0) {
          expected.remove(key);
          engine.delete(0, Slice.of(key));
        }
      }
      assertThat(keys(engine)).isEqualTo(List.copyOf(expected));
    }
  }

  @Test
  void visitsDueEntriesEarliestFirstOrNearlySo() {
    Engine engine = open(1, LIMIT_BYTES, 1);
    Random random = new Random(5);
    for (int i = 0; i < 5_000; i++) {
      engine.put(0, Slice.of("k" + i), STRING, Slice.of("v"), 1 + random.nextInt(1_000_000));
    }
    List<Long> times = new ArrayList<>();
    engine.due(0, 0, 10, visited -> times.add(visited.expireAtMillis));
    assertThat(times).isEmpty();
    long now = 500_000;
    long last = 0;
    int removed = 0;
    while (true) {
      List<String> due = new ArrayList<>();
      times.clear();
      engine.due(
          0,
          now,
          20,
          visited -> {
            due.add(visited.key.toString());
            return times.add(visited.expireAtMillis);
          });
      if (due.isEmpty()) {
        break;
      }
      assertThat(due.size()).isLessThanOrEqualTo(20);
      assertThat(times.getFirst()).isGreaterThanOrEqualTo(last);
      assertThat(times).allMatch(at -> at <= now);
      // Only the first is removed at times, so that the order of the firsts is seen.
      last = times.getFirst();
      List<String> victims = random.nextBoolean() ? due : due.subList(0, 1);
      victims.forEach(key -> engine.delete(0, Slice.of(key)));
      removed += victims.size();
    }
    assertThat(removed).isBetween(2_300, 2_700);
    assertThat(engine.expiring(0)).isEqualTo(5_000 - removed);
  }

  @Test
  void picksEveryEntryAtRandomInTime() {
    Engine engine = open(1, LIMIT_BYTES, 1);
    for (int i = 0; i < 200; i++) {
      put(engine, 0, "k" + i, "v");
    }
    Random random = new Random(11);
    Set<String> picked = new HashSet<>();
    for (int i = 0; i < 5_000; i++) {
      assertThat(engine.random(0, random.nextLong(), entry)).isEqualTo(Engine.OK);
      picked.add(entry.key.toString());
    }
    assertThat(picked).hasSize(200);
  }

  @Test
  void refusesWhatIsOverTheLimitAndChangesNothing() {
    Engine engine = open(1, 2 << 20, 1);
    String value = "x".repeat(200);
    int count = 0;
    while (engine.put(0, Slice.of("k" + count), STRING, Slice.of(value), Engine.NO_EXPIRY)
        == Engine.OK) {
      count++;
    }
    assertThat(count).isBetween(2_000, 10_000);
    assertThat(engine.usedBytes()).isLessThanOrEqualTo(engine.limitBytes());
    long used = engine.usedBytes();
    Slice big = Slice.of("y".repeat(100_000));
    assertThat(engine.put(0, Slice.of("k0"), STRING, big, 77)).isEqualTo(Engine.NO_MEMORY);
    assertThat(engine.put(0, Slice.of("new"), STRING, big, 77)).isEqualTo(Engine.NO_MEMORY);
    assertThat(engine.patch(0, Slice.of("k0"), 90_000, Slice.of("z"))).isEqualTo(Engine.NO_MEMORY);
    assertThat(engine.usedBytes()).isEqualTo(used);
    assertThat(engine.size(0)).isEqualTo(count);
    assertThat(engine.get(0, Slice.of("new"), entry)).isEqualTo(Engine.ABSENT);
    for (int i = 0; i < count; i++) {
      assertThat(engine.get(0, Slice.of("k" + i), entry)).isEqualTo(Engine.OK);
      assertThat(entry.value.toString()).isEqualTo(value);
      assertThat(entry.expireAtMillis).isEqualTo(Engine.NO_EXPIRY);
    }
    put(engine, 0, "k1", "overwriting with what fits needs no memory");
    assertThat(engine.expire(0, Slice.of("k1"), 5)).isEqualTo(Engine.OK);
    engine.setLimitBytes(4 << 20);
    assertThat(engine.put(0, Slice.of("k0"), STRING, big, 77)).isEqualTo(Engine.OK);
    engine.setLimitBytes(1 << 20);
    assertThat(engine.put(0, Slice.of("new"), STRING, big, 77)).isEqualTo(Engine.NO_MEMORY);
  }

  @Test
  void hasRoomAtOnceAfterClearingWhenItWasFull() {
    Engine engine = open(1, 20 << 20, 1);
    for (int round = 0; round < 3; round++) {
      int count = 0;
      while (engine.put(0, Slice.of("k" + count), STRING, Slice.of("v"), Engine.NO_EXPIRY)
          == Engine.OK) {
        count++;
      }
      assertThat(count).isGreaterThan(100_000);
      engine.clear(0);
      assertThat(engine.size(0)).isZero();
    }
  }

  @Test
  void handsASnapshotTheStateOfItsBeginningThoughAllIsClearedAndSwapped() {
    Engine engine = open(3, LIMIT_BYTES, 1);
    for (int i = 0; i < 10_000; i++) {
      put(engine, 0, "a" + i, "1");
      put(engine, 1, "b" + i, "2".repeat(i % 700));
    }
    List<Set<String>> seen = List.of(new HashSet<>(), new HashSet<>(), new HashSet<>());
    Engine.SnapshotSink sink =
        (db, taken) -> {
          assertThat(taken.value.length()).isEqualTo(expectedLength(taken.key.toString()));
          return seen.get(db).add(taken.key.toString());
        };
    try (Engine.Snapshot snapshot = engine.snapshot()) {
      assertThat(snapshot.step(sink, 500)).isEqualTo(Progress.MORE);
      for (int i = 0; i < 10_000; i += 3) {
        engine.delete(0, Slice.of("a" + i));
        put(engine, 1, "b" + i, "changed");
      }
      assertThat(snapshot.pendingBytes()).isPositive();
      engine.swap(0, 2);
      engine.clear(1);
      engine.clear(2);
      put(engine, 0, "new", "new");
      put(engine, 1, "b5", "new too");
      while (snapshot.step(sink, 100) == Progress.MORE) {
        assertThat(engine.size(1)).isEqualTo(1);
      }
    }
    assertThat(seen.get(0)).hasSize(10_000);
    assertThat(seen.get(1)).hasSize(10_000);
    assertThat(seen.get(2)).isEmpty();
  }

  private static int expectedLength(String key) {
    return key.startsWith("a") ? 1 : Integer.parseInt(key.substring(1)) % 700;
  }

  @Test
  void allowsOneSnapshotAtATimeAndAnotherAfterItsEnd() {
    Engine engine = open(1, LIMIT_BYTES, 1);
    put(engine, 0, "k", "v");
    Engine.Snapshot first = engine.snapshot();
    assertThatThrownBy(engine::snapshot).isInstanceOf(IllegalStateException.class);
    put(engine, 0, "k", "w");
    first.close();
    first.close();
    AtomicInteger taken = new AtomicInteger();
    try (Engine.Snapshot second = engine.snapshot()) {
      assertThat(second.step((db, visited) -> taken.incrementAndGet() > 0, 100))
          .isEqualTo(Progress.DONE);
    }
    assertThat(taken).hasValue(1);
  }

  final void put(Engine engine, int db, String key, String value) {
    assertThat(engine.put(db, Slice.of(key), STRING, Slice.of(value), Engine.NO_EXPIRY))
        .isEqualTo(Engine.OK);
  }

  private static List<String> keys(Engine engine) {
    List<String> keys = new ArrayList<>();
    engine.range(0, new Slice(), visited -> keys.add(visited.key.toString()));
    return keys;
  }
}
