package dev.demikv.libos.device.sim;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Capability.Performer;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.NetDeviceInfo;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.device.Waiter;
import dev.demikv.libos.device.sim.SimNetDeviceOptions.Checksums;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.MemorySource;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ObjLongConsumer;
import java.util.random.RandomGenerator;

/// A port of a [SimWire]: the device below one user-level stack.
///
/// It is as unkind as a device may be. Received frames begin at places that are drawn, and sent
/// buffers are kept for a while if so configured, then compared with what they held at first.
public final class SimNetDevice implements NetDevice {
  /// Most bytes in front of a received frame.
  private static final int OFFSET_BYTES_MAX = 63;

  private static final int ETHERNET_HEADER_BYTES = 14;

  private final SimWire wire;
  private final SimWorld world;
  private final String host;
  private final SimNetDeviceOptions options;
  private final NetDeviceInfo info;
  private final RandomGenerator random;
  private final SimWaiter waiter;
  private final ArrayDeque<Received> rxRing = new ArrayDeque<>();
  private final List<Sending> txWaiting = new ArrayList<>();

  /// Flushed, and kept by the device; the oldest first.
  private final ArrayDeque<Sending> txHeld = new ArrayDeque<>();

  private @Nullable BufferPools pools;
  private boolean linkUp = true;
  private boolean starved;
  private boolean closed;

  private long rxFrames;
  private long rxBytes;
  private long rxNoBuffer;
  private long rxRingFull;
  private long rxTooLong;
  private long rxLinkDown;
  private long txFrames;
  private long txBytes;
  private long txRingFull;

  /// A frame that arrived. A struct.
  private static final class Received {
    final byte[] bytes;
    final int checksum;

    Received(byte[] bytes, int checksum) {
      this.bytes = bytes;
      this.checksum = checksum;
    }
  }

  /// A frame that was taken: the pieces of memory it comes from, and what they held then.
  private static final class Sending {
    final List<Buffer> buffers;
    final List<MemorySegment> pieces;
    final byte[] bytes;
    final int checksumStart;
    final int checksumOffset;

    Sending(TxFrame frame) {
      buffers = new ArrayList<>(frame.partCount());
      pieces = new ArrayList<>(frame.partCount());
      for (int i = 0; i < frame.partCount(); i++) {
        buffers.add(frame.buffer(i));
        pieces.add(frame.buffer(i).segment().asSlice(frame.offset(i), frame.length(i)));
      }
      bytes = read();
      checksumStart = frame.checksumStart();
      checksumOffset = frame.checksumOffset();
    }

    /// What the pieces hold now.
    byte[] read() {
      long length = pieces.stream().mapToLong(MemorySegment::byteSize).sum();
      byte[] now = new byte[(int) length];
      int at = 0;
      for (MemorySegment piece : pieces) {
        MemorySegment.copy(piece, 0, MemorySegment.ofArray(now), at, piece.byteSize());
        at += (int) piece.byteSize();
      }
      return now;
    }

    void release() {
      buffers.forEach(Buffer::release);
    }
  }

  SimNetDevice(SimWire wire, String host, long macAddress, SimNetDeviceOptions options) {
    this.wire = wire;
    this.world = wire.world();
    this.host = host;
    this.options = options;
    String name = wire.name() + ":" + host;
    boolean offload = options.checksums() != Checksums.SOFTWARE;
    info =
        new NetDeviceInfo(
            name, macAddress, options.mtuBytes(), TxFrame.PARTS_MAX, offload, offload);
    random = world.random("wire port " + name);
    waiter = new SimWaiter(world, this::hasFrames);
  }

  /// The host it belongs to.
  public String host() {
    return host;
  }

  /// The segment it is attached to.
  public SimWire wire() {
    return wire;
  }

  /// Pulls the cable out, or puts it in.
  public void setLinkUp(boolean up) {
    linkUp = up;
  }

  @Override
  public NetDeviceInfo info() {
    return info;
  }

  @Override
  public List<Capability> capabilities() {
    return capabilities(options.checksums());
  }

