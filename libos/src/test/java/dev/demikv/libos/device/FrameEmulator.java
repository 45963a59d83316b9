package dev.demikv.libos.device;

import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.tap.TapDeviceProvider;
import dev.demikv.libos.device.trace.TraceDevices;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibCConstants;
import dev.demikv.libos.ffi.LibCFile;
import dev.demikv.libos.ffi.struct.Pollfd;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.MemoryRegion;
import dev.demikv.libos.time.SystemClock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/// A bad cable between two tap interfaces, for kernels without `tc netem`: what goes into one comes
/// out of the other, late, twice, damaged, or not at all, as a seed draws.
///
/// Belongs to one thread. As a program, from the test class path: `FrameEmulator TAP_A TAP_B
/// "delay=1ms,loss=1%" [SEED]`; see [TraceDevices] for what there is. It makes the interfaces if
/// there are none, and runs until it is killed.
public final class FrameEmulator implements AutoCloseable {
  private static final int BUFFERS = 16_384;
  private static final int BUFFER_BYTES = 2048;
  private static final int BURST = 64;
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final Arena arena = Arena.ofConfined();
  private final CallState calls = new CallState(arena);
  private final MemorySegment pollfds = arena.allocate(2 * Pollfd.BYTES, 8);
  private final List<NetDevice> devices = new ArrayList<>();
  private final TxFrame frame = new TxFrame();
  private final FrameSink fromA = (b, o, l, c) -> pass(1, b, o, l);
  private final FrameSink fromB = (b, o, l, c) -> pass(0, b, o, l);
  private long refused;

  /// Opens both interfaces.
  public FrameEmulator(String a, String b, String faults, long seed) {
    MemoryRegion region =
        new MemoryRegion(arena.allocate((long) BUFFERS * BUFFER_BYTES, 64), 64, 0);
    BufferPools pools = new BufferPools(new BufferPool(region, BUFFER_BYTES, BUFFERS));
    try {
      for (String name : List.of(a, b)) {
        devices.add(open(name, faults, seed + devices.size(), pools));
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /// Faults meet frames that come in, so that each direction has them once.
  private static NetDevice open(String name, String faults, long seed, BufferPools pools) {
    List<String> settings = new ArrayList<>();
    for (String setting : faults.split(",", -1)) {
      settings.add("rx." + setting.trim());
    }
    Options options =
        Options.empty()
            .with("network.interface", name)
            .with("network.tap.checksum-offload", "false")
            .with("network.faults", String.join(",", settings))
            .with("network.faults.seed", Long.toString(seed));
    Random random = new Random(seed);
    NetDevice device = new TapDeviceProvider().open(options, SystemClock.INSTANCE, random);
    device = TraceDevices.wrap(device, options, SystemClock.INSTANCE, random);
    device.start(pools);
    return device;
  }

  private void pass(int to, Buffer buffer, int offset, int length) {
    frame.clear();
    frame.add(buffer, offset, length);
    if (length < 14 || devices.get(to).transmit(frame) != 0) {
      refused++;
      buffer.release();
    }
  }

  /// Passes what there is, or waits a little for it.
  public void turn() {
    int passed = devices.get(0).receive(fromA, BURST) + devices.get(1).receive(fromB, BURST);
    devices.forEach(NetDevice::flush);
    if (passed > 0) {
      return;
    }
    long next = Math.min(devices.get(0).nextTimerNanos(), devices.get(1).nextTimerNanos());
    long left = next == Long.MAX_VALUE ? next : next - SystemClock.INSTANCE.nanoTime();
    if (left < NANOS_PER_MILLI) {
      LockSupport.parkNanos(Math.max(left, 1));
      return;
    }
    for (int i = 0; i < 2; i++) {
      int fd = devices.get(i).readinessFd();
      Pollfd.set(pollfds, (long) i * Pollfd.BYTES, fd, LibCConstants.POLLIN);
    }
    int millis = (int) Math.min(left / NANOS_PER_MILLI, 50);
    LibCFile.poll(calls, pollfds.address(), 2, millis);
  }

  /// What was done to frames, both directions together.
  public Map<String, Long> counters() {
    Map<String, Long> sums = new HashMap<>(Map.of("emulator.refused", refused));
    devices.forEach(device -> device.counters((n, v) -> sums.merge(n, v, Long::sum)));
    return sums;
  }

  @Override
  public void close() {
    devices.forEach(NetDevice::close);
    arena.close();
  }

  /// Runs until it is killed.
  public static void main(String[] args) {
    long seed = args.length > 3 ? Long.parseLong(args[3]) : new Random().nextLong();
    System.out.println("seed " + seed);
    try (FrameEmulator emulator = new FrameEmulator(args[0], args[1], args[2], seed)) {
      while (!Thread.currentThread().isInterrupted()) {
        emulator.turn();
      }
    }
  }
}
