package dev.demikv.kvserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.kvserver.engine.Engine.Snapshot.Progress;
import dev.demikv.kvserver.engine.EngineModel.Stored;
import dev.demikv.libos.lang.Nullable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;

/// Random operations on an engine and on a model of it, compared at every step.
final class EngineExercise {
  private static final int DATABASES = 3;

  private final Engine engine;
  private final Random random;
  private final EngineModel model = new EngineModel(DATABASES);
  private final Entry entry = new Entry();
  private final int keysMax;

  private Engine.@Nullable Snapshot snapshot;
  private EngineModel atSnapshot = new EngineModel(DATABASES);
  private EngineModel fromSnapshot = new EngineModel(DATABASES);
  private int snapshotsCompared;

  EngineExercise(Engine engine, long seed, int keysMax) {
    this.engine = engine;
    this.random = new Random(seed);
    this.keysMax = keysMax;
  }

  int snapshotsCompared() {
    return snapshotsCompared;
  }

  EngineModel model() {
    return model;
  }

  /// Does so many operations; a phase that mostly adds is followed by one that mostly removes.
  void run(int operations) {
    for (int i = 0; i < operations; i++) {
      boolean growing = i / (operations / 6 + 1) % 2 == 0;
      operate(growing);
      if (random.nextInt(20) == 0) {
        stepSnapshot();
      }
      if (random.nextInt(50) == 0) {
        engine.housekeep(1 + random.nextInt(64));
      }
      if (random.nextInt(operations / 8 + 1) == 0) {
        verifyAll();
      }
    }
    verifyAll();
  }

  /// Ends a snapshot under way, complete.
  void finish() {
    while (snapshot != null) {
      stepSnapshot();
    }
    while (engine.housekeep(1000)) {
      // All of what was put off.
    }
  }

  /// A hint: whatever it names, nothing is changed.
  private void prefetch() {
    Slice[] keys = new Slice[1 + random.nextInt(Engine.PREFETCH_KEYS_MAX)];
    for (int i = 0; i < keys.length; i++) {
      keys[i] = EngineModel.slice(randomKey());
    }
    engine.prefetch(random.nextInt(DATABASES), keys, keys.length);
  }

  private void operate(boolean growing) {
    if (random.nextInt(8) == 0) {
      prefetch();
    }
    int db = random.nextInt(8) == 0 ? 1 + random.nextInt(DATABASES - 1) : 0;
    String key = randomKey();
    int choice = random.nextInt(1000);
    if (choice < (growing ? 550 : 250)) {
      put(db, key);
    } else if (choice < (growing ? 650 : 700)) {
      int expected = model.delete(db, key);
      assertThat(engine.delete(db, EngineModel.slice(key))).isEqualTo(expected);
    } else if (choice < 800) {
      patch(db, key);
    } else if (choice < 900) {
      long at = random.nextInt(4) == 0 ? Engine.NO_EXPIRY : random.nextInt(10_000);
      int expected = model.expire(db, key, at);
      assertThat(engine.expire(db, EngineModel.slice(key), at)).isEqualTo(expected);
    } else if (choice < 995) {
      verifyGet(db, key);
    } else if (choice < 997) {
      int other = random.nextInt(DATABASES);
      model.swap(db, other);
      engine.swap(db, other);
    } else if (choice == 997 && random.nextInt(4) == 0) {
      model.clear(db);
      engine.clear(db);
    } else {
      beginSnapshot();
    }
    assertThat(engine.size(db)).isEqualTo(model.database(db).size());
  }

  private void put(int db, String key) {
    String value = randomText(randomLength());
    int type = random.nextInt(3);
    long at =
        switch (random.nextInt(4)) {
          case 0 -> random.nextInt(10_000);
          case 1 -> Engine.KEEP_EXPIRY;
          default -> Engine.NO_EXPIRY;
        };
    model.put(db, key, type, value, at);
    assertThat(engine.put(db, EngineModel.slice(key), type, EngineModel.slice(value), at))
        .isEqualTo(Engine.OK);
  }

  private void patch(int db, String key) {
    Stored old = model.database(db).get(key);
    int length = old == null ? 0 : old.value().length();
    int offset = random.nextBoolean() ? length : random.nextInt(length + 100);
    String bytes = randomText(random.nextInt(random.nextInt(8) == 0 ? 2000 : 40));
    int expected = model.patch(db, key, offset, bytes);
    assertThat(engine.patch(db, EngineModel.slice(key), offset, EngineModel.slice(bytes)))
        .isEqualTo(expected);
  }

  private void beginSnapshot() {
    if (snapshot == null) {
      snapshot = engine.snapshot();
      atSnapshot = model.copy();
      fromSnapshot = new EngineModel(DATABASES);
    }
  }

