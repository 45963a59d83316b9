package dev.demikv.kvserver.persist;

import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.resp.CommandArgs;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Brings the state back when the server starts: the newest complete snapshot, then the batches
/// behind it. Changes nothing on the device.
public final class Recovery {
  /// Applies a command to the engine.
  @FunctionalInterface
  public interface Applier {
    /// @param kind of [CommandCodec]
    /// @param millis time of its batch
    void apply(int db, int kind, CommandArgs args, long millis);
  }

  /// What was found.
  ///
  /// @param snapshotNumber of the snapshot that was loaded; 0 if none
  /// @param snapshotQd the queue it is in; 0 if none
  /// @param snapshotMillis when it was taken; 0 if none
  /// @param snapshotEntries entries in it
  /// @param lastNumber highest number that any snapshot, complete or not, has
  /// @param lastSequence number of the last batch, in the snapshot or behind it; 0 if none
  /// @param lastPosition position of the last record in the commands log, or its head
  /// @param batches batches applied
  /// @param commands commands applied
  public record Result(
      long snapshotNumber,
      int snapshotQd,
      long snapshotMillis,
      long snapshotEntries,
      long lastNumber,
      long lastSequence,
      long lastPosition,
      long batches,
      long commands) {}

  private record Candidate(SnapshotReader reader, SnapshotReader.Header header) {}

  private final LibOs libos;
  private final Engine engine;
  private final Applier applier;

  private long sequence;
  private long position;
  private long batches;
  private long commands;
  private final CommandArgs args = new CommandArgs();

  /// A recovery into an empty engine.
  public Recovery(LibOs libos, Engine engine, Applier applier) {
    this.libos = libos;
    this.engine = engine;
    this.applier = applier;
  }

  /// Recovers.
  ///
  /// @throws DataException when something is damaged
  public Result run(int commandsQd, String commandsName, List<StorageName> snapshots) {
    List<Candidate> candidates = new ArrayList<>();
    long lastNumber = 0;
    for (StorageName snapshot : snapshots) {
      SnapshotReader reader = new SnapshotReader(libos, snapshot.qd(), snapshot.name());
      SnapshotReader.Header header = reader.header();
      if (header != null) {
        candidates.add(new Candidate(reader, header));
        lastNumber = Math.max(lastNumber, header.number());
      }
    }
    candidates.sort(Comparator.comparingLong(c -> -c.header().number()));
    Candidate loaded = null;
    long entries = 0;
    for (Candidate candidate : candidates) {
      entries = candidate.reader().load(engine);
      if (entries >= 0) {
        loaded = candidate;
        break;
      }
      for (int db = 0; db < engine.databases(); db++) {
        engine.clear(db);
      }
    }
    if (loaded != null) {
      sequence = loaded.header().sequence();
    }
    replay(commandsQd, commandsName);
    return new Result(
        loaded == null ? 0 : loaded.header().number(),
        loaded == null ? 0 : loaded.reader().qd(),
        loaded == null ? 0 : loaded.header().millis(),
        Math.max(0, entries),
        lastNumber,
        sequence,
        position,
        batches,
        commands);
  }

  /// A storage queue and its name.
  public record StorageName(int qd, String name) {}

  private void replay(int qd, String name) {
    position = libos.logHead(qd);
    try (RecordReader reader = new RecordReader(libos, qd, name);
        LongBatch longBatch = new LongBatch()) {
      while (reader.next()) {
        MemorySegment m = reader.memory();
        check(reader);
        position = reader.position();
        long number = BatchRecord.sequence(m, 0);
        if (number <= sequence) {
          continue; // The snapshot has it.
        }
        if (number != sequence + 1) {
          throw reader.damaged(
              position, "batch " + number + " where batch " + (sequence + 1) + " should be");
        }
        int flags = BatchRecord.flags(m, 0);
        longBatch.add(reader, flags);
        if ((flags & BatchRecord.LAST) != 0) {
          apply(reader, longBatch);
          sequence = number;
        }
      }
      // A long command whose last piece is not there was never acknowledged.
    }
  }

  private static void check(RecordReader reader) {
    if (reader.length() <= BatchRecord.HEADER_BYTES) {
      throw reader.damaged(reader.position(), "a record of " + reader.length() + " bytes");
    }
    int version = BatchRecord.version(reader.memory(), 0);
    if (version != BatchRecord.VERSION) {
      throw reader.damaged(
          reader.position(),
          "record format " + version + ", this server reads " + BatchRecord.VERSION);
    }
  }

  private void apply(RecordReader reader, LongBatch batch) {
    MemorySegment m = batch.memory(reader);
    long at = batch.start();
    long end = batch.end(reader);
    int count = BatchRecord.count(reader.memory(), 0);
    long millis = BatchRecord.millis(reader.memory(), 0);
    for (int i = 0; i < count; i++) {
      long next = CommandCodec.decode(m, at, end, args);
      if (next < 0) {
        throw reader.damaged(reader.position(), "command " + i + " of a batch does not decode");
      }
      try {
        applier.apply(CommandCodec.db(m, at), CommandCodec.kind(m, at), args, millis);
      } catch (IllegalArgumentException e) {
        throw reader.damaged(reader.position(), "command " + i + " of a batch: " + e.getMessage());
      }
      at = next;
    }
    if (at != end) {
      throw reader.damaged(reader.position(), (end - at) + " bytes behind the commands of a batch");
    }
    batches++;
    commands += count;
    batch.clear();
  }

  /// A batch on its way in: nearly always one record, used where it lies; else put together.
  private static final class LongBatch implements AutoCloseable {
    private @Nullable Arena arena;
    private MemorySegment held = MemorySegment.NULL;
    private long heldBytes;
    private boolean open;
    private boolean whole;

    void add(RecordReader reader, int flags) {
      boolean first = (flags & BatchRecord.FIRST) != 0;
      whole = first && (flags & BatchRecord.LAST) != 0;
      if (!first && !open) {
        throw reader.damaged(reader.position(), "a piece of a batch without its beginning");
      }
      if (first) {
        heldBytes = 0; // Pieces before it were of a command that was never completed.
      }
      open = (flags & BatchRecord.LAST) == 0;
      if (!whole) {
        int length = reader.length() - BatchRecord.HEADER_BYTES;
        reserve(heldBytes + length);
        MemorySegment.copy(reader.memory(), BatchRecord.HEADER_BYTES, held, heldBytes, length);
        heldBytes += length;
      }
    }

    @SuppressWarnings("MustBeClosedChecker") // Closed when it grows again, or with this.
    private void reserve(long bytes) {
      if (bytes <= held.byteSize()) {
        return;
      }
      Arena larger = Arena.ofConfined();
      MemorySegment memory = larger.allocate(Math.max(bytes, 2 * held.byteSize()));
      MemorySegment.copy(held, 0, memory, 0, heldBytes);
      close();
      arena = larger;
      held = memory;
    }

    MemorySegment memory(RecordReader reader) {
      return whole ? reader.memory() : held;
    }

    long start() {
      return whole ? BatchRecord.HEADER_BYTES : 0;
    }

    long end(RecordReader reader) {
      return whole ? reader.length() : heldBytes;
    }

    void clear() {
      heldBytes = 0;
      open = false;
    }

    @Override
    public void close() {
      Arena old = arena;
      if (old != null) {
        arena = null;
        old.close();
      }
    }
  }
}
