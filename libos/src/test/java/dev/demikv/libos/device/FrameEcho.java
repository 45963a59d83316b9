package dev.demikv.libos.device;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.MemoryRegion;
import java.lang.foreign.Arena;

/// One end of an exchange of frames between two devices: sends frames to the other end, or sends
/// back what came, in the buffer it came in.
final class FrameEcho implements AutoCloseable {
  private static final int HEADER_BYTES = 14;
  private static final int BURST = 32;

  /// EtherType 0x88b5, for local experiments.
  private static final long ETHERTYPE = 0xb588L;

  private final Arena arena = Arena.ofConfined();
  private final NetDevice device;
  private final TxFrame frame = new TxFrame();
  private final FrameSink sink;
  private final boolean echoes;

  /// Frames of the exchange that came.
  long frames;

  /// @param device started here, and closed with this
  FrameEcho(NetDevice device, boolean echoes) {
    this.device = device;
    this.echoes = echoes;
    this.sink = this::received;
    MemoryRegion region = new MemoryRegion(arena.allocate(2048 * 256, 64), 64, 0);
    device.start(new BufferPools(new BufferPool(region, 2048, 256)));
  }

  private void received(Buffer buffer, int offset, int length, int checksum) {
    long type = buffer.segment().get(JAVA_LONG_UNALIGNED, offset + 12L) & 0xffff;
    if (type != ETHERTYPE) {
      buffer.release();
      return;
    }
    frames++;
    if (!echoes) {
      buffer.release();
      return;
    }
    frame.clear();
    frame.add(buffer, offset, HEADER_BYTES);
    buffer.retain();
    frame.add(buffer, offset + HEADER_BYTES, length - HEADER_BYTES);
    if (device.transmit(frame) != 0) {
      frame.releaseParts();
      throw new AssertionError("not sent back");
    }
  }

  /// Sends a frame to everybody.
  void send(int length) {
    Buffer buffer = device.takeFrame(length);
    // To ff:ff:ff:ff:ff:ff from 02:00:5e:00:53:01, little-endian.
    buffer.segment().set(JAVA_LONG_UNALIGNED, 0, 0x0002_ffff_ffff_ffffL);
    buffer.segment().set(JAVA_LONG_UNALIGNED, 8, ETHERTYPE << 32 | 0x0153_005eL);
    frame.clear();
    frame.add(buffer, 0, length);
    if (device.transmit(frame) != 0) {
      frame.releaseParts();
      throw new AssertionError("not sent");
    }
    device.flush();
  }

  /// One turn.
  void turn() {
    if (device.receive(sink, BURST) > 0) {
      device.flush();
    }
  }

  @Override
  public void close() {
    device.close();
    arena.close();
  }
}
