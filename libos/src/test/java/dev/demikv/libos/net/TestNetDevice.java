package dev.demikv.libos.net;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.NetDeviceInfo;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.MemorySource;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ObjLongConsumer;

/// A device whose wire is the test: frames that were sent lie in a list, frames that are put in are
/// received.
final class TestNetDevice implements NetDevice {
  static final long MAC = 0x0200_0000_0001L;

  final List<byte[]> sent = new ArrayList<>();

  /// Whether a frame asked for its checksum, by its place in [#sent].
  final List<Boolean> wantedChecksums = new ArrayList<>();

  private final ArrayDeque<byte[]> arrived = new ArrayDeque<>();
  private final ArrayDeque<Integer> checksums = new ArrayDeque<>();
  private final NetDeviceInfo info;
  private @Nullable BufferPools pools;
  int room = Integer.MAX_VALUE;
  boolean linkUp = true;

  /// Whether it can be asked, or says so only when it is given a frame.
  boolean tellsThatItIsFull;

  int transmitCount;

  TestNetDevice(int mtuBytes, int partsMax, boolean offload) {
    this(mtuBytes, partsMax, offload, MAC);
  }

  TestNetDevice(int mtuBytes, int partsMax, boolean offload, long mac) {
    info = new NetDeviceInfo("test0", mac, mtuBytes, partsMax, offload, offload);
  }

  /// What was sent since the last call.
  List<byte[]> takeSent() {
    List<byte[]> taken = List.copyOf(sent);
    sent.clear();
    wantedChecksums.clear();
    return taken;
  }

  void arrive(byte[] frame, int checksum) {
    arrived.add(frame);
    checksums.add(checksum);
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
  public @Nullable MemorySource memorySource() {
    return null;
  }

  @Override
  public void start(BufferPools newPools) {
    pools = newPools;
  }

  @Override
  public int receive(FrameSink sink, int framesMax) {
    int count = 0;
    while (count < framesMax && !arrived.isEmpty()) {
      byte[] bytes = arrived.peek();
      Buffer buffer = pools.take(bytes.length);
      if (buffer == null || buffer.capacityBytes() < bytes.length) {
        if (buffer != null) {
          buffer.release();
        }
        break;
      }
      arrived.remove();
      // At the very end of its buffer: whoever reads beyond the frame fails.
      int offset = buffer.capacityBytes() - bytes.length;
      MemorySegment.copy(MemorySegment.ofArray(bytes), 0, buffer.segment(), offset, bytes.length);
      sink.frame(buffer, offset, bytes.length, checksums.remove());
      count++;
    }
    return count;
  }

  @Override
  public @Nullable Buffer takeFrame(int lengthBytes) {
    assert lengthBytes <= info.frameBytesMax() : "frame of " + lengthBytes;
    return pools.take(lengthBytes);
  }

  @Override
  public boolean isFull() {
    return tellsThatItIsFull && sent.size() >= room;
  }

  @Override
  public int transmit(TxFrame frame) {
    transmitCount++;
    if (sent.size() >= room) {
      return -Errno.EAGAIN;
    }
    if (frame.totalBytes() > info.frameBytesMax() || frame.partCount() > info.partsMax()) {
      return -Errno.EMSGSIZE;
    }
    byte[] bytes = new byte[frame.totalBytes()];
    EthernetOutput.copyParts(frame, MemorySegment.ofArray(bytes), 0);
    sent.add(bytes);
    wantedChecksums.add(frame.wantsChecksum());
    frame.releaseParts();
    return 0;
  }

  @Override
  public int flush() {
    return 0;
  }

  @Override
  public boolean isLinkUp() {
    return linkUp;
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
