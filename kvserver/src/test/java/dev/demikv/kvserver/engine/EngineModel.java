package dev.demikv.kvserver.engine;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/// What an engine should hold, as Java collections.
///
/// Keys are texts of one byte per character, whose natural order is bytewise unsigned.
final class EngineModel {
  /// A value, one byte per character, with what belongs to it.
  record Stored(int type, String value, long expireAtMillis) {
    @Override
    public String toString() {
      return "type " + type + ", " + value.length() + " B, expires " + expireAtMillis;
    }
  }

  private final List<NavigableMap<String, Stored>> databases = new ArrayList<>();

  EngineModel(int databaseCount) {
    for (int i = 0; i < databaseCount; i++) {
      databases.add(new TreeMap<>());
    }
  }

  NavigableMap<String, Stored> database(int db) {
    return databases.get(db);
  }

  void put(int db, String key, int type, String value, long expireAtMillis) {
    Stored old = database(db).get(key);
    long expiry =
        expireAtMillis != Engine.KEEP_EXPIRY
            ? expireAtMillis
            : old == null ? Engine.NO_EXPIRY : old.expireAtMillis();
    database(db).put(key, new Stored(type, value, expiry));
  }

  int patch(int db, String key, int offset, String bytes) {
    Stored old = database(db).get(key);
    if (old == null) {
      return Engine.ABSENT;
    }
    if (!bytes.isEmpty()) {
      String value = old.value();
      String before =
          offset <= value.length()
              ? value.substring(0, offset)
              : value + "\0".repeat(offset - value.length());
      int end = Math.min(value.length(), offset + bytes.length());
      Stored patched =
          new Stored(old.type(), before + bytes + value.substring(end), old.expireAtMillis());
      database(db).put(key, patched);
    }
    return Engine.OK;
  }

  int expire(int db, String key, long expireAtMillis) {
    Stored old = database(db).get(key);
    if (old == null) {
      return Engine.ABSENT;
    }
    database(db).put(key, new Stored(old.type(), old.value(), expireAtMillis));
    return Engine.OK;
  }

  int delete(int db, String key) {
    return database(db).remove(key) == null ? Engine.ABSENT : Engine.OK;
  }

  void clear(int db) {
    databases.set(db, new TreeMap<>());
  }

  void swap(int a, int b) {
    NavigableMap<String, Stored> was = databases.get(a);
    databases.set(a, databases.get(b));
    databases.set(b, was);
  }

  long expiring(int db) {
    return database(db).values().stream()
        .filter(stored -> stored.expireAtMillis() != Engine.NO_EXPIRY)
        .count();
  }

  /// The state of now, which later changes do not touch.
  EngineModel copy() {
    EngineModel copy = new EngineModel(0);
    databases.forEach(database -> copy.databases.add(new TreeMap<>(database)));
    return copy;
  }

  static Slice slice(String text) {
    return Slice.of(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  static String text(Slice slice) {
    return new String(slice.toByteArray(), StandardCharsets.ISO_8859_1);
  }

  static Stored stored(Entry entry) {
    return new Stored(entry.type, text(entry.value), entry.expireAtMillis);
  }
}
