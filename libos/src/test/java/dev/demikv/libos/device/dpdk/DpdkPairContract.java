package dev.demikv.libos.device.dpdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.NetDeviceContract;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.BufferPools;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;

/// The contract of network devices for a DPDK port whose peer is another one in this process.
abstract class DpdkPairContract extends NetDeviceContract {
  private static final AtomicInteger PORTS = new AtomicInteger(100);

  private final ArrayDeque<byte[]> arrived = new ArrayDeque<>();
  private final TxFrame frame = new TxFrame();
  private @Nullable DpdkDevice own;
  private @Nullable DpdkDevice peer;

  /// Opens a port under a driver's name that no other test of the process uses.
  static DpdkDevice port(String driver, String arguments) {
    String name = driver + PORTS.incrementAndGet();
    return DpdkTestPorts.open(DpdkTestPorts.options(name, name + "," + arguments));
  }

  /// Joins two ports; the other end is given to [#joined].
  abstract DpdkDevice openPair() throws Exception;

  /// The other end.
  void joined(DpdkDevice other) {
    BufferPool pool = new BufferPool(other.memorySource().allocate(1 << 20, 4096), 2048, 512);
    other.start(new BufferPools(pool));
    peer = other;
  }

  @Override
  protected NetDevice open() throws Exception {
    DpdkDevice device = openPair();
    own = device;
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (!(device.isLinkUp() && peer().isLinkUp()) && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    pass();
    return device;
  }

  @AfterEach
  void closePeer() {
    DpdkDevice device = own;
    if (device != null) {
      assertThat(device.pool().buffers().outCount()).as("packet buffers out").isZero();
    }
    DpdkDevice other = peer;
    if (other != null) {
      other.close();
    }
  }

  private DpdkDevice peer() {
    DpdkDevice other = peer;
    if (other == null) {
      throw new IllegalStateException("no peer");
    }
    return other;
  }

  @Override
  protected boolean hasBuffersOfItsOwn() {
    return true;
  }

  @Override
  protected void inject(byte[] bytes) {
    Buffer buffer = peer().takeFrame(bytes.length);
    MemorySegment.copy(MemorySegment.ofArray(bytes), 0, buffer.segment(), 0, bytes.length);
    frame.clear();
    frame.add(buffer, 0, bytes.length);
    assertThat(peer().transmit(frame)).isZero();
    peer().flush();
  }

  @Override
  protected byte @Nullable [] capture() {
    return arrived.poll();
  }

  @Override
  protected void pass() {
    for (int i = 0; i < 20; i++) {
      peer().flush();
      peer().receive((buffer, offset, length, checksum) -> keep(buffer, offset, length), 64);
      Thread.onSpinWait();
    }
  }

  private void keep(Buffer buffer, int offset, int length) {
    byte[] bytes = new byte[length];
    MemorySegment.copy(buffer.segment(), offset, MemorySegment.ofArray(bytes), 0, length);
    buffer.release();
    if (isExperimental(bytes)) {
      arrived.add(bytes);
    }
  }
}
