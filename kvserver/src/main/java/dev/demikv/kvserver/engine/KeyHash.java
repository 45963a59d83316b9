package dev.demikv.kvserver.engine;

import java.lang.foreign.MemorySegment;

/// A seeded 64-bit hash of keys, by words of eight bytes and full multiplications.
///
/// The construction is wyhash's: each step folds the 128-bit product of two words that were mixed
/// with secrets. The secrets come from the seed, so that a client that does not know it can neither
/// find words that multiply by zero nor keys that collide: no more is promised, this is no
/// cryptographic hash.
final class KeyHash {
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

  private final long secret0;
  private final long secret1;
  private final long secret2;

  KeyHash(long seed) {
    this.secret0 = scramble(seed + GOLDEN_GAMMA);
    this.secret1 = scramble(seed + 2 * GOLDEN_GAMMA) | 1;
    this.secret2 = scramble(seed + 3 * GOLDEN_GAMMA) | 1;
  }

  long of(Slice key) {
    return of(key.memory(), key.offset(), key.length());
  }

  long of(MemorySegment memory, long offset, int length) {
    long hash = secret0 ^ length;
    int i = 0;
    for (; i + 16 < length; i += 16) {
      hash =
          fold(
              memory.get(Bytes.I64, offset + i) ^ secret1,
              memory.get(Bytes.I64, offset + i + 8) ^ hash);
    }
    long low;
    long high;
    int rest = length - i;
    if (rest >= 8) {
      low = memory.get(Bytes.I64, offset + i);
      high = memory.get(Bytes.I64, offset + length - 8);
    } else if (rest >= 4) {
      low = memory.get(Bytes.I32, offset + i);
      high = memory.get(Bytes.I32, offset + length - 4);
    } else {
      low = 0;
      high = 0;
      for (; i < length; i++) {
        low = low << 8 | (memory.get(Bytes.U8, offset + i) & 0xff);
      }
    }
    return fold(fold(low ^ secret1, high ^ hash) ^ secret2, hash ^ secret0);
  }

  private static long fold(long a, long b) {
    return Math.unsignedMultiplyHigh(a, b) ^ a * b;
  }

  /// The output function of SplitMix64 (Steele, Lea, Flood 2014).
  static long scramble(long word) {
    word = (word ^ word >>> 30) * 0xbf58476d1ce4e5b9L;
    word = (word ^ word >>> 27) * 0x94d049bb133111ebL;
    return word ^ word >>> 31;
  }
}
