package dev.demikv.libos.wire;

import java.util.HexFormat;
import java.util.regex.Pattern;

/// Hardware addresses as numbers: the first byte on the wire in bits 47 to 40.
public final class MacAddress {
  /// All stations.
  public static final long BROADCAST = 0xffff_ffff_ffffL;

  /// Bytes of a hardware address.
  public static final int BYTES = 6;

  /// Least significant bit of the first byte: a group address, IEEE 802 §8.2.
  private static final long GROUP_BIT = 0x0100_0000_0000L;

  /// Next bit of the first byte: chosen by the owner, not by a maker.
  private static final long LOCAL_BIT = 0x0200_0000_0000L;

  private static final long IPV4_MULTICAST = 0x0100_5e00_0000L;
  private static final long IPV6_MULTICAST = 0x3333_0000_0000L;
  private static final Pattern TEXT = Pattern.compile("[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}");

  private MacAddress() {}

  /// A locally administered address that follows from a name: always the same for the same name,
  /// and different for different ones but for a chance of 1 in 2^46.
  public static long ofName(String name) {
    long hash = 0xcbf29ce484222325L; // FNV-1a, 64 bits.
    for (int i = 0; i < name.length(); i++) {
      hash = (hash ^ name.charAt(i)) * 0x100000001b3L;
    }
    hash ^= hash >>> 32;
    hash *= 0xd6e8_feb8_6659_fd93L; // Names that differ in their last letter differ everywhere.
    hash ^= hash >>> 32;
    return hash & BROADCAST & ~GROUP_BIT | LOCAL_BIT;
  }

  /// Whether it names a group of stations, the broadcast address included.
  public static boolean isGroup(long address) {
    return (address & GROUP_BIT) != 0;
  }

  /// The group that an IPv4 multicast address is sent to, RFC 1112 §6.4.
  public static long ofIpv4Multicast(int address) {
    return IPV4_MULTICAST | address & 0x7f_ffff;
  }

  /// The group that an IPv6 multicast address is sent to, RFC 2464 §7.
  ///
  /// @param low last eight bytes of the address
  public static long ofIpv6Multicast(long low) {
    return IPV6_MULTICAST | low & 0xffff_ffffL;
  }

  /// As `02:00:00:00:00:01`.
  public static String format(long address) {
    String digits = HexFormat.of().toHexDigits(address, 12);
    StringBuilder text = new StringBuilder(digits.substring(0, 2));
    for (int i = 2; i < 12; i += 2) {
      text.append(':').append(digits, i, i + 2);
    }
    return text.toString();
  }

  /// Reads `02:00:00:00:00:01` or `02-00-00-00-00-01`.
  ///
  /// @throws IllegalArgumentException when it is not one
  public static long parse(String text) {
    if (!TEXT.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a hardware address, as 02:00:00:00:00:01");
    }
    return HexFormat.fromHexDigitsToLong(text.replace(":", "").replace("-", ""));
  }
}
