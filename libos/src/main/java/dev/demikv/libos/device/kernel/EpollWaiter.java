package dev.demikv.libos.device.kernel;

import static dev.demikv.libos.ffi.LibCConstants.EFD_CLOEXEC;
import static dev.demikv.libos.ffi.LibCConstants.EFD_NONBLOCK;
import static dev.demikv.libos.ffi.LibCConstants.EPOLLET;
import static dev.demikv.libos.ffi.LibCConstants.EPOLLIN;
import static dev.demikv.libos.ffi.LibCConstants.EPOLLOUT;
import static dev.demikv.libos.ffi.LibCConstants.EPOLLPRI;
import static dev.demikv.libos.ffi.LibCConstants.EPOLLRDHUP;
import static dev.demikv.libos.ffi.LibCConstants.EPOLL_CLOEXEC;
import static dev.demikv.libos.ffi.LibCConstants.EPOLL_CTL_ADD;
import static dev.demikv.libos.ffi.LibCConstants.EPOLL_CTL_DEL;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.device.Waiter;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.struct.EpollEvent;
import dev.demikv.libos.ffi.struct.Timespec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// One epoll instance for sockets, foreign descriptors and [#wake].
///
/// [#await] only gathers; the transport's poll reads the events by [#events] and [#data] and then
/// calls [#consumed]. All methods but [#wake] are for the thread of the LibOs.
final class EpollWaiter implements Waiter {
  /// epoll data of the eventfd. Sockets have data ≥ 0, foreign descriptors `-2 - fd`.
  private static final long WAKE_DATA = -1;

  private static final int SOCKET_EVENTS = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;

  private static final long NANOS_PER_MILLI = 1_000_000;

  // States of `sleep`: who may need a write to the eventfd.
  private static final int AWAKE = 0;
  private static final int ASLEEP = 1;
  private static final int NOTIFIED = 2;
  private static final int CLOSED = 3;

  private final KernelState shared;
  private final MemorySegment eventArray;
  private final MemorySegment registration;
  private final MemorySegment timeout;
  private final int epollFd;
  private final int eventFd;
  private final AtomicInteger sleep = new AtomicInteger(AWAKE);

  /// Threads that are about to write to the eventfd: it is not closed under them.
  private final AtomicInteger wakers = new AtomicInteger();

  /// Counted by the threads that wake.
  private final AtomicLong wakeWrites = new AtomicLong();

  private boolean nanosecondTimeouts = LibC.hasEpollPwait2();
  private int eventCount;

  /// @throws LibOsException EMFILE, ENFILE, ENOMEM
  EpollWaiter(KernelState shared, Arena arena) {
    this.shared = shared;
    eventArray = arena.allocate((long) shared.options.eventsMax() * EpollEvent.BYTES, 8);
    registration = arena.allocate(EpollEvent.BYTES, 8);
    timeout = arena.allocate(Timespec.BYTES, 8);
    epollFd = check("epoll_create1", LibC.epoll_create1(shared.calls, EPOLL_CLOEXEC));
    eventFd = LibC.eventfd(shared.calls, 0, EFD_CLOEXEC | EFD_NONBLOCK);
    // Edge-triggered: each write is an event of its own, and the counter need never be read. It
    // would overflow after 2^64 wakes.
    int rc = eventFd < 0 ? eventFd : control(EPOLL_CTL_ADD, eventFd, EPOLLIN | EPOLLET, WAKE_DATA);
    if (rc < 0) {
      LibC.close(shared.calls, epollFd);
      if (eventFd >= 0) {
        LibC.close(shared.calls, eventFd);
      }
      check("eventfd", rc);
    }
  }

  private static int check(String operation, int rc) {
    if (rc < 0) {
      throw new LibOsException(
          operation, -rc, "Raise the limit of open files (ulimit -n) or close some.");
    }
    return rc;
  }

  /// Registers a socket for everything, edge-triggered; its state now is reported as the first
  /// event. Closing the descriptor removes it.
  ///
  /// @return 0, -ENOMEM, -ENOSPC
  int addSocket(KernelSocket socket) {
    return control(EPOLL_CTL_ADD, socket.fd, SOCKET_EVENTS, socket.epollData());
  }

  @Override
  public void watch(int fd) {
    int rc = control(EPOLL_CTL_ADD, fd, EPOLLIN, -2L - fd);
    if (rc < 0) {
      throw new LibOsException("watch descriptor " + fd, -rc, "");
    }
  }

