package dev.demikv.libos.wire;

/// The hash by which NICs choose a receive queue (receive side scaling, RSS), as Microsoft's
/// "Introduction to Receive Side Scaling" defines it.
///
/// Of the input's bits, the first is the first on the wire; each bit that is set adds (XOR) the 32
/// bits of the key that begin at its place. Bounded by the input's length; for the control path.
public final class ToeplitzHash {
  /// Bytes of key that the longest input needs: two IPv6 addresses and two ports.
  public static final int KEY_BYTES = 40;

  private final byte[] key;

  /// A hash with this key.
  ///
  /// @param key [#KEY_BYTES] or more; copied
  public ToeplitzHash(byte[] key) {
    if (key.length < KEY_BYTES) {
      throw new IllegalArgumentException("a key of " + key.length + " bytes, needed " + KEY_BYTES);
    }
    this.key = key.clone();
  }

  /// Of a TCP or UDP packet over IPv4, or over IPv6 with addresses of 16 bytes.
  public int ofPorts(
      boolean ipv6,
      long sourceHigh,
      long sourceLow,
      long destinationHigh,
      long destinationLow,
      int sourcePort,
      int destinationPort) {
    long ports = (long) sourcePort << 16 | destinationPort;
    if (!ipv6) {
      return of(sourceLow, 32, 0) ^ of(destinationLow, 32, 32) ^ of(ports, 32, 64);
    }
    return of(sourceHigh, 64, 0)
        ^ of(sourceLow, 64, 64)
        ^ of(destinationHigh, 64, 128)
        ^ of(destinationLow, 64, 192)
        ^ of(ports, 32, 256);
  }

  /// Of the low bits of a value that lies at a place of the input, in bits.
  private int of(long value, int bits, int place) {
    int hash = 0;
    for (int i = 0; i < bits; i++) {
      if ((value >>> (bits - 1 - i) & 1) != 0) {
        hash ^= window(place + i);
      }
    }
    return hash;
  }

  /// 32 bits of the key from a place on.
  private int window(int place) {
    long five = 0;
    for (int i = 0; i < 5; i++) {
      int at = place / 8 + i;
      five = five << 8 | (at < key.length ? key[at] & 0xff : 0);
    }
    return (int) (five >>> (8 - place % 8));
  }
}
