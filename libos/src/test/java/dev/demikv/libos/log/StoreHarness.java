package dev.demikv.libos.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.LogDevice;
import dev.demikv.libos.device.LogDeviceGeometry;
import dev.demikv.libos.device.sim.SimDisk;
import dev.demikv.libos.device.sim.SimWorld;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.LeakDetector;
import dev.demikv.libos.memory.MemoryRegion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A store on a simulated disk, driven by hand: every completion is kept by its token.
final class StoreHarness implements LogSink, AutoCloseable {
  /// What came of a token.
  @SuppressWarnings("ArrayRecordComponent") // Compared nowhere.
  record Completion(String kind, int result, long position, byte @Nullable [] bytes) {}

  static final int BLOCK = 4096;
  static final int SEGMENT = 256 << 10;
  static final LogDeviceGeometry GEOMETRY =
      new LogDeviceGeometry(BLOCK, 64 << 10, 32, SEGMENT, 40, 0);
  static final Options OPTIONS =
      Options.empty()
          .with("storage.log.staging-bytes", "1MiB")
          .with("storage.log.group-bytes", "64KiB")
          .with("storage.log.io-timeout", "1s");

  final SimWorld world;
  final SimDisk disk;
  final Map<Long, Completion> completions = new HashMap<>();
  final List<Long> order = new ArrayList<>();
  private final Arena arena = Arena.ofShared();
  private final LeakDetector leaks = new LeakDetector();
  private final SgaPool sgas;
  private final Options options;
  private @Nullable LogStore store;
  private long nextToken = 1;

  StoreHarness(long seed) {
    this(seed, GEOMETRY, OPTIONS);
  }

  StoreHarness(long seed, LogDeviceGeometry geometry, Options options) {
    this.world = new SimWorld(seed);
    this.disk = world.disk("d", geometry);
    this.options = options;
    BufferPools pools = new BufferPools(pool(2 << 10, 64), pool(16 << 10, 32), pool(256 << 10, 4));
    pools.setLeakDetector(leaks);
    this.sgas = new SgaPool(pools, 64);
  }

  private BufferPool pool(int bytes, int count) {
    MemorySegment segment = arena.allocate((long) bytes * count, 4096);
    return new BufferPool(new MemoryRegion(segment, 4096, 0), bytes, count);
  }

  LogStore open() {
    return open(disk.open());
  }

  LogStore open(LogDevice device) {
    store = LogStore.open(device, sgas, this, world, options);
    return store;
  }

  LogStore store() {
    LogStore s = store;
    if (s == null) {
      throw new IllegalStateException("no store is open");
    }
    return s;
  }

  long token() {
    return nextToken++;
  }

  /// Appends.
  ///
  /// @return the token, or `-errno`
  long append(int log, byte[] bytes) {
    ScatterGatherArray sga = sga(bytes);
    long token = token();
    int rc = store().append(log, sga, token);
    sga.drop();
    return rc == 0 ? token : rc;
  }

  /// Appends, with as many turns as it takes when the store says so.
  long appendPatiently(int log, byte[] bytes) {
    for (int i = 0; i < 10_000; i++) {
      long token = append(log, bytes);
      if (token != -Errno.EAGAIN) {
        return token;
      }
      turn();
    }
    throw new AssertionError("-EAGAIN for ever");
  }

  private ScatterGatherArray sga(byte[] bytes) {
    ScatterGatherArray sga = sgas.allocate(Math.max(1, bytes.length));
    assertThat(sga).as("an array of %d bytes", bytes.length).isNotNull();
    if (bytes.length == 0) {
      sga.setRange(0, 0, 0);
    }
    MemorySegment source = MemorySegment.ofArray(bytes);
    assertThat(sga.copyFrom(0, source, 0, bytes.length)).isEqualTo(bytes.length);
    return sga;
  }

  /// One turn of the loop.
  ///
  /// @return work done
  int turn() {
    int work = store().flush(world.nanoTime());
    return work + store().poll(world.nanoTime());
  }

  /// Turns until a token has completed.
  Completion await(long token) {
    assertThat(token).as("a token or -errno").isPositive();
    for (int i = 0; i < 100_000; i++) {
      Completion completion = completions.get(token);
      if (completion != null) {
        return completion;
      }
      turn();
    }
    throw new AssertionError("token " + token + " never completed");
  }

  /// Turns until the device has nothing more to do.
  void settle() {
    int idle = 0;
    for (int i = 0; i < 100_000 && idle < 3; i++) {
      idle = turn() == 0 && store().device().inFlight() == 0 ? idle + 1 : 0;
    }
    assertThat(idle).isEqualTo(3);
  }

  /// Reads the next record; `null` at the tail.
  byte @Nullable [] read(int log) {
    long token = token();
    assertThat(store().read(log, Integer.MAX_VALUE, token)).isZero();
    Completion completion = await(token);
    if (completion.result() < 0) {
      throw new AssertionError(
          "pop: %s at %d: %s"
              .formatted(
                  Errno.name(-completion.result()), completion.position(), store().damage(log)));
    }
    return completion.bytes();
  }

  /// Reads up to the tail.
  List<byte[]> readAll(int log) {
    List<byte[]> records = new ArrayList<>();
    for (byte[] bytes = read(log); bytes != null; bytes = read(log)) {
      records.add(bytes);
    }
    return records;
  }

  /// The power goes; the store of before is no more.
  void powerLoss(SimDisk.PowerLoss outcome) {
    disk.powerLoss(outcome);
    abandon();
  }

  /// The process dies.
  void kill() {
    disk.kill();
    abandon();
  }

  private void abandon() {
    LogStore old = store;
    store = null;
    if (old != null) {
      old.close();
    }
  }

  void closeStore() {
    store().close();
    store = null;
  }

  void assertNoLeaks() {
    leaks.assertNoLeaks();
  }

  @Override
  public void pushed(long qtoken, int result, long position) {
    done(qtoken, new Completion("push", result, position, null));
  }

  @Override
  public void popped(long qtoken, int result, @Nullable ScatterGatherArray sga, long position) {
    assertThat(sga != null).as("an array comes with bytes").isEqualTo(result > 0);
    byte[] bytes = sga == null ? null : sga.toByteArray();
    if (sga != null) {
      assertThat(result).isEqualTo(sga.totalBytes());
      sga.drop();
    }
    done(qtoken, new Completion("pop", result, position, bytes));
  }

  @Override
  public void truncated(long qtoken, int result, long position) {
    done(qtoken, new Completion("truncate", result, position, null));
  }

  private void done(long qtoken, Completion completion) {
    if (store == null) {
      return; // The application died before it could see this.
    }
    assertThat(completions.put(qtoken, completion)).as("reported once").isNull();
    order.add(qtoken);
  }

  @Override
  public void close() {
    if (store != null) {
      store.close();
    }
    world.close();
    arena.close();
  }
}
