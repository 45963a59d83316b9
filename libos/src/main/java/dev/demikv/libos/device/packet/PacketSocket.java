package dev.demikv.libos.device.packet;

import static dev.demikv.libos.ffi.LibCConstants.MAP_POPULATE;
import static dev.demikv.libos.ffi.LibCConstants.MAP_SHARED;
import static dev.demikv.libos.ffi.LibCConstants.MSG_DONTWAIT;
import static dev.demikv.libos.ffi.LibCConstants.PROT_READ;
import static dev.demikv.libos.ffi.LibCConstants.PROT_WRITE;
import static dev.demikv.libos.ffi.LibCConstants.SOCK_CLOEXEC;
import static dev.demikv.libos.ffi.LibCConstants.SOCK_NONBLOCK;
import static dev.demikv.libos.ffi.LibCConstants.SOL_SOCKET;
import static dev.demikv.libos.ffi.LibCConstants.SO_ERROR;
import static dev.demikv.libos.ffi.NetConstants.AF_PACKET;
import static dev.demikv.libos.ffi.NetConstants.ETH_P_ALL;
import static dev.demikv.libos.ffi.NetConstants.PACKET_ADD_MEMBERSHIP;
import static dev.demikv.libos.ffi.NetConstants.PACKET_IGNORE_OUTGOING;
import static dev.demikv.libos.ffi.NetConstants.PACKET_LOSS;
import static dev.demikv.libos.ffi.NetConstants.PACKET_MR_ALLMULTI;
import static dev.demikv.libos.ffi.NetConstants.PACKET_MR_PROMISC;
import static dev.demikv.libos.ffi.NetConstants.PACKET_MR_UNICAST;
import static dev.demikv.libos.ffi.NetConstants.PACKET_QDISC_BYPASS;
import static dev.demikv.libos.ffi.NetConstants.PACKET_RX_RING;
import static dev.demikv.libos.ffi.NetConstants.PACKET_STATISTICS;
import static dev.demikv.libos.ffi.NetConstants.PACKET_TX_RING;
import static dev.demikv.libos.ffi.NetConstants.PACKET_VERSION;
import static dev.demikv.libos.ffi.NetConstants.SOCK_RAW;
import static dev.demikv.libos.ffi.NetConstants.SOL_PACKET;
import static dev.demikv.libos.ffi.NetConstants.TPACKET_V2;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.LibCSocket;
import dev.demikv.libos.ffi.struct.PacketMreq;
import dev.demikv.libos.ffi.struct.SockaddrLl;
import dev.demikv.libos.ffi.struct.TpacketReq;
import dev.demikv.libos.ffi.struct.TpacketStats;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The descriptor of a packet socket and the memory of its two rings.
///
/// Rings are set up before the socket is bound, so that no frame of another interface is in them.
final class PacketSocket implements AutoCloseable {
  private static final int BLOCK_BYTES = 64 << 10;

  private final CallState calls;
  private final int fd;
  private final MemorySegment argument;
  private final MemorySegment optionLength;
  private final MemorySegment rings;
  private final long rxBytes;

  /// @param arena to which the rings are mapped; closing it unmaps them
  /// @param frameBytes size of a frame of both rings, a power of two
  /// @throws LibOsException with advice
  PacketSocket(
      CallState calls, Arena arena, PacketOptions options, int ifindex, long mac, int frameBytes) {
    this.calls = calls;
    argument = arena.allocate(SockaddrLl.BYTES, 8);
    optionLength = arena.allocate(JAVA_INT);
    fd = LibCSocket.socket(calls, AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      throw new LibOsException("socket(AF_PACKET)", -fd, adviceOfSocket(-fd));
    }
    try {
      set("PACKET_VERSION", PACKET_VERSION, TPACKET_V2);
      set("PACKET_LOSS", PACKET_LOSS, 1);
      if (options.qdiscBypass()) {
        set("PACKET_QDISC_BYPASS", PACKET_QDISC_BYPASS, 1);
      }
      // Before Linux 4.20 there is no such option; receive() looks at the type of frames anyway.
      trySet(PACKET_IGNORE_OUTGOING, 1);
      rxBytes = ring("PACKET_RX_RING", PACKET_RX_RING, options.rxFrames(), frameBytes);
      long txBytes = ring("PACKET_TX_RING", PACKET_TX_RING, options.txFrames(), frameBytes);
      rings = map(rxBytes + txBytes, arena);
      bind(options.interfaceName(), ifindex);
      join(options, ifindex, mac);
    } catch (RuntimeException e) {
      LibC.close(calls, fd);
      throw e;
    }
  }