  @Override
  public void unwatch(int fd) {
    int rc = control(EPOLL_CTL_DEL, fd, 0, 0);
    if (rc < 0) {
      throw new LibOsException("unwatch descriptor " + fd, -rc, "");
    }
  }

  private int control(int operation, int fd, int events, long data) {
    EpollEvent.set(registration, 0, events, data);
    return LibC.epoll_ctl(shared.calls, epollFd, operation, fd, registration.address());
  }

  @Override
  public int await(long timeoutNanos) {
    if (eventCount > 0) {
      return eventCount; // Gathered before and not polled yet.
    }
    if (timeoutNanos == 0) {
      return gather(0);
    }
    if (shared.hasWork()) {
      boolean notified = sleep.compareAndSet(NOTIFIED, AWAKE);
      return Math.max(gather(0), notified || shared.hasWork() ? 1 : 0);
    }
    if (!sleep.compareAndSet(AWAKE, ASLEEP)) {
      // A wake came before: it ends this await. The event is its answer, so nothing is in the
      // eventfd.
      sleep.compareAndSet(NOTIFIED, AWAKE);
      return Math.max(gather(0), 1);
    }
    int count = gather(timeoutNanos);
    boolean notified = sleep.getAndSet(AWAKE) == NOTIFIED;
    return Math.max(count, notified ? 1 : 0);
  }

  private int gather(long timeoutNanos) {
    shared.counters.epollWaits++;
    int count = epollWait(timeoutNanos);
    if (count < 0) {
      // EINTR is a spurious return. Nothing else can happen to a valid descriptor.
      shared.counters.error(-count);
      return 0;
    }
    eventCount = count;
    shared.counters.epollEvents += count;
    return count;
  }

  private int epollWait(long timeoutNanos) {
    int max = shared.options.eventsMax();
    if (timeoutNanos <= 0) {
      int millis = timeoutNanos == 0 ? 0 : -1;
      return LibC.epoll_wait(shared.calls, epollFd, eventArray.address(), max, millis);
    }
    if (nanosecondTimeouts) {
      Timespec.setNanos(timeout, 0, timeoutNanos);
      int count =
          LibC.epoll_pwait2(shared.calls, epollFd, eventArray.address(), max, timeout.address(), 0);
      // A kernel before 5.11, or a sandbox that does not know the call.
      if (count != -Errno.ENOSYS && count != -Errno.EPERM) {
        return count;
      }
      nanosecondTimeouts = false;
    }
    long millis = (timeoutNanos - 1) / NANOS_PER_MILLI + 1; // Rounded up: never early.
    return LibC.epoll_wait(
        shared.calls, epollFd, eventArray.address(), max, (int) Math.min(millis, 1 << 30));
  }

  /// Whether time-outs are exact to the nanosecond or rounded up to milliseconds.
  boolean hasNanosecondTimeouts() {
    return nanosecondTimeouts;
  }

  /// Writes to the eventfd, by [#wake] of a sleeping loop.
  long wakeWrites() {
    return wakeWrites.get();
  }

  /// Events gathered and not yet [#consumed].
  int eventCount() {
    return eventCount;
  }

  /// The events of one, by its place among [#eventCount].
  int events(int index) {
    return EpollEvent.events(eventArray, (long) index * EpollEvent.BYTES);
  }

  /// What it was registered with: ≥ 0 for sockets.
  long data(int index) {
    return EpollEvent.data(eventArray, (long) index * EpollEvent.BYTES);
  }

  /// The events were handled.
  void consumed() {
    eventCount = 0;
  }

  @Override
  public void wake() {
    // Announced before the state is read, so that close() waits for the write below.
    wakers.incrementAndGet();
    try {
      int before = sleep.get();
      // A compare-and-set even when it is notified already: what the caller wrote before must be
      // visible to whoever takes the notice.
      while (before != CLOSED && !sleep.compareAndSet(before, NOTIFIED)) {
        before = sleep.get();
      }
      if (before == ASLEEP) {
        wakeWrites.incrementAndGet();
        LibC.eventfd_write(eventFd, 1);
      }
    } finally {
      wakers.decrementAndGet();
    }
  }

  @Override
  public void close() {
    if (sleep.getAndSet(CLOSED) == CLOSED) {
      return;
    }
    while (wakers.get() > 0) {
      Thread.onSpinWait();
    }
    LibC.close(shared.calls, eventFd);
    LibC.close(shared.calls, epollFd);
  }
}
