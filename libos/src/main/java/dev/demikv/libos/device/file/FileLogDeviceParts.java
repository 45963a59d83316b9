package dev.demikv.libos.device.file;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Capability.Performer;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.device.LogDeviceGeometry;
import dev.demikv.libos.device.file.FileLogDeviceOptions.Direct;
import dev.demikv.libos.device.file.FileLogDeviceOptions.Mechanism;
import dev.demikv.libos.ffi.IoUringRing;
import java.lang.foreign.Arena;
import java.util.List;

/// What a device is made of: opens everything, and chooses the mechanism.
///
/// @param arena owns all native memory below
/// @param direct whether files are opened with O_DIRECT
record FileLogDeviceParts(
    Arena arena,
    LogDeviceGeometry geometry,
    SegmentDirectory directory,
    OperationTable operations,
    Doorbell doorbell,
    BlockEngine engine,
    boolean direct,
    List<Capability> capabilities) {

  /// Opens.
  ///
  /// @throws LibOsException with advice
  @SuppressWarnings("MustBeClosedChecker") // The device closes it.
  static FileLogDeviceParts open(FileLogDeviceOptions options) {
    Arena arena = Arena.ofShared();
    boolean opened = false;
    try {
      SegmentDirectory directory = SegmentDirectory.open(arena, options);
      try {
        FileLogDeviceParts parts = open(arena, options, directory);
        opened = true;
        return parts;
      } finally {
        if (!opened) {
          directory.close();
        }
      }
    } finally {
      if (!opened) {
        arena.close();
      }
    }
  }

  private static FileLogDeviceParts open(
      Arena arena, FileLogDeviceOptions options, SegmentDirectory directory) {
    boolean direct = isDirect(options, directory.directRefusal());
    int depth = options.queueDepth();
    OperationTable operations = new OperationTable(depth);
    String threadReason = threadReason(options.mechanism(), directory.directRefusal(), direct);
    Doorbell doorbell = new Doorbell(arena, threadReason.isEmpty());
    BlockEngine engine = null;
    if (threadReason.isEmpty()) {
      try {
        engine = IoUringEngine.open(arena, operations, doorbell, depth);
      } catch (IoUringRing.RefusedException e) {
        doorbell.close();
        threadReason = DirectProbe.refusal(e);
        if (options.mechanism() == Mechanism.IO_URING) {
          throw new LibOsException(
              "open log device with io_uring",
              e.errno(),
              "Here " + threadReason + ": permit it, or set storage.file.mechanism=auto.",
              e);
        }
        doorbell = new Doorbell(arena, false);
      }
    }
    if (engine == null) {
      engine = new ThreadEngine(arena, operations, doorbell, depth);
    }
    return new FileLogDeviceParts(
        arena,
        geometry(options),
        directory,
        operations,
        doorbell,
        engine,
        direct,
        capabilities(threadReason, direct ? "" : pageCacheReason(options, directory)));
  }

  private static LogDeviceGeometry geometry(FileLogDeviceOptions options) {
    return new LogDeviceGeometry(
        FileLogDeviceOptions.BLOCK_BYTES,
        (int) Math.min(options.segmentBytes(), FileLogDevice.TRANSFER_BYTES_MAX),
        options.queueDepth(),
        options.segmentBytes(),
        options.segmentCount(),
        0);
  }

  private static boolean isDirect(FileLogDeviceOptions options, String refusal) {
    if (options.direct() == Direct.TRUE && !refusal.isEmpty()) {
      throw new LibOsException(
          "open log directory " + options.path() + " with O_DIRECT",
          Errno.EINVAL,
          "Here "
              + refusal
              + ": name a directory on another one, or set storage.file.direct=auto.");
    }
    return options.direct() != Direct.FALSE && refusal.isEmpty();
  }

  /// Why the thread mechanism is used, before io_uring was tried; empty: try it.
  static String threadReason(Mechanism mechanism, String directRefusal, boolean direct) {
    return switch (mechanism) {
      case IO_URING -> "";
      case THREAD -> "as configured";
      case AUTO ->
          direct ? "" : directRefusal.isEmpty() ? "O_DIRECT is switched off" : directRefusal;
    };
  }

  private static String pageCacheReason(FileLogDeviceOptions options, SegmentDirectory directory) {
    return options.direct() == Direct.FALSE
        ? "storage.file.direct=false"
        : directory.directRefusal();
  }

  /// Who does what.
  ///
  /// @param threadReason why there is no io_uring; empty when there is
  /// @param pageCacheReason why there is no O_DIRECT; empty when there is
  static List<Capability> capabilities(String threadReason, String pageCacheReason) {
    boolean direct = pageCacheReason.isEmpty();
    String mechanism =
        threadReason.isEmpty()
            ? "io_uring, RWF_DSYNC"
            : "one I/O thread, pwrite and fdatasync (" + threadReason + ")";
    return List.of(
        new Capability("blocks", Performer.KERNEL, "preallocated files"),
        new Capability(
            "durable write", Performer.KERNEL, mechanism + (direct ? ", O_DIRECT" : ", buffered")),
        new Capability(
            "page cache",
            direct ? Performer.NOBODY : Performer.KERNEL,
            direct ? "bypassed" : pageCacheReason),
        new Capability("atomic write", Performer.NOBODY, "torn writes are found by checksums"));
  }
}
