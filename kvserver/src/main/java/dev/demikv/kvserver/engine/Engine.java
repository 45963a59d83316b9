package dev.demikv.kvserver.engine;

import java.util.function.ObjLongConsumer;

/// Where keys and values live: databases 0 to n-1, each a map from key to (type, value, expiry).
///
/// Methods that may fail return a status: [#OK], [#ABSENT], [#NO_MEMORY] (the configured limit:
/// nothing was changed), [#WOULD_BLOCK] (the answer is on disk; only engines beyond memory). Expiry
/// is stored and judged by the caller. Nothing here allocates on the Java heap for point operations
/// on strings. One thread.
public interface Engine extends AutoCloseable {
  /// Done, or found.
  int OK = 0;

  /// No such key.
  int ABSENT = 1;

  /// The memory limit does not allow it; nothing was changed.
  int NO_MEMORY = -1;

  /// The answer needs a disk read, see issue-specific engines; memory engines never say so.
  int WOULD_BLOCK = -2;

  /// Expiry of an entry that never expires.
  long NO_EXPIRY = -1;

  /// Expiry argument of [#put] that keeps what the entry has.
  long KEEP_EXPIRY = -2;

  /// Most keys of one [#prefetch]: about what a processor waits for at a time.
  int PREFETCH_KEYS_MAX = 16;

  /// Name in configurations, as `memory`.
  String name();

  /// Databases in all.
  int databases();

  /// Looks a key up.
  ///
  /// @param out filled in place when found, expired or not
  /// @return OK, ABSENT or WOULD_BLOCK
  int get(int db, Slice key, Entry out);

  /// Fetches what lookups of several keys will need into the processor's caches, all at once: the
  /// waits for memory then overlap instead of following each other. A hint that changes nothing and
  /// says nothing.
  ///
  /// @param count how many of `keys`, at most [#PREFETCH_KEYS_MAX]
  default void prefetch(int db, Slice[] keys, int count) {}

  /// Stores a value, new or in place of the old one. `key` and `value` must not point into the
  /// engine unless they are of the same entry's own value.
  ///
  /// @param type code of a [ValueType]
  /// @param expireAtMillis a time, NO_EXPIRY or KEEP_EXPIRY
  /// @return OK or NO_MEMORY
  int put(int db, Slice key, int type, Slice value, long expireAtMillis);

  /// Makes the value of a string longer or overwrites a part, padding a gap with zeros: APPEND and
  /// SETRANGE without a copy through the caller. The key must exist; its expiry stays.
  ///
  /// @param offset where `bytes` go, ≥ 0
  /// @return OK, ABSENT or NO_MEMORY
  int patch(int db, Slice key, int offset, Slice bytes);

  /// Sets or removes (NO_EXPIRY) the expiry of an entry.
  ///
  /// @return OK, ABSENT or NO_MEMORY (no room for the expiry index)
  int expire(int db, Slice key, long expireAtMillis);

  /// Removes a key.
  ///
  /// @return OK or ABSENT
  int delete(int db, Slice key);

  /// Entries in a database, expired ones that were not yet removed included.
  long size(int db);

  /// Entries with an expiry.
  long expiring(int db);

  /// Removes everything in a database. O(1) to the caller beyond freeing memory.
  void clear(int db);

  /// Exchanges the contents of two databases, O(1).
  void swap(int a, int b);

  /// A step of a walk over all entries in no order. Guarantee of SCAN: what is there from the first
  /// step to the last is visited at least once, however the table is resized meanwhile.
  ///
  /// @param cursor 0 to begin, then what the last step returned; any other number is harmless
  /// @param buckets places of the table to look at, ≥ 1: the bound of work
  /// @param visitor when it returns false the step ends after the place it is at, whose other
  ///   entries still come, since a cursor cannot name a point inside a place
  /// @return cursor of the next step, 0 at the end (as an unsigned number)
  long scan(int db, long cursor, int buckets, EntryVisitor visitor);

  /// Walks entries in ascending order of key, bytewise unsigned.
  ///
  /// @param from first key, inclusive; empty for the beginning
  /// @param visitor says when to stop
  void range(int db, Slice from, EntryVisitor visitor);

  /// Walks entries in descending order of key.
  ///
  /// @param from first key, inclusive; `null`-like empty slice means from the end
  void rangeReverse(int db, Slice from, EntryVisitor visitor);

  /// Picks an entry at random.
  ///
  /// @param random 64 random bits, the caller's
  /// @return OK or ABSENT (empty)
  int random(int db, long random, Entry out);

  /// Finds entries whose time has come, earliest first or nearly so, without removing them.
  ///
  /// @param most bound on entries visited
  void due(int db, long nowMillis, int most, EntryVisitor visitor);

  /// Does a piece of work that was put off, such as giving back the memory of a cleared database.
  /// Called once per turn of the loop.
  ///
  /// @param budget bound of work, in units of about a microsecond
  /// @return whether there is more
  default boolean housekeep(int budget) {
    return false;
  }

  /// Begins a snapshot: the state of this instant. One at a time. The engine goes on changing;
  /// entries about to change are handed to the snapshot first.
  ///
  /// @throws IllegalStateException if one is under way
  Snapshot snapshot();

  /// Bytes in use for entries and indexes.
  long usedBytes();

  /// Limit on [#usedBytes].
  long limitBytes();

  /// Changes the limit. Lower than what is used refuses growth and evicts nothing.
  void setLimitBytes(long bytes);

  /// Reports figures by name for INFO and monitoring.
  void counters(ObjLongConsumer<String> visitor);

  @Override
  void close();

  /// A snapshot under way.
  interface Snapshot extends AutoCloseable {
    /// How a snapshot stands after a step.
    enum Progress {
      /// There is more.
      MORE,
      /// Everything was handed over.
      DONE,
      /// An entry that changed could not be kept aside for lack of memory: the change was made, and
      /// this snapshot is void. What was handed over is not the state of any instant.
      LOST
    }

    /// Hands over more entries.
    ///
    /// @param sink takes them; when it returns false it is full, and the entry it refused comes
    ///   again
    /// @param entriesMax bound of work of this step
    /// @return how it stands; once LOST it stays so until it is closed
    Progress step(SnapshotSink sink, int entriesMax);

    /// Bytes of old entries kept aside because they changed before they were handed over.
    long pendingBytes();

    /// Ends or abandons it and frees what it kept.
    @Override
    void close();
  }

  /// Takes the entries of a snapshot.
  @FunctionalInterface
  interface SnapshotSink {
    /// Values from this length on are long.
    int LONG_VALUE_BYTES = 64 << 10;

    /// Takes an entry of a database; returns false when there is no room now.
    ///
    /// An entry of which [#isLong] is true stays as it is until it is taken, and comes again before
    /// any other: it may be taken in pieces, over several calls, of which the last returns true.
    boolean take(int db, Entry entry);

    /// Whether an entry is so long that it may be taken in pieces.
    static boolean isLong(Entry entry) {
      return entry.value.length() >= LONG_VALUE_BYTES;
    }
  }
}
