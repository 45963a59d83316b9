package dev.demikv.libos.net.tcp;

import java.util.random.RandomGenerator;

/// A fast keyed hash of a connection's endpoints: a peer that does not know the key cannot choose
/// ports that collide. Folded 128-bit products; for tables only, not for numbers that are sent.
final class TupleHash {
  private final long key0;
  private final long key1;
  private final long key2;
  private final long key3;
  private final long key4;

  TupleHash(RandomGenerator random) {
    key0 = random.nextLong();
    key1 = random.nextLong();
    key2 = random.nextLong();
    key3 = random.nextLong();
    key4 = random.nextLong();
  }

  int of(
      long localHigh,
      long localLow,
      int localPort,
      long remoteHigh,
      long remoteLow,
      int remotePort) {
    long local = fold(localLow ^ key0, localHigh ^ key1);
    long remote = fold(remoteLow ^ key2, remoteHigh ^ key3);
    long ports = (long) localPort << 16 | remotePort;
    long hash = fold(local ^ ports, remote ^ key4);
    return (int) (hash ^ hash >>> 32);
  }

  private static long fold(long a, long b) {
    return a * b ^ Math.multiplyHigh(a, b);
  }
}
