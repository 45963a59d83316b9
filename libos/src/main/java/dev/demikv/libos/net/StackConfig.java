package dev.demikv.libos.net;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.NetDeviceOptions;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.wire.IpAddress;
import java.util.ArrayList;
import java.util.List;

/// Configuration of the user-level stack.
///
/// @param addresses our addresses with the prefixes of their links, at least one
/// @param gateways default routers, at most one of each family; prefix bits mean nothing
/// @param mtuBytes longest packet, 0 for the device's
/// @param macAddress hardware address instead of the device's, or -1
/// @param vlan VLAN of our frames, 1 to 4094; -1 sends without a tag and takes any
/// @param statics neighbours that need not be asked
/// @param ipv6 whether IPv6 is on: then there is a link-local address too
/// @param hopLimit time to live and hop limit of what we send
/// @param neighborsMax most neighbours
/// @param fragmentsBytesMax memory that fragments of unfinished packets may hold
/// @param loopbackPacketsMax most packets to ourselves under way
/// @param icmpPerSecond ICMP errors and echo replies per second
/// @param socketsMax most sockets
/// @param datagramsMax most datagrams that wait at a socket
/// @param datagramBytes memory that datagrams may hold at a socket, unless it is set there
/// @param lingerNanos how long the close of the stack waits for its connections to end
public record StackConfig(
    List<Prefix> addresses,
    List<Prefix> gateways,
    int mtuBytes,
    long macAddress,
    int vlan,
    List<StaticNeighbor> statics,
    boolean ipv6,
    int hopLimit,
    int neighborsMax,
    int fragmentsBytesMax,
    int loopbackPacketsMax,
    int icmpPerSecond,
    int socketsMax,
    int datagramsMax,
    int datagramBytes,
    long lingerNanos) {

  /// Least MTU: below it IPv6 does not work (RFC 8200 §5); with IPv4 alone, RFC 791's 576.
  static final int MTU_BYTES_MIN = 576;

  /// Longest MTU: jumbo frames.
  static final int MTU_BYTES_MAX = 9_000;

  private static final String ADDRESS = "network.address";
  private static final String GATEWAY = "network.gateway";
  private static final String MTU = "network.mtu";
  private static final String VLAN = "network.vlan";
  private static final String ARP = "network.arp";
  private static final String IPV6 = "network.ipv6";
  private static final String HOP_LIMIT = "network.hop-limit";
  private static final String NEIGHBORS = "network.neighbors-max";
  private static final String FRAGMENTS = "network.fragments-bytes-max";
  private static final String LOOPBACK = "network.loopback-packets-max";
  private static final String ICMP_RATE = "network.icmp.per-second";
  private static final String SOCKETS = "network.sockets-max";
  private static final String DATAGRAMS = "network.udp.datagrams-max";
  private static final String LINGER = "network.close-linger";
  private static final String DATAGRAM_BYTES = "network.udp.receive-bytes";

  /// The options of the stack, but for those of TCP.
  public static final List<OptionSpec> OPTION_SPECS =
      List.of(
          new OptionSpec(
              ADDRESS,
              "",
              "Addresses of the user-level stack with their prefixes, separated by commas, as"
                  + " 10.77.0.2/24,fd77::2/64. Needed by every backend that brings frames."),
          new OptionSpec(
              GATEWAY,
              "",
              "Default routers, one per family, separated by commas, as 10.77.0.1,fd77::1."),
          new OptionSpec(
              MTU,
              "",
              "Longest packet in bytes, 576 (1280 with IPv6) to 9000; at most the device's, which"
                  + " is the default."),
          NetDeviceOptions.MAC,
          new OptionSpec(
              VLAN,
              "any",
              "VLAN whose tag frames carry, 1 to 4094; 'any' sends without a tag and takes frames"
                  + " with any tag."),
          new OptionSpec(
              ARP,
              "",
              "Neighbours that need not be asked, separated by commas, as"
                  + " 10.77.0.1=02:00:00:00:00:01; also IPv6."),
          new OptionSpec(
              IPV6,
              "true",
              "Whether IPv6 is on: with a link-local address made of the hardware address."),
          new OptionSpec(HOP_LIMIT, "64", "Time to live and hop limit of packets, 1 to 255."),
          new OptionSpec(NEIGHBORS, "512", "Most neighbours that are remembered, 8 to 65536."),
          new OptionSpec(
              FRAGMENTS,
              "1MiB",
              "Buffers that fragments of unfinished packets may hold, 64 KiB to 1 GiB."),
          new OptionSpec(
              LOOPBACK, "1024", "Most packets to ourselves that are under way, 16 to 65536."),
          new OptionSpec(
              ICMP_RATE,
              "1000",
              "ICMP errors, and apart from them echo replies, per second, 1 to 1000000."),
          new OptionSpec(SOCKETS, "16384", "Most sockets of the user-level stack, 1 to 1048576."),
          new OptionSpec(
              DATAGRAMS, "256", "Most datagrams that wait at a socket for pops, 1 to 65536."),
          new OptionSpec(
              DATAGRAM_BYTES,
              "1MiB",
              "Buffers that datagrams may hold at a socket, 2 KiB to 1 GiB, unless"
                  + " RECEIVE_BUFFER_BYTES is set."),
          new OptionSpec(
              LINGER,
              "200ms",
              "How long the close of a LibOs waits for its connections to end, 0 to 60s; what is"
                  + " left then is reset."));

  public StackConfig {
    addresses = List.copyOf(addresses);
    gateways = List.copyOf(gateways);
    statics = List.copyOf(statics);
    if (addresses.size() > RouteTable.ADDRESSES_MAX - 1) {
      throw new IllegalArgumentException(
          ADDRESS
              + " has "
              + addresses.size()
              + " addresses, more than "
              + (RouteTable.ADDRESSES_MAX - 1));
    }
    if (addresses.isEmpty()) {
      throw new IllegalArgumentException(
          "option "
              + ADDRESS
              + " is needed: the addresses of this host, as 10.77.0.2/24; a device"
              + " that brings frames has none of its own");
    }
    boolean anyIpv6 = addresses.stream().anyMatch(Prefix::ipv6);
    if (anyIpv6 && !ipv6) {
      throw new IllegalArgumentException(
          ADDRESS + " has an IPv6 address but " + IPV6 + " is false: change one of the two");
    }
    int least = ipv6 && anyIpv6 ? 1280 : MTU_BYTES_MIN;
    if (mtuBytes != 0 && mtuBytes < least) {
      throw new IllegalArgumentException(
          MTU
              + " = "
              + mtuBytes
              + " is too small: at least "
              + least
              + (least == 1280 ? ", or without IPv6 addresses 576" : ""));
    }
  }

  /// An address with a prefix.
  ///
  /// @param low for IPv4, the address in the low 32 bits
  public record Prefix(boolean ipv6, long high, long low, int bits) {}

  /// A neighbour that need not be asked.
  public record StaticNeighbor(boolean ipv6, long high, long low, long macAddress) {}

  /// Reads the options.
  ///
  /// @throws IllegalArgumentException saying which option is wrong and what it should be
  public static StackConfig of(Options options) {
    List<Prefix> addresses = new ArrayList<>();
    for (String text : list(options, ADDRESS)) {
      addresses.add(ownAddress(text));
    }
    return new StackConfig(
        addresses,
        gateways(options),
        options.has(MTU) ? (int) options.bytes(MTU, 0, MTU_BYTES_MIN, MTU_BYTES_MAX) : 0,
        options.has(NetDeviceOptions.MAC.key()) ? NetDeviceOptions.mac(options) : -1,
        vlan(options),
        statics(options),
        options.flag(IPV6, true),
        (int) options.integer(HOP_LIMIT, 64, 1, 255),
        (int) options.integer(NEIGHBORS, 512, 8, 65_536),
        (int) options.bytes(FRAGMENTS, 1 << 20, 64 << 10, 1 << 30),
        (int) options.integer(LOOPBACK, 1_024, 16, 65_536),
        (int) options.integer(ICMP_RATE, 1_000, 1, 1_000_000),
        (int) options.integer(SOCKETS, 16_384, 1, 1 << 20),
        (int) options.integer(DATAGRAMS, 256, 1, 65_536),
        (int) options.bytes(DATAGRAM_BYTES, 1 << 20, 2_048, 1 << 30),
        options.nanos(LINGER, 200_000_000, 0, 60_000_000_000L));
  }

  private static List<String> list(Options options, String key) {
    List<String> items = new ArrayList<>();
    for (String item : options.text(key, "").split(",", -1)) {
      if (!item.isBlank()) {
        items.add(item.trim());
      }
    }
    return items;
  }

  private static Prefix ownAddress(String text) {
    int slash = text.indexOf('/');
    Endpoint address = address(ADDRESS, slash < 0 ? text : text.substring(0, slash));
    boolean ipv6 = address.family() == AddressFamily.INET6;
    int most = ipv6 ? 128 : 32;
    int bits = -1;
    if (slash >= 0) {
      try {
        bits = Integer.parseInt(text.substring(slash + 1).trim());
      } catch (NumberFormatException e) {
        bits = -1;
      }
    }
    if (bits < 1 || bits > most) {
      throw bad(ADDRESS, text, "needs its prefix, as 10.77.0.2/24 or fd77::2/64");
    }
    long high = address.addressHigh();
    long low = address.addressLow();
    boolean impossible =
        ipv6
            ? IpAddress.isIpv6Multicast(high) || high == 0
            : IpAddress.isIpv4Multicast((int) low)
                || IpAddress.isIpv4Reserved((int) low)
                || IpAddress.isIpv4Loopback((int) low)
                || IpAddress.isIpv4ThisNetwork((int) low);
    if (impossible) {
      throw bad(ADDRESS, text, "is not an address that a host can have");
    }
    int hosts = ipv6 || bits >= 31 ? 0 : ~IpAddress.ipv4Mask(bits);
    if (hosts != 0 && (((int) low & hosts) == 0 || ((int) low & hosts) == hosts)) {
      throw bad(ADDRESS, text, "is the network's own or its broadcast address; give the host's");
    }
    return new Prefix(ipv6, high, low, bits);
  }

  private static List<Prefix> gateways(Options options) {
    List<Prefix> gateways = new ArrayList<>();
    for (String text : list(options, GATEWAY)) {
      Endpoint address = address(GATEWAY, text);
      boolean ipv6 = address.family() == AddressFamily.INET6;
      if (gateways.stream().anyMatch(other -> other.ipv6() == ipv6)) {
        throw bad(GATEWAY, text, "is the second one of its family; give one");
      }
      gateways.add(new Prefix(ipv6, address.addressHigh(), address.addressLow(), 0));
    }
    return gateways;
  }

  private static int vlan(Options options) {
    return options.text(VLAN, "any").trim().equals("any")
        ? -1
        : (int) options.integer(VLAN, 0, 1, 4_094);
  }

  private static List<StaticNeighbor> statics(Options options) {
    List<StaticNeighbor> statics = new ArrayList<>();
    for (String text : list(options, ARP)) {
      int equals = text.indexOf('=');
      if (equals < 0) {
        throw bad(ARP, text, "is not address=hardware address, as 10.77.0.1=02:00:00:00:00:01");
      }
      Endpoint address = address(ARP, text.substring(0, equals));
      statics.add(
          new StaticNeighbor(
              address.family() == AddressFamily.INET6,
              address.addressHigh(),
              address.addressLow(),
              NetDeviceOptions.parseMac(ARP, text.substring(equals + 1).trim())));
    }
    return statics;
  }

  private static Endpoint address(String key, String text) {
    try {
      return IpText.parse(text);
    } catch (IllegalArgumentException e) {
      throw bad(key, text, "is not an address: " + e.getMessage(), e);
    }
  }

  private static IllegalArgumentException bad(String key, String value, String why) {
    return bad(key, value, why, null);
  }

  private static IllegalArgumentException bad(
      String key, String value, String why, @Nullable Throwable cause) {
    return new IllegalArgumentException("option " + key + ": '" + value + "' " + why, cause);
  }
}
