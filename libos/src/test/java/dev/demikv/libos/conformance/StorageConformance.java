package dev.demikv.libos.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.PushCompletion;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.conformance.ConformanceBackend.Feature;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Storage queues.
abstract class StorageConformance extends PdpixConformance {
  private int open(String name) {
    return track(libos.open(name));
  }

  private QResult append(int qd, String record) {
    QResult pushed = await(loop.push(qd, record));
    assertThat(pushed.result).isEqualTo(record.length());
    return pushed;
  }

  private void assertTail(int qd) {
    QResult end = await(libos.pop(qd));
    assertThat(end.result).isZero();
    assertThat(end.sga).isNull();
  }

  @Test
  void recordsPopInTheOrderTheyWerePushed() {
    int qd = open("log");
    for (int i = 0; i < 50; i++) {
      append(qd, "record " + i);
    }
    for (int i = 0; i < 50; i++) {
      assertThat(popText(qd)).isEqualTo("record " + i);
    }
    assertTail(qd);
  }

  @Test
  void theTailIsNotTheEnd() {
    int qd = open("log");
    assertTail(qd);
    append(qd, "first");
    assertThat(popText(qd)).isEqualTo("first");
    assertTail(qd);
    append(qd, "second");
    assertThat(popText(qd)).isEqualTo("second");
  }

