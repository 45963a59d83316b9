package dev.demikv.libos.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibCConstants;
import dev.demikv.libos.ffi.LibCFile;
import dev.demikv.libos.ffi.struct.Pollfd;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.LeakDetector;
import dev.demikv.libos.memory.MemoryRegion;
import dev.demikv.libos.wire.MacAddress;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What every network device does. A subclass says how to open one and is the peer at its other
/// end.
///
/// Frames have the EtherType for local experiments (IEEE 802), so that those of anybody else who
/// talks on the medium can be told apart.
public abstract class NetDeviceContract {
  protected static final int HEADER_BYTES = 14;

  /// A medium may pad shorter frames.
  private static final int PADDED_BYTES = 60;

  private static final long SEED = 20_251_128L;
  private static final int BURST = 32;

  /// More than any device holds.
  private static final int FLOOD_FRAMES = 100_000;

  protected Arena arena = Arena.ofConfined();
  protected NetDevice device;
  protected BufferPools pools;
  private final LeakDetector leaks = new LeakDetector();
  private final TxFrame frame = new TxFrame();
  private final Random random = new Random(SEED);

  /// Opens the device.
  protected abstract NetDevice open() throws Exception;

  /// Sends a frame from the other end.
  protected abstract void inject(byte[] bytes);

  /// The next frame that came to the other end; `null` when there is none now.
  protected abstract byte @Nullable [] capture();

  /// Gives what is on its way a moment to arrive.
  protected abstract void pass();

  /// Waits for the link: an interface that was set up says so a moment later (Linux's linkwatch).
  protected final void awaitLinkUp() {
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (!device.isLinkUp() && System.nanoTime() < deadline) {
      pass();
    }
    assertThat(device.isLinkUp()).as("link up").isTrue();
  }

  /// Whether frames are received into memory of the device, whatever the pools have.
  protected boolean hasBuffersOfItsOwn() {
    return false;
  }

  /// Buffers small enough in number that a test can use them up.
  @BeforeEach
  protected void start() throws Exception {
    device = open();
    pools =
        new BufferPools(
            new BufferPool(new MemoryRegion(arena.allocate(2048 * 512, 64), 64, 0), 2048, 512),
            new BufferPool(new MemoryRegion(arena.allocate(16_384 * 16, 64), 64, 0), 16_384, 16));
    pools.setLeakDetector(leaks);
    device.start(pools);
  }

  @AfterEach
  protected void end() throws Exception {
    device.close();
    leaks.assertNoLeaks();
    arena.close();
  }

  @Test
  void saysWhatItIs() {
    NetDeviceInfo info = device.info();
    assertThat(info.name()).isNotEmpty();
    assertThat(info.macAddress()).isNotZero();
    assertThat(MacAddress.isGroup(info.macAddress())).isFalse();
    assertThat(info.mtuBytes()).isEqualTo(1500);
    assertThat(device.capabilities()).isNotEmpty();
    awaitLinkUp();
  }

  @Test
  void aFrameLeavesAsItWasGiven() {
    for (int length : new int[] {HEADER_BYTES, 15, 59, 60, 61, 64, 1000, 1513, 1514}) {
      byte[] bytes = outgoing(length);
      assertThat(transmit(bytes, length)).isZero();
      assertThat(device.flush()).isEqualTo(1);
      assertSame(bytes, awaitCapture());
    }
  }

  @Test
  void aFrameOfManyPartsLeavesInOnePiece() {
    for (int parts = 1; parts <= device.info().partsMax(); parts++) {
      byte[] bytes = outgoing(HEADER_BYTES + 60 * parts);
      frame.clear();
      int at = 0;
      for (int i = 0; i < parts; i++) {
        int length = i == parts - 1 ? bytes.length - at : 13 + i;
        add(bytes, at, length, i);
        at += length;
      }
      assertThat(device.transmit(frame)).isZero();
      device.flush();
      assertSame(bytes, awaitCapture());
    }
  }

  @Test
  void aFrameThatIsTooLongIsRefused() {
    byte[] bytes = outgoing(device.info().frameBytesMax() + 1);
    assertThat(transmit(bytes, bytes.length)).isEqualTo(-Errno.EMSGSIZE);
    frame.releaseParts(); // Throws if the device had dropped its reference.
    byte[] next = outgoing(100);
    assertThat(transmit(next, next.length)).isZero();
    device.flush();
    assertSame(next, awaitCapture());
  }

