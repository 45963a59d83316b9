package dev.demikv.libos.device.file;

import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import java.nio.file.Path;
import java.util.List;

/// The options of the backend, checked.
///
/// @param path directory of the segments
/// @param segmentBytes size of a segment
/// @param segmentCount segments in all
/// @param mechanism how blocks are moved
/// @param direct whether the page cache is bypassed
/// @param queueDepth most operations in flight
record FileLogDeviceOptions(
    Path path,
    long segmentBytes,
    int segmentCount,
    Mechanism mechanism,
    Direct direct,
    int queueDepth) {
  /// Unit of transfers: a page, and at least the logical block of every disk in use.
  static final int BLOCK_BYTES = 4096;

  private static final String PATH = "storage.file.path";
  private static final String SEGMENT = "storage.file.segment-bytes";
  private static final String CAPACITY = "storage.file.capacity";
  private static final String MECHANISM = "storage.file.mechanism";
  private static final String DIRECT = "storage.file.direct";
  private static final String DEPTH = "storage.file.queue-depth";
  private static final long SEGMENT_BYTES_DEFAULT = 64L << 20;
  private static final long CAPACITY_BYTES_DEFAULT = 4L << 30;
  private static final int DEPTH_DEFAULT = 128;
  private static final int SEGMENT_COUNT_MAX = 1 << 20;

  static final List<OptionSpec> SPECS =
      List.of(
          new OptionSpec(PATH, "", "Directory of the segment files; made if absent. Required."),
          new OptionSpec(
              SEGMENT,
              "64MiB",
              "Size of a segment file in bytes, 64 KiB to 16 GiB, a multiple of 4 KiB; fixed for a"
                  + " directory."),
          new OptionSpec(
              CAPACITY,
              "4GiB",
              "Most bytes in all segments, 2 segments or more; files are made when needed."),
          new OptionSpec(
              MECHANISM,
              "auto",
              "How blocks are moved: io_uring, thread (one I/O thread), or auto: io_uring where the"
                  + " kernel permits it and O_DIRECT works. On a disk without FUA and with every"
                  + " CPU busy, thread may be faster."),
          new OptionSpec(
              DIRECT,
              "auto",
              "Past the page cache (O_DIRECT): true, false, or auto: where the file system can."),
          new OptionSpec(DEPTH, "128", "Most operations in flight, 1 to 4,096."));

  /// How blocks are moved.
  enum Mechanism {
    AUTO,
    IO_URING,
    THREAD
  }

  /// Whether the page cache is bypassed.
  enum Direct {
    AUTO,
    TRUE,
    FALSE
  }

  /// Reads the options.
  ///
  /// @throws IllegalArgumentException naming the key and the value
  static FileLogDeviceOptions of(Options options) {
    String path = options.text(PATH, "").trim();
    if (path.isEmpty()) {
      throw new IllegalArgumentException("option " + PATH + " is not set: name a directory");
    }
    long segmentBytes = options.bytes(SEGMENT, SEGMENT_BYTES_DEFAULT, 64 << 10, 16L << 30);
    if (segmentBytes % BLOCK_BYTES != 0) {
      throw new IllegalArgumentException(
          "option " + SEGMENT + ": " + segmentBytes + " is not a multiple of " + BLOCK_BYTES);
    }
    long capacityBytes =
        options.bytes(
            CAPACITY,
            Math.max(CAPACITY_BYTES_DEFAULT, 2 * segmentBytes),
            2 * segmentBytes,
            segmentBytes * SEGMENT_COUNT_MAX);
    return new FileLogDeviceOptions(
        Path.of(path).toAbsolutePath().normalize(),
        segmentBytes,
        (int) (capacityBytes / segmentBytes),
        mechanism(options.text(MECHANISM, "auto").trim()),
        direct(options.text(DIRECT, "auto").trim()),
        (int) options.integer(DEPTH, DEPTH_DEFAULT, 1, 4096));
  }

  private static Mechanism mechanism(String text) {
    return switch (text) {
      case "auto" -> Mechanism.AUTO;
      case "io_uring" -> Mechanism.IO_URING;
      case "thread" -> Mechanism.THREAD;
      default -> throw bad(MECHANISM, text, "auto, io_uring or thread");
    };
  }

  private static Direct direct(String text) {
    return switch (text) {
      case "auto" -> Direct.AUTO;
      case "true" -> Direct.TRUE;
      case "false" -> Direct.FALSE;
      default -> throw bad(DIRECT, text, "auto, true or false");
    };
  }

  private static IllegalArgumentException bad(String key, String text, String choices) {
    return new IllegalArgumentException("option " + key + ": '" + text + "' is not " + choices);
  }
}
