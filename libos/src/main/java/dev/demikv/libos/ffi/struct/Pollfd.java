package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/// `struct pollfd`, poll.h.
public final class Pollfd {
  /// Size in bytes, and the distance of two in an array.
  public static final int BYTES = 8;

  /// `fd`, an int.
  public static final int FD_OFFSET = 0;

  /// `events`, a short.
  public static final int EVENTS_OFFSET = 4;

  /// `revents`, a short, set by poll(2).
  public static final int REVENTS_OFFSET = 6;

  private Pollfd() {}

  /// Fills it in.
  public static void set(MemorySegment s, long offset, int fd, int events) {
    s.set(JAVA_INT, offset + FD_OFFSET, fd);
    s.set(JAVA_SHORT, offset + EVENTS_OFFSET, (short) events);
    s.set(JAVA_SHORT, offset + REVENTS_OFFSET, (short) 0);
  }
}
