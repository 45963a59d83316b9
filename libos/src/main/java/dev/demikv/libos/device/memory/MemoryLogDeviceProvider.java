package dev.demikv.libos.device.memory;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.Availability;
import dev.demikv.libos.device.LogDevice;
import dev.demikv.libos.device.LogDeviceGeometry;
import dev.demikv.libos.device.LogDeviceProvider;
import dev.demikv.libos.time.Clock;
import java.util.List;
import java.util.random.RandomGenerator;

/// The storage backend `memory`: logs in RAM, gone with the process.
public final class MemoryLogDeviceProvider implements LogDeviceProvider {
  private static final String SEGMENT = "storage.memory.segment-bytes";
  private static final String CAPACITY = "storage.memory.capacity";
  private static final String NAME = "storage.memory.name";
  private static final int BLOCK_BYTES = 4096;
  private static final int TRANSFER_BYTES_MAX = 1 << 20;
  private static final int QUEUE_DEPTH = 256;
  private static final long SEGMENT_BYTES_DEFAULT = 4L << 20;
  private static final long CAPACITY_BYTES_DEFAULT = 256L << 20;
  private static final int SEGMENT_COUNT_MAX = 1 << 20;

  /// For `ServiceLoader`.
  public MemoryLogDeviceProvider() {}

  @Override
  public String name() {
    return "memory";
  }

  @Override
  public String description() {
    return "logs in RAM: volatile, for tests and for measurements without a disk";
  }

  @Override
  public List<OptionSpec> options() {
    return List.of(
        new OptionSpec(
            SEGMENT, "4MiB", "Size of a segment in bytes, 64 KiB to 1 GiB, a multiple of 4 KiB."),
        new OptionSpec(
            CAPACITY, "256MiB", "Most bytes in all segments, 2 segments or more; taken as needed."),
        new OptionSpec(
            NAME,
            "",
            "Content that stays in the process and is found by the next open of the same name, one"
                + " at a time; without a name it is freed at close."));
  }

  @Override
  public Availability availability(Options options) {
    return Availability.yes("native memory");
  }

  @Override
  public List<Capability> capabilities(Options options) {
    return MemoryLogDevice.CAPABILITIES;
  }

  @Override
  public LogDevice open(Options options, Clock clock, RandomGenerator random) {
    LogDeviceGeometry geometry = geometry(options);
    String name = options.text(NAME, "").trim();
    if (!name.isEmpty()) {
      return new MemoryLogDevice(MemoryMedia.acquire(name, geometry), /* named= */ true);
    }
    return new MemoryLogDevice(new MemoryMedium(geometry), /* named= */ false);
  }

  private static LogDeviceGeometry geometry(Options options) {
    long segmentBytes = options.bytes(SEGMENT, SEGMENT_BYTES_DEFAULT, 64 << 10, 1 << 30);
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
    return new LogDeviceGeometry(
        BLOCK_BYTES,
        (int) Math.min(TRANSFER_BYTES_MAX, segmentBytes),
        QUEUE_DEPTH,
        segmentBytes,
        (int) (capacityBytes / segmentBytes),
        /* atomicWriteBytes= */ 0);
  }
}
