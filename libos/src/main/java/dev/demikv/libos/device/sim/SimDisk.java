package dev.demikv.libos.device.sim;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.device.LogDeviceGeometry;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/// The medium of simulated log devices: survives them, so that a crashed host can be restarted on
/// it.
///
/// Two images: what reads see, and what is on stable storage. Between them lies the volatile write
/// cache: for each block the versions written since it was last durable. A durable write replaces
/// its blocks' versions, a flush settles all versions whose writes completed before it was started,
/// and a power loss decides, by the seed, which versions or sectors of them survive.
///
/// A flush that fails drops the versions it should have made durable, although reads still see
/// them: so Linux does, and it is why a failed flush must never be tried again.
public final class SimDisk {
  /// Unit of tearing in bytes when the geometry promises nothing.
  private static final int SECTOR_BYTES = 512;

  /// What a power loss does to writes that are not durable.
  public enum PowerLoss {
    /// All are lost.
    DROP,
    /// The first of them survive, in the order of writing; the next one is torn.
    PREFIX,
    /// Any subset survives, torn within blocks: the cache wrote in an order of its own.
    REORDER
  }

  private final SimWorld world;
  private final String name;
  private final LogDeviceGeometry geometry;
  private final RandomGenerator random;
  private final SimDiskFaults faults = new SimDiskFaults();
  private final byte[][] visible;
  private final byte[][] stable;
  private final boolean[] prepared;
  private final Map<Long, List<Version>> cache = new TreeMap<>();
  private int preparedCount;
  private long writesCompleted;
  private long powerLossCount;
  private @Nullable SimLogDevice openDevice;

  /// Bytes of one block written by one write.
  private static final class Version {
    final long block;
    final long write;
    final boolean atomic;
    final byte[] bytes;

    Version(long block, long write, boolean atomic, byte[] bytes) {
      this.block = block;
      this.write = write;
      this.atomic = atomic;
      this.bytes = bytes;
    }
  }

  SimDisk(SimWorld world, String name, LogDeviceGeometry geometry) {
    if (geometry.segmentBytes() > 1 << 30) {
      throw new IllegalArgumentException("a simulated segment has at most 1 GiB");
    }
    this.world = world;
    this.name = name;
    this.geometry = geometry;
    this.random = world.random("disk " + name);
    this.visible = new byte[geometry.segmentCount()][];
    this.stable = new byte[geometry.segmentCount()][];
    this.prepared = new boolean[geometry.segmentCount()];
  }

  /// Opens the disk for one LibOs.
  ///
  /// @throws LibOsException EBUSY when a device that lives has it open
  public SimLogDevice open() {
    if (openDevice != null) {
      throw new LibOsException(
          "open simulated disk " + name, Errno.EBUSY, "Close the other LibOs, or crash it.");
    }
    SimLogDevice device = new SimLogDevice(world, this);
    openDevice = device;
    return device;
  }

  /// Its name in the world.
  public String name() {
    return name;
  }

  /// Its geometry.
  public LogDeviceGeometry geometry() {
    return geometry;
  }

  /// The world it is in.
  public SimWorld world() {
    return world;
  }

  /// What goes wrong on it.
  public SimDiskFaults faults() {
    return faults;
  }

  /// Takes the power away, with an outcome that the seed chooses.
  ///
  /// @return the outcome
  public PowerLoss powerLoss() {
    PowerLoss[] all = PowerLoss.values();
    PowerLoss outcome = all[random.nextInt(all.length)];
    powerLoss(outcome);
    return outcome;
  }

  /// Takes the power away: writes that are not durable are dropped, torn or reordered, writes in
  /// flight too. The open device is dead: what is in flight and what it is asked from now on fails
  /// with EIO and changes nothing. The disk can be opened again.
  public void powerLoss(PowerLoss outcome) {
    powerLossCount++;
    List<Version> versions = new ArrayList<>();
    cache.values().forEach(versions::addAll);
    endDevice(versions);
    versions.sort((a, b) ->
        a.write != b.write ? Long.compare(a.write, b.write) : Long.compare(a.block, b.block));
    switch (outcome) {
      case DROP -> {}
      case PREFIX -> surviveAsPrefix(versions);
      case REORDER -> surviveInAnyOrder(versions);
    }
    cache.clear();
    for (int i = 0; i < visible.length; i++) {
      if (stable[i] != null) {
        visible[i] = stable[i].clone();
      }
    }
  }

