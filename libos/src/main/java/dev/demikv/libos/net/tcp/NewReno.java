package dev.demikv.libos.net.tcp;

/// Additive increase and halving, RFC 5681 and RFC 6582.
final class NewReno extends CongestionControl {
  /// RFC 5681 §3.1: bytes acknowledged since the window last grew by a segment.
  private int acknowledgedBytes;

  @Override
  String name() {
    return "newreno";
  }

  @Override
  double avoid(int bytes, int mss, long srttNanos, long nowNanos) {
    int cwnd = cwndBytes();
    acknowledgedBytes += bytes;
    if (acknowledgedBytes >= cwnd) {
      acknowledgedBytes -= cwnd;
      return cwnd + (double) mss;
    }
    return cwnd;
  }

  @Override
  int decrease(int flightBytes, int mss) {
    acknowledgedBytes = 0;
    return flightBytes / 2;
  }

  @Override
  void clear() {
    acknowledgedBytes = 0;
  }

  @Override
  void restore() {}

  @Override
  void paused(long nanos) {}
}
