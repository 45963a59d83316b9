package dev.demikv.libos.runtime;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.Mailbox;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.device.PendingOperations;
import dev.demikv.libos.memory.MpscRing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A queue that other threads push to: messages are copied into a ring and, on pop, out of it into
/// a buffer of the loop.
final class MailboxQueue extends IoQueue implements Mailbox {
  private final Arena arena = Arena.ofShared();
  private final MpscRing ring;
  private final int messageBytesMax;
  private final PendingOperations pops = new PendingOperations(POPS_MAX);
  private volatile boolean closed;

  MailboxQueue(EventLoop loop, int qd, int messageBytesMax, int messagesMax) {
    super(loop, qd);
    this.messageBytesMax = messageBytesMax;
    int slots = Integer.highestOneBit(Math.max(2, messagesMax) * 2 - 1);
    this.ring =
        new MpscRing(arena.allocate((long) messageBytesMax * slots, 64), messageBytesMax, slots);
  }

  @Override
  String kind() {
    return "mailbox";
  }

  @Override
  public boolean offer(MemorySegment message, long offset, int length) {
    if (length < 1 || length > messageBytesMax) {
      throw new IllegalArgumentException(
          "a message of " + length + " B, allowed are 1 to " + messageBytesMax);
    }
    if (closed) {
      return false;
    }
    boolean taken;
    try {
      taken = ring.offer(message, offset, length, 0);
    } catch (IllegalStateException e) {
      return false; // Closed meanwhile: the ring's memory is gone.
    }
    if (taken) {
      loop.wakeForMailbox();
    }
    return taken;
  }

  @Override
  public int messageBytesMax() {
    return messageBytesMax;
  }

  @Override
  int pop(int bytesMax, long qtoken) {
    if (!pops.add(qtoken, bytesMax)) {
      return -Errno.EAGAIN;
    }
    poll();
    return 0;
  }

  /// Delivers what has come. When buffers are out, the rest waits for a later turn.
  ///
  /// @return messages delivered
  int poll() {
    int delivered = 0;
    while (!pops.isEmpty()) {
      int length = ring.peekLength();
      if (length < 0) {
        break;
      }
      if (length > pops.headBytesMax()) {
        loop.tokens.completePop(pops.removeHead(), -Errno.EMSGSIZE, null, null, 0);
        continue;
      }
      ScatterGatherArray sga = loop.sgas.allocate(length);
      if (sga == null) {
        break;
      }
      sga.copyFrom(0, ring.memory(), ring.peekOffset(), length);
      ring.advance();
      loop.tokens.completePop(pops.removeHead(), length, sga, null, 0);
      delivered++;
    }
    return delivered;
  }

  @Override
  int cancel(long qtoken) {
    if (!pops.remove(qtoken)) {
      return -Errno.EALREADY;
    }
    loop.tokens.completePop(qtoken, -Errno.ECANCELED, null, null, 0);
    return 0;
  }

  @Override
  void close() {
    closed = true;
    loop.removeMailbox(this);
    while (!pops.isEmpty()) {
      loop.tokens.completePop(pops.removeHead(), -Errno.ECANCELED, null, null, 0);
    }
    arena.close();
  }
}
