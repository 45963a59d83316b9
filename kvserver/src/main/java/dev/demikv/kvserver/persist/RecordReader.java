package dev.demikv.kvserver.persist;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Reads the records of a storage queue from its beginning, several ahead, and waits for each. For
/// the start of the server.
final class RecordReader implements AutoCloseable {
  private static final int AHEAD = 8;

  private final LibOs libos;
  private final int qd;
  private final String name;
  private final QResult result = new QResult();
  private final long[] tokens = new long[AHEAD];
  private int first;
  private int ahead;
  private final Arena arena = Arena.ofConfined();
  private MemorySegment memory;
  private int length;

  RecordReader(LibOs libos, int qd, String name) {
    this.libos = libos;
    this.qd = qd;
    this.name = name;
    this.memory = arena.allocate(BatchRecord.RECORD_BYTES_MAX);
    libos.seek(qd, libos.logHead(qd));
  }

  /// Reads the next record into [#memory].
  ///
  /// @return false at the end of the log
  /// @throws DataException for damage, naming the place
  boolean next() {
    popAhead();
    while (ahead > 0) {
      long qtoken = tokens[first];
      int waited = libos.wait(qtoken, -1, result);
      if (waited == -Errno.EINTR) {
        continue; // Woken from outside; the request is seen when the server runs.
      }
      if (waited < 0) {
        throw new IllegalStateException("wait for a record: " + Errno.describe(waited));
      }
      first = (first + 1) % AHEAD;
      ahead--;
      ScatterGatherArray record = result.sga;
      if (result.result < 0) {
        throw damaged(result.position, Errno.describe(result.result));
      }
      if (record == null) {
        return false;
      }
      take(record);
      popAhead();
      return true;
    }
    return false;
  }

  private void popAhead() {
    while (ahead < AHEAD) {
      long qtoken = libos.pop(qd);
      if (qtoken < 0) {
        if (ahead == 0) {
          throw damaged(libos.logHead(qd), Errno.describe((int) qtoken));
        }
        return;
      }
      tokens[(first + ahead) % AHEAD] = qtoken;
      ahead++;
    }
  }

  private void take(ScatterGatherArray record) {
    length = record.totalBytes();
    if (length > memory.byteSize()) {
      memory = arena.allocate(length);
    }
    record.copyTo(0, memory, 0, length);
    libos.sgaFree(record);
  }

  /// The bytes of the record read last, from offset 0.
  MemorySegment memory() {
    return memory;
  }

  /// Their number.
  int length() {
    return length;
  }

  /// Position of the record read last.
  long position() {
    return result.position;
  }

  /// What to throw for a record that cannot be.
  DataException damaged(long position, String why) {
    return new DataException(
        "The log '"
            + name
            + "' is damaged at position "
            + position
            + ": "
            + why
            + ". Nothing was changed. Restore the data folder from a copy, or move it away to start"
            + " empty.");
  }

  @Override
  public void close() {
    while (ahead > 0) {
      int waited = libos.wait(tokens[first], -1, result);
      if (waited == -Errno.EINTR) {
        continue;
      }
      ScatterGatherArray record = result.sga;
      if (waited == 0 && record != null) {
        libos.sgaFree(record);
      }
      first = (first + 1) % AHEAD;
      ahead--;
    }
    arena.close();
  }
}
