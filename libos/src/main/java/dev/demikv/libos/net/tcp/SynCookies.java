package dev.demikv.libos.net.tcp;

import java.util.random.RandomGenerator;

/// SYN cookies, RFC 4987 §3.6: while the SYN queue is full, what it would hold is put into the
/// initial sequence number and the timestamp of the SYN-ACK, and sealed.
///
/// ```
///   ISN:       minute (5 bits) │ MSS class (3) │ seal (24)
///   timestamp: … │ reserved (1) │ SACK permitted (1) │ window shift (4; 15: none)
/// ```
///
/// The seal covers endpoints, the peer's ISN, minute, class and timestamp bits. A cookie is good
/// for one to two minutes.
final class SynCookies {
  private static final long MINUTE_NANOS = 60_000_000_000L;
  private static final int MINUTE_MASK = 31;
  private static final int SEAL_BITS = 24;
  private static final int SEAL_MASK = (1 << SEAL_BITS) - 1;
  private static final int AGE_MAX_MINUTES = 1;

  /// Bits of the timestamp that are used.
  private static final int OPTION_MASK = 63;

  private static final int SACK_BIT = 16;
  private static final int NO_WINDOW_SHIFT = 15;

  /// Stands for the bits of a timestamp that there is not.
  private static final int NO_TIMESTAMPS = 64;

  /// The classes that a peer's maximum segment size is rounded down to.
  private static final int[] MSS_CLASSES = {216, 536, 1_220, 1_360, 1_440, 1_460, 4_312, 8_940};

  private final SipHash seals;

  /// When the last cookie was sent; none was when this is far back.
  private long lastSentNanos;

  private boolean everSent;

  SynCookies(RandomGenerator random) {
    seals = new SipHash(random.nextLong(), random.nextLong());
  }

  /// Whether a cookie that is still good may be out.
  boolean mayBeOut(long nowNanos) {
    return everSent && nowNanos - lastSentNanos <= (AGE_MAX_MINUTES + 1) * MINUTE_NANOS;
  }

  /// Makes the initial sequence number for a half-open connection that is not kept.
  int make(HalfOpen h, long nowNanos) {
    everSent = true;
    lastSentNanos = nowNanos;
    int minute = minute(nowNanos);
    int mssClass = 0;
    for (int i = 1; i < MSS_CLASSES.length; i++) {
      if (MSS_CLASSES[i] <= h.peerMss) {
        mssClass = i;
      }
    }
    int bits = h.timestampsOk ? optionBits(h) : NO_TIMESTAMPS;
    return minute << 27 | mssClass << SEAL_BITS | seal(h, minute, mssClass, bits);
  }

  /// The timestamp to send with a cookie: not later than the clock.
  static int timestamp(HalfOpen h, int clock) {
    int marked = clock & ~OPTION_MASK | optionBits(h);
    return marked - clock > 0 ? marked - (OPTION_MASK + 1) : marked;
  }

  private static int optionBits(HalfOpen h) {
    return (h.sndShift < 0 ? NO_WINDOW_SHIFT : h.sndShift) | (h.sackOk ? SACK_BIT : 0);
  }

  /// Checks the cookie in `h.iss`, with endpoints, `h.irs` and `h.timestampsOk` set, and fills in
  /// what it tells.
  ///
  /// @param tsEcr the timestamp that came back with it
  boolean open(HalfOpen h, int tsEcr, long nowNanos) {
    int minute = h.iss >>> 27;
    int mssClass = h.iss >>> SEAL_BITS & 7;
    int age = minute(nowNanos) - minute & MINUTE_MASK;
    int bits = h.timestampsOk ? tsEcr & OPTION_MASK : NO_TIMESTAMPS;
    if (age > AGE_MAX_MINUTES || (h.iss & SEAL_MASK) != seal(h, minute, mssClass, bits)) {
      return false;
    }
    h.peerMss = MSS_CLASSES[mssClass];
    h.sackOk = h.timestampsOk && (bits & SACK_BIT) != 0;
    int shift = bits & NO_WINDOW_SHIFT;
    h.sndShift = h.timestampsOk && shift != NO_WINDOW_SHIFT ? shift : -1;
    return true;
  }

  private static int minute(long nowNanos) {
    return (int) (nowNanos / MINUTE_NANOS) & MINUTE_MASK;
  }

  private int seal(HalfOpen h, int minute, int mssClass, int bits) {
    long f =
        seals
            .begin()
            .add(h.path().localHigh())
            .add(h.path().localLow())
            .add(h.path().remoteHigh())
            .add(h.path().remoteLow())
            .add((long) h.localPort << 48 | (long) h.remotePort << 32 | h.irs & 0xffff_ffffL)
            .add((long) minute << 16 | (long) mssClass << 8 | bits)
            .finish();
    return (int) f & SEAL_MASK;
  }
}