  @Test
  void positionsGrowAndNameTheirRecords() {
    int qd = open("log");
    List<Long> positions = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      assertThat(libos.logTail(qd)).isGreaterThanOrEqualTo(libos.logHead(qd));
      QResult pushed = append(qd, "record " + i);
      assertThat(pushed.opcode).isEqualTo(Opcode.PUSH);
      positions.add(pushed.position);
    }
    assertThat(positions).isSorted().doesNotHaveDuplicates();
    for (int i = 0; i < 10; i++) {
      QResult popped = await(libos.pop(qd));
      assertThat(popped.position).isEqualTo(positions.get(i));
      loop.content(popped);
    }
    assertThat(libos.logHead(qd)).isLessThanOrEqualTo(positions.getFirst());
    assertThat(libos.logTail(qd)).isGreaterThan(positions.getLast());
  }

  @Test
  void seekMovesTheCursor() {
    int qd = open("log");
    long zero = append(qd, "zero").position;
    append(qd, "one");
    long two = append(qd, "two").position;
    libos.seek(qd, two);
    assertThat(popText(qd)).isEqualTo("two");
    libos.seek(qd, zero);
    assertThat(popText(qd)).isEqualTo("zero");
    libos.seek(qd, zero + 1);
    assertThat(popText(qd)).as("the first record at or behind").isEqualTo("one");
    libos.seek(qd, libos.logTail(qd));
    assertTail(qd);
    libos.seek(qd, libos.logHead(qd));
    assertThat(popText(qd)).isEqualTo("zero");
  }

  @Test
  void seekOutsideTheLogIsRefused() {
    int qd = open("log");
    append(qd, "x");
    assertErrno(Errno.EINVAL, () -> libos.seek(qd, libos.logTail(qd) + (1L << 40)));
    assertErrno(Errno.EINVAL, () -> libos.seek(qd, -1));
  }

  @Test
  void truncateFreesWhatIsBefore() {
    int qd = open("log");
    append(qd, "zero");
    long one = append(qd, "one").position;
    append(qd, "two");
    QResult truncated = await(libos.truncate(qd, one));
    assertThat(truncated.opcode).isEqualTo(Opcode.TRUNCATE);
    assertThat(truncated.result).isZero();
    assertThat(truncated.position).isEqualTo(one);
    assertThat(libos.logHead(qd)).isEqualTo(one);
    assertErrno(Errno.EINVAL, () -> libos.seek(qd, one - 1));
    libos.seek(qd, one);
    assertThat(popText(qd)).isEqualTo("one");
    assertThat(popText(qd)).isEqualTo("two");
  }

  @Test
  void truncateAtTheTailEmptiesTheLog() {
    int qd = open("log");
    append(qd, "zero");
    append(qd, "one");
    assertThat(await(libos.truncate(qd, libos.logTail(qd))).result).isZero();
    assertThat(libos.logHead(qd)).isEqualTo(libos.logTail(qd));
    libos.seek(qd, libos.logHead(qd));
    assertTail(qd);
    append(qd, "two");
    assertThat(popText(qd)).isEqualTo("two");
  }

  @Test
  void truncateOutsideTheLogIsRefused() {
    int qd = open("log");
    append(qd, "x");
    assertThat(outcome(libos.truncate(qd, libos.logTail(qd) + (1L << 40))))
        .isEqualTo(-Errno.EINVAL);
  }

  @Test
  void aLogOutlivesItsQueue() {
    int qd = libos.open("log");
    append(qd, "kept");
    libos.close(qd);
    int again = open("log");
    assertThat(popText(again)).isEqualTo("kept");
    append(again, "more");
    assertThat(popText(again)).isEqualTo("more");
  }

  @Test
  void aLogOutlivesItsLibOs() {
    needs(Feature.DURABLE);
    int qd = open("log");
    long one = 0;
    for (int i = 0; i < 20; i++) {
      long position = append(qd, "record " + i).position;
      one = i == 1 ? position : one;
    }
    long tail = libos.logTail(qd);
    await(libos.truncate(qd, one));
    libos.close(qd);
    reopen(loop);
    int again = open("log");
    assertThat(libos.logHead(again)).isEqualTo(one);
    assertThat(libos.logTail(again)).isEqualTo(tail);
    for (int i = 1; i < 20; i++) {
      assertThat(popText(again)).isEqualTo("record " + i);
    }
    assertTail(again);
  }

  @Test
  void logsOfSeveralNamesAreApart() {
    int a = open("a");
    int b = open("b.with-longer_name.0");
    for (int i = 0; i < 10; i++) {
      append(a, "a" + i);
      append(b, "b" + i);
    }
    for (int i = 0; i < 10; i++) {
      assertThat(popText(b)).isEqualTo("b" + i);
      assertThat(popText(a)).isEqualTo("a" + i);
    }
  }

  @Test
  void aLogIsOpenOnce() {
    open("log");
    assertErrno(Errno.EBUSY, () -> libos.open("log"));
  }

  @Test
  void badNamesAreRefused() {
    for (String name : new String[] {"", "A", "a/b", "ä", "a".repeat(33)}) {
      assertErrno(Errno.EINVAL, () -> libos.open(name));
    }
  }

  @Test
  void manyPushesOfOneTurnAreAllDurable() {
    int qd = open("log");
    List<Long> pushes = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      long push = loop.push(qd, "record " + i);
      assertThat(push).as("push %d", i).isPositive();
      pushes.add(push);
    }
    long last = -1;
    for (long push : pushes) {
      QResult pushed = await(push);
      assertThat(pushed.result).isPositive();
      assertThat(pushed.position).isGreaterThan(last);
      last = pushed.position;
    }
    for (int i = 0; i < 200; i++) {
      assertThat(popText(qd)).isEqualTo("record " + i);
    }
  }

  @Test
  void recordsOfAnyLengthComeBackWhole() {
    int qd = open("log");
    SplittableRandom random = new SplittableRandom(SEED);
    List<Integer> lengths = new ArrayList<>(List.of(1, 7, 8, 511, 512, 4095, 4096, 4097, 16_384));
    for (int i = 0; i < 40; i++) {
      lengths.add(random.nextInt(1, 40_000));
    }
    for (int i = 0; i < lengths.size(); i++) {
      assertThat(await(pushWhenThereIsASegment(qd, pattern(i, 0, lengths.get(i)))).result)
          .isEqualTo(lengths.get(i));
    }
    for (int i = 0; i < lengths.size(); i++) {
      assertThat(loop.content(await(libos.pop(qd))))
          .as("record %d of %d bytes, seed %d", i, lengths.get(i), SEED)
          .isEqualTo(pattern(i, 0, lengths.get(i)));
    }
    assertTail(qd);
  }

  /// Pushes; while the device prepares the next segment, a push answers -EAGAIN.
  private long pushWhenThereIsASegment(int qd, byte[] record) {
    long qtoken = loop.push(qd, record);
    for (int i = 0; i < 1_000 && qtoken == -Errno.EAGAIN; i++) {
      turnAll();
      qtoken = loop.push(qd, record);
    }
    return qtoken;
  }

  @Test
  void aRecordThatIsTooLongIsRefusedAndHarmsNothing() {
    int qd = open("log");
    append(qd, "before");
    assertThat(outcome(loop.push(qd, new byte[3_000_000]))).isEqualTo(-Errno.EMSGSIZE);
    append(qd, "behind");
    assertThat(popText(qd)).isEqualTo("before");
    assertThat(popText(qd)).isEqualTo("behind");
  }

  @Test
  void aRecordLongerThanThePopAllowsStays() {
    int qd = open("log");
    append(qd, "12345");
    assertThat(outcome(libos.pop(qd, 4))).isEqualTo(-Errno.EMSGSIZE);
    assertThat(loop.text(await(libos.pop(qd, 5)))).isEqualTo("12345");
  }

  @Test
  void aRecordMayBeFreedRightAfterPush() {
    int qd = open("log");
    List<Long> pushes = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      pushes.add(loop.push(qd, pattern(i, 0, 10_000)));
    }
    libos.sgaFree(loop.array(new byte[400_000]));
    pushes.forEach(this::await);
    for (int i = 0; i < 20; i++) {
      assertThat(loop.content(await(libos.pop(qd)))).isEqualTo(pattern(i, 0, 10_000));
    }
  }

  @Test
  void popsMayBeStartedAhead() {
    int qd = open("log");
    for (int i = 0; i < 5; i++) {
      append(qd, "record " + i);
    }
    long[] pops = new long[5];
    for (int i = 0; i < 5; i++) {
      pops[i] = libos.pop(qd);
      assertThat(pops[i]).isPositive();
    }
    for (int i = 0; i < 5; i++) {
      assertThat(loop.text(await(pops[i]))).isEqualTo("record " + i);
    }
  }

  @Test
  void aFullDeviceIsAnErrorAndTruncateHelps() {
    int qd = open("log");
    int records = 0;
    int outcome;
    long last = 0;
    do {
      long push = loop.push(qd, pattern(records, 0, 60_000));
      if (push < 0) {
        outcome = (int) push;
      } else {
        QResult pushed = await(push);
        outcome = pushed.result;
        last = outcome > 0 ? pushed.position : last;
      }
      records++;
    } while (outcome > 0 && records < 5_000);
    assertThat(outcome).isIn(-Errno.ENOSPC, -Errno.EAGAIN);
    assertThat(loop.content(await(libos.pop(qd)))).isEqualTo(pattern(0, 0, 60_000));
    assertThat(await(libos.truncate(qd, last)).result).isZero();
    settle();
    assertThat(await(loop.push(qd, "room again")).result).isEqualTo(10);
    libos.seek(qd, last);
    assertThat(loop.content(await(libos.pop(qd)))).isEqualTo(pattern(records - 2, 0, 60_000));
    assertThat(popText(qd)).isEqualTo("room again");
  }

  @Test
  void aStorageQueueIsAlwaysDurable() {
    int qd = open("log");
    assertThat(libos.getsockopt(qd, SocketOption.PUSH_COMPLETION))
        .isEqualTo(PushCompletion.DURABLE.level());
    libos.setsockopt(qd, SocketOption.PUSH_QUIET, 1);
    long push = loop.push(qd, "quiet");
    assertThat(push).isPositive();
    settle();
    assertThat(loop.has(push)).isFalse();
    assertThat(popText(qd)).isEqualTo("quiet");
  }

  @Test
  void closeAnswersEveryPendingToken() {
    int qd = libos.open("log");
    List<Long> tokens = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      tokens.add(loop.push(qd, "record"));
      tokens.add(libos.pop(qd));
    }
    libos.close(qd);
    for (long token : tokens) {
      int result = outcome(token);
      assertThat(result).isIn(6, 0, -Errno.ECANCELED);
    }
  }

  @Test
  void aStorageQueueIsNoSocket() {
    int qd = open("log");
    assertThat(libos.accept(qd)).isEqualTo(-Errno.EOPNOTSUPP);
    assertErrno(Errno.EOPNOTSUPP, () -> libos.listen(qd, 1));
    assertErrno(Errno.ENOTSOCK, () -> libos.getsockname(qd));
  }

  @Test
  void theAlgebraWorksOnLogs() {
    int qd = open("log");
    append(qd, "a1");
    append(qd, "b1");
    int out = libos.queue(8);
    int pipe = track(libos.qconnect(qd, libos.map(out, sga -> sga)));
    assertThat(await(libos.pop(pipe)).result).as("the tail ends it").isZero();
  }
}
