package dev.demikv.libos.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.Mailbox;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.Shutdown;
import dev.demikv.libos.api.SocketOption;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Memory queues and mailboxes.
abstract class MemoryQueueConformance extends PdpixConformance {
  @Test
  void elementsPopInTheOrderTheyWerePushed() {
    int qd = track(libos.queue(100));
    for (int i = 0; i < 100; i++) {
      loop.push(qd, "element " + i);
    }
    for (int i = 0; i < 100; i++) {
      assertThat(popText(qd)).isEqualTo("element " + i);
    }
  }

  @Test
  void popsAreServedInTheOrderTheyWereStarted() {
    int qd = track(libos.queue(4));
    long first = libos.pop(qd);
    long second = libos.pop(qd);
    loop.push(qd, "one");
    loop.push(qd, "two");
    assertThat(loop.text(await(second))).isEqualTo("two");
    assertThat(loop.text(await(first))).isEqualTo("one");
  }

  @Test
  void anElementIsAtomic() {
    int qd = track(libos.queue(4));
    byte[] large = pattern(SEED, 0, 300_000);
    loop.push(qd, large);
    loop.push(qd, "small");
    assertThat(loop.content(await(libos.pop(qd)))).isEqualTo(large);
    assertThat(popText(qd)).isEqualTo("small");
  }

  @Test
  void anElementLongerThanThePopAllowsStays() {
    int qd = track(libos.queue(4));
    loop.push(qd, "12345");
    QResult tooLong = await(libos.pop(qd, 4));
    assertThat(tooLong.result).isEqualTo(-Errno.EMSGSIZE);
    assertThat(tooLong.sga).isNull();
    assertThat(loop.text(await(libos.pop(qd, 5)))).isEqualTo("12345");
  }

  @Test
  void anEmptyArrayIsNoElement() {
    int qd = track(libos.queue(4));
    ScatterGatherArray empty = libos.sgaAlloc();
    assertThat(libos.push(qd, empty)).isEqualTo(-Errno.EINVAL);
    assertThat(empty.holders()).isEqualTo(1);
    libos.sgaFree(empty);
  }

  @Test
  void aPushIntoAFullQueueWaitsForRoom() {
    int qd = track(libos.queue(2));
    await(loop.push(qd, "one"));
    await(loop.push(qd, "two"));
    long waiting = loop.push(qd, "three");
    settle();
    assertThat(loop.has(waiting)).isFalse();
    assertThat(popText(qd)).isEqualTo("one");
    assertThat(await(waiting).result).isEqualTo(5);
    assertThat(popText(qd)).isEqualTo("two");
    assertThat(popText(qd)).isEqualTo("three");
  }

  @Test
  void pushesThatWaitAreLimitedToo() {
    int qd = track(libos.queue(2));
    int taken = 0;
    while (loop.push(qd, "x") > 0) {
      taken++;
      assertThat(taken).isLessThan(1000);
    }
    assertThat(loop.push(qd, "x")).isEqualTo(-Errno.EAGAIN);
    for (int i = 0; i < taken; i++) {
      assertThat(popText(qd)).isEqualTo("x");
    }
    long pop = libos.pop(qd);
    settle();
    assertThat(loop.has(pop)).as("what was refused was not taken").isFalse();
  }

  @Test
  void aWaitingPushCanBeCancelled() {
    int qd = track(libos.queue(1));
    loop.push(qd, "one");
    long cancelled = loop.push(qd, "two");
    assertThat(libos.cancel(cancelled)).isZero();
    assertThat(await(cancelled).result).isEqualTo(-Errno.ECANCELED);
    assertThat(popText(qd)).isEqualTo("one");
    loop.push(qd, "three");
    assertThat(popText(qd)).isEqualTo("three");
  }

  @Test
  void closeCancelsPopsAndPushesAndFreesElements() {
    int empty = libos.queue(1);
    long pop = libos.pop(empty);
    libos.close(empty);
    assertThat(await(pop).result).isEqualTo(-Errno.ECANCELED);
    int full = libos.queue(1);
    long taken = loop.push(full, "one");
    long waiting = loop.push(full, "two");
    libos.close(full);
    assertThat(await(taken).result).as("was taken before the close").isEqualTo(3);
    assertThat(await(waiting).result).isEqualTo(-Errno.ECANCELED);
  }

  @Test
  void shutdownEndsTheQueueBehindItsElements() {
    int qd = track(libos.queue(4));
    loop.push(qd, "last");
    libos.shutdown(qd, Shutdown.WRITE);
    assertThat(outcome(loop.push(qd, "late"))).isEqualTo(-Errno.EPIPE);
    assertThat(popText(qd)).isEqualTo("last");
    QResult end = await(libos.pop(qd));
    assertThat(end.result).isZero();
    assertThat(end.sga).isNull();
  }

  @Test
  void anArrayMayBeFreedRightAfterPush() {
    int qd = track(libos.queue(64));
    for (int i = 0; i < 64; i++) {
      loop.push(qd, pattern(i, 0, 5_000));
    }
    ScatterGatherArray[] scribble = new ScatterGatherArray[32];
    for (int i = 0; i < scribble.length; i++) {
      scribble[i] = loop.array(new byte[16_000]);
    }
    for (int i = 0; i < 64; i++) {
      assertThat(loop.content(await(libos.pop(qd)))).isEqualTo(pattern(i, 0, 5_000));
    }
    for (ScatterGatherArray sga : scribble) {
      libos.sgaFree(sga);
    }
  }

