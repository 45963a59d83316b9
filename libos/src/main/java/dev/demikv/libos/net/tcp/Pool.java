package dev.demikv.libos.net.tcp;

import dev.demikv.libos.lang.Nullable;
import java.util.Arrays;
import java.util.function.Supplier;

/// A bounded stock of reusable objects, made when first needed and never given up: after the most
/// that a load needs have been made, nothing is allocated.
final class Pool<T> {
  private final Supplier<T> maker;
  private final int capacity;
  private @Nullable Object[] free = new @Nullable Object[16];
  private int freeCount;
  private int madeCount;

  Pool(int capacity, Supplier<T> maker) {
    this.capacity = capacity;
    this.maker = maker;
  }

  /// An object in whatever state it was put back in, or `null` when all are out.
  @SuppressWarnings("unchecked")
  @Nullable
  T take() {
    if (freeCount > 0) {
      Object object = free[--freeCount];
      free[freeCount] = null;
      return (T) object;
    }
    if (madeCount == capacity) {
      return null;
    }
    madeCount++;
    return maker.get();
  }

  void put(T object) {
    if (freeCount == free.length) {
      free = Arrays.copyOf(free, Math.min(freeCount * 2, Math.max(capacity, freeCount + 1)));
    }
    free[freeCount++] = object;
  }

  /// Objects that can still be taken.
  int availableCount() {
    return capacity - madeCount + freeCount;
  }

  /// Objects that are out.
  int outCount() {
    return madeCount - freeCount;
  }
}
