package dev.demikv.libos.net;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.NetDeviceInfo;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.MemorySource;
import dev.demikv.libos.wire.EthernetHeader;
import dev.demikv.libos.wire.InternetChecksum;
import dev.demikv.libos.wire.Ipv4Header;
import dev.demikv.libos.wire.NetworkOrder;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.ObjLongConsumer;

/// A device whose own work is next to nothing, so that what is measured is the stack's: a frame
/// that is sent is counted and given back, a frame that is received was made before and gets the
/// numbers of its turn by two or four stores.
///
/// For the handshake two of them are joined, as by a cable.
final class SegmentDevice implements NetDevice {
  /// Frames that are used in turn, as a device's ring would.
  private static final int FRAMES = 64;

  private static final int TCP = EthernetHeader.BYTES + Ipv4Header.BYTES;
  private static final int TCP_SEQUENCE = TCP + 4;
  private static final int TCP_ACK = TCP + 8;
  private static final int TCP_CHECKSUM = TCP + 16;
  private static final int TCP_PROTOCOL = 6;

  private final NetDeviceInfo info;
  private final boolean checksums;
  private final Buffer[] cable = new Buffer[FRAMES];
  private final int[] cableLengths = new int[FRAMES];
  private int cableCount;
  private SegmentDevice peer;
  private BufferPools pools;

  private final Buffer[] data = new Buffer[FRAMES];
  private int dataLength;
  private int payloadAt;
  private int dataNext;
  private Buffer acknowledgement;
  private Buffer arriving;
  private int arrivingLength;
  private int arrivingChecksum;
  private long framesOut;

  /// @param checksums whether it is the device that makes and verifies transport checksums
  SegmentDevice(long mac, boolean checksums) {
    this.checksums = checksums;
    info = new NetDeviceInfo("segments" + mac, mac, 1500, TxFrame.PARTS_MAX, checksums, checksums);
  }

  void join(SegmentDevice other) {
    peer = other;
    other.peer = this;
  }

  /// Takes the last frame that the peer sent, which carries data, as the pattern of all that arrive
  /// from now on, and cuts the cable.
  void record() {
    Buffer pattern = cable[cableCount - 1];
    dataLength = cableLengths[cableCount - 1];
    payloadAt = TCP + ((NetworkOrder.u8(pattern.segment(), TCP + 12) & 0xf0) >>> 2);
    for (int i = 0; i < FRAMES; i++) {
      data[i] = copy(pattern, dataLength);
      setNumbers(data[i].segment(), 0, 0);
      setChecksum(data[i].segment(), dataLength);
    }
    acknowledgement = copy(pattern, payloadAt);
    MemorySegment memory = acknowledgement.segment();
    Ipv4Header.set(
        memory,
        EthernetHeader.BYTES,
        payloadAt - EthernetHeader.BYTES,
        0,
        Ipv4Header.DONT_FRAGMENT,
        64,
        TCP_PROTOCOL,
        Ipv4Header.source(memory, EthernetHeader.BYTES),
        Ipv4Header.destination(memory, EthernetHeader.BYTES));
    for (int i = 0; i < cableCount; i++) {
      cable[i].release();
    }
    cableCount = 0;
    peer = null;
  }

  private Buffer copy(Buffer pattern, int length) {
    Buffer made = pools.take(length);
    MemorySegment.copy(pattern.segment(), 0, made.segment(), 0, length);
    return made;
  }

  /// Sequence number that the pattern was sent with.
  static int sequence(SegmentDevice device) {
    return NetworkOrder.u32(device.cable[device.cableCount - 1].segment(), TCP_SEQUENCE);
  }

  /// Acknowledgement number that the pattern was sent with.
  static int acknowledgement(SegmentDevice device) {
    return NetworkOrder.u32(device.cable[device.cableCount - 1].segment(), TCP_ACK);
  }

