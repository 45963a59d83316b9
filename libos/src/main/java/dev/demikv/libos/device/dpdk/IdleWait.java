package dev.demikv.libos.device.dpdk;

import static dev.demikv.libos.ffi.LibCConstants.EPOLLIN;
import static dev.demikv.libos.ffi.LibCConstants.EPOLL_CLOEXEC;
import static dev.demikv.libos.ffi.LibCConstants.EPOLL_CTL_ADD;

import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.device.QueueHandover;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.DpdkEthdev;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.struct.EpollEvent;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// How the loop of one queue sleeps, and what ends the sleep:
///
/// | driver | sleeps | is woken by |
/// |---|---|---|
/// | af_packet, af_xdp | without limit | the driver's packet socket |
/// | NICs with receive interrupts (vfio-pci) | without limit | the queue's interrupt, an eventfd |
/// | all others | 50 µs, growing to a limit | its end |
///
/// An interrupt is armed when there is no work, and disarmed by the first packet: under load there
/// are none. A packet may come just before the interrupt is armed and raise none, so the queue is
/// looked at once more after that.
final class IdleWait implements AutoCloseable {
  private static final long SLEEP_NANOS_MIN = 50_000;

  private final short port;
  private final short queue;
  private final int socket;
  private final int interrupt;
  private final @Nullable QueueHandover handover;
  private final long sleepNanosMax;
  private final CallState state;
  private final MemorySegment eight;
  private final int epoll;
  private long sleepNanos = SLEEP_NANOS_MIN;
  private boolean armed;
  private boolean announced;
  private long interruptsArmed;

  /// @param arena the device's
  IdleWait(DpdkPort port, int queue, long sleepNanosMax, Arena arena) {
    this.port = (short) port.number();
    this.queue = (short) queue;
    this.socket = port.descriptor(queue);
    this.interrupt = port.interrupt(queue);
    this.handover = port.handover();
    this.sleepNanosMax = sleepNanosMax;
    this.state = new CallState(arena);
    this.eight = arena.allocate(Long.BYTES, Long.BYTES);
    QueueHandover shared = handover;
    this.epoll =
        source() >= 0 && shared != null ? both(source(), shared.descriptor(queue), arena) : -1;
  }

  private int source() {
    return socket >= 0 ? socket : interrupt;
  }

  /// One descriptor for two: an epoll instance is readable when one of its own is.
  private int both(int one, int other, Arena arena) {
    int fd = LibC.epoll_create1(state, EPOLL_CLOEXEC);
    if (fd < 0) {
      throw new LibOsException("epoll_create1", -fd, "Raise the limit of open files (ulimit -n).");
    }
    MemorySegment event = arena.allocate(EpollEvent.BYTES, 8);
    for (int each : new int[] {one, other}) {
      EpollEvent.set(event, 0, EPOLLIN, each);
      int code = LibC.epoll_ctl(state, fd, EPOLL_CTL_ADD, each, event.address());
      if (code < 0) {
        LibC.close(state, fd);
        throw new LibOsException("epoll_ctl", -code, "");
      }
    }
    return fd;
  }

  /// What the loop watches, or -1.
  int descriptor() {
    return epoll >= 0 ? epoll : source();
  }

  /// Something came.
  void busy() {
    sleepNanos = SLEEP_NANOS_MIN;
    if (armed) {
      armed = false;
      DpdkEthdev.rte_eth_dev_rx_intr_disable(port, queue);
      LibC.read(state, interrupt, eight.address(), Long.BYTES);
    }
  }

  /// The loop goes on; before it looks at its queue.
  void awake() {
    QueueHandover shared = handover;
    if (announced && shared != null) {
      announced = false;
      shared.awake(queue);
    }
  }

  /// The loop would sleep.
  ///
  /// @param sending whether frames wait for room in the driver
  /// @return how long it may, see [dev.demikv.libos.device.NetDevice#idleWaitNanosMax]
  long nanos(boolean sending) {
    if (descriptor() < 0 || sending) {
      long sleep = sleepNanos;
      sleepNanos = Math.min(sleepNanosMax, sleep + sleep / 4);
      return sleep;
    }
    boolean settled = socket >= 0 || isArmed();
    QueueHandover shared = handover;
    if (shared != null) {
      announced = true;
      settled &= shared.sleep(queue);
    }
    return settled ? Long.MAX_VALUE : 0;
  }

  /// Arms the interrupt, also again when it was raised and no packet was there: it is raised once.
  ///
  /// @return whether it was armed before, so that the queue has been looked at since
  private boolean isArmed() {
    boolean raised = LibC.read(state, interrupt, eight.address(), Long.BYTES) > 0;
    if (armed && !raised) {
      return true;
    }
    armed = DpdkEthdev.rte_eth_dev_rx_intr_enable(port, queue) >= 0;
    interruptsArmed++;
    return false;
  }

  /// How often it went to sleep until an interrupt.
  long interruptsArmed() {
    return interruptsArmed;
  }

  /// For people: what ends the sleep.
  String describe() {
    return socket >= 0
        ? "the driver's packet socket"
        : interrupt >= 0 ? "the queue's interrupt" : "sleeps of 50 us and more";
  }

  /// Whether the kernel wakes the loop.
  boolean byKernel() {
    return descriptor() >= 0;
  }

  @Override
  public void close() {
    if (armed) {
      DpdkEthdev.rte_eth_dev_rx_intr_disable(port, queue);
    }
    if (epoll >= 0) {
      LibC.close(state, epoll);
    }
  }
}
