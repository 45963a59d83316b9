package dev.demikv.libos.device.packet;

import static dev.demikv.libos.ffi.NetConstants.PACKET_OUTGOING;
import static dev.demikv.libos.ffi.NetConstants.TP_STATUS_AVAILABLE;
import static dev.demikv.libos.ffi.NetConstants.TP_STATUS_CSUMNOTREADY;
import static dev.demikv.libos.ffi.NetConstants.TP_STATUS_CSUM_VALID;
import static dev.demikv.libos.ffi.NetConstants.TP_STATUS_KERNEL;
import static dev.demikv.libos.ffi.NetConstants.TP_STATUS_SEND_REQUEST;
import static dev.demikv.libos.ffi.NetConstants.TP_STATUS_USER;
import static dev.demikv.libos.ffi.NetConstants.TP_STATUS_VLAN_TPID_VALID;
import static dev.demikv.libos.ffi.NetConstants.TP_STATUS_VLAN_VALID;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

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
import dev.demikv.libos.ffi.struct.SockaddrLl;
import dev.demikv.libos.ffi.struct.Tpacket2Hdr;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.MemorySource;
import dev.demikv.libos.wire.MacAddress;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.ObjLongConsumer;

/// A packet socket with its two rings, see the package.
final class PacketDevice implements NetDevice {
  private static final int ETHERNET_HEADER_BYTES = 14;
  private static final int VLAN_TAG_BYTES = 4;

  /// Bytes of the two hardware addresses, behind which a VLAN tag belongs.
  private static final int ADDRESSES_BYTES = 12;

  /// A frame starts so far into its buffer that its IP header is aligned to 4 bytes, with a tag or
  /// without.
  private static final int RX_OFFSET = 2;

  /// What the kernel may put in front of a frame in the ring: header, address, alignment.
  private static final int RING_OVERHEAD_BYTES = 96;

  /// Receptions that found nothing, after which a pending error of the socket is looked for.
  private static final int IDLE_RECEIVES_MAX = 64;

  private static final int ETHERTYPE_VLAN = 0x8100;
  private static final ValueLayout.OfShort U16_BE =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt U32_BE =
      JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final System.Logger logger = System.getLogger(PacketDevice.class.getName());
  private final Arena arena = Arena.ofConfined();
  private final CallState calls = new CallState(arena);
  private final PacketOptions options;
  private final InterfaceQuery query;
  private final PacketSocket socket;
  private final NetDeviceInfo info;
  private final MemorySegment rings;
  private final int slotBytes;
  private final int rxMask;
  private final int txMask;
  private final long txBase;

  private @Nullable BufferPools pools;
  private int rxHead;
  private int txTail;
  private int txUnsent;
  private int idleReceives;
  private boolean down;
  private boolean closed;
  private final Counters counted = new Counters();

  /// What the device did. A struct.
  private static final class Counters {
    long rxFrames;
    long rxBytes;
    long rxNoBuffer;
    long rxTooLong;
    long rxRingFull;
    long rxOthers;
    long rxPartial;
    long txFrames;
    long txBytes;
    long txFull;
    long txCalls;
    long txErrors;
  }

  /// @throws LibOsException with advice
  PacketDevice(PacketOptions options) {
    this.options = options;
    String name = options.interfaceName();
    query = new InterfaceQuery(calls, arena, name);
    try {
      int ifindex = query.index();
      if (ifindex < 0) {
        throw new LibOsException(
            "find the interface " + name, -ifindex, "`ip link` lists what there is.");
      }
      int mtuBytes = checked("get the MTU of ", query.mtuBytes());
      long mac = options.macAddress();
      if (mac == 0) {
        mac = checkedMac(name, query.hardwareAddress());
      }
      // Not more parts than any other device: copying has no limit of its own.
      info = new NetDeviceInfo(name, mac, mtuBytes, TxFrame.PARTS_MAX, false, true);
      slotBytes = Integer.highestOneBit(2 * (info.frameBytesMax() + RING_OVERHEAD_BYTES) - 1);
      socket = new PacketSocket(calls, arena, options, ifindex, mac, slotBytes);
    } catch (RuntimeException e) {
      query.close();
      arena.close();
      throw e;
    }
    rings = socket.rings();
    txBase = socket.txOffset();
    rxMask = (int) (txBase / slotBytes) - 1;
    txMask = (int) ((rings.byteSize() - txBase) / slotBytes) - 1;
    if (!query.isRunning()) {
      logger.log(
          System.Logger.Level.WARNING,
          "interface {0} is down: no frame passes before `ip link set {0} up`",
          name);
    }
  }

  private int checked(String operation, int code) {
    if (code < 0) {
      throw new LibOsException(operation + options.interfaceName(), -code, "");
    }
    return code;
  }

