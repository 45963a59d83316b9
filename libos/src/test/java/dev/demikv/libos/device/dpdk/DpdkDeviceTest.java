package dev.demikv.libos.device.dpdk;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.BufferPools;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The device over net_ring, a port whose transmit ring is its receive ring: packet buffers come
/// back as the very ones that were sent, so that it shows what the device gives to drivers.
final class DpdkDeviceTest {
  private static final int HEADER = 14;
  private static final AtomicInteger PORTS = new AtomicInteger();

  private final TxFrame frame = new TxFrame();

  /// A new one for each test: the driver never frees the memory of a ring.
  private final String port = "net_ring" + PORTS.incrementAndGet();

  private DpdkDevice device;
  private BufferPools pools;

  @BeforeEach
  void open() {
    device = DpdkTestPorts.open(DpdkTestPorts.options(port, port));
    BufferPool small = new BufferPool(device.memorySource().allocate(1 << 20, 4096), 2048, 512);
    pools =
        new BufferPools(
            small, new BufferPool(device.memorySource().allocate(1 << 20, 4096), 16_384, 64));
    device.start(pools);
  }

  @AfterEach
  void close() {
    if (device != null) {
      device.flush();
      assertThat(device.pool().buffers().outCount()).as("packet buffers out").isZero();
      for (int i = 0; i < pools.count(); i++) {
        assertThat(pools.pool(i).freeCount()).isEqualTo(pools.pool(i).count());
      }
      assertThat(device.pool().inDevicesCount()).as("packet buffers in rings").isZero();
      device.close();
    }
  }

  @Test
  void aFrameBuiltInATakenBufferIsSentAndReceivedInPlace() {
    Buffer buffer = take(100, 7);
    long address = buffer.address();
    frame.add(buffer, 7, 100);

    assertThat(device.transmit(frame)).isZero();
    assertThat(device.flush()).isEqualTo(1);
    Received received = receiveOne();

    assertThat(received.buffer.address()).as("the same memory").isEqualTo(address);
    assertThat(received.offset).isEqualTo(7);
    assertThat(received.length).isEqualTo(100);
    received.assertBytes();
    received.buffer.release();
  }

  @Test
  void receivedBytesLieInTheDevicesMemory() {
    frame.add(take(64, 0), 0, 64);
    assertThat(device.transmit(frame)).isZero();
    device.flush();

    Received received = receiveOne();

    MemorySegment memory = device.pool().memory();
    long offset = received.buffer.address() + received.offset - memory.address();
    assertThat(offset).isBetween(0L, memory.byteSize() - 64);
    received.buffer.release();
  }

  @Test
  void longPayloadIsAttachedAndKeptUntilThePacketIsGone() {
    Buffer payload = pools.take(4000);
    fill(payload, 0, 1200, HEADER);
    frame.add(take(HEADER, 0), 0, HEADER);
    frame.add(payload, 0, 1200);

    assertThat(device.transmit(frame)).isZero();
    device.flush();

    assertThat(payload.references()).as("while the packet is in the ring").isEqualTo(1);
    assertThat(counter("dpdk.tx-parts-attached")).isEqualTo(1);
    assertThat(counter("dpdk.tx-attached")).isEqualTo(1);
    Received received = receiveOne(); // Of two pieces, so it is copied and the packet freed.
    assertThat(received.length).isEqualTo(HEADER + 1200);
    received.assertBytes();
    received.buffer.release();
    device.flush();
    assertThat(payload.references()).isZero();
    assertThat(counter("dpdk.tx-attached")).isZero();
  }

