package dev.demikv.kvserver.persist;

import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.engine.Slice;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;

/// Loads a snapshot into an engine, and says whether it is complete.
final class SnapshotReader {
  /// What the header of a snapshot says.
  record Header(long number, long sequence, long position, long millis, int databases) {}

  private final LibOs libos;
  private final int qd;
  private final String name;

  SnapshotReader(LibOs libos, int qd, String name) {
    this.libos = libos;
    this.qd = qd;
    this.name = name;
  }

  /// Name of the log.
  String name() {
    return name;
  }

  /// Its queue.
  int qd() {
    return qd;
  }

  /// Reads the header.
  ///
  /// @return `null` when there is no snapshot
  @Nullable
  Header header() {
    try (RecordReader reader = new RecordReader(libos, qd, name)) {
      return reader.next() ? header(reader) : null;
    }
  }

  private static Header header(RecordReader reader) {
    MemorySegment m = reader.memory();
    check(reader, SnapshotFormat.HEADER_BYTES);
    if (SnapshotFormat.kind(m) != SnapshotFormat.HEADER || SnapshotFormat.place(m) != 0) {
      throw reader.damaged(reader.position(), "a snapshot does not begin with its header");
    }
    return new Header(
        SnapshotFormat.snapshot(m),
        SnapshotFormat.headerSequence(m),
        SnapshotFormat.headerPosition(m),
        SnapshotFormat.headerMillis(m),
        SnapshotFormat.headerDatabases(m));
  }

  private static void check(RecordReader reader, int lengthLeast) {
    if (reader.length() < SnapshotFormat.RECORD_HEAD_BYTES) {
      throw reader.damaged(reader.position(), "a record of " + reader.length() + " bytes");
    }
    int version = SnapshotFormat.version(reader.memory());
    if (version != SnapshotFormat.VERSION) {
      throw reader.damaged(
          reader.position(),
          "record format " + version + ", this server reads " + SnapshotFormat.VERSION);
    }
    if (reader.length() < lengthLeast) {
      throw reader.damaged(reader.position(), "a record of " + reader.length() + " bytes");
    }
  }

  /// Loads it.
  ///
  /// @return entries loaded; -1 when the footer is missing, so that it does not count: whatever was
  ///   loaded is to be thrown away
  long load(Engine engine) {
    try (RecordReader reader = new RecordReader(libos, qd, name);
        EntryAssembler entries = new EntryAssembler(engine)) {
      if (!reader.next()) {
        return -1;
      }
      Header header = header(reader);
      if (header.databases() > engine.databases()) {
        throw new DataException(
            "The data has "
                + header.databases()
                + " databases and databases = "
                + engine.databases()
                + " is configured. Set databases="
                + header.databases()
                + ".");
      }
      CRC32C checksum = new CRC32C();
      for (int place = 1; reader.next(); place++) {
        MemorySegment m = reader.memory();
        check(reader, SnapshotFormat.RECORD_HEAD_BYTES);
        if (SnapshotFormat.snapshot(m) != header.number() || SnapshotFormat.place(m) != place) {
          throw reader.damaged(reader.position(), "a record of a snapshot is missing");
        }
        if (SnapshotFormat.kind(m) == SnapshotFormat.FOOTER) {
          check(reader, SnapshotFormat.FOOTER_BYTES);
          checkFooter(reader, entries, (int) checksum.getValue());
          return entries.count;
        }
        int from = SnapshotFormat.RECORD_HEAD_BYTES;
        int length = reader.length() - from;
        checksum.update(m.asSlice(from, length).asByteBuffer());
        entries.take(reader, m, from, length);
      }
      return -1;
    }
  }

  private static void checkFooter(RecordReader reader, EntryAssembler entries, int checksum) {
    MemorySegment m = reader.memory();
    if (SnapshotFormat.footerEntries(m) != entries.count
        || SnapshotFormat.footerBytes(m) != entries.bytes
        || SnapshotFormat.footerChecksum(m) != checksum
        || entries.heldBytes != 0) {
      throw reader.damaged(
          reader.position(),
          "the snapshot's footer says "
              + SnapshotFormat.footerEntries(m)
              + " entries, found "
              + entries.count
              + ", or the checksum differs");
    }
  }

  /// Puts entries together that are cut over records.
  private static final class EntryAssembler implements AutoCloseable {
    private static final int HEAD = SnapshotFormat.ENTRY_HEAD_BYTES;

    private final Engine engine;
    private final Slice key = new Slice();
    private final Slice value = new Slice();
    private Arena arena = Arena.ofConfined();
    private MemorySegment held = arena.allocate(64 << 10);
    private long heldBytes;
    private long count;
    private long bytes;

    EntryAssembler(Engine engine) {
      this.engine = engine;
    }

    void take(RecordReader reader, MemorySegment m, long offset, int length) {
      long at = offset;
      long end = offset + length;
      while (at < end) {
        if (heldBytes > 0) {
          at += hold(m, at, end - at);
          if (isWhole(held, 0, heldBytes)) {
            put(reader, held, 0);
            heldBytes = 0;
          }
        } else if (isWhole(m, at, end - at)) {
          at += put(reader, m, at);
        } else {
          at += hold(m, at, end - at);
        }
      }
    }

    private static boolean isWhole(MemorySegment m, long offset, long available) {
      return available >= HEAD && available >= total(m, offset);
    }

    private static long total(MemorySegment m, long offset) {
      return HEAD
          + (SnapshotFormat.entryKeyLength(m, offset) & 0xffff_ffffL)
          + (SnapshotFormat.entryValueLength(m, offset) & 0xffff_ffffL);
    }

    /// Keeps bytes of an entry that is not whole: of its head first, then what the head announces.
    private long hold(MemorySegment m, long offset, long available) {
      long wanted = heldBytes < HEAD ? HEAD : total(held, 0);
      long n = Math.min(available, wanted - heldBytes);
      if (heldBytes + n > held.byteSize()) {
        grow(heldBytes + n);
      }
      MemorySegment.copy(m, offset, held, heldBytes, n);
      heldBytes += n;
      return n;
    }

    @SuppressWarnings("MustBeClosedChecker") // Closed when it grows again, or with this.
    private void grow(long least) {
      Arena larger = Arena.ofConfined();
      MemorySegment memory = larger.allocate(Math.max(least, 2 * held.byteSize()));
      MemorySegment.copy(held, 0, memory, 0, heldBytes);
      arena.close();
      arena = larger;
      held = memory;
    }

    private long put(RecordReader reader, MemorySegment m, long offset) {
      int keyLength = SnapshotFormat.entryKeyLength(m, offset);
      int valueLength = SnapshotFormat.entryValueLength(m, offset);
      key.set(m, offset + HEAD, keyLength);
      value.set(m, offset + HEAD + keyLength, valueLength);
      int status =
          engine.put(
              SnapshotFormat.entryDb(m, offset),
              key,
              SnapshotFormat.entryType(m, offset),
              value,
              SnapshotFormat.entryExpireAtMillis(m, offset));
      if (status != Engine.OK) {
        throw new DataException(
            "The snapshot of log position " + reader.position() + " does not fit into memory.");
      }
      long total = HEAD + (long) keyLength + valueLength;
      count++;
      bytes += total;
      return total;
    }

    @Override
    public void close() {
      arena.close();
    }
  }
}