  private static long checkedMac(String name, long mac) {
    if (mac <= 0 || MacAddress.isGroup(mac)) {
      throw new LibOsException(
          "get the hardware address of " + name,
          Errno.EINVAL,
          "It is not an Ethernet interface: choose another, or an address with network.mac.");
    }
    return mac;
  }

  @Override
  public NetDeviceInfo info() {
    return info;
  }

  static List<Capability> capabilities(boolean qdiscBypass) {
    return List.of(
        new Capability("frames", Performer.KERNEL, "packet socket, rings of TPACKET_V2"),
        new Capability("send batching", Performer.KERNEL, "one system call per flush"),
        new Capability(
            "queueing discipline",
            qdiscBypass ? Performer.NOBODY : Performer.KERNEL,
            qdiscBypass ? "bypassed" : ""),
        new Capability("checksum transmit", Performer.LIBRARY, ""),
        new Capability("checksum receive", Performer.DEVICE, "where the ring says so"),
        new Capability("segmentation", Performer.LIBRARY, ""),
        new Capability("zero copy", Performer.NOBODY, "a copy between ring and buffers"),
        new Capability("idle wait", Performer.KERNEL, "descriptor of the socket"));
  }

  @Override
  public List<Capability> capabilities() {
    return capabilities(options.qdiscBypass());
  }

  @Override
  public @Nullable MemorySource memorySource() {
    return null;
  }

  @Override
  public void start(BufferPools newPools) {
    pools = newPools;
    int needed = RX_OFFSET + info.frameBytesMax();
    if (newPools.largestBufferBytes() < needed) {
      throw new LibOsException(
          "start packet socket on " + info.name(),
          Errno.EINVAL,
          "A frame of " + needed + " B needs larger buffers, or a smaller MTU.");
    }
  }

  @Override
  public int receive(FrameSink sink, int framesMax) {
    int count = 0;
    // Frames that are not handed over count too, so that the work of a call is bounded.
    for (int looked = 0; looked < framesMax; looked++) {
      long slot = (long) (rxHead & rxMask) * slotBytes;
      int status = Tpacket2Hdr.statusAcquire(rings, slot);
      if ((status & TP_STATUS_USER) == 0) {
        break;
      }
      if (isForUs(slot)) {
        int code = deliver(sink, slot, status);
        if (code < 0) {
          return count; // No buffer: the frame waits in the ring.
        }
        count += code;
      } else {
        counted.rxOthers++;
      }
      Tpacket2Hdr.setStatusRelease(rings, slot, TP_STATUS_KERNEL);
      rxHead++;
    }
    if (count > 0) {
      idleReceives = 0;
    } else if (++idleReceives == IDLE_RECEIVES_MAX) {
      idleReceives = 0;
      socket.clearError(); // Of an interface that went down, perhaps: it would wake the loop ever.
    }
    return count;
  }

  private boolean isForUs(long slot) {
    if (SockaddrLl.pkttype(rings, slot + Tpacket2Hdr.BYTES) == PACKET_OUTGOING) {
      return false;
    }
    if (options.promiscuous()) {
      return true;
    }
    long at = slot + Tpacket2Hdr.mac(rings, slot);
    long destination =
        Integer.toUnsignedLong(rings.get(U32_BE, at)) << 16
            | Short.toUnsignedInt(rings.get(U16_BE, at + 4));
    return destination == info.macAddress() || MacAddress.isGroup(destination);
  }

  /// Copies a frame out of the ring and hands it over.
  ///
  /// @return 1; 0 when it is not one that can be taken; -EAGAIN when there is no buffer
  private int deliver(FrameSink sink, long slot, int status) {
    int length = Tpacket2Hdr.snaplen(rings, slot);
    int tagBytes = (status & TP_STATUS_VLAN_VALID) != 0 ? VLAN_TAG_BYTES : 0;
    int total = length + tagBytes;
    if (length < Tpacket2Hdr.len(rings, slot) || total > info.frameBytesMax()) {
      counted.rxTooLong++;
      return 0;
    }
    Buffer buffer = takeFrame(RX_OFFSET + total);
    if (buffer == null) {
      counted.rxNoBuffer++;
      return -Errno.EAGAIN;
    }
    long from = slot + Tpacket2Hdr.mac(rings, slot);
    MemorySegment to = buffer.segment();
    if (tagBytes == 0 || length < ADDRESSES_BYTES) {
      total = length;
      MemorySegment.copy(rings, from, to, RX_OFFSET, length);
    } else {
      // The kernel or the device took the tag out (IEEE 802.1Q): back to where it was.
      boolean told = (status & TP_STATUS_VLAN_TPID_VALID) != 0;
      short tpid = told ? Tpacket2Hdr.vlanTpid(rings, slot) : (short) ETHERTYPE_VLAN;
      MemorySegment.copy(rings, from, to, RX_OFFSET, ADDRESSES_BYTES);
      to.set(U16_BE, RX_OFFSET + ADDRESSES_BYTES, tpid);
      to.set(U16_BE, RX_OFFSET + ADDRESSES_BYTES + 2, Tpacket2Hdr.vlanTci(rings, slot));
      MemorySegment.copy(
          rings,
          from + ADDRESSES_BYTES,
          to,
          RX_OFFSET + ADDRESSES_BYTES + VLAN_TAG_BYTES,
          length - ADDRESSES_BYTES);
    }
    counted.rxFrames++;
    counted.rxBytes += total;
    sink.frame(buffer, RX_OFFSET, total, checksum(status));
    return 1;
  }