  @Test
  void aReceivedBufferIsAttachedToo() {
    frame.add(take(900, 0), 0, 900);
    assertThat(device.transmit(frame)).isZero();
    device.flush();
    Received first = receiveOne();
    first.buffer.retain();
    frame.clear();
    Buffer header = device.takeFrame(HEADER);
    fill(header, 0, HEADER, 0);
    frame.add(header, 0, HEADER);
    frame.add(first.buffer, first.offset + HEADER, 900 - HEADER);

    assertThat(device.transmit(frame)).isZero();
    device.flush();

    assertThat(counter("dpdk.tx-parts-attached")).isEqualTo(1);
    Received second = receiveOne();
    second.assertBytes();
    second.buffer.release();
    device.flush();
    assertThat(first.buffer.references()).as("ours only").isEqualTo(1);
    first.buffer.release();
  }

  @Test
  void shortPayloadIsCopiedBehindTheHeaders() {
    Buffer payload = pools.take(2000);
    fill(payload, 10, 200, HEADER);
    frame.add(take(HEADER, 32), 32, HEADER);
    frame.add(payload, 10, 200);

    assertThat(device.transmit(frame)).isZero();

    assertThat(payload.references()).as("at once").isZero();
    device.flush();
    Received received = receiveOne();
    assertThat(received.length).isEqualTo(HEADER + 200);
    received.assertBytes();
    assertThat(counter("dpdk.rx-copied")).as("one piece").isZero();
    received.buffer.release();
  }

  @Test
  void aBufferThatSomebodyElseHoldsIsNotHandedOver() {
    Buffer buffer = take(80, 0);
    buffer.retain();
    frame.add(buffer, 0, 80);

    assertThat(device.transmit(frame)).isZero();
    buffer.segment().set(JAVA_BYTE, 20, (byte) 99); // Ours: the frame is not changed.
    device.flush();

    Received received = receiveOne();
    assertThat(received.buffer).isNotEqualTo(buffer);
    received.assertBytes();
    received.buffer.release();
    assertThat(buffer.references()).isEqualTo(1);
    buffer.release();
  }

  @Test
  void framesOfManyPartsKeepTheirOrder() {
    Buffer large = pools.take(16_000);
    int[] lengths = {HEADER, 3, 600, 1, 700, 5};
    int at = 0;
    for (int length : lengths) {
      if (at == 0) {
        frame.add(take(length, 0), 0, length);
      } else {
        Buffer part = length == 600 ? large : pools.take(length);
        int offset = length == 600 ? 9000 : 0;
        fill(part, offset, length, at);
        frame.add(part, offset, length);
      }
      at += length;
    }

    assertThat(device.transmit(frame)).isZero();
    device.flush();

    Received received = receiveOne();
    assertThat(received.length).isEqualTo(at);
    received.assertBytes();
    received.buffer.release();
    device.flush();
  }

  @Test
  void aFullRingRefusesAndNothingIsLost() {
    int taken = 0;
    int code = 0;
    while (code == 0 && taken < 5000) {
      frame.clear();
      frame.add(take(60, 0), 0, 60);
      code = device.transmit(frame);
      taken += code == 0 ? 1 : 0;
    }
    frame.releaseParts();
    assertThat(code).isEqualTo(-Errno.EAGAIN);
    int received = 0;
    for (int i = 0; i < 2000 && received < taken; i++) {
      received += device.receive((buffer, o, l, c) -> buffer.release(), 64);
      device.flush();
    }
    assertThat(received).isEqualTo(taken);
  }

  @Test
  void whenHoldersHaveTheBuffersFramesAreCopiedAndReceptionGoesOn() {
    List<Buffer> held = new ArrayList<>();
    boolean copied = false;
    for (int i = 0; i < 3000 && !copied; i++) {
      Buffer buffer = take(60, 0);
      frame.clear();
      frame.add(buffer, 0, 60);
      assertThat(device.transmit(frame)).isZero();
      device.flush();
      Received received = receiveOne();
      copied = received.buffer.pool() != device.pool().buffers();
      received.assertBytes();
      held.add(received.buffer);
    }

    assertThat(copied).isTrue();
    assertThat(device.pool().buffers().outCount()).isLessThan(4095 - 2048);
    held.forEach(Buffer::release);
  }

