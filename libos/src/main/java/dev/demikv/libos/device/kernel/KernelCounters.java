package dev.demikv.libos.device.kernel;

import dev.demikv.libos.api.Errno;
import java.util.function.ObjLongConsumer;

/// What the transport did, counted. A struct.
final class KernelCounters {
  private static final int ERRNO_MAX = 133;

  long accepts;
  long acceptPauses;
  long connects;
  long recvCalls;
  long recvBytes;
  long recvAgain;
  long recvStarved;
  long sendCalls;
  long sendBytes;
  long sendPartial;
  long sendAgain;
  long epollWaits;
  long epollEvents;
  long staleEvents;
  private final long[] errors = new long[ERRNO_MAX + 1];

  /// Counts an error that was reported to a token or hidden by a retry.
  void error(int errno) {
    errors[errno >= 0 && errno <= ERRNO_MAX ? errno : 0]++;
  }

  void report(ObjLongConsumer<String> visitor) {
    visitor.accept("kernel.accepts", accepts);
    visitor.accept("kernel.accept-pauses", acceptPauses);
    visitor.accept("kernel.connects", connects);
    visitor.accept("kernel.recv-calls", recvCalls);
    visitor.accept("kernel.recv-bytes", recvBytes);
    visitor.accept("kernel.recv-eagain", recvAgain);
    visitor.accept("kernel.recv-starved", recvStarved);
    visitor.accept("kernel.send-calls", sendCalls);
    visitor.accept("kernel.send-bytes", sendBytes);
    visitor.accept("kernel.send-partial", sendPartial);
    visitor.accept("kernel.send-eagain", sendAgain);
    visitor.accept("kernel.epoll-waits", epollWaits);
    visitor.accept("kernel.epoll-events", epollEvents);
    visitor.accept("kernel.stale-events", staleEvents);
    for (int errno = 0; errno <= ERRNO_MAX; errno++) {
      if (errors[errno] > 0) {
        visitor.accept("kernel.errors." + Errno.name(errno), errors[errno]);
      }
    }
  }
}
