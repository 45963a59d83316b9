package dev.demikv.libos.net.tcp;

import java.util.random.RandomGenerator;

/// Ephemeral ports by the double-hash algorithm of RFC 6056 §3.3.4: for one destination they go up
/// one by one, so that a port is not used again soon; what they are for another, nobody can tell.
final class EphemeralPorts {
  private static final int COUNTERS = 64;

  private final SipHash offsets;
  private final SipHash groups;
  private final int first;
  private final int count;
  private final int[] counters = new int[COUNTERS];
  private int offset;
  private int group;

  EphemeralPorts(int first, int last, RandomGenerator random) {
    this.first = first;
    this.count = last - first + 1;
    offsets = new SipHash(random.nextLong(), random.nextLong());
    groups = new SipHash(random.nextLong(), random.nextLong());
    for (int i = 0; i < COUNTERS; i++) {
      counters[i] = random.nextInt(1 << 16);
    }
  }

  /// Ports in all.
  int count() {
    return count;
  }

  /// Begins a search for one destination; [#next] then gives the candidates.
  void begin(long localHigh, long localLow, long remoteHigh, long remoteLow, int remotePort) {
    offset = (int) hash(offsets, localHigh, localLow, remoteHigh, remoteLow, remotePort);
    group =
        (int) hash(groups, localHigh, localLow, remoteHigh, remoteLow, remotePort) & COUNTERS - 1;
  }

  /// The next candidate.
  int next() {
    int n = counters[group]++;
    return first + Integer.remainderUnsigned(offset + n, count);
  }

  private static long hash(
      SipHash f, long localHigh, long localLow, long remoteHigh, long remoteLow, int remotePort) {
    return f.begin()
        .add(localHigh)
        .add(localLow)
        .add(remoteHigh)
        .add(remoteLow)
        .add(remotePort)
        .finish();
  }
}
