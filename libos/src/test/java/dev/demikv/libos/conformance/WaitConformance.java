package dev.demikv.libos.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Tokens, the wait calls, cancel, wake, limits and timers: what holds for every kind of queue.
abstract class WaitConformance extends PdpixConformance {
  private static final long MILLIS = 1_000_000;
  private static final long FOREVER = -1;

  private final QResult result = new QResult();

  @Test
  void waitFillsInTheResult() {
    int qd = track(libos.queue(4));
    long push = loop.push(qd, "abc");
    long pop = libos.pop(qd);
    assertThat(libos.wait(pop, FOREVER, result)).isZero();
    assertThat(result.qtoken).isEqualTo(pop);
    assertThat(result.qd).isEqualTo(qd);
    assertThat(result.opcode).isEqualTo(Opcode.POP);
    assertThat(result.failed()).isFalse();
    assertThat(loop.text(result)).isEqualTo("abc");
    assertThat(libos.wait(push, FOREVER, result)).isZero();
    assertThat(result.opcode).isEqualTo(Opcode.PUSH);
    assertThat(result.result).isEqualTo(3);
    assertThat(result.sga).isNull();
  }

  @Test
  void waitTimesOutNotBeforeItsTime() {
    long pop = libos.pop(track(libos.queue(4)));
    libos.wait(pop, 0, result);
    long before = libos.nowNanos();
    assertThat(libos.wait(pop, 3 * MILLIS, result)).isEqualTo(-Errno.ETIMEDOUT);
    assertThat(libos.nowNanos() - before).isGreaterThanOrEqualTo(3 * MILLIS);
  }

  @Test
  void waitWithoutTimePolls() {
    int qd = track(libos.queue(4));
    long pop = libos.pop(qd);
    assertThat(libos.wait(pop, 0, result)).isEqualTo(-Errno.ETIMEDOUT);
    loop.push(qd, "x");
    assertThat(libos.wait(pop, 0, result)).isZero();
    assertThat(loop.text(result)).isEqualTo("x");
  }

  @Test
  void aTokenThatWasNeverMadeIsInvalid() {
    for (long qtoken : new long[] {0, -1, -Errno.EAGAIN, 1, 12345, Long.MAX_VALUE, 7L << 32}) {
      assertThat(libos.wait(qtoken, FOREVER, result)).as("%d", qtoken).isEqualTo(-Errno.EINVAL);
      assertThat(libos.cancel(qtoken)).as("%d", qtoken).isEqualTo(-Errno.EINVAL);
    }
  }

  @Test
  void aDeliveredTokenIsStale() {
    int qd = track(libos.queue(4));
    long push = loop.push(qd, "x");
    assertThat(libos.wait(push, FOREVER, result)).isZero();
    assertThat(libos.wait(push, FOREVER, result)).isEqualTo(-Errno.EINVAL);
    assertThat(libos.waitAny(new long[] {push}, 1, FOREVER, result)).isEqualTo(-Errno.EINVAL);
    assertThat(libos.waitAll(new long[] {push}, 1, FOREVER, new QResult[] {result}))
        .isEqualTo(-Errno.EINVAL);
    assertThat(libos.cancel(push)).isEqualTo(-Errno.EINVAL);
  }

  @Test
  void aStaleTokenIsCaughtWhenItsPlaceIsUsedAgain() {
    int qd = track(libos.queue(1024));
    long stale = loop.push(qd, "x");
    assertThat(libos.wait(stale, FOREVER, result)).isZero();
    for (int i = 0; i < 2000; i++) {
      long pop = libos.pop(qd);
      assertThat(pop).isNotEqualTo(stale);
      assertThat(libos.wait(stale, 0, result)).isEqualTo(-Errno.EINVAL);
      loop.content(await(pop));
      await(loop.push(qd, "x"));
    }
  }

