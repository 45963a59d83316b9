package dev.demikv.libos.net.tcp;

import static dev.demikv.libos.wire.TcpOption.END;
import static dev.demikv.libos.wire.TcpOption.MSS;
import static dev.demikv.libos.wire.TcpOption.MSS_BYTES;
import static dev.demikv.libos.wire.TcpOption.NOP;
import static dev.demikv.libos.wire.TcpOption.SACK;
import static dev.demikv.libos.wire.TcpOption.SACK_BLOCKS_MAX;
import static dev.demikv.libos.wire.TcpOption.SACK_BLOCK_BYTES;
import static dev.demikv.libos.wire.TcpOption.SACK_PERMITTED;
import static dev.demikv.libos.wire.TcpOption.SACK_PERMITTED_BYTES;
import static dev.demikv.libos.wire.TcpOption.TIMESTAMPS;
import static dev.demikv.libos.wire.TcpOption.TIMESTAMPS_ALIGNED_BYTES;
import static dev.demikv.libos.wire.TcpOption.TIMESTAMPS_BYTES;
import static dev.demikv.libos.wire.TcpOption.TIMESTAMPS_PREFIX;
import static dev.demikv.libos.wire.TcpOption.WINDOW_SCALE;
import static dev.demikv.libos.wire.TcpOption.WINDOW_SCALE_BYTES;
import static dev.demikv.libos.wire.TcpOption.WINDOW_SCALE_MAX;

import dev.demikv.libos.wire.TcpHeader;
import java.lang.foreign.MemorySegment;

/// The options of one received segment, read in place into a reused object.
///
/// An option with a wrong length is ignored; one that reaches beyond the header ends the list. The
/// last of several equal options counts. Nothing a peer sends is an error.
final class TcpOptions {
  /// Maximum segment size; 0 when absent.
  int mss;

  /// Window scale shift, at most 14; -1 when absent.
  int windowShift;

  boolean sackPermitted;
  boolean hasTimestamps;
  int tsVal;
  int tsEcr;

  /// Blocks of the SACK option.
  int sackCount;

  final int[] sackStart = new int[SACK_BLOCKS_MAX];
  final int[] sackEnd = new int[SACK_BLOCKS_MAX];

  void clear() {
    mss = 0;
    windowShift = -1;
    sackPermitted = false;
    hasTimestamps = false;
    sackCount = 0;
  }

  /// Reads `length` bytes of options. At most 40, so the loop is bounded.
  void parse(MemorySegment memory, long offset, int length) {
    clear();
    if (length == 0) {
      return;
    }
    if (length == TIMESTAMPS_ALIGNED_BYTES
        && TcpHeader.optionInt(memory, offset) == TIMESTAMPS_PREFIX) {
      readTimestamps(memory, offset + 2);
      return;
    }
    int at = 0;
    while (at < length) {
      int kind = TcpHeader.optionByte(memory, offset + at);
      if (kind == END) {
        return;
      }
      if (kind == NOP) {
        at++;
        continue;
      }
      int bytes = at + 1 < length ? TcpHeader.optionByte(memory, offset + at + 1) : 0;
      if (bytes < 2 || bytes > length - at) {
        return;
      }
      read(kind, bytes, memory, offset + at);
      at += bytes;
    }
  }

  private void read(int kind, int bytes, MemorySegment memory, long at) {
    switch (kind) {
      case MSS -> {
        if (bytes == MSS_BYTES) {
          mss = TcpHeader.optionShort(memory, at + 2);
        }
      }
      case WINDOW_SCALE -> {
        if (bytes == WINDOW_SCALE_BYTES) {
          // RFC 7323 §2.3: a larger shift is used as 14.
          windowShift = Math.min(TcpHeader.optionByte(memory, at + 2), WINDOW_SCALE_MAX);
        }
      }
      case SACK_PERMITTED -> sackPermitted |= bytes == SACK_PERMITTED_BYTES;
      case SACK -> {
        if ((bytes - 2) % SACK_BLOCK_BYTES == 0) {
          readSack(memory, at, (bytes - 2) / SACK_BLOCK_BYTES);
        }
      }
      case TIMESTAMPS -> {
        if (bytes == TIMESTAMPS_BYTES) {
          readTimestamps(memory, at);
        }
      }
      default -> {
        // RFC 9293 §3.1: unknown options are skipped by their length.
      }
    }
  }

  private void readTimestamps(MemorySegment memory, long at) {
    hasTimestamps = true;
    long both = TcpHeader.optionLong(memory, at + 2);
    tsVal = (int) (both >>> 32);
    tsEcr = (int) both;
  }

  private void readSack(MemorySegment memory, long at, int count) {
    sackCount = Math.min(count, SACK_BLOCKS_MAX);
    for (int i = 0; i < sackCount; i++) {
      sackStart[i] = TcpHeader.optionInt(memory, at + 2 + (long) i * SACK_BLOCK_BYTES);
      sackEnd[i] = TcpHeader.optionInt(memory, at + 6 + (long) i * SACK_BLOCK_BYTES);
    }
  }
}