  @Test
  void aFrameOfTooManyPartsIsRefused() {
    assumeTrue(device.info().partsMax() < TxFrame.PARTS_MAX, "takes as many as there can be");
    byte[] bytes = outgoing(300);
    frame.clear();
    int parts = device.info().partsMax() + 1;
    for (int i = 0; i < parts; i++) {
      add(bytes, i * 14, 14, 0);
    }
    assertThat(device.transmit(frame)).isEqualTo(-Errno.EMSGSIZE);
    frame.releaseParts();
  }

  @Test
  void theDeviceDropsOneReferenceOfEachPart() {
    byte[] bytes = outgoing(200);
    frame.clear();
    add(bytes, 0, 100, 0);
    add(bytes, 100, 100, 0);
    Buffer first = frame.buffer(0);
    Buffer second = frame.buffer(1);
    first.retain();
    second.retain();
    second.retain();
    assertThat(device.transmit(frame)).isZero();
    device.flush();
    assertSame(bytes, awaitCapture());
    settle();
    assertThat(first.references()).isEqualTo(1);
    assertThat(second.references()).isEqualTo(2);
    first.release();
    second.release();
    second.release();
  }

  @Test
  void framesLeaveInTheOrderTheyWereGiven() {
    List<byte[]> sent = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      byte[] bytes = outgoing(HEADER_BYTES + 50 + 10 * i);
      sent.add(bytes);
      assertThat(transmit(bytes, bytes.length)).isZero();
    }
    device.flush();
    for (byte[] bytes : sent) {
      assertSame(bytes, awaitCapture());
    }
  }

  @Test
  void aFrameArrivesAsItWasSent() {
    for (int length : new int[] {60, 61, 64, 1000, 1513, 1514}) {
      byte[] bytes = incoming(length);
      inject(bytes);
      assertSame(bytes, awaitFrames(1).getFirst());
    }
  }

  @Test
  void framesForEverybodyArrive() {
    for (long group : new long[] {0xffff_ffff_ffffL, 0x3333_0000_0001L, 0x0100_5e00_0001L}) {
      byte[] bytes = incoming(100);
      putMac(bytes, 0, group);
      inject(bytes);
      assertSame(bytes, awaitFrames(1).getFirst());
    }
  }

  @Test
  void atMostSoManyFramesAreHandedOver() {
    for (int i = 0; i < 10; i++) {
      inject(incoming(100 + i));
    }
    List<byte[]> received = new ArrayList<>();
    int most = 0;
    for (int i = 0; i < 5000 && received.size() < 10; i++) {
      most = Math.max(most, device.receive((b, o, l, c) -> keep(received, b, o, l), 3));
      pass();
    }
    assertThat(received).hasSize(10);
    assertThat(most).isBetween(1, 3);
  }

  @Test
  void nothingIsReceivedWhenNothingWasSent() {
    pass();
    assertThat(awaitFrames(0)).isEmpty();
  }

  @Test
  void aFullDeviceSaysSoAndGoesOnWhenItIsEmptied() {
    int taken = 0;
    int code = 0;
    byte[] bytes = outgoing(100);
    // Without a flush, and out of one buffer, so that only the device can be full.
    Buffer buffer = device.takeFrame(bytes.length);
    MemorySegment.copy(MemorySegment.ofArray(bytes), 0, buffer.segment(), 0, bytes.length);
    while (taken < FLOOD_FRAMES && code == 0) {
      buffer.retain();
      frame.clear();
      frame.add(buffer, 0, bytes.length);
      code = device.transmit(frame);
      taken++;
    }
    if (code == 0) {
      assertThat(taken).as("a device that is never full sends by itself").isEqualTo(FLOOD_FRAMES);
    } else {
      buffer.release(); // Of the frame that was not taken.
      assertThat(code).isEqualTo(-Errno.EAGAIN);
      assertThat(taken).isGreaterThan(BURST);
    }
    device.flush();
    settle();
    assertThat(buffer.references()).as("all were dropped but ours").isEqualTo(1);
    while (awaitCaptureOrNull() != null) {
      // Emptied: some may have been lost for want of room at the other end.
    }
    buffer.release();
    byte[] next = outgoing(333);
    assertThat(transmit(next, next.length)).isZero();
    device.flush();
    assertSame(next, awaitCapture());
  }

  @Test
  void framesWaitOrAreCountedWhenThereIsNoBuffer() {
    assumeTrue(!hasBuffersOfItsOwn(), "does not receive into the pools");
    List<Buffer> held = new ArrayList<>();
    for (int i = 0; i < pools.count(); i++) {
      Buffer buffer;
      while ((buffer = pools.pool(i).take()) != null) {
        held.add(buffer);
      }
    }
    byte[] first = incoming(100);
    inject(first);
    for (int i = 0; i < 20; i++) {
      pass();
      assertThat(device.receive((b, o, l, c) -> b.release(), BURST)).isZero();
    }
    held.forEach(Buffer::release);
    assertThat(counters().entrySet().stream())
        .anyMatch(c -> c.getKey().endsWith("rx-no-buffer") && c.getValue() > 0);
    byte[] second = incoming(200);
    inject(second);
    List<byte[]> received = new ArrayList<>();
    for (int i = 0; i < 1000 && !contains(received, second); i++) {
      device.receive((b, o, l, c) -> keep(received, b, o, l), BURST);
      pass();
    }
    assertThat(contains(received, second)).isTrue();
  }

  @Test
  void aCloseDropsWhatWasNotSent() {
    for (int i = 0; i < 5; i++) {
      byte[] bytes = outgoing(100);
      assertThat(transmit(bytes, bytes.length)).isZero();
    }
    device.close();
    device.close();
    leaks.assertNoLeaks();
  }

  @Test
  void aFrameToBuildInIsLongEnough() {
    Buffer buffer = device.takeFrame(device.info().frameBytesMax());
    assertThat(buffer.capacityBytes()).isGreaterThanOrEqualTo(device.info().frameBytesMax());
    assertThat(buffer.references()).isEqualTo(1);
    buffer.release();
  }

  @Test
  void theDescriptorIsReadableWhileThereAreFrames() {
    assumeTrue(device.readinessFd() >= 0, "has no descriptor");
    awaitFrames(0);
    assertThat(isReadable(0)).isFalse();
    inject(incoming(100));
    assertThat(isReadable(2000)).isTrue();
    assertThat(isReadable(0)).as("level-triggered").isTrue();
    awaitFrames(1);
    assertThat(isReadable(0)).isFalse();
  }

  @Test
  void aChecksumThatWasAskedForIsCompleted() {
    assumeTrue(device.info().checksumTransmit(), "leaves checksums to the stack");
    byte[] bytes = outgoing(101);
    int start = 34;
    int offset = 16;
    bytes[start + offset] = 0x12; // What stands for the sum over the pseudo header.
    bytes[start + offset + 1] = 0x34;
    frame.clear();
    add(bytes, 0, 40, 0);
    add(bytes, 40, 61, 0);
    frame.requestChecksum(start, offset);
    assertThat(device.transmit(frame)).isZero();
    device.flush();
    byte[] arrived = awaitCapture();
    if (!leavesChecksumsOut()) {
      int before = sum(bytes, start);
      int after = sum(arrived, start);
      int field = (arrived[start + offset] & 0xff) << 8 | arrived[start + offset + 1] & 0xff;
      assertThat(field).isEqualTo(~before & 0xffff);
      assertThat(after).isNotEqualTo(before);
    }
    arrived[start + offset] = bytes[start + offset];
    arrived[start + offset + 1] = bytes[start + offset + 1];
    assertSame(bytes, arrived);
  }

  /// Whether frames reach the other end without the checksum that was asked for, and say so.
  protected boolean leavesChecksumsOut() {
    return false;
  }

  private static int sum(byte[] bytes, int start) {
    int sum = 0;
    for (int i = start; i < bytes.length; i++) {
      int octet = bytes[i] & 0xff;
      sum += (i - start) % 2 == 0 ? octet << 8 : octet;
    }
    while (sum >>> 16 != 0) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return sum;
  }

  @Test
  void trafficLeaksNothingAndIsCounted() {
    int sent = 0;
    int got = 0;
    for (int round = 0; round < 50; round++) {
      for (int i = 0; i < 8; i++) {
        byte[] bytes = outgoing(HEADER_BYTES + 50 + random.nextInt(1400));
        assertThat(transmit(bytes, bytes.length)).isZero();
        sent++;
      }
      inject(incoming(HEADER_BYTES + 50 + random.nextInt(1400)));
      device.flush();
      got += awaitFrames(1).size();
      for (int i = 0; i < 8; i++) {
        awaitCapture();
      }
    }
    Map<String, Long> counters = counters();
    assertThat(counter(counters, "tx-frames")).isGreaterThanOrEqualTo(sent);
    assertThat(counter(counters, "rx-frames")).isGreaterThanOrEqualTo(got);
    assertThat(counter(counters, "tx-bytes")).isGreaterThan(64L * sent);
    assertThat(counter(counters, "rx-bytes")).isGreaterThan(64L * got);
  }

  protected final Map<String, Long> counters() {
    Map<String, Long> counters = new HashMap<>();
    device.counters(counters::put);
    return counters;
  }

  private static long counter(Map<String, Long> counters, String suffix) {
    return counters.entrySet().stream()
        .filter(c -> c.getKey().endsWith("." + suffix))
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  /// Gives the bytes to the device in one part, from a place in the buffer that varies.
  private int transmit(byte[] bytes, int length) {
    frame.clear();
    add(bytes, 0, length, random.nextInt(64));
    return device.transmit(frame);
  }

  private void add(byte[] bytes, int at, int length, int offset) {
    Buffer buffer = device.takeFrame(length + offset);
    assertThat(buffer).as("a buffer of " + length + " B").isNotNull();
    MemorySegment.copy(MemorySegment.ofArray(bytes), at, buffer.segment(), offset, length);
    assertThat(frame.add(buffer, offset, length)).isTrue();
  }

  /// Lets the device take back what it has sent.
  private void settle() {
    for (int i = 0; i < 10; i++) {
      pass();
      device.flush();
    }
  }

  /// A frame from the device to its peer.
  private byte[] outgoing(int length) {
    byte[] bytes = experimental(length);
    putMac(bytes, 0, peerMac());
    putMac(bytes, 6, device.info().macAddress());
    return bytes;
  }

  /// A frame from the peer to the device.
  private byte[] incoming(int length) {
    byte[] bytes = experimental(length);
    putMac(bytes, 0, device.info().macAddress());
    putMac(bytes, 6, peerMac());
    return bytes;
  }

  /// Hardware address of the other end.
  protected long peerMac() {
    return 0x0200_5e00_5302L;
  }

  private byte[] experimental(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    bytes[12] = (byte) 0x88;
    bytes[13] = (byte) 0xb5;
    return bytes;
  }

  protected static boolean isExperimental(byte[] bytes) {
    return bytes.length >= HEADER_BYTES && bytes[12] == (byte) 0x88 && bytes[13] == (byte) 0xb5;
  }

  private static void putMac(byte[] bytes, int at, long macAddress) {
    for (int i = 0; i < 6; i++) {
      bytes[at + i] = (byte) (macAddress >>> (40 - 8 * i));
    }
  }

  private byte[] awaitCapture() {
    byte[] bytes = awaitCaptureOrNull();
    assertThat(bytes).as("a frame at the other end").isNotNull();
    return bytes;
  }

  private byte @Nullable [] awaitCaptureOrNull() {
    for (int i = 0; i < 200; i++) {
      byte[] bytes = capture();
      if (bytes != null && isExperimental(bytes)) {
        return bytes;
      }
      if (bytes == null) {
        device.flush();
        pass();
      }
    }
    return null;
  }

  /// Receives until so many frames of ours have come, or none within a while.
  private List<byte[]> awaitFrames(int count) {
    List<byte[]> received = new ArrayList<>();
    for (int i = 0; i < 1000 && received.size() < count || i == 0; i++) {
      device.receive((b, o, l, c) -> keep(received, b, o, l), BURST);
      if (received.size() < count) {
        pass();
      }
    }
    assertThat(received).hasSize(count);
    return received;
  }

  private static void keep(List<byte[]> received, Buffer buffer, int offset, int length) {
    assertThat(buffer.references()).isEqualTo(1);
    byte[] bytes = new byte[length];
    MemorySegment.copy(buffer.segment(), offset, MemorySegment.ofArray(bytes), 0, length);
    buffer.release();
    if (isExperimental(bytes)) {
      received.add(bytes);
    }
  }

  private static boolean contains(List<byte[]> frames, byte[] bytes) {
    return frames.stream().anyMatch(f -> Arrays.equals(f, bytes));
  }

  /// Equal, but for what a medium pads.
  private static void assertSame(byte[] sent, byte[] arrived) {
    if (sent.length < PADDED_BYTES && arrived.length == PADDED_BYTES) {
      assertThat(arrived).isEqualTo(Arrays.copyOf(sent, PADDED_BYTES));
    } else {
      assertThat(arrived).isEqualTo(sent);
    }
  }

  private boolean isReadable(int timeoutMillis) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment pollfd = call.allocate(Pollfd.BYTES, 8);
      Pollfd.set(pollfd, 0, device.readinessFd(), LibCConstants.POLLIN);
      return LibCFile.poll(new CallState(call), pollfd.address(), 1, timeoutMillis) > 0;
    }
  }
}
