package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/// `struct epoll_event`, sys/epoll.h.
///
/// Packed on x86-64 only, so that 32-bit programs see the same layout (EPOLL_PACKED).
public final class EpollEvent {
  private static final boolean PACKED = System.getProperty("os.arch").equals("amd64");

  /// `events`, 4 bytes.
  public static final int EVENTS_OFFSET = 0;

  /// `data`, 8 bytes that belong to the user.
  public static final int DATA_OFFSET = PACKED ? 4 : 8;

  /// Size in bytes, and the distance of two in an array.
  public static final int BYTES = DATA_OFFSET + 8;

  private EpollEvent() {}

  /// The events of one at a byte offset.
  public static int events(MemorySegment s, long offset) {
    return s.get(JAVA_INT, offset + EVENTS_OFFSET);
  }

  /// The user's data.
  public static long data(MemorySegment s, long offset) {
    return s.get(JAVA_LONG_UNALIGNED, offset + DATA_OFFSET);
  }

  /// Fills it in.
  public static void set(MemorySegment s, long offset, int events, long data) {
    s.set(JAVA_INT, offset + EVENTS_OFFSET, events);
    s.set(JAVA_LONG_UNALIGNED, offset + DATA_OFFSET, data);
  }
}
