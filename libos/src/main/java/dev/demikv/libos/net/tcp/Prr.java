package dev.demikv.libos.net.tcp;

/// Proportional rate reduction with the slow start reduction bound, RFC 6937: spreads the reduction
/// of the window over the acknowledgements of a recovery.
final class Prr {
  private int recoverFlightBytes;
  private int deliveredBytes;
  private int outBytes;

  /// A recovery begins.
  void begin(int flightBytes) {
    recoverFlightBytes = Math.max(flightBytes, 1);
    deliveredBytes = 0;
    outBytes = 0;
  }

  /// An acknowledgement came; how many bytes may be sent in response.
  int allowance(int delivered, int pipeBytes, int ssthreshBytes, int mss) {
    deliveredBytes += delivered;
    long count;
    if (pipeBytes > ssthreshBytes) {
      // Proportional: ceil(delivered * ssthresh / flight) in all.
      long share =
          ((long) deliveredBytes * ssthreshBytes + recoverFlightBytes - 1) / recoverFlightBytes;
      count = share - outBytes;
    } else {
      long limit = Math.max(deliveredBytes - outBytes, delivered) + (long) mss;
      count = Math.min(ssthreshBytes - pipeBytes, limit);
    }
    return (int) Math.max(count, 0);
  }

  /// Bytes were sent.
  void sent(int bytes) {
    outBytes += bytes;
  }
}
