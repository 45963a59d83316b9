package dev.demikv.libos.log;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.device.LogDeviceGeometry;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.time.Clock;
import java.lang.foreign.MemorySegment;

/// Finds the superblock of a device, or makes the first one.
final class Format {
  private final LogIo io;
  private final LogDeviceGeometry geometry;
  private final MemorySegment memory;

  /// Whether both copies must be written before anything else.
  private boolean rewrite;

  /// @param memory aligned, [Superblock#slotBytes] long
  Format(LogIo io, MemorySegment memory) {
    this.io = io;
    this.geometry = io.device.geometry();
    this.memory = memory;
  }

  boolean rewrite() {
    return rewrite;
  }

  /// Checks that a store fits the device.
  ///
  /// @throws LibOsException EINVAL
  static void checkGeometry(LogDeviceGeometry geometry) {
    long slotBytes = Superblock.slotBytes(geometry);
    if (slotBytes > geometry.transferBytesMax()) {
      throw new LibOsException(
          "open of the log device",
          Errno.EINVAL,
          "A table of %d segments does not fit one transfer of %d B: use larger segments"
              .formatted(geometry.segmentCount(), geometry.transferBytesMax()));
    }
    if (slotBytes > Superblock.slotPosition(geometry, 1)) {
      throw new LibOsException(
          "open of the log device",
          Errno.EINVAL,
          "Segments of %d B are too small: two superblocks of %d B must fit one"
              .formatted(geometry.segmentBytes(), slotBytes));
    }
    if (geometry.blockBytes() > geometry.segmentBytes() / 4) {
      throw new LibOsException(
          "open of the log device", Errno.EINVAL, "A segment must have at least 4 blocks");
    }
  }

  /// The current superblock; a new one on a device that holds nothing.
  ///
  /// @throws LibOsException EBADMSG when both copies are damaged; EINVAL when the superblock is for
  ///   another geometry or version; EIO, ENOSPC, ETIMEDOUT
  Superblock load(Clock clock) {
    boolean othersPrepared = false;
    for (int i = 1; i < geometry.segmentCount(); i++) {
      othersPrepared |= io.device.isPrepared(i);
    }
    if (!io.device.isPrepared(0)) {
      if (othersPrepared) {
        throw damaged("segment 0 is not there");
      }
      int rc = io.prepareNow(0);
      if (rc < 0) {
        throw new LibOsException("prepare of the superblock's segment", -rc, "");
      }
      return create(clock);
    }
    Superblock.Decoded first = read(0);
    Superblock.Decoded second = read(1);
    if (first.refused() || second.refused()) {
      String why = first.refused() ? first.problem() : second.problem();
      throw new LibOsException(
          "open of the log device", Errno.EINVAL, "The store on the device " + why);
    }
    Superblock a = first.superblock();
    Superblock b = second.superblock();
    Superblock newest = a == null || b != null && b.sequence > a.sequence ? b : a;
    if (newest != null) {
      rewrite = a == null || b == null || a.sequence != b.sequence;
      return newest;
    }
    // Both blank, or the making of the store was interrupted: there is nothing to lose.
    if (first.blank() && second.blank() || !othersPrepared) {
      return create(clock);
    }
    throw damaged("the first copy %s, the second %s".formatted(first.problem(), second.problem()));
  }

  private Superblock.Decoded read(int copy) {
    int bytes = (int) Superblock.slotBytes(geometry);
    int rc = io.readNow(Superblock.slotPosition(geometry, copy), memory, 0, bytes);
    if (rc == -Errno.EIO) {
      return new Superblock.Decoded(null, "cannot be read (EIO)", false, false);
    }
    if (rc < 0) {
      throw new LibOsException("read of the superblock", -rc, "");
    }
    return Superblock.decode(memory, memory.asByteBuffer(), geometry);
  }

  private Superblock create(Clock clock) {
    rewrite = true;
    int groupBytesMax =
        (int)
            Math.min(
                Math.min(geometry.transferBytesMax(), geometry.segmentBytes()),
                LogFormat.GROUP_BYTES_CEILING);
    groupBytesMax = (int) LogFormat.alignDown(groupBytesMax, geometry.blockBytes());
    long id = mix(mix(clock.wallMillis()) ^ clock.nanoTime());
    return new Superblock(geometry, id, groupBytesMax);
  }

  /// The finalizer of SplitMix64: spreads the bits of a time over an id.
  private static long mix(long z) {
    long x = z + 0x9E37_79B9_7F4A_7C15L;
    x = (x ^ x >>> 30) * 0xBF58_476D_1CE4_E5B9L;
    x = (x ^ x >>> 27) * 0x94D0_49BB_1331_11EBL;
    return x ^ x >>> 31;
  }

  private static LibOsException damaged(@Nullable String found) {
    return new LibOsException(
        "open of the log device",
        Errno.EBADMSG,
        "The superblock is damaged: "
            + found
            + ". The store was not changed; restore it, or erase the device to begin anew");
  }
}