  @Test
  void piecesOfOneBufferArePushedAsSeveralElements() {
    int qd = track(libos.queue(4));
    ScatterGatherArray whole = loop.array(Loop.bytes("headtail"));
    for (int i = 0; i < 2; i++) {
      ScatterGatherArray piece = libos.sgaAlloc();
      assertThat(piece.addShared(whole.buffer(0), whole.offset(0) + 4 * i, 4)).isTrue();
      assertThat(libos.push(qd, piece)).isPositive();
      libos.sgaFree(piece);
    }
    libos.sgaFree(whole);
    assertThat(popText(qd)).isEqualTo("head");
    assertThat(popText(qd)).isEqualTo("tail");
  }

  @Test
  void aDoubleFreeIsFoundOut() {
    ScatterGatherArray sga = loop.array(new byte[10]);
    libos.sgaFree(sga);
    assertThatThrownBy(() -> libos.sgaFree(sga)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void quietPushesAreDeliveredOnlyWhenTheyFail() {
    int qd = libos.queue(1);
    libos.setsockopt(qd, SocketOption.PUSH_QUIET, 1);
    assertThat(libos.getsockopt(qd, SocketOption.PUSH_QUIET)).isEqualTo(1);
    long quiet = loop.push(qd, "one");
    long failing = loop.push(qd, "two");
    libos.close(qd);
    assertThat(await(failing).result).isEqualTo(-Errno.ECANCELED);
    settle();
    assertThat(loop.has(quiet)).isFalse();
  }

  // Mailboxes.

  @Test
  void aMailboxTakesMessagesFromAnotherThread() throws InterruptedException {
    int qd = track(libos.mailbox(64, 16));
    Mailbox mailbox = libos.mailboxOf(qd);
    assertThat(mailbox.messageBytesMax()).isEqualTo(64);
    long pop = libos.pop(qd);
    Thread worker = Thread.ofPlatform().start(() -> offer(mailbox, Loop.bytes("done")));
    if (backend.isVirtualTime()) {
      worker.join();
    }
    assertThat(loop.text(await(pop))).isEqualTo("done");
    worker.join();
  }

  @Test
  void messagesOfSeveralThreadsAllArriveInTheOrderOfEach() throws InterruptedException {
    int producers = 3;
    int messages = 2_000;
    int qd = track(libos.mailbox(16, 64));
    Mailbox mailbox = libos.mailboxOf(qd);
    List<Thread> threads = new ArrayList<>();
    for (int p = 0; p < producers; p++) {
      int producer = p;
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                for (int i = 0; i < messages; i++) {
                  byte[] message = Loop.bytes(producer + ":" + i);
                  while (!offer(mailbox, message)) {
                    Thread.onSpinWait();
                  }
                }
              }));
    }
    int[] next = new int[producers];
    for (int i = 0; i < producers * messages; i++) {
      long pop = libos.pop(qd);
      for (int k = 0; k < 10_000_000 && !loop.has(pop); k++) {
        loop.turn(0); // Virtual time does not wait for other threads: polls.
      }
      String[] words = loop.text(await(pop)).split(":", 2);
      int producer = Integer.parseInt(words[0]);
      assertThat(Integer.parseInt(words[1])).isEqualTo(next[producer]++);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(next).containsOnly(messages);
  }

  @Test
  void aFullMailboxRefuses() {
    int qd = track(libos.mailbox(16, 4));
    Mailbox mailbox = libos.mailboxOf(qd);
    int taken = 0;
    while (offer(mailbox, Loop.bytes("m" + taken))) {
      taken++;
      assertThat(taken).isLessThan(100);
    }
    assertThat(taken).isGreaterThanOrEqualTo(4);
    for (int i = 0; i < taken; i++) {
      assertThat(popText(qd)).isEqualTo("m" + i);
    }
    assertThat(offer(mailbox, Loop.bytes("again"))).isTrue();
    assertThat(popText(qd)).isEqualTo("again");
  }

  @Test
  void aMailboxMessageLongerThanThePopAllowsStays() {
    int qd = track(libos.mailbox(16, 4));
    offer(libos.mailboxOf(qd), Loop.bytes("12345"));
    assertThat(outcome(libos.pop(qd, 4))).isEqualTo(-Errno.EMSGSIZE);
    assertThat(popText(qd)).isEqualTo("12345");
  }

  @Test
  void aClosedMailboxRefusesAndCancels() {
    int qd = libos.mailbox(16, 4);
    Mailbox mailbox = libos.mailboxOf(qd);
    long pop = libos.pop(qd);
    libos.close(qd);
    assertThat(await(pop).result).isEqualTo(-Errno.ECANCELED);
    assertThat(offer(mailbox, Loop.bytes("late"))).isFalse();
  }

  @Test
  void aMessageLongerThanAllowedIsTheProgrammersFault() {
    Mailbox mailbox = libos.mailboxOf(track(libos.mailbox(16, 4)));
    assertThatThrownBy(() -> offer(mailbox, new byte[17]))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aMailboxIsNotPushedToByItsOwnLoop() {
    assertThat(loop.push(track(libos.mailbox(16, 4)), "x")).isEqualTo(-Errno.EOPNOTSUPP);
  }

  private static boolean offer(Mailbox mailbox, byte[] message) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocateFrom(ValueLayout.JAVA_BYTE, message);
      return mailbox.offer(segment, 0, message.length);
    }
  }
}
