package dev.demikv.libos.memory;

import java.util.IdentityHashMap;

/// Remembers where each buffer that is out was taken. For tests: it allocates on every take.
public class LeakDetector {
  /// Does nothing; what pools start with.
  static final LeakDetector OFF =
      new LeakDetector() {
        @Override
        void taken(Buffer buffer) {}

        @Override
        void returned(Buffer buffer) {}
      };

  private final IdentityHashMap<Buffer, Throwable> out = new IdentityHashMap<>();

  /// A detector that records a stack trace for each buffer taken from the pools it is set on.
  public LeakDetector() {}

  void taken(Buffer buffer) {
    out.put(buffer, new Throwable("buffer of " + buffer.capacityBytes() + " B taken here"));
  }

  void returned(Buffer buffer) {
    out.remove(buffer);
  }

  /// Buffers that are out.
  public int outCount() {
    return out.size();
  }

  /// Checks that every buffer came back.
  ///
  /// @throws AssertionError naming how many are out, with the place where one was taken as cause
  public void assertNoLeaks() {
    if (!out.isEmpty()) {
      throw new AssertionError(
          out.size() + " buffers were never released", out.values().iterator().next());
    }
  }
}