  /// Kills the process, not the machine: the open device is dead as after [#powerLoss], its writes
  /// in flight may or may not have happened, but nothing that completed is lost.
  public void kill() {
    List<Version> inFlight = new ArrayList<>();
    endDevice(inFlight);
    for (Version version : inFlight) {
      if (random.nextBoolean()) {
        copyIn(visible, version, 0, version.bytes.length);
        cache.computeIfAbsent(version.block, b -> new ArrayList<>()).add(version);
      }
    }
  }

  /// Ends the open device and adds what it was writing.
  private void endDevice(List<Version> inFlight) {
    SimLogDevice device = openDevice;
    if (device != null) {
      for (SimLogDevice.Operation operation : device.die()) {
        switch (operation.kind) {
          case WRITE ->
              inFlight.addAll(versions(operation.position, operation.bytes(), ++writesCompleted));
          case PREPARE -> {
            if (random.nextBoolean()) {
              prepare(operation.segment());
            }
          }
          case DISCARD, READ, FLUSH -> {}
        }
      }
    }
    openDevice = null;
  }

  private void surviveAsPrefix(List<Version> versions) {
    int count = random.nextInt(versions.size() + 1);
    long lastWrite = -1;
    for (int i = 0; i < count; i++) {
      Version version = versions.get(i);
      lastWrite = version.write;
      copyIn(stable, version, 0, version.bytes.length);
    }
    for (int i = count; i < versions.size(); i++) {
      Version version = versions.get(i);
      if (version.atomic && version.write == lastWrite) {
        copyIn(stable, version, 0, version.bytes.length);
      } else if (i == count && !version.atomic) {
        int sectors = random.nextInt(version.bytes.length / SECTOR_BYTES);
        copyIn(stable, version, 0, sectors * SECTOR_BYTES);
      } else if (!version.atomic) {
        return;
      }
    }
  }

  private void surviveInAnyOrder(List<Version> versions) {
    long write = -1;
    boolean whole = false;
    for (Version version : versions) {
      if (version.write != write || !version.atomic) {
        whole = random.nextBoolean();
        write = version.write;
      }
      if (whole) {
        copyIn(stable, version, 0, version.bytes.length);
      } else if (!version.atomic && random.nextInt(4) == 0) {
        for (int at = 0; at < version.bytes.length; at += SECTOR_BYTES) {
          if (random.nextBoolean()) {
            copyIn(stable, version, at, SECTOR_BYTES);
          }
        }
      }
    }
  }

  /// Flips one bit of the medium, on stable storage and as reads see it.
  ///
  /// @param position in bytes
  /// @param bit 0 to 7
  public void flipBit(long position, int bit) {
    int segment = segment(position);
    int at = (int) (position % geometry.segmentBytes());
    stable(segment)[at] ^= (byte) (1 << bit);
    visible(segment)[at] ^= (byte) (1 << bit);
  }

  /// Overwrites bytes of the medium with noise, on stable storage and as reads see it.
  public void corrupt(long position, int length) {
    int segment = segment(position);
    int at = (int) (position % geometry.segmentBytes());
    for (int i = 0; i < length; i++) {
      byte noise = (byte) random.nextInt(1, 256);
      stable(segment)[at + i] ^= noise;
      visible(segment)[at + i] ^= noise;
    }
  }

  /// A copy of what is on stable storage.
  public byte[] stableBytes(long position, int length) {
    int at = (int) (position % geometry.segmentBytes());
    return Arrays.copyOfRange(stable(segment(position)), at, at + length);
  }

  /// Whether a segment is prepared.
  public boolean isPrepared(int segment) {
    return prepared[segment];
  }

  /// Segments prepared.
  public int preparedCount() {
    return preparedCount;
  }

  /// Blocks with versions that are not durable.
  public int cachedBlockCount() {
    return cache.size();
  }

  /// Power losses so far.
  public long powerLossCount() {
    return powerLossCount;
  }

  RandomGenerator random() {
    return random;
  }

