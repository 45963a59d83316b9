package dev.demikv.libos.net.tcp;

/// The congestion window of one connection and how it moves: slow start, RFC 5681 §3.1, is common;
/// congestion avoidance and the response to congestion are the algorithm's.
///
/// While loss is being repaired, the window is set by [Prr] instead.
abstract sealed class CongestionControl permits NewReno, Cubic {
  private int cwndBytes;
  private int ssthreshBytes = Integer.MAX_VALUE;
  private int cwndBefore;
  private int ssthreshBefore;

  /// For `describe`: `cubic`, `newreno`.
  abstract String name();

  /// Grows the window in congestion avoidance.
  ///
  /// @param bytes newly acknowledged
  /// @return the new window
  abstract double avoid(int bytes, int mss, long srttNanos, long nowNanos);

  /// The new slow start threshold after a congestion event; notes what the algorithm needs.
  abstract int decrease(int flightBytes, int mss);

  /// Forgets what the algorithm knows.
  abstract void clear();

  /// Takes back what the last [#decrease] noted.
  abstract void restore();

  /// The connection was idle from one time to another, or limited by its application.
  abstract void paused(long nanos);

  final void reset(int initialWindowBytes) {
    cwndBytes = initialWindowBytes;
    ssthreshBytes = Integer.MAX_VALUE;
    cwndBefore = 0;
    ssthreshBefore = 0;
    clear();
  }

  final int cwndBytes() {
    return cwndBytes;
  }

  final int ssthreshBytes() {
    return ssthreshBytes;
  }

  final boolean inSlowStart() {
    return cwndBytes < ssthreshBytes;
  }

  /// New data was acknowledged while the window was what limited sending.
  final void acknowledged(int bytes, int mss, long srttNanos, long nowNanos) {
    int left = bytes;
    if (inSlowStart()) {
      // RFC 9406 §4.2 allows up to 8 segments per acknowledgement, for receivers that
      // acknowledge more than two at a time.
      int grown = Math.min(Math.min(left, 8 * mss), ssthreshBytes - cwndBytes);
      cwndBytes += grown;
      left -= grown;
      if (inSlowStart()) {
        return;
      }
    }
    if (left > 0) {
      cwndBytes = (int) Math.min(avoid(left, mss, srttNanos, nowNanos), 1 << 30);
    }
  }

  /// A congestion event without a timeout: sets the threshold. The window follows by PRR.
  final void congested(int flightBytes, int mss) {
    remember();
    ssthreshBytes = Math.max(decrease(flightBytes, mss), 2 * mss);
  }

  /// A timeout: RFC 5681 §3.1, equation 4, and the loss window of one segment.
  ///
  /// @param isFirst whether it is the first for this data; others leave the threshold alone
  final void timedOut(int flightBytes, int mss, boolean isFirst) {
    if (isFirst) {
      remember();
      ssthreshBytes = Math.max(decrease(flightBytes, mss), 2 * mss);
    }
    cwndBytes = mss;
  }

  private void remember() {
    cwndBefore = cwndBytes;
    ssthreshBefore = ssthreshBytes;
  }

  /// The congestion event was none.
  final void undo() {
    cwndBytes = Math.max(cwndBytes, cwndBefore);
    ssthreshBytes = Math.max(ssthreshBytes, ssthreshBefore);
    restore();
  }

  final void setCwnd(int bytes) {
    cwndBytes = bytes;
  }

  /// RFC 5681 §4.1: after an idle time of an RTO the window is the initial one again.
  final void restart(int initialWindowBytes) {
    cwndBytes = Math.min(cwndBytes, initialWindowBytes);
  }
}