  @Test
  void tokensArePositive() {
    int qd = track(libos.queue(4));
    for (int i = 0; i < 5000; i++) {
      assertThat(loop.push(qd, "x")).isPositive();
      long pop = libos.pop(qd);
      assertThat(pop).isPositive();
      loop.content(await(pop));
    }
  }

  @Test
  void waitAnyTakesWhatCompletedFirstNotTheLowestIndex() {
    int first = track(libos.queue(4));
    int second = track(libos.queue(4));
    long[] pops = {libos.pop(first), libos.pop(second)};
    loop.push(second, "second");
    loop.push(first, "first");
    assertThat(libos.waitAny(pops, 2, FOREVER, result)).isEqualTo(1);
    assertThat(loop.text(result)).isEqualTo("second");
    assertThat(libos.waitAny(pops, 1, FOREVER, result)).isZero();
    assertThat(loop.text(result)).isEqualTo("first");
  }

  @Test
  void waitAnyStarvesNobody() {
    int count = 8;
    int[] qds = new int[count];
    long[] pops = new long[count];
    int[] served = new int[count];
    for (int i = 0; i < count; i++) {
      qds[i] = track(libos.queue(4));
      pops[i] = libos.pop(qds[i]);
      loop.push(qds[i], "x");
    }
    for (int round = 0; round < 10 * count; round++) {
      int index = libos.waitAny(pops, count, FOREVER, result);
      assertThat(index).isBetween(0, count - 1);
      loop.content(result);
      served[index]++;
      pops[index] = libos.pop(qds[index]);
      loop.push(qds[index], "x");
    }
    assertThat(served).containsOnly(10);
  }

  @Test
  void waitAnyTimesOutAndTheTokensStayValid() {
    int first = track(libos.queue(4));
    int second = track(libos.queue(4));
    long[] pops = {libos.pop(first), libos.pop(second)};
    assertThat(libos.waitAny(pops, 2, 0, result)).isEqualTo(-Errno.ETIMEDOUT);
    assertThat(libos.waitAny(pops, 2, MILLIS, result)).isEqualTo(-Errno.ETIMEDOUT);
    loop.push(first, "x");
    assertThat(libos.waitAny(pops, 2, FOREVER, result)).isZero();
    loop.content(result);
  }

  @Test
  void waitAnyOfNothingIsInvalid() {
    assertThat(libos.waitAny(new long[0], 0, FOREVER, result)).isEqualTo(-Errno.EINVAL);
    long pop = libos.pop(track(libos.queue(4)));
    assertThat(libos.waitAny(new long[] {pop, 99}, 2, FOREVER, result)).isEqualTo(-Errno.EINVAL);
  }

  @Test
  void waitAllFillsEachResultByItsIndex() {
    int qd = track(libos.queue(4));
    long[] tokens = {libos.pop(qd), libos.pop(qd), loop.push(qd, "one"), loop.push(qd, "two")};
    QResult[] results = {new QResult(), new QResult(), new QResult(), new QResult()};
    assertThat(libos.waitAll(tokens, 4, FOREVER, results)).isZero();
    assertThat(loop.text(results[0])).isEqualTo("one");
    assertThat(loop.text(results[1])).isEqualTo("two");
    assertThat(results[2].opcode).isEqualTo(Opcode.PUSH);
    assertThat(results[3].qtoken).isEqualTo(tokens[3]);
  }

  @Test
  void waitAllThatReturnsEarlyDeliversNothing() {
    int qd = track(libos.queue(4));
    int empty = track(libos.queue(4));
    long push = loop.push(qd, "x");
    long[] tokens = {push, libos.pop(empty)};
    QResult[] results = {new QResult(), new QResult()};
    assertThat(libos.waitAll(tokens, 2, MILLIS, results)).isEqualTo(-Errno.ETIMEDOUT);
    assertThat(results[0].qtoken).isZero();
    assertThat(libos.wait(push, FOREVER, result)).isZero();
    loop.push(empty, "y");
    assertThat(libos.wait(tokens[1], FOREVER, result)).isZero();
    loop.content(result);
  }

