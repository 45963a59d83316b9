package dev.demikv.libos.net;

import dev.demikv.libos.wire.Ipv6Header;

/// What path MTU discovery learned (RFC 1191, RFC 8201): destinations that take less than our link.
///
/// A bounded set-associative table: four places per destination, the oldest goes. Entries age after
/// ten minutes, so that a path that got wider is found (RFC 1191 §6.3).
public final class PathMtuCache {
  /// Below this, IPv4 packets go out without DON'T FRAGMENT instead: nobody is made to send tiny
  /// ones by a forged message.
  public static final int IPV4_MTU_BYTES_MIN = 552;

  private static final int WAYS = 4;
  private static final int SETS = 64;
  private static final long AGE_NANOS = 600_000_000_000L;

  /// RFC 1191 §7.1: what to try when an old router does not say what fits.
  private static final int[] PLATEAUS = {32_000, 17_914, 8_166, 4_352, 2_002, 1_492, 1_006, 508};

  private final long[] highs = new long[SETS * WAYS];
  private final long[] lows = new long[SETS * WAYS];
  private final boolean[] ipv6s = new boolean[SETS * WAYS];
  private final int[] mtus = new int[SETS * WAYS];
  private final long[] expiries = new long[SETS * WAYS];
  private final long hashKey;
  private int generation;
  private int used;

  /// @param hashKey random, so that nobody chooses who shares a set
  PathMtuCache(long hashKey) {
    this.hashKey = hashKey;
  }

  /// Changes whenever an entry does.
  int generation() {
    return generation;
  }

  /// The MTU of a path, or `mtuBytes` when nothing less is known.
  int lookup(boolean ipv6, long high, long low, int mtuBytes) {
    if (used == 0) {
      return mtuBytes;
    }
    int first = set(high, low) * WAYS;
    for (int i = first; i < first + WAYS; i++) {
      if (mtus[i] != 0 && lows[i] == low && highs[i] == high && ipv6s[i] == ipv6) {
        return Math.min(mtuBytes, mtus[i]);
      }
    }
    return mtuBytes;
  }

  /// What a path's MTU becomes by what a router said: never up, never below the least.
  ///
  /// @param nextHopMtu what it said; 0 when it said nothing (IPv4 only)
  /// @param packetBytes length of the packet that did not fit
  /// @param currentMtu what was thought to fit
  /// @return the new MTU; `currentMtu` when nothing changes
  static int reduced(boolean ipv6, int nextHopMtu, int packetBytes, int currentMtu) {
    int mtu =
        !ipv6 && nextHopMtu == 0 ? plateauBelow(Math.min(packetBytes, currentMtu)) : nextHopMtu;
    // RFC 8201 §4: never below the MTU that every IPv6 link has.
    return Math.min(
        currentMtu, Math.max(mtu, ipv6 ? Ipv6Header.MTU_BYTES_MIN : IPV4_MTU_BYTES_MIN));
  }

  private static int plateauBelow(int bytes) {
    for (int plateau : PLATEAUS) {
      if (plateau < bytes) {
        return plateau;
      }
    }
    return PLATEAUS[PLATEAUS.length - 1];
  }

  /// Notes the MTU of a path.
  void learn(boolean ipv6, long high, long low, int mtu, long nowNanos) {
    int first = set(high, low) * WAYS;
    int place = first;
    for (int i = first; i < first + WAYS; i++) {
      if (mtus[i] != 0 && lows[i] == low && highs[i] == high && ipv6s[i] == ipv6) {
        place = i;
        break;
      }
      if (mtus[place] != 0 && (mtus[i] == 0 || expiries[i] - expiries[place] < 0)) {
        place = i;
      }
    }
    used += mtus[place] == 0 ? 1 : 0;
    ipv6s[place] = ipv6;
    highs[place] = high;
    lows[place] = low;
    mtus[place] = mtu;
    expiries[place] = nowNanos + AGE_NANOS;
    generation++;
  }

  /// Forgets what is old.
  void age(long nowNanos) {
    for (int i = 0; used > 0 && i < mtus.length; i++) {
      if (mtus[i] != 0 && nowNanos - expiries[i] >= 0) {
        mtus[i] = 0;
        used--;
        generation++;
      }
    }
  }

  /// Entries in use.
  int count() {
    return used;
  }

  private int set(long high, long low) {
    long z = (high * 0x9e37_79b9_7f4a_7c15L ^ low ^ hashKey) * 0xbf58_476d_1ce4_e5b9L;
    return (int) (z >>> 58);
  }
}