  void closed(SimLogDevice device) {
    if (openDevice == device) {
      openDevice = null;
    }
  }

  int prepare(int segment) {
    if (prepared[segment]) {
      return 0;
    }
    if (preparedCount >= faults.segmentsUsableMax()) {
      return -Errno.ENOSPC;
    }
    if (stable[segment] == null || random.nextBoolean()) {
      stable[segment] = new byte[(int) geometry.segmentBytes()];
      visible[segment] = new byte[(int) geometry.segmentBytes()];
    }
    prepared[segment] = true;
    preparedCount++;
    return 0;
  }

  void discard(int segment) {
    if (prepared[segment]) {
      prepared[segment] = false;
      preparedCount--;
    }
    long first = segment * (geometry.segmentBytes() / geometry.blockBytes());
    long count = geometry.segmentBytes() / geometry.blockBytes();
    cache.keySet().removeIf(block -> block >= first && block < first + count);
  }

  /// A write that completes.
  void write(long position, byte[] bytes, boolean durable) {
    long at = position;
    if (faults.losesWrite(random)) {
      return;
    }
    if (faults.misdirectsWrite(random)) {
      long blocks = (geometry.segmentBytes() - bytes.length) / geometry.blockBytes() + 1;
      at =
          position / geometry.segmentBytes() * geometry.segmentBytes()
              + random.nextLong(blocks) * geometry.blockBytes();
    }
    for (Version version : versions(at, bytes, ++writesCompleted)) {
      copyIn(visible, version, 0, version.bytes.length);
      if (durable) {
        copyIn(stable, version, 0, version.bytes.length);
        cache.remove(version.block);
      } else {
        cache.computeIfAbsent(version.block, b -> new ArrayList<>()).add(version);
      }
    }
  }

  long writesCompleted() {
    return writesCompleted;
  }

  /// Settles the versions of all writes up to one: on stable storage, or lost when the flush fails.
  void flush(long upToWrite, boolean succeeds) {
    for (List<Version> versions : cache.values()) {
      for (Version version : versions) {
        if (version.write <= upToWrite && succeeds) {
          copyIn(stable, version, 0, version.bytes.length);
        }
      }
      versions.removeIf(version -> version.write <= upToWrite);
    }
    cache.values().removeIf(List::isEmpty);
  }

  void read(long position, MemorySegment memory, long offset, int length) {
    int at = (int) (position % geometry.segmentBytes());
    MemorySegment.copy(
        visible(segment(position)), at, memory, ValueLayout.JAVA_BYTE, offset, length);
    if (faults.flipsBit(random)) {
      long flipped = offset + random.nextInt(length);
      byte wrong = (byte) (memory.get(ValueLayout.JAVA_BYTE, flipped) ^ 1 << random.nextInt(8));
      memory.set(ValueLayout.JAVA_BYTE, flipped, wrong);
    }
  }

  private List<Version> versions(long position, byte[] bytes, long write) {
    int blockBytes = geometry.blockBytes();
    boolean atomic = bytes.length <= geometry.atomicWriteBytes();
    List<Version> versions = new ArrayList<>(bytes.length / blockBytes);
    for (int at = 0; at < bytes.length; at += blockBytes) {
      byte[] block = Arrays.copyOfRange(bytes, at, at + blockBytes);
      versions.add(new Version((position + at) / blockBytes, write, atomic, block));
    }
    return versions;
  }

  private void copyIn(byte[][] image, Version version, int at, int length) {
    long position = version.block * geometry.blockBytes();
    byte[] segment = image[segment(position)];
    if (segment != null) {
      int target = (int) (position % geometry.segmentBytes()) + at;
      System.arraycopy(version.bytes, at, segment, target, length);
    }
  }

  private int segment(long position) {
    return (int) (position / geometry.segmentBytes());
  }

  private byte[] stable(int segment) {
    return used(stable[segment], segment);
  }

  private byte[] visible(int segment) {
    return used(visible[segment], segment);
  }

  private static byte[] used(byte @Nullable [] bytes, int segment) {
    if (bytes == null) {
      throw new IllegalArgumentException("segment " + segment + " was never prepared");
    }
    return bytes;
  }
}
