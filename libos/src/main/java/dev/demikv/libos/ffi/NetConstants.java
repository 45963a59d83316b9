package dev.demikv.libos.ffi;

/// Constants of Linux's headers for network interfaces, by their C names: net/if.h, sys/ioctl.h,
/// linux/if_tun.h, linux/virtio_net.h, linux/if_packet.h, linux/if_ether.h. All are the same on
/// x86-64 and on AArch64.
public final class NetConstants {
  /// Bytes of an interface's name, with the zero at its end.
  public static final int IFNAMSIZ = 16;

  // net/if.h, netdevice(7).

  /// The interface is up, for its administrator.
  public static final int IFF_UP = 0x1;

  /// It has what it needs to work, as a cable.
  public static final int IFF_RUNNING = 0x40;

  // bits/ioctls.h.

  /// Gets the flags of an interface.
  public static final int SIOCGIFFLAGS = 0x8913;

  /// Gets its MTU.
  public static final int SIOCGIFMTU = 0x8921;

  /// Gets its hardware address.
  public static final int SIOCGIFHWADDR = 0x8927;

  /// Gets its number.
  public static final int SIOCGIFINDEX = 0x8933;

  // linux/if_tun.h.

  /// Frames, not packets.
  public static final int IFF_TAP = 0x2;

  /// No flags and protocol in front of frames.
  public static final int IFF_NO_PI = 0x1000;

  /// A `struct virtio_net_hdr` in front of frames.
  public static final int IFF_VNET_HDR = 0x4000;

  /// Attaches a descriptor to an interface, or makes one.
  public static final int TUNSETIFF = 0x400454ca;

  /// Says what the reader of frames can do.
  public static final int TUNSETOFFLOAD = 0x400454d0;

  /// Of TUNSETOFFLOAD: frames without transport checksum.
  public static final int TUN_F_CSUM = 0x1;

  // linux/virtio_net.h.

  /// The checksum is to be completed.
  public static final int VIRTIO_NET_HDR_F_NEEDS_CSUM = 1;

  /// The checksum was found right.
  public static final int VIRTIO_NET_HDR_F_DATA_VALID = 2;

  // sys/socket.h, linux/if_packet.h, packet(7).

  /// Frames of interfaces.
  public static final int AF_PACKET = 17;

  /// With their link-level header.
  public static final int SOCK_RAW = 3;

  /// Level of the options below.
  public static final int SOL_PACKET = 263;

  /// Joins a [#PACKET_MR_PROMISC] and the like.
  public static final int PACKET_ADD_MEMBERSHIP = 1;

  /// Makes a ring for reception.
  public static final int PACKET_RX_RING = 5;

  /// Reads and clears a `struct tpacket_stats`.
  public static final int PACKET_STATISTICS = 6;

  /// Chooses the layout of the rings.
  public static final int PACKET_VERSION = 10;

  /// Makes a ring for transmission.
  public static final int PACKET_TX_RING = 13;

  /// Frames that the kernel finds wrong are dropped; else they stop the ring.
  public static final int PACKET_LOSS = 14;

  /// Past the queueing discipline.
  public static final int PACKET_QDISC_BYPASS = 20;

  /// No frames that this machine sends (since Linux 4.20).
  public static final int PACKET_IGNORE_OUTGOING = 23;

  /// All frames.
  public static final int PACKET_MR_PROMISC = 1;

  /// All frames to groups.
  public static final int PACKET_MR_ALLMULTI = 2;

  /// Frames to one more address.
  public static final int PACKET_MR_UNICAST = 3;

  /// `sll_pkttype`: sent by this machine.
  public static final int PACKET_OUTGOING = 4;

  /// Rings of frames of one size.
  public static final int TPACKET_V2 = 1;

  /// Reception: the frame is the kernel's.
  public static final int TP_STATUS_KERNEL = 0;

  /// Reception: the frame is ours.
  public static final int TP_STATUS_USER = 1;

  /// Reception: the transport checksum is not there yet.
  public static final int TP_STATUS_CSUMNOTREADY = 8;

  /// Reception: `tp_vlan_tci` was taken out of the frame.
  public static final int TP_STATUS_VLAN_VALID = 16;

  /// Reception: `tp_vlan_tpid` was taken out of the frame.
  public static final int TP_STATUS_VLAN_TPID_VALID = 64;

  /// Reception: the transport checksum was found right.
  public static final int TP_STATUS_CSUM_VALID = 128;

  /// Transmission: the frame is ours.
  public static final int TP_STATUS_AVAILABLE = 0;

  /// Transmission: the frame is to be sent.
  public static final int TP_STATUS_SEND_REQUEST = 1;

  // linux/if_ether.h.

  /// Every protocol.
  public static final int ETH_P_ALL = 3;

  private NetConstants() {}
}
