package dev.demikv.libos.device.tap;

import static dev.demikv.libos.ffi.LibCConstants.O_CLOEXEC;
import static dev.demikv.libos.ffi.LibCConstants.O_NONBLOCK;
import static dev.demikv.libos.ffi.LibCConstants.O_RDWR;
import static dev.demikv.libos.ffi.NetConstants.IFF_NO_PI;
import static dev.demikv.libos.ffi.NetConstants.IFF_TAP;
import static dev.demikv.libos.ffi.NetConstants.IFF_VNET_HDR;
import static dev.demikv.libos.ffi.NetConstants.TUNSETIFF;
import static dev.demikv.libos.ffi.NetConstants.TUNSETOFFLOAD;
import static dev.demikv.libos.ffi.NetConstants.TUN_F_CSUM;
import static dev.demikv.libos.ffi.NetConstants.VIRTIO_NET_HDR_F_DATA_VALID;
import static dev.demikv.libos.ffi.NetConstants.VIRTIO_NET_HDR_F_NEEDS_CSUM;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Capability.Performer;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.NetDeviceInfo;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.InterfaceQuery;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.LibCFile;
import dev.demikv.libos.ffi.struct.Ifreq;
import dev.demikv.libos.ffi.struct.Iovec;
import dev.demikv.libos.ffi.struct.VirtioNetHdr;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.MemorySource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.ObjLongConsumer;

/// One tap device, open without blocking: a `writev` per frame out, a `read` per frame in.
///
/// A frame is read to where its virtual header ends, so that it starts 10 bytes into its buffer and
/// its IP header at a multiple of 8.
final class TapDevice implements NetDevice {
  static final String TUN_PATH = "/dev/net/tun";

  private static final int ETHERNET_HEADER_BYTES = 14;

  private final System.Logger logger = System.getLogger(TapDevice.class.getName());
  private final Arena arena = Arena.ofConfined();
  private final CallState calls = new CallState(arena);
  private final MemorySegment header = arena.allocate(VirtioNetHdr.BYTES, 8);
  private final MemorySegment iovecs =
      arena.allocate((long) Iovec.BYTES * (TxFrame.PARTS_MAX + 1), 8);
  private final InterfaceQuery query;
  private final NetDeviceInfo info;
  private final int fd;

  /// Bytes in front of each frame: those of a `virtio_net_hdr`, or none.
  private final int headerBytes;

  private @Nullable BufferPools pools;
  private boolean closed;
  private int sentSinceFlush;
  private final Counters counted = new Counters();

  /// What the device did. A struct.
  private static final class Counters {
    long rxFrames;
    long rxBytes;
    long rxNoBuffer;
    long rxTooLong;
    long rxErrors;
    long txFrames;
    long txBytes;
    long txFull;
    long txDown;
    long txErrors;
  }

  /// @throws LibOsException with advice
  TapDevice(TapOptions options) {
    String name = options.interfaceName();
    query = new InterfaceQuery(calls, arena, name);
    int opened = -1;
    try {
      opened = attach(calls, arena, name, options.checksumOffload());
      int mtuBytes = query.mtuBytes();
      if (mtuBytes < 0) {
        throw new LibOsException("get the MTU of " + name, -mtuBytes, "");
      }
      fd = opened;
      headerBytes = options.checksumOffload() ? VirtioNetHdr.BYTES : 0;
      info =
          new NetDeviceInfo(
              name,
              options.macAddress(),
              mtuBytes,
              TxFrame.PARTS_MAX,
              options.checksumOffload(),
              options.checksumOffload());
    } catch (RuntimeException e) {
      query.close();
      if (opened >= 0) {
        LibC.close(calls, opened);
      }
      arena.close();
      throw e;
    }
    if (!query.isRunning()) {
      logger.log(
          System.Logger.Level.WARNING,
          "interface {0} is down: no frame passes before `ip link set {0} up`, and the kernel"
              + " answers only with an address, as by `ip addr add 10.0.0.1/24 dev {0}`",
          name);
    }
  }

  /// Opens the tap device and attaches it to an interface, which is made if there is none.
  private static int attach(CallState calls, Arena arena, String name, boolean offload) {
    MemorySegment path = arena.allocateFrom(TUN_PATH);
    int fd = LibCFile.open(calls, path.address(), O_RDWR | O_NONBLOCK | O_CLOEXEC, 0);
    if (fd < 0) {
      throw new LibOsException("open " + TUN_PATH, -fd, TapAdvice.ofOpen(-fd));
    }
    MemorySegment request = arena.allocate(Ifreq.BYTES, 8);
    Ifreq.setName(request, name);
    Ifreq.setFlags(request, IFF_TAP | IFF_NO_PI | (offload ? IFF_VNET_HDR : 0));
    int code = LibC.ioctl(calls, fd, LibC.request(TUNSETIFF), request.address());
    if (code < 0) {
      LibC.close(calls, fd);
      throw new LibOsException("attach to tap " + name, -code, TapAdvice.ofAttach(-code, name));
    }
    // Without it frames come with complete checksums. It also forgets what an earlier user of a
    // persistent interface had asked for. The argument is a number, not a pointer.
    code = LibC.ioctl(calls, fd, LibC.request(TUNSETOFFLOAD), offload ? TUN_F_CSUM : 0);
    if (code < 0) {
      LibC.close(calls, fd);
      throw new LibOsException(
          "set the offloads of tap " + name, -code, "Try network.tap.checksum-offload = false.");
    }
    return fd;
  }

