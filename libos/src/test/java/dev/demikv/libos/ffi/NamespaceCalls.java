package dev.demikv.libos.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/// Calls of the C library that only tests need: a network of one's own, and waiting for a
/// descriptor.
public final class NamespaceCalls {
  /// A network namespace of its own for the calling thread.
  public static final int CLONE_NEWNET = 0x4000_0000;

  /// There is data to read.
  public static final short POLLIN = 1;

  private NamespaceCalls() {}

  /// unshare(2). Works on the calling thread, for the rest of its life. EPERM: not root.
  public static int unshare(CallState state, int flags) {
    try {
      return state.result((int) Unshare.HANDLE.invokeExact(state.segment, flags));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Unshare {
    static final MethodHandle HANDLE =
        Downcalls.capturing("unshare", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  }

  /// poll(2). Blocks until the timeout.
  ///
  /// @param fds address of `struct pollfd`s
  public static int poll(CallState state, long fds, long count, int timeoutMillis) {
    try {
      return state.result((int) Poll.HANDLE.invokeExact(state.segment, fds, count, timeoutMillis));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Poll {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "poll", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
  }
}
