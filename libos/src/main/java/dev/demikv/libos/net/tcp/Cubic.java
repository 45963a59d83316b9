package dev.demikv.libos.net.tcp;

/// CUBIC, RFC 9438. Windows are in segments, as there; times in seconds.
final class Cubic extends CongestionControl {
  /// §4.1.2, how fast the window grows.
  private static final double C = 0.4;

  /// §4.6, what is left of the window after congestion.
  private static final double BETA = 0.7;

  /// §4.3, the additive increase that makes the estimate as fair as Reno.
  private static final double ALPHA = 3 * (1 - BETA) / (1 + BETA);

  private static final double NANOS_PER_SECOND = 1e9;

  /// Window before the last reduction, after fast convergence.
  private double wMax;

  /// Window before the last reduction.
  private double cwndPrior;

  /// Time to come back to `wMax`.
  private double k;

  /// What Reno would have.
  private double wEst;

  /// Window at the start of the present stage; 0 while there is none.
  private double cwndEpoch;

  private long epochStartNanos;

  /// Fractions of a byte by which the window is larger than what is used.
  private double fraction;

  private double wMaxBefore;
  private double cwndPriorBefore;

  @Override
  String name() {
    return "cubic";
  }

  @Override
  double avoid(int bytes, int mss, long srttNanos, long nowNanos) {
    double cwnd = (cwndBytes() + fraction) / mss;
    double segments = (double) bytes / mss;
    if (cwndEpoch == 0) {
      beginEpoch(cwnd, nowNanos);
    }
    double t = (nowNanos - epochStartNanos) / NANOS_PER_SECOND;
    double rtt = srttNanos / NANOS_PER_SECOND;
    // §4.3: once as large as before the reduction, as aggressive as Reno.
    wEst += (wEst >= cwndPrior ? 1 : ALPHA) * segments / cwnd;
    double next;
    if (cubic(t) < wEst) {
      next = Math.max(wEst, cwnd);
    } else {
      // §4.2: the target is within one and one and a half windows.
      double target = Math.max(cwnd, Math.min(cubic(t + rtt), 1.5 * cwnd));
      next = cwnd + (target - cwnd) / cwnd * segments;
    }
    double nextBytes = next * mss;
    fraction = nextBytes - Math.floor(nextBytes);
    return nextBytes;
  }

  private void beginEpoch(double cwnd, long nowNanos) {
    epochStartNanos = nowNanos;
    cwndEpoch = cwnd;
    wEst = cwnd;
    if (wMax <= cwnd) {
      // §4.8, §4.10: no reduction to come back from.
      wMax = cwnd;
      k = 0;
    } else {
      k = Math.cbrt((wMax - cwnd) / C);
    }
  }

  private double cubic(double t) {
    double d = t - k;
    return C * d * d * d + wMax;
  }

  @Override
  int decrease(int flightBytes, int mss) {
    double cwnd = (double) cwndBytes() / mss;
    wMaxBefore = wMax;
    cwndPriorBefore = cwndPrior;
    // §4.7, fast convergence: the flow that shrinks again leaves room for a newer one.
    wMax = cwnd < wMax ? cwnd * (1 + BETA) / 2 : cwnd;
    cwndPrior = cwnd;
    cwndEpoch = 0;
    fraction = 0;
    return (int) (cwndBytes() * BETA);
  }

  @Override
  void clear() {
    wMax = 0;
    cwndPrior = 0;
    cwndEpoch = 0;
    fraction = 0;
    wMaxBefore = 0;
    cwndPriorBefore = 0;
  }

  @Override
  void restore() {
    // §4.9.2.
    wMax = wMaxBefore;
    cwndPrior = cwndPriorBefore;
    cwndEpoch = 0;
  }

  @Override
  void paused(long nanos) {
    // §5.8: time in which the application sent nothing does not count.
    epochStartNanos += nanos;
  }
}
