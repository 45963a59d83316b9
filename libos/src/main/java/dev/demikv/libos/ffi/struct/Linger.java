package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/// `struct linger`, sys/socket.h, the value of SO_LINGER.
public final class Linger {
  /// Size in bytes.
  public static final int BYTES = 8;

  /// `l_onoff`, an int.
  public static final int ONOFF_OFFSET = 0;

  /// `l_linger`, an int, in seconds.
  public static final int LINGER_OFFSET = 4;

  private Linger() {}

  /// Fills it in; a negative number of seconds switches it off.
  public static void setSeconds(MemorySegment s, long offset, int seconds) {
    s.set(JAVA_INT, offset + ONOFF_OFFSET, seconds < 0 ? 0 : 1);
    s.set(JAVA_INT, offset + LINGER_OFFSET, Math.max(seconds, 0));
  }

  /// The seconds, or -1 when it is off.
  public static int seconds(MemorySegment s, long offset) {
    return s.get(JAVA_INT, offset + ONOFF_OFFSET) == 0
        ? -1
        : s.get(JAVA_INT, offset + LINGER_OFFSET);
  }
}
