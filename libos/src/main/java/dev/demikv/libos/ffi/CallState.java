package dev.demikv.libos.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// Where the linker saves `errno` right after a C function has returned, before the JVM can change
/// it.
///
/// One per thread: made once at start and passed to every call. Lives as long as the arena it is
/// made in; a confined arena also keeps other threads out.
///
/// The JDK's handle checks the segment with `asSlice` before it calls, which makes an object of 40
/// bytes in the interpreter and in code of C1, whatever is passed and however errno is read. C2
/// removes it: a loop that it has compiled allocates nothing.
public final class CallState {
  private static final StructLayout LAYOUT = Linker.Option.captureStateLayout();
  private static final long ERRNO_OFFSET = LAYOUT.byteOffset(PathElement.groupElement("errno"));

  /// The first argument of every handle made by [Downcalls#capturing].
  final MemorySegment segment;

  /// Allocates the few bytes it needs.
  public CallState(Arena arena) {
    segment = arena.allocate(LAYOUT);
  }

  /// The error number of the last call that failed, positive. Meaningless after a success.
  public int errno() {
    return segment.get(JAVA_INT, ERRNO_OFFSET);
  }

  /// What C calls return through: `value` if ≥ 0, otherwise `-errno`.
  int result(int value) {
    return value >= 0 ? value : -errno();
  }

  /// As [#result(int)], for `ssize_t`.
  long result(long value) {
    return value >= 0 ? value : -errno();
  }
}
