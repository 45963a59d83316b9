package dev.demikv.libos.log;

import static dev.demikv.libos.log.LogFormat.FRAME_ALIGN;
import static dev.demikv.libos.log.LogFormat.FRAME_CRC;
import static dev.demikv.libos.log.LogFormat.FRAME_EPOCH;
import static dev.demikv.libos.log.LogFormat.FRAME_GENERATION;
import static dev.demikv.libos.log.LogFormat.FRAME_HEADER_BYTES;
import static dev.demikv.libos.log.LogFormat.FRAME_LENGTH;
import static dev.demikv.libos.log.LogFormat.FRAME_LOG;
import static dev.demikv.libos.log.LogFormat.FRAME_POSITION;
import static dev.demikv.libos.log.LogFormat.FRAME_RECORD_BYTES;
import static dev.demikv.libos.log.LogFormat.FRAME_TYPE;
import static dev.demikv.libos.log.LogFormat.U16;
import static dev.demikv.libos.log.LogFormat.U32;
import static dev.demikv.libos.log.LogFormat.U64;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// Writes and checks frames. Allocates nothing.
///
/// The checksum is CRC32C xor a salt made from the device's id, so that frames of another device,
/// or of this one before it was formatted, do not match.
final class FrameCodec {
  private final CRC32C crc32c = new CRC32C();
  private final int salt;

  FrameCodec(long deviceId) {
    this.salt = (int) (deviceId ^ deviceId >>> 32);
  }

  /// CRC32C of a run of bytes without the salt.
  int crc(ByteBuffer view, int offset, int length) {
    view.limit(offset + length).position(offset);
    crc32c.reset();
    crc32c.update(view);
    return (int) crc32c.getValue();
  }

  /// Writes the header of a frame whose payload is in place.
  ///
  /// @param view of the same memory as `memory`
  /// @param generation,epoch,log what the frame belongs to
  /// @return the checksum
  int seal(
      MemorySegment memory,
      ByteBuffer view,
      int offset,
      int type,
      int length,
      long position,
      int generation,
      int epoch,
      int log,
      int recordBytes) {
    memory.set(U32, (long) offset + FRAME_LENGTH, length);
    memory.set(U64, (long) offset + FRAME_POSITION, position);
    memory.set(U32, (long) offset + FRAME_GENERATION, generation);
    memory.set(U32, (long) offset + FRAME_EPOCH, epoch);
    memory.set(U16, (long) offset + FRAME_LOG, (short) log);
    memory.set(U16, (long) offset + FRAME_TYPE, (short) type);
    memory.set(U32, (long) offset + FRAME_RECORD_BYTES, recordBytes);
    int crc = checksum(view, offset, length);
    memory.set(U32, (long) offset + FRAME_CRC, crc);
    return crc;
  }

  /// Checks everything about a frame but its epoch and type.
  ///
  /// @param available bytes from `offset` on that may belong to it, ≥
  ///   [LogFormat#FRAME_HEADER_BYTES]
  Verdict check(
      MemorySegment memory,
      ByteBuffer view,
      int offset,
      int available,
      long position,
      int generation,
      int log) {
    int length = length(memory, offset);
    if (length == 0 && crcOf(memory, offset) == 0) {
      return Verdict.EMPTY;
    }
    if (length <= 0 || length > available - FRAME_HEADER_BYTES) {
      return Verdict.LENGTH;
    }
    if (checksum(view, offset, length) != crcOf(memory, offset)) {
      return Verdict.CHECKSUM;
    }
    if (log(memory, offset) != log) {
      return Verdict.LOG;
    }
    if (generation(memory, offset) != generation) {
      return Verdict.GENERATION;
    }
    return position(memory, offset) == position ? Verdict.VALID : Verdict.POSITION;
  }

  private int checksum(ByteBuffer view, int offset, int length) {
    return crc(view, offset + FRAME_LENGTH, FRAME_HEADER_BYTES - FRAME_LENGTH + length) ^ salt;
  }

  static int crcOf(MemorySegment memory, int offset) {
    return memory.get(U32, (long) offset + FRAME_CRC);
  }

  static int length(MemorySegment memory, int offset) {
    return memory.get(U32, (long) offset + FRAME_LENGTH);
  }

  static long position(MemorySegment memory, int offset) {
    return memory.get(U64, (long) offset + FRAME_POSITION);
  }

  static int generation(MemorySegment memory, int offset) {
    return memory.get(U32, (long) offset + FRAME_GENERATION);
  }

  static int epoch(MemorySegment memory, int offset) {
    return memory.get(U32, (long) offset + FRAME_EPOCH);
  }

  static int log(MemorySegment memory, int offset) {
    return Short.toUnsignedInt(memory.get(U16, (long) offset + FRAME_LOG));
  }

  static int type(MemorySegment memory, int offset) {
    return Byte.toUnsignedInt(memory.get(ValueLayout.JAVA_BYTE, (long) offset + FRAME_TYPE));
  }

  static int recordBytes(MemorySegment memory, int offset) {
    return memory.get(U32, (long) offset + FRAME_RECORD_BYTES);
  }

  /// Bytes from the start of a frame to the start of the next.
  static int frameBytes(int payloadBytes) {
    return LogFormat.alignUp(FRAME_HEADER_BYTES + payloadBytes, FRAME_ALIGN);
  }
}
