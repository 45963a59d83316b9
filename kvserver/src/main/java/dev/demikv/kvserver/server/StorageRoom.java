package dev.demikv.kvserver.server;

import dev.demikv.kvserver.persist.BatchRecord;
import dev.demikv.kvserver.persist.DataException;
import dev.demikv.libos.api.LibOs;
import java.util.Map;

/// How much room the storage device has left, as far as its counters tell.
final class StorageRoom {
  private static final int SEGMENTS_LEFT_LEAST = 3;

  private final LibOs libos;
  private final long segmentBytes;
  private long checkedLogBytes;

  StorageRoom(LibOs libos) {
    this.libos = libos;
    Map<String, Long> counters = libos.report().counters();
    this.segmentBytes = counters.getOrDefault("storage.log.segment-bytes", 0L);
    long recordBytes = counters.getOrDefault("storage.log.record-bytes-max", Long.MAX_VALUE);
    if (recordBytes < BatchRecord.RECORD_BYTES_MAX) {
      throw new DataException(
          "The storage takes records of up to "
              + recordBytes
              + " bytes, and the server writes records of "
              + BatchRecord.RECORD_BYTES_MAX
              + ". Make its segments (storage.*.segment-bytes), staging memory"
              + " (storage.log.staging-bytes) and records (storage.log.record-bytes-max) larger:"
              + " 1MiB at least.");
    }
  }

  /// Whether a snapshot would free a good deal, compared with what it costs.
  boolean isWorthIt(long logBytes, long stateBytes) {
    return logBytes > Math.max(2 * segmentBytes, stateBytes / 4);
  }

  /// Whether a snapshot should be written now, while there is still room for it. Looks only when
  /// the log has grown by a part of a segment, as looking costs.
  ///
  /// @param logBytes of the commands log, which a snapshot would free
  /// @param stateBytes what a snapshot may take
  boolean isShort(long logBytes, long stateBytes) {
    if (logBytes < checkedLogBytes) {
      checkedLogBytes = logBytes;
    }
    if (segmentBytes == 0
        || logBytes - checkedLogBytes < segmentBytes / 4
        || !isWorthIt(logBytes, stateBytes)) {
      return false;
    }
    checkedLogBytes = logBytes;
    Map<String, Long> counters = libos.report().counters();
    long free =
        counters.getOrDefault("storage.log.segments.spare", 0L)
            + counters.getOrDefault("storage.log.segments.absent", 0L);
    return (free - SEGMENTS_LEFT_LEAST) * segmentBytes < stateBytes + stateBytes / 8;
  }
}