  @Test
  void waitNextDeliversInTheOrderOfCompletion() {
    int first = track(libos.queue(4));
    int second = track(libos.queue(4));
    long popFirst = libos.pop(first);
    long popSecond = libos.pop(second);
    libos.setsockopt(first, SocketOption.PUSH_QUIET, 1);
    libos.setsockopt(second, SocketOption.PUSH_QUIET, 1);
    loop.push(second, "second");
    loop.push(first, "first");
    QResult[] results = {new QResult(), new QResult(), new QResult()};
    assertThat(libos.waitNext(results, FOREVER)).isEqualTo(2);
    assertThat(results[0].qtoken).isEqualTo(popSecond);
    assertThat(results[1].qtoken).isEqualTo(popFirst);
    loop.content(results[0]);
    loop.content(results[1]);
  }

  @Test
  void waitNextDeliversNoMoreThanThereIsRoomFor() {
    int qd = track(libos.queue(8));
    List<Long> pushes = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      pushes.add(loop.push(qd, "x"));
    }
    QResult[] results = {new QResult(), new QResult()};
    List<Long> delivered = new ArrayList<>();
    while (delivered.size() < 5) {
      int count = libos.waitNext(results, 0);
      assertThat(count).isBetween(1, 2);
      for (int i = 0; i < count; i++) {
        delivered.add(results[i].qtoken);
      }
    }
    assertThat(delivered).isEqualTo(pushes);
    assertThat(libos.waitNext(results, 0)).isZero();
  }

  @Test
  void waitNextReturnsNothingAfterItsTime() {
    libos.pop(track(libos.queue(4)));
    QResult[] results = {new QResult()};
    libos.waitNext(results, 0);
    long before = libos.nowNanos();
    assertThat(libos.waitNext(results, 2 * MILLIS)).isZero();
    assertThat(libos.nowNanos() - before).isGreaterThanOrEqualTo(2 * MILLIS);
  }

  @Test
  void aCompletionIsDeliveredOnce() {
    int qd = track(libos.queue(4));
    long one = loop.push(qd, "one");
    long two = loop.push(qd, "two");
    assertThat(libos.wait(two, FOREVER, result)).isZero();
    QResult[] results = {new QResult(), new QResult()};
    assertThat(libos.waitNext(results, 0)).isEqualTo(1);
    assertThat(results[0].qtoken).isEqualTo(one);
    assertThat(libos.waitNext(results, 0)).isZero();
  }

  @Test
  void aWakeIsRememberedForTheNextWait() {
    long pop = libos.pop(track(libos.queue(4)));
    QResult[] results = {new QResult()};
    libos.wake();
    assertThat(libos.wait(pop, 60_000 * MILLIS, result)).isEqualTo(-Errno.EINTR);
    libos.wake();
    assertThat(libos.waitAny(new long[] {pop}, 1, 60_000 * MILLIS, result)).isEqualTo(-Errno.EINTR);
    libos.wake();
    assertThat(libos.waitAll(new long[] {pop}, 1, 60_000 * MILLIS, results))
        .isEqualTo(-Errno.EINTR);
    libos.wake();
    assertThat(libos.waitNext(results, 60_000 * MILLIS)).isZero();
  }

  @Test
  void aWakeLosesNoCompletion() {
    int qd = track(libos.queue(4));
    long pop = libos.pop(qd);
    libos.wake();
    assertThat(libos.wait(pop, MILLIS, result)).isEqualTo(-Errno.EINTR);
    loop.push(qd, "x");
    assertThat(libos.wait(pop, FOREVER, result)).isZero();
    assertThat(loop.text(result)).isEqualTo("x");
  }

  @Test
  void anotherThreadWakesAWait() throws InterruptedException {
    long pop = libos.pop(track(libos.queue(4)));
    for (int i = 0; i < 20; i++) {
      Thread waker = Thread.ofPlatform().start(libos::wake);
      if (backend.isVirtualTime()) {
        waker.join(); // Virtual time does not wait for other threads.
      }
      assertThat(libos.wait(pop, 60_000 * MILLIS, result)).isEqualTo(-Errno.EINTR);
      waker.join();
    }
  }

  @Test
  void operationsBeyondTheLimitAreRefusedAndTryAgainWorks() {
    int limit = ConformanceBackend.LIMITS.qtokensMax();
    int qd = track(libos.queue(4));
    long[] pops = new long[limit];
    for (int i = 0; i < limit; i++) {
      pops[i] = libos.pop(qd);
      assertThat(pops[i]).as("pop %d of %d", i, limit).isPositive();
    }
    assertThat(libos.pop(qd)).isEqualTo(-Errno.EAGAIN);
    assertThat(loop.push(qd, "x")).isEqualTo(-Errno.EAGAIN);
    assertThat(libos.cancel(pops[7])).isZero();
    assertThat(await(pops[7]).result).isEqualTo(-Errno.ECANCELED);
    long push = loop.push(qd, "x");
    assertThat(loop.text(await(pops[0]))).isEqualTo("x");
    await(push);
  }

  @Test
  void queuesBeyondTheLimitAreRefused() {
    for (int i = 0; i < ConformanceBackend.LIMITS.queuesMax(); i++) {
      track(libos.queue(1));
    }
    assertErrno(Errno.EMFILE, () -> libos.queue(1));
  }

  @Test
  void cancelCompletesAPendingOperation() {
    int qd = track(libos.queue(4));
    long first = libos.pop(qd);
    long second = libos.pop(qd);
    assertThat(libos.cancel(first)).isZero();
    QResult canceled = await(first);
    assertThat(canceled.result).isEqualTo(-Errno.ECANCELED);
    assertThat(canceled.sga).isNull();
    loop.push(qd, "x");
    assertThat(loop.text(await(second))).isEqualTo("x");
  }

  @Test
  void cancelOfADoneOperationComesTooLate() {
    long push = loop.push(track(libos.queue(4)), "x");
    assertThat(libos.cancel(push)).isEqualTo(-Errno.EALREADY);
    assertThat(await(push).result).isEqualTo(1);
  }

  @Test
  void aClosedQueueIsNoQueue() {
    int qd = libos.queue(4);
    libos.close(qd);
    for (int none : new int[] {qd, 0, -1, 1 << 30}) {
      ScatterGatherArray sga = loop.array(new byte[] {1});
      Endpoint to = Endpoint.loopback(AddressFamily.INET, 9);
      assertThat(libos.push(none, sga)).isEqualTo(-Errno.EBADF);
      assertThat(libos.pushTo(none, sga, to)).isEqualTo(-Errno.EBADF);
      assertThat(libos.pop(none)).isEqualTo(-Errno.EBADF);
      assertThat(libos.accept(none)).isEqualTo(-Errno.EBADF);
      assertThat(libos.connect(none, to)).isEqualTo(-Errno.EBADF);
      assertThat(libos.truncate(none, 0)).isEqualTo(-Errno.EBADF);
      assertErrno(Errno.EBADF, () -> libos.close(none));
      assertErrno(Errno.EBADF, () -> libos.getsockname(none));
      assertErrno(Errno.EBADF, () -> libos.merge(none, none + 1));
      assertErrno(Errno.EBADF, () -> libos.seek(none, 0));
      assertThat(sga.holders()).as("a failed call takes nothing").isEqualTo(1);
      libos.sgaFree(sga);
    }
  }

  @Test
  void aQueueOfAnotherKindRefusesTheOperation() {
    int qd = track(libos.queue(4));
    Endpoint to = Endpoint.loopback(AddressFamily.INET, 9);
    assertThat(libos.accept(qd)).isEqualTo(-Errno.EOPNOTSUPP);
    assertThat(libos.connect(qd, to)).isEqualTo(-Errno.EOPNOTSUPP);
    assertThat(libos.truncate(qd, 0)).isEqualTo(-Errno.EOPNOTSUPP);
    assertErrno(Errno.EOPNOTSUPP, () -> libos.bind(qd, to));
    assertErrno(Errno.EOPNOTSUPP, () -> libos.listen(qd, 1));
    assertErrno(Errno.EOPNOTSUPP, () -> libos.seek(qd, 0));
    assertErrno(Errno.EOPNOTSUPP, () -> libos.logTail(qd));
    assertErrno(Errno.EOPNOTSUPP, () -> libos.mailboxOf(qd));
    int timer = track(libos.timer(MILLIS, 0));
    assertThat(loop.push(timer, "x")).isEqualTo(-Errno.EOPNOTSUPP);
  }

  @Test
  void aPopOfNoBytesIsInvalid() {
    int qd = track(libos.queue(4));
    assertThat(libos.pop(qd, 0)).isEqualTo(-Errno.EINVAL);
    assertThat(libos.pop(qd, -1)).isEqualTo(-Errno.EINVAL);
  }

  @Test
  void aTimerExpiresOnceAndNotEarly() {
    int qd = track(libos.timer(2 * MILLIS, 0));
    long begin = libos.nowNanos();
    long pop = libos.pop(qd);
    assertThat(libos.wait(pop, 60_000 * MILLIS, result)).isZero();
    assertThat(result.result).isEqualTo(1);
    assertThat(result.sga).isNull();
    assertThat(libos.nowNanos() - begin).isGreaterThanOrEqualTo(2 * MILLIS);
    assertThat(libos.wait(libos.pop(qd), 5 * MILLIS, result)).isEqualTo(-Errno.ETIMEDOUT);
  }

  @Test
  void aPeriodicTimerCountsWhatWasMissed() {
    int qd = track(libos.timer(0, MILLIS));
    int idle = track(libos.queue(1));
    assertThat(libos.wait(libos.pop(idle), 10 * MILLIS, result)).isEqualTo(-Errno.ETIMEDOUT);
    assertThat(await(libos.pop(qd)).result).isGreaterThanOrEqualTo(9);
    assertThat(await(libos.pop(qd)).result).isGreaterThanOrEqualTo(1);
  }

  @Test
  void closeCancelsWhatWaitsForATimer() {
    int qd = libos.timer(60_000 * MILLIS, 0);
    long pop = libos.pop(qd);
    libos.close(qd);
    assertThat(await(pop).result).isEqualTo(-Errno.ECANCELED);
  }

  @Test
  void aLongArrayHasSeveralSegments() {
    ScatterGatherArray sga = libos.sgaAlloc(600_000);
    assertThat(sga).isNotNull();
    assertThat(sga.totalBytes()).isEqualTo(600_000);
    assertThat(sga.segmentCount()).isBetween(2, ScatterGatherArray.SEGMENTS_MAX);
    libos.sgaFree(sga);
    assertThat(libos.sgaAlloc(1 << 30)).as("longer than an array can be").isNull();
  }

  @Test
  void memoryRunsOutAsAResultAndComesBack() {
    List<ScatterGatherArray> all = new ArrayList<>();
    for (ScatterGatherArray sga = libos.sgaAlloc(1); sga != null; sga = libos.sgaAlloc(1)) {
      all.add(sga);
      assertThat(all).hasSizeLessThan(2000);
    }
    assertThat(all).isNotEmpty();
    all.forEach(libos::sgaFree);
    ScatterGatherArray again = libos.sgaAlloc(1);
    assertThat(again).isNotNull();
    libos.sgaFree(again);
  }

  @Test
  void closeOfTheLibOsIsIdempotent() {
    Loop other = new Loop(backend.open("closing"), "closing");
    other.libos.pop(other.libos.queue(4));
    other.libos.close();
    other.libos.close();
  }

  @Test
  void theReportNamesBackendsAndCounters() {
    assertThat(libos.report().network() + libos.report().storage()).doesNotContain("nonenone");
    assertThat(libos.report().counters()).containsKey("qtokens.in-use");
  }
}
