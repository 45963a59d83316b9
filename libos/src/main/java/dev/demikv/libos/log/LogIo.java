package dev.demikv.libos.log;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.device.LogDevice;
import dev.demikv.libos.device.LogDeviceSink;
import dev.demikv.libos.time.Clock;
import java.lang.foreign.MemorySegment;
import java.util.function.BooleanSupplier;

/// The device, with tags that say whose completion it is, and with waiting for the control path.
final class LogIo {
  static final int GROUP = 1;
  static final int FLUSH = 2;
  static final int SUPERBLOCK = 3;
  static final int PREPARE = 4;
  static final int DISCARD = 5;
  static final int READ = 6;
  static final int SYNC = 7;

  private static final long AWAIT_NANOS = 100_000_000;
  private static final int KIND_SHIFT = 56;

  final LogDevice device;
  private final LogDeviceSink dispatcher;
  private final Clock clock;
  private final long timeoutNanos;
  private long syncTicket;
  private boolean syncDone;
  private int syncResult;

  /// @param dispatcher takes every completion, those of kind SYNC to [#completedSync]
  LogIo(LogDevice device, LogDeviceSink dispatcher, Clock clock, long timeoutNanos) {
    this.device = device;
    this.dispatcher = dispatcher;
    this.clock = clock;
    this.timeoutNanos = timeoutNanos;
  }

  LogDeviceSink dispatcher() {
    return dispatcher;
  }

  long nowNanos() {
    return clock.nanoTime();
  }

  static long tag(int kind, int index) {
    return (long) kind << KIND_SHIFT | index;
  }

  static int kind(long tag) {
    return (int) (tag >>> KIND_SHIFT);
  }

  static int index(long tag) {
    return (int) tag;
  }

  void completedSync(int ticket, int result) {
    if (ticket == (int) syncTicket) { // Otherwise one that was given up.
      syncDone = true;
      syncResult = result;
    }
  }

  /// Reads and waits.
  ///
  /// @return length or `-errno`
  int readNow(long position, MemorySegment memory, long offset, int length) {
    long tag = newTicket();
    awaitStart("read", () -> device.read(position, memory, offset, length, tag));
    return syncResult;
  }

  /// Flushes and waits.
  int flushNow() {
    long tag = newTicket();
    awaitStart("flush", () -> device.flush(tag));
    return syncResult;
  }

  /// Prepares a segment and waits.
  int prepareNow(int segment) {
    long tag = newTicket();
    awaitStart("prepare", () -> device.prepare(segment, tag));
    return syncResult;
  }

  /// Waits until a condition holds that completions bring about.
  ///
  /// @throws LibOsException ETIMEDOUT
  void awaitUntil(String operation, BooleanSupplier condition) {
    long beganNanos = clock.nanoTime();
    device.submit();
    while (!condition.getAsBoolean()) {
      if (device.poll(dispatcher) == 0) {
        if (clock.nanoTime() - beganNanos > timeoutNanos) {
          throw new LibOsException(
              operation + " of the log device",
              Errno.ETIMEDOUT,
              "The device has not answered for %d ms; see storage.log.io-timeout"
                  .formatted(timeoutNanos / 1_000_000));
        }
        device.submit();
        device.await(Math.min(AWAIT_NANOS, timeoutNanos));
      } else {
        beganNanos = clock.nanoTime();
        device.submit();
      }
    }
  }

  /// Starts a device call, again as long as the device's queue is full, and waits for its end.
  private void awaitStart(String operation, Start start) {
    int[] rc = {start.start()};
    if (rc[0] == -Errno.EAGAIN) {
      awaitUntil(
          operation,
          () -> {
            rc[0] = start.start();
            return rc[0] != -Errno.EAGAIN;
          });
    }
    if (rc[0] < 0) {
      syncResult = rc[0];
      return;
    }
    awaitUntil(operation, () -> syncDone);
  }

  private long newTicket() {
    syncTicket = syncTicket + 1 & 0x7FFF_FFFF;
    syncDone = false;
    return tag(SYNC, (int) syncTicket);
  }

  @FunctionalInterface
  private interface Start {
    int start();
  }
}