  @Override
  public NetDeviceInfo info() {
    return info;
  }

  @Override
  public List<Capability> capabilities() {
    return capabilities(info.checksumTransmit());
  }

  static List<Capability> capabilities(boolean checksumOffload) {
    return List.of(
        new Capability("frames", Performer.KERNEL, "tap device, a system call per frame"),
        new Capability(
            "checksum",
            checksumOffload ? Performer.KERNEL : Performer.LIBRARY,
            checksumOffload ? "left out on this machine, else completed by the kernel" : ""),
        new Capability("segmentation", Performer.LIBRARY, ""),
        new Capability("zero copy", Performer.NOBODY, "the kernel copies once per direction"),
        new Capability("idle wait", Performer.KERNEL, "descriptor of the tap"));
  }

  @Override
  public @Nullable MemorySource memorySource() {
    return null;
  }

  @Override
  public void start(BufferPools newPools) {
    pools = newPools;
    if (newPools.largestBufferBytes() < readBytes()) {
      throw new LibOsException(
          "start tap " + info.name(),
          Errno.EINVAL,
          "A frame of " + readBytes() + " B needs larger buffers, or a smaller MTU.");
    }
  }

  /// One byte more than a frame may have, which tells those that do not fit.
  private int readBytes() {
    return headerBytes + info.frameBytesMax() + 1;
  }

  @Override
  public int receive(FrameSink sink, int framesMax) {
    int bytesMax = readBytes();
    for (int count = 0; count < framesMax; count++) {
      Buffer buffer = takeFrame(bytesMax);
      if (buffer == null) {
        counted.rxNoBuffer++;
        return count;
      }
      int length = (int) LibC.read(calls, fd, buffer.address(), bytesMax) - headerBytes;
      if (length < 0) {
        buffer.release();
        if (length + headerBytes != -Errno.EAGAIN) {
          counted.rxErrors++;
        }
        return count;
      }
      if (length > info.frameBytesMax()) {
        buffer.release();
        counted.rxTooLong++;
        continue;
      }
      counted.rxFrames++;
      counted.rxBytes += length;
      sink.frame(buffer, headerBytes, length, checksum(buffer));
    }
    return framesMax;
  }

  private int checksum(Buffer buffer) {
    if (headerBytes == 0) {
      return FrameSink.CHECKSUM_UNKNOWN;
    }
    int flags = VirtioNetHdr.flags(buffer.segment(), 0);
    if ((flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0) {
      return FrameSink.CHECKSUM_PARTIAL;
    }
    return (flags & VIRTIO_NET_HDR_F_DATA_VALID) != 0
        ? FrameSink.CHECKSUM_GOOD
        : FrameSink.CHECKSUM_UNKNOWN;
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
    int bytes = frame.totalBytes();
    assert bytes >= ETHERNET_HEADER_BYTES : "frame of " + bytes + " B";
    if (closed) {
      return -Errno.ENETDOWN;
    }
    if (bytes > info.frameBytesMax()) {
      return -Errno.EMSGSIZE;
    }
    int count = 0;
    if (headerBytes > 0) {
      int flags = frame.wantsChecksum() ? VIRTIO_NET_HDR_F_NEEDS_CSUM : 0;
      int start = frame.wantsChecksum() ? frame.checksumStart() : 0;
      VirtioNetHdr.set(header, 0, flags, start, frame.checksumOffset());
      Iovec.set(iovecs, count++, header.address(), headerBytes);
    }
    for (int i = 0; i < frame.partCount(); i++) {
      long address = frame.buffer(i).address() + frame.offset(i);
      Iovec.set(iovecs, count++, address, frame.length(i));
    }
    long code = LibC.writev(calls, fd, iovecs.address(), count);
    if (code < 0) {
      return refused((int) -code);
    }
    frame.releaseParts();
    counted.txFrames++;
    counted.txBytes += bytes;
    sentSinceFlush++;
    return 0;
  }

  private int refused(int errno) {
    if (errno == Errno.EAGAIN || errno == Errno.ENOBUFS || errno == Errno.ENOMEM) {
      counted.txFull++;
      return -Errno.EAGAIN;
    }
    if (errno == Errno.EIO) { // What a tap says while its interface is down.
      counted.txDown++;
    } else {
      counted.txErrors++;
    }
    return -Errno.ENETDOWN;
  }

  @Override
  public int flush() {
    int sent = sentSinceFlush;
    sentSinceFlush = 0;
    return sent;
  }

  /// A system call.
  @Override
  public boolean isLinkUp() {
    return !closed && query.isRunning();
  }

  @Override
  public int readinessFd() {
    return fd;
  }

  @Override
  public void counters(ObjLongConsumer<String> visitor) {
    visitor.accept("tap.rx-frames", counted.rxFrames);
    visitor.accept("tap.rx-bytes", counted.rxBytes);
    visitor.accept("tap.rx-no-buffer", counted.rxNoBuffer);
    visitor.accept("tap.rx-too-long", counted.rxTooLong);
    visitor.accept("tap.rx-errors", counted.rxErrors);
    visitor.accept("tap.tx-frames", counted.txFrames);
    visitor.accept("tap.tx-bytes", counted.txBytes);
    visitor.accept("tap.tx-full", counted.txFull);
    visitor.accept("tap.tx-down", counted.txDown);
    visitor.accept("tap.tx-errors", counted.txErrors);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    LibC.close(calls, fd);
    query.close();
    arena.close();
  }
}