  private void stepSnapshot() {
    Engine.Snapshot stepped = snapshot;
    if (stepped == null) {
      return;
    }
    if (random.nextInt(2000) == 0) {
      stepped.close();
      snapshot = null;
      return;
    }
    Progress progress =
        stepped.step(
            (db, taken) -> {
              if (random.nextInt(5) == 0) {
                return false;
              }
              Stored before =
                  fromSnapshot
                      .database(db)
                      .put(EngineModel.text(taken.key), EngineModel.stored(taken));
              assertThat(before).as("handed over twice").isNull();
              return true;
            },
            1 + random.nextInt(40));
    assertThat(progress).isNotEqualTo(Progress.LOST);
    if (progress == Progress.DONE) {
      assertThat(stepped.pendingBytes()).isZero();
      for (int db = 0; db < DATABASES; db++) {
        assertThat(fromSnapshot.database(db)).isEqualTo(atSnapshot.database(db));
      }
      snapshotsCompared++;
      stepped.close();
      snapshot = null;
    }
  }

  private void verifyGet(int db, String key) {
    Stored expected = model.database(db).get(key);
    int status = engine.get(db, EngineModel.slice(key), entry);
    assertThat(status).isEqualTo(expected == null ? Engine.ABSENT : Engine.OK);
    if (expected != null) {
      assertThat(EngineModel.text(entry.key)).isEqualTo(key);
      assertThat(EngineModel.stored(entry)).isEqualTo(expected);
    }
  }

  private void verifyAll() {
    for (int db = 0; db < DATABASES; db++) {
      NavigableMap<String, Stored> expected = model.database(db);
      assertThat(engine.size(db)).isEqualTo(expected.size());
      assertThat(engine.expiring(db)).isEqualTo(model.expiring(db));
      assertThat(scanned(db)).isEqualTo(expected);
      verifyRanges(db, expected);
      verifyDue(db, expected);
      verifyRandom(db, expected);
    }
  }

  private Map<String, Stored> scanned(int db) {
    Map<String, Stored> found = new HashMap<>();
    long cursor = 0;
    do {
      cursor =
          engine.scan(
              db,
              cursor,
              1 + random.nextInt(20),
              visited -> {
                found.put(EngineModel.text(visited.key), EngineModel.stored(visited));
                return random.nextInt(10) > 0;
              });
    } while (cursor != 0);
    return found;
  }

  private void verifyRanges(int db, NavigableMap<String, Stored> expected) {
    String from = random.nextInt(3) == 0 ? "" : randomKey();
    assertThat(ranged(db, from, Integer.MAX_VALUE, false))
        .isEqualTo(List.copyOf(expected.tailMap(from, true).keySet()));
    NavigableMap<String, Stored> back =
        from.isEmpty() ? expected.descendingMap() : expected.descendingMap().tailMap(from, true);
    assertThat(ranged(db, from, Integer.MAX_VALUE, true)).isEqualTo(List.copyOf(back.keySet()));
    int most = 1 + random.nextInt(5);
    assertThat(ranged(db, from, most, true)).isEqualTo(back.keySet().stream().limit(most).toList());
  }

  private List<String> ranged(int db, String from, int most, boolean reverse) {
    List<String> keys = new ArrayList<>();
    EntryVisitor visitor =
        visited -> {
          keys.add(EngineModel.text(visited.key));
          return keys.size() < most;
        };
    if (reverse) {
      engine.rangeReverse(db, EngineModel.slice(from), visitor);
    } else {
      engine.range(db, EngineModel.slice(from), visitor);
    }
    return keys;
  }

  private void verifyDue(int db, NavigableMap<String, Stored> expected) {
    long now = random.nextInt(10_000);
    List<String> due = new ArrayList<>();
    engine.due(
        db,
        now,
        Integer.MAX_VALUE,
        visited -> {
          assertThat(visited.expireAtMillis).isBetween(0L, now);
          due.add(EngineModel.text(visited.key));
          return true;
        });
    List<String> expectedDue = new ArrayList<>();
    expected.forEach((key, stored) -> {
      if (stored.expireAtMillis() != Engine.NO_EXPIRY && stored.expireAtMillis() <= now) {
        expectedDue.add(key);
      }
    });
    assertThat(due).containsExactlyInAnyOrderElementsOf(expectedDue);
  }

  private void verifyRandom(int db, NavigableMap<String, Stored> expected) {
    int status = engine.random(db, random.nextLong(), entry);
    assertThat(status).isEqualTo(expected.isEmpty() ? Engine.ABSENT : Engine.OK);
    if (status == Engine.OK) {
      assertThat(expected).containsKey(EngineModel.text(entry.key));
    }
  }

  /// Short keys, long keys that differ at the end, keys with zeros and high bytes, the empty key.
  private String randomKey() {
    int number = random.nextInt(keysMax);
    return switch (number % 6) {
      case 0 -> "user:" + number;
      case 1 -> "a-long-common-beginning-of-many-keys/".repeat(3) + number;
      case 2 -> String.format("%08x", number * 0x9e3779b9);
      case 3 -> "\u0000".repeat(number % 11) + (char) (number % 256);
      case 4 -> "\u00ff".repeat(number % 5) + (char) (number / 256 % 256) + (char) (number % 256);
      default -> Integer.toString(number, 36);
    };
  }

  private int randomLength() {
    return switch (random.nextInt(20)) {
      case 0 -> 0;
      case 1, 2 -> random.nextInt(5_000);
      case 3 -> random.nextInt(50) == 0 ? random.nextInt(1_500_000) : random.nextInt(100_000);
      default -> random.nextInt(300);
    };
  }

  private String randomText(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return EngineModel.text(Slice.of(bytes));
  }
}