  static String adviceOfSocket(int errno) {
    return switch (errno) {
      case Errno.EPERM, Errno.EACCES ->
          "Give java the capability (setcap cap_net_raw+ep on its launcher), start it with"
              + " CAP_NET_RAW (systemd: AmbientCapabilities, containers: --cap-add NET_RAW), or"
              + " run as root.";
      case Errno.EAFNOSUPPORT -> "The kernel has no packet sockets: load the module af_packet.";
      default -> "";
    };
  }

  private void set(String name, int option, int value) {
    int code = trySet(option, value);
    if (code < 0) {
      throw new LibOsException("set " + name, -code, "");
    }
  }

  private int trySet(int option, int value) {
    argument.set(JAVA_INT, 0, value);
    return LibCSocket.setsockopt(calls, fd, SOL_PACKET, option, argument.address(), Integer.BYTES);
  }

  /// @return bytes of the ring
  private long ring(String name, int option, int frames, int frameBytes) {
    int blockBytes = Math.max(BLOCK_BYTES, frameBytes);
    int perBlock = blockBytes / frameBytes;
    int blocks = Math.max(1, frames / perBlock);
    TpacketReq.set(argument, blockBytes, blocks, frameBytes, blocks * perBlock);
    int code =
        LibCSocket.setsockopt(calls, fd, SOL_PACKET, option, argument.address(), TpacketReq.BYTES);
    if (code < 0) {
      throw new LibOsException(
          "make " + name + " of " + blocks + " blocks of " + blockBytes + " B",
          -code,
          "Choose fewer frames with network.packet.rx-frames and network.packet.tx-frames.");
    }
    return (long) blocks * blockBytes;
  }

  private MemorySegment map(long bytes, Arena arena) {
    long address =
        LibC.mmap(calls, 0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (address < 0) {
      throw new LibOsException(
          "mmap packet rings of " + bytes + " B",
          (int) -address,
          "Choose fewer frames with network.packet.rx-frames and network.packet.tx-frames.");
    }
    return LibC.mapped(address, bytes, arena);
  }

  private void bind(String interfaceName, int ifindex) {
    SockaddrLl.set(argument, AF_PACKET, ETH_P_ALL, ifindex);
    int code = LibCSocket.bind(calls, fd, argument.address(), SockaddrLl.BYTES);
    if (code < 0) {
      throw new LibOsException(
          "bind a packet socket to " + interfaceName,
          -code,
          code == -Errno.ENETDOWN ? "ip link set " + interfaceName + " up" : "");
    }
  }

  /// Tells the interface which frames to take besides those to itself: groups, because the stack
  /// needs them for IPv6; an address of the stack's own, or everything.
  private void join(PacketOptions options, int ifindex, long mac) {
    join("all multicast", ifindex, PACKET_MR_ALLMULTI, 0);
    if (options.promiscuous()) {
      join("promiscuous mode", ifindex, PACKET_MR_PROMISC, 0);
    } else if (options.macAddress() != 0) {
      join("another address", ifindex, PACKET_MR_UNICAST, mac);
    }
  }

  private void join(String what, int ifindex, int type, long mac) {
    PacketMreq.set(argument, ifindex, type, mac);
    int code =
        LibCSocket.setsockopt(
            calls, fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, argument.address(), PacketMreq.BYTES);
    if (code < 0) {
      throw new LibOsException("switch on " + what, -code, "");
    }
  }

  int fd() {
    return fd;
  }

  /// The ring for reception, then the one for transmission.
  MemorySegment rings() {
    return rings;
  }

  /// Where the ring for transmission starts.
  long txOffset() {
    return rxBytes;
  }

  /// Sends what the ring holds, without waiting.
  ///
  /// @return bytes sent, or `-errno`
  long send() {
    return LibCSocket.sendto(calls, fd, 0, 0, MSG_DONTWAIT, 0, 0);
  }

  /// Takes the pending error, so that it no longer makes the descriptor look readable.
  void clearError() {
    optionLength.set(JAVA_INT, 0, Integer.BYTES);
    LibCSocket.getsockopt(
        calls, fd, SOL_SOCKET, SO_ERROR, argument.address(), optionLength.address());
  }

  /// Frames that found the ring full since the last call.
  long takeDrops() {
    optionLength.set(JAVA_INT, 0, TpacketStats.BYTES);
    int code =
        LibCSocket.getsockopt(
            calls, fd, SOL_PACKET, PACKET_STATISTICS, argument.address(), optionLength.address());
    return code < 0 ? 0 : TpacketStats.drops(argument);
  }

  @Override
  public void close() {
    LibC.close(calls, fd);
  }
}
