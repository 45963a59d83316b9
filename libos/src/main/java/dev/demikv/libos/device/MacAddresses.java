package dev.demikv.libos.device;

/// Hardware addresses as numbers, the first byte on the wire in bits 47 to 40.
public final class MacAddresses {
  /// Bytes of a hardware address.
  public static final int BYTES = 6;

  private static final long MASK = 0xffff_ffff_ffffL;

  /// Least significant bit of the first byte: a group address, IEEE 802 §8.2.
  private static final long GROUP = 0x0100_0000_0000L;

  /// Next bit of the first byte: chosen by the owner, not by a maker.
  private static final long LOCAL = 0x0200_0000_0000L;

  private MacAddresses() {}

  /// Whether it is a multicast address or the broadcast address.
  public static boolean isGroup(long macAddress) {
    return (macAddress & GROUP) != 0;
  }

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
    return hash & MASK & ~GROUP | LOCAL;
  }

  /// As `02:00:5e:00:53:01`.
  public static String format(long macAddress) {
    StringBuilder text = new StringBuilder(17);
    for (int shift = 40; shift >= 0; shift -= 8) {
      int octet = (int) (macAddress >>> shift) & 0xff;
      text.append(Character.forDigit(octet >>> 4, 16)).append(Character.forDigit(octet & 15, 16));
      if (shift > 0) {
        text.append(':');
      }
    }
    return text.toString();
  }

  /// Parses six bytes in hexadecimal with colons between.
  ///
  /// @param key option that holds the text, for the message
  /// @throws IllegalArgumentException when it is not the address of one interface
  public static long parse(String key, String text) {
    String[] octets = text.trim().split(":", -1);
    long address = 0;
    boolean valid = octets.length == BYTES;
    for (int i = 0; valid && i < BYTES; i++) {
      valid = octets[i].matches("[0-9a-fA-F]{1,2}");
      address = valid ? address << 8 | Integer.parseInt(octets[i], 16) : 0;
    }
    if (!valid || address == 0 || isGroup(address)) {
      throw new IllegalArgumentException(
          "option "
              + key
              + ": '"
              + text
              + "' is not the hardware address of one interface, as 02:00:5e:00:53:01");
    }
    return address;
  }
}