  /// The payload holds the complements of the two numbers, so that the checksum stays what it is.
  private void setNumbers(MemorySegment memory, int sequence, int ack) {
    NetworkOrder.setU32(memory, TCP_SEQUENCE, sequence);
    NetworkOrder.setU32(memory, TCP_ACK, ack);
    NetworkOrder.setU32(memory, payloadAt, ~sequence);
    NetworkOrder.setU32(memory, payloadAt + 4L, ~ack);
  }

  private static void setChecksum(MemorySegment memory, int frameBytes) {
    int bytes = frameBytes - TCP;
    NetworkOrder.setU16(memory, TCP_CHECKSUM, 0);
    long pseudo =
        InternetChecksum.pseudoHeaderIpv4(
            Ipv4Header.source(memory, EthernetHeader.BYTES),
            Ipv4Header.destination(memory, EthernetHeader.BYTES),
            TCP_PROTOCOL,
            bytes);
    NetworkOrder.setU16(
        memory,
        TCP_CHECKSUM,
        InternetChecksum.finish(pseudo + InternetChecksum.sum(memory, TCP, bytes)));
  }

  /// The next [#receive] brings a data segment.
  void arrive(int sequence, int ack) {
    Buffer buffer = data[dataNext];
    dataNext = dataNext + 1 & FRAMES - 1;
    setNumbers(buffer.segment(), sequence, ack);
    arriving = buffer;
    arrivingLength = dataLength;
    arrivingChecksum = checksums ? FrameSink.CHECKSUM_GOOD : FrameSink.CHECKSUM_UNKNOWN;
  }

  /// The next [#receive] brings an acknowledgement without data.
  void arriveAcknowledgement(int sequence, int ack) {
    MemorySegment memory = acknowledgement.segment();
    NetworkOrder.setU32(memory, TCP_SEQUENCE, sequence);
    NetworkOrder.setU32(memory, TCP_ACK, ack);
    arriving = acknowledgement;
    arrivingLength = payloadAt;
    arrivingChecksum = FrameSink.CHECKSUM_GOOD;
  }

  /// Frames sent since the cable was cut.
  long framesOut() {
    return framesOut;
  }

  @Override
  public NetDeviceInfo info() {
    return info;
  }

  @Override
  public List<Capability> capabilities() {
    return List.of();
  }

  @Override
  public MemorySource memorySource() {
    return null;
  }

  @Override
  public void start(BufferPools newPools) {
    pools = newPools;
  }

  @Override
  public int receive(FrameSink sink, int framesMax) {
    Buffer buffer = arriving;
    if (buffer != null) {
      arriving = null;
      buffer.retain(); // The stack gives its reference back, ours stays.
      sink.frame(buffer, 0, arrivingLength, arrivingChecksum);
      return 1;
    }
    int count = cableCount;
    if (peer == null || count == 0) {
      return 0;
    }
    cableCount = 0;
    for (int i = 0; i < count; i++) {
      sink.frame(cable[i], 0, cableLengths[i], FrameSink.CHECKSUM_GOOD);
    }
    return count;
  }

  @Override
  public Buffer takeFrame(int lengthBytes) {
    return pools.take(lengthBytes);
  }

  @Override
  public int transmit(TxFrame frame) {
    SegmentDevice to = peer;
    if (to == null) {
      framesOut++;
    } else {
      if (to.cableCount == FRAMES) {
        return -Errno.EAGAIN;
      }
      Buffer buffer = to.pools.take(frame.totalBytes());
      EthernetOutput.copyParts(frame, buffer.segment(), 0);
      to.cable[to.cableCount] = buffer;
      to.cableLengths[to.cableCount] = frame.totalBytes();
      to.cableCount++;
    }
    frame.releaseParts();
    return 0;
  }

  @Override
  public int flush() {
    return 0;
  }

  @Override
  public boolean isLinkUp() {
    return true;
  }

  @Override
  public int readinessFd() {
    return -1;
  }

  @Override
  public void counters(ObjLongConsumer<String> visitor) {}

  @Override
  public void close() {}
}