  private int checksum(int status) {
    if ((status & TP_STATUS_CSUMNOTREADY) != 0) {
      counted.rxPartial++;
      return FrameSink.CHECKSUM_PARTIAL;
    }
    return (status & TP_STATUS_CSUM_VALID) != 0
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
    assert !frame.wantsChecksum() : "this device completes no checksums";
    if (bytes > info.frameBytesMax()) {
      return -Errno.EMSGSIZE;
    }
    if (closed || down && !isLinkUp()) {
      return -Errno.ENETDOWN;
    }
    long slot = txBase + (long) (txTail & txMask) * slotBytes;
    if (Tpacket2Hdr.statusAcquire(rings, slot) != TP_STATUS_AVAILABLE) {
      counted.txFull++;
      return -Errno.EAGAIN;
    }
    long to = slot + Tpacket2Hdr.BYTES;
    for (int i = 0; i < frame.partCount(); i++) {
      int length = frame.length(i);
      MemorySegment.copy(frame.buffer(i).segment(), frame.offset(i), rings, to, length);
      to += length;
    }
    Tpacket2Hdr.setLen(rings, slot, bytes);
    Tpacket2Hdr.setStatusRelease(rings, slot, TP_STATUS_SEND_REQUEST);
    txTail++;
    txUnsent++;
    counted.txFrames++;
    counted.txBytes += bytes;
    frame.releaseParts();
    return 0;
  }

  @Override
  public int flush() {
    if (txUnsent == 0) {
      return 0;
    }
    counted.txCalls++;
    long code = socket.send();
    if (code >= 0) {
      down = false;
      return sent();
    }
    switch ((int) -code) {
      // The driver is busy or out of memory: what waits in the ring goes with the next flush.
      case Errno.EAGAIN, Errno.ENOBUFS, Errno.ENOMEM, Errno.EINTR -> {}
      case Errno.ENETDOWN, Errno.ENXIO, Errno.ENODEV -> down = true;
      default -> counted.txErrors++;
    }
    return sent();
  }

  /// How many of the frames not yet sent the kernel has taken, in their order.
  private int sent() {
    int count = 0;
    while (txUnsent > 0) {
      long slot = txBase + (long) ((txTail - txUnsent) & txMask) * slotBytes;
      if (Tpacket2Hdr.statusAcquire(rings, slot) == TP_STATUS_SEND_REQUEST) {
        break;
      }
      txUnsent--;
      count++;
    }
    return count;
  }

  /// A system call.
  @Override
  public boolean isLinkUp() {
    if (closed) {
      return false;
    }
    boolean running = query.isRunning();
    down &= !running;
    return running;
  }

  @Override
  public int readinessFd() {
    return socket.fd();
  }

  @Override
  public void counters(ObjLongConsumer<String> visitor) {
    if (!closed) {
      counted.rxRingFull += socket.takeDrops();
    }
    visitor.accept("packet.rx-frames", counted.rxFrames);
    visitor.accept("packet.rx-bytes", counted.rxBytes);
    visitor.accept("packet.rx-no-buffer", counted.rxNoBuffer);
    visitor.accept("packet.rx-ring-full", counted.rxRingFull);
    visitor.accept("packet.rx-too-long", counted.rxTooLong);
    visitor.accept("packet.rx-for-others", counted.rxOthers);
    visitor.accept("packet.rx-partial-checksum", counted.rxPartial);
    visitor.accept("packet.tx-frames", counted.txFrames);
    visitor.accept("packet.tx-bytes", counted.txBytes);
    visitor.accept("packet.tx-full", counted.txFull);
    visitor.accept("packet.tx-calls", counted.txCalls);
    visitor.accept("packet.tx-errors", counted.txErrors);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    query.close();
    socket.close();
    arena.close(); // Unmaps the rings.
  }
}
