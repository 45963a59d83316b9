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
import java.util.List;
import java.util.function.ObjLongConsumer;

/// One end of a cable in memory that loses nothing and allocates nothing.
final class CableDevice implements NetDevice {
  private final NetDeviceInfo info;
  private final Buffer[] ring = new Buffer[256];
  private final int[] lengths = new int[256];
  private int head;
  private int count;
  private @Nullable CableDevice peer;
  private @Nullable BufferPools pools;

  private CableDevice(long mac) {
    info = new NetDeviceInfo("cable" + mac, mac, 1500, TxFrame.PARTS_MAX, false, false);
  }

  /// Two ends.
  static CableDevice[] pair() {
    CableDevice a = new CableDevice(Frames.OUR_MAC);
    CableDevice b = new CableDevice(Frames.PEER_MAC);
    a.peer = b;
    b.peer = a;
    return new CableDevice[] {a, b};
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
    int taken = 0;
    while (taken < framesMax && count > 0) {
      Buffer buffer = ring[head];
      int length = lengths[head];
      head = (head + 1) % ring.length;
      count--;
      taken++;
      sink.frame(buffer, 0, length, FrameSink.CHECKSUM_UNKNOWN);
    }
    return taken;
  }

  @Override
  public @Nullable Buffer takeFrame(int lengthBytes) {
    return pools.take(lengthBytes);
  }

  @Override
  public int transmit(TxFrame frame) {
    CableDevice to = peer;
    if (to.pools == null || to.count == to.ring.length) {
      return -Errno.EAGAIN;
    }
    Buffer buffer = to.pools.take(frame.totalBytes());
    EthernetOutput.copyParts(frame, buffer.segment(), 0);
    int tail = (to.head + to.count) % to.ring.length;
    to.ring[tail] = buffer;
    to.lengths[tail] = frame.totalBytes();
    to.count++;
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
  public void close() {
    for (; count > 0; count--) {
      ring[head].release();
      head = (head + 1) % ring.length;
    }
    pools = null;
  }
}