  static List<Capability> capabilities(Checksums checksums) {
    return List.of(
        new Capability("frames", Performer.DEVICE, "simulated Ethernet, with faults"),
        new Capability(
            "checksum",
            checksums == Checksums.SOFTWARE ? Performer.LIBRARY : Performer.DEVICE,
            checksums == Checksums.PARTIAL ? "left out" : ""),
        new Capability("time", Performer.DEVICE, "virtual"));
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
    starved = false;
    int count = 0;
    while (count < framesMax) {
      Received next = rxRing.peek();
      if (next == null) {
        break;
      }
      byte[] bytes = next.bytes;
      Buffer buffer = takeFrame(bytes.length);
      if (buffer == null) {
        rxNoBuffer++;
        starved = true; // Time may pass until it is tried again.
        break;
      }
      rxRing.remove();
      int offset =
          random.nextInt(Math.min(buffer.capacityBytes() - bytes.length, OFFSET_BYTES_MAX) + 1);
      MemorySegment.copy(MemorySegment.ofArray(bytes), 0, buffer.segment(), offset, bytes.length);
      rxFrames++;
      rxBytes += bytes.length;
      count++;
      sink.frame(buffer, offset, bytes.length, next.checksum);
    }
    return count;
  }

  @Override
  public @Nullable Buffer takeFrame(int lengthBytes) {
    BufferPools started = pools;
    if (started == null) {
      throw new IllegalStateException("not started");
    }
    return started.takeWhole(lengthBytes);
  }

  @Override
  public int transmit(TxFrame frame) {
    assert frame.totalBytes() >= ETHERNET_HEADER_BYTES : "frame of " + frame.totalBytes() + " B";
    if (closed || !linkUp) {
      return -Errno.ENETDOWN;
    }
    if (frame.totalBytes() > info.frameBytesMax()) {
      return -Errno.EMSGSIZE;
    }
    if (txWaiting.size() + txHeld.size() >= options.ringFrames()) {
      txRingFull++;
      return -Errno.EAGAIN;
    }
    txWaiting.add(new Sending(frame));
    return 0;
  }

  @Override
  public int flush() {
    int count = txWaiting.size();
    List<Sending> flushed = List.copyOf(txWaiting);
    txWaiting.clear();
    for (Sending sending : flushed) {
      txHeld.add(sending);
      if (options.holdNanos() == 0) {
        send();
      } else {
        world.schedule(options.holdNanos(), this::send);
      }
    }
    return count;
  }

  /// The oldest of the frames held goes onto the wire.
  private void send() {
    Sending sending = txHeld.poll();
    if (sending == null) {
      return; // Closed meanwhile.
    }
    byte[] bytes = sending.read();
    sending.release();
    if (!Arrays.equals(bytes, sending.bytes)) {
      throw new IllegalStateException(
          "a frame of host "
              + host
              + " was changed while the device owned it, at byte "
              + Arrays.mismatch(bytes, sending.bytes)
              + " of "
              + bytes.length);
    }
    boolean partial = false;
    if (sending.checksumStart >= 0) {
      partial = options.checksums() == Checksums.PARTIAL;
      if (!partial) {
        SimChecksums.complete(bytes, sending.checksumStart, sending.checksumOffset);
      }
    }
    txFrames++;
    txBytes += bytes.length;
    wire.carry(this, bytes, partial);
  }

  /// A frame has arrived from a link.
  void arrive(byte[] frame, boolean partial) {
    if (closed || !linkUp) {
      rxLinkDown++;
    } else if (frame.length > info.frameBytesMax()) {
      rxTooLong++;
    } else if (rxRing.size() >= options.ringFrames()) {
      rxRingFull++;
    } else {
      int checksum = FrameSink.CHECKSUM_UNKNOWN;
      if (partial) {
        checksum = FrameSink.CHECKSUM_PARTIAL;
      } else if (options.checksums() == Checksums.OFFLOAD) {
        checksum = SimChecksums.check(frame);
      }
      rxRing.add(new Received(frame, checksum));
    }
  }

  private boolean hasFrames() {
    return !rxRing.isEmpty() && !starved && !closed;
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
  public Waiter waiter() {
    return waiter;
  }

  @Override
  public void counters(ObjLongConsumer<String> visitor) {
    visitor.accept("wire.rx-frames", rxFrames);
    visitor.accept("wire.rx-bytes", rxBytes);
    visitor.accept("wire.rx-no-buffer", rxNoBuffer);
    visitor.accept("wire.rx-ring-full", rxRingFull);
    visitor.accept("wire.rx-too-long", rxTooLong);
    visitor.accept("wire.rx-link-down", rxLinkDown);
    visitor.accept("wire.tx-frames", txFrames);
    visitor.accept("wire.tx-bytes", txBytes);
    visitor.accept("wire.tx-ring-full", txRingFull);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    wire.detach(this);
    txWaiting.forEach(Sending::release);
    txWaiting.clear();
    txHeld.forEach(Sending::release);
    txHeld.clear();
    rxRing.clear();
    waiter.close();
  }
}