  @Test
  void tooLongAndTooShortFramesAreRefused() {
    frame.add(take(1518, 0), 0, 1518);
    assertThat(device.transmit(frame)).isZero();
    frame.clear();
    frame.add(take(1519, 0), 0, 1519);
    assertThat(device.transmit(frame)).isEqualTo(-Errno.EMSGSIZE);
    frame.releaseParts();
    frame.clear();
    frame.add(take(13, 0), 0, 13);
    assertThat(device.transmit(frame)).isEqualTo(-Errno.EMSGSIZE);
    frame.releaseParts();
    device.flush();
    receiveOne().buffer.release();
  }

  @Test
  void aQueueHasOneOwnerAndOtherArgumentsAreRefused() {
    Options same = DpdkTestPorts.options(port, port);
    assertThatThrownBy(() -> DpdkTestPorts.open(same))
        .isInstanceOf(LibOsException.class)
        .hasMessageContaining("Another LibOs of this process owns it");
    Options other = same.with(DpdkOptions.EAL_ARGS, "--no-huge -m 64");
    assertThatThrownBy(() -> DpdkTestPorts.open(other))
        .isInstanceOf(LibOsException.class)
        .hasMessageContaining("DPDK runs once per process")
        .hasMessageContaining(DpdkTestPorts.EAL_ARGS);
    Options missing = same.with(DpdkOptions.PORT, "net_ring999");
    assertThatThrownBy(() -> DpdkTestPorts.open(missing))
        .isInstanceOf(LibOsException.class)
        .hasMessageContaining("There are: ")
        .hasMessageContaining(port);
  }

  @Test
  void framesAllocateNothingOnTheJavaHeap() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    FrameSink echo = (buffer, offset, length, checksum) -> buffer.release();
    Buffer payload = pools.take(4000);
    long least = Long.MAX_VALUE;
    for (int round = 0; round < 30 && least > 0; round++) {
      long before = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
      for (int i = 0; i < 10_000; i++) {
        Buffer header = device.takeFrame(64);
        frame.clear();
        frame.add(header, 0, 64);
        if (i % 2 == 0) {
          payload.retain();
          frame.add(payload, 0, i % 4 == 0 ? 1000 : 100);
        }
        if (device.transmit(frame) != 0) {
          throw new AssertionError("refused");
        }
        device.flush();
        device.receive(echo, 32);
      }
      long after = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
      least = Math.min(least, after - before);
    }
    payload.release();

    // The JVM's own counter may move once per round, a frame never.
    assertThat(least).as("bytes allocated by 10,000 frames").isLessThan(10_000);
  }

  private Buffer take(int length, int offset) {
    Buffer buffer = device.takeFrame(length + offset);
    assertThat(buffer).isNotNull();
    fill(buffer, offset, length, 0);
    return buffer;
  }

  /// Byte i of a frame is i; this fills in those from `first`.
  private static void fill(Buffer buffer, int offset, int length, int first) {
    for (int i = 0; i < length; i++) {
      buffer.segment().set(JAVA_BYTE, offset + i, (byte) (first + i));
    }
  }

  private Received receiveOne() {
    Received received = new Received();
    int got = device.receive(received, 32);
    assertThat(got).isEqualTo(1);
    return received;
  }

  private long counter(String name) {
    long[] value = new long[1];
    device.counters((key, v) -> value[0] += key.equals(name) ? v : 0);
    return value[0];
  }

  private static final class Received implements FrameSink {
    private @Nullable Buffer buffer;
    private int offset;
    private int length;

    @Override
    public void frame(Buffer newBuffer, int newOffset, int newLength, int checksum) {
      buffer = newBuffer;
      offset = newOffset;
      length = newLength;
    }

    void assertBytes() {
      for (int i = 0; i < length; i++) {
        assertThat(buffer.segment().get(JAVA_BYTE, offset + i)).as("byte " + i).isEqualTo((byte) i);
      }
    }
  }
}
