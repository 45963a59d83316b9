package dev.demikv.libos.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.PushCompletion;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.Shutdown;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.conformance.ConformanceBackend.Feature;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Bytes over stream sockets: order, ownership, back-pressure.
abstract class StreamConformance extends PdpixConformance {
  private static final AddressFamily V4 = AddressFamily.INET;

  @Test
  void bytesArriveInOrder() {
    Pair pair = connected();
    for (int i = 0; i < 100; i++) {
      loop.push(pair.client(), pattern(SEED, i * 100L, 100));
    }
    assertThat(read(loop, pair.server(), 10_000)).isEqualTo(pattern(SEED, 0, 10_000));
  }

  @Test
  void aPushCompletesWithItsLength() {
    Pair pair = connected();
    QResult pushed = await(loop.push(pair.client(), "12345"));
    assertThat(pushed.result).isEqualTo(5);
    assertThat(pushed.qd).isEqualTo(pair.client());
    assertThat(pushed.sga).isNull();
    assertThat(readText(loop, pair.server(), 5)).isEqualTo("12345");
  }

  @Test
  void aPopTakesNoMoreThanItsLimitAndLeavesTheRest() {
    Pair pair = connected();
    await(loop.push(pair.client(), "abcdef"));
    QResult popped = await(libos.pop(pair.server(), 2));
    assertThat(popped.result).isEqualTo(2);
    assertThat(loop.text(popped)).isEqualTo("ab");
    assertThat(readText(loop, pair.server(), 4)).isEqualTo("cdef");
  }

  @Test
  void aPopBeforeThePushWaits() {
    Pair pair = connected();
    long pop = libos.pop(pair.server());
    settle();
    assertThat(loop.has(pop)).isFalse();
    loop.push(pair.client(), "x");
    assertThat(loop.text(await(pop))).isEqualTo("x");
  }

  @Test
  void popsCompleteInTheOrderTheyWereStarted() {
    Pair pair = connected();
    long[] pops = new long[10];
    for (int i = 0; i < pops.length; i++) {
      pops[i] = libos.pop(pair.server(), 1);
    }
    loop.push(pair.client(), "0123456789");
    for (int i = pops.length - 1; i >= 0; i--) {
      assertThat(loop.text(await(pops[i]))).isEqualTo("" + i);
    }
  }

  @Test
  void pushesCompleteInTheOrderTheyWereStarted() {
    Pair pair = connected();
    long[] pushes = new long[20];
    for (int i = 0; i < pushes.length; i++) {
      pushes[i] = loop.push(pair.client(), pattern(SEED, i * 30_000L, 30_000));
      assertThat(pushes[i]).isPositive();
    }
    assertThat(read(loop, pair.server(), 600_000)).isEqualTo(pattern(SEED, 0, 600_000));
    await(pushes[pushes.length - 1]);
    List<Long> order = new ArrayList<>();
    for (QResult result : loop.untaken()) {
      order.add(result.qtoken);
    }
    assertThat(order).isEqualTo(Arrays.stream(pushes, 0, 19).boxed().toList());
  }

  @Test
  void anEmptyArrayIsRefused() {
    Pair pair = connected();
    ScatterGatherArray empty = libos.sgaAlloc();
    assertThat(libos.push(pair.client(), empty)).isEqualTo(-Errno.EINVAL);
    libos.sgaFree(empty);
  }

  @Test
  void anArrayOfManySegmentsIsSentWhole() {
    Pair pair = connected();
    ScatterGatherArray sga = libos.sgaAlloc();
    int length = 0;
    for (int i = 0; i < ScatterGatherArray.SEGMENTS_MAX; i++) {
      int part = 1 + 97 * i;
      ScatterGatherArray piece = libos.sgaAlloc(part + 10);
      byte[] content = pattern(SEED, length, part);
      MemorySegment.copy(
          MemorySegment.ofArray(content), 0, piece.memory(0), piece.offset(0) + 7L, part);
      assertThat(sga.addShared(piece.buffer(0), piece.offset(0) + 7, part)).isTrue();
      libos.sgaFree(piece);
      length += part;
    }
    long push = libos.push(pair.client(), sga);
    libos.sgaFree(sga);
    assertThat(read(loop, pair.server(), length)).isEqualTo(pattern(SEED, 0, length));
    assertThat(await(push).result).isEqualTo(length);
  }

  @Test
  void theLargestArrayIsSentWhole() {
    Pair pair = connected();
    byte[] content = pattern(SEED, 0, 2_000_000);
    long push = loop.push(pair.client(), content);
    assertThat(read(loop, pair.server(), content.length)).isEqualTo(content);
    assertThat(await(push).result).isEqualTo(content.length);
  }

  @Test
  void freedArraysStayIntactUntilTheyAreDelivered() {
    Pair pair = connected();
    int count = 30;
    for (int i = 0; i < count; i++) {
      assertThat(loop.push(pair.client(), pattern(SEED, i * 50_000L, 50_000))).isPositive();
      // Scribbles over whatever memory is free now.
      List<ScatterGatherArray> free = new ArrayList<>();
      for (int k = 0; k < 4; k++) {
        ScatterGatherArray sga = libos.sgaAlloc(200_000);
        if (sga != null) {
          sga.copyFrom(0, MemorySegment.ofArray(new byte[200_000]), 0, 200_000);
          free.add(sga);
        }
      }
      free.forEach(libos::sgaFree);
      settleBriefly(i);
    }
    assertThat(read(loop, pair.server(), count * 50_000))
        .isEqualTo(pattern(SEED, 0, count * 50_000));
  }

  private void settleBriefly(int i) {
    if (i % 4 == 0) {
      settle();
    }
  }

  @Test
  void aSlowReaderHoldsTheWriterBack() {
    int listening = listener();
    libos.setsockopt(listening, SocketOption.RECEIVE_BUFFER_BYTES, 8_192);
    int client = streamSocket(loop, V4);
    libos.setsockopt(client, SocketOption.SEND_BUFFER_BYTES, 8_192);
    Pair pair = join(loop, client, loop, listening);
    long pushed = 0;
    long lastToken = 0;
    for (int i = 0; i < 200 && lastToken >= 0; i++) {
      lastToken = loop.push(pair.client(), pattern(SEED, i * 10_000L, 10_000));
      pushed += lastToken > 0 ? 1 : 0;
      turnAll();
    }
    int completed = 0;
    for (QResult result : loop.untaken()) {
      completed += result.result == 10_000 ? 1 : 0;
    }
    assertThat(completed).as("of %d pushes", pushed).isLessThan((int) pushed);
    assertThat(read(loop, pair.server(), (int) pushed * 10_000))
        .isEqualTo(pattern(SEED, 0, (int) pushed * 10_000));
  }

  @Test
  void closeCancelsPushesThatWait() {
    int listening = listener();
    libos.setsockopt(listening, SocketOption.RECEIVE_BUFFER_BYTES, 8_192);
    int client = streamSocket(loop, V4);
    libos.setsockopt(client, SocketOption.SEND_BUFFER_BYTES, 8_192);
    Pair pair = join(loop, client, loop, listening);
    List<Long> pushes = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      long push = loop.push(pair.client(), new byte[100_000]);
      if (push > 0) {
        pushes.add(push);
      }
      settle();
    }
    libos.close(pair.client());
    int canceled = 0;
    for (long push : pushes) {
      int result = await(push).result;
      assertThat(result).isIn(100_000, -Errno.ECANCELED);
      canceled += result < 0 ? 1 : 0;
    }
    assertThat(canceled).isPositive();
  }

  @Test
  void aPushWithAnAddressIsNotForAStream() {
    Pair pair = connected();
    ScatterGatherArray sga = loop.array(new byte[1]);
    Endpoint to = libos.getpeername(pair.client());
    long qtoken = libos.pushTo(pair.client(), sga, to);
    libos.sgaFree(sga);
    assertThat(outcome(qtoken)).isIn(-Errno.EISCONN, -Errno.EOPNOTSUPP);
  }

  @Test
  void quietPushesAreNotDelivered() {
    Pair pair = connected();
    libos.setsockopt(pair.client(), SocketOption.PUSH_QUIET, 1);
    for (int i = 0; i < 10; i++) {
      assertThat(loop.push(pair.client(), "x")).isPositive();
    }
    assertThat(readText(loop, pair.server(), 10)).isEqualTo("xxxxxxxxxx");
    settle();
    assertThat(loop.untaken()).isEmpty();
  }

  @Test
  void anAcknowledgedPushCompletesAfterThePeersTransportHasIt() {
    needs(Feature.ACKED);
    Pair pair = connected();
    libos.setsockopt(pair.client(), SocketOption.PUSH_COMPLETION, PushCompletion.ACKED.level());
    long push = loop.push(pair.client(), "acked");
    assertThat(await(push).result).isEqualTo(5);
    assertThat(readText(loop, pair.server(), 5)).isEqualTo("acked");
  }

  @Test
  void waitingPopsUseNoBuffers() {
    Pair pair = connected();
    long before = libos.report().counters().get("sgas.in-use");
    long[] pops = new long[50];
    for (int i = 0; i < pops.length; i++) {
      pops[i] = libos.pop(pair.server());
    }
    settle();
    assertThat(libos.report().counters().get("sgas.in-use")).isEqualTo(before);
    libos.close(pair.server());
    for (long pop : pops) {
      assertThat(await(pop).result).isEqualTo(-Errno.ECANCELED);
    }
  }

  @Test
  void popsWaitWhileMemoryIsOutAndGoOnWhenItIsBack() {
    Pair pair = connected();
    await(loop.push(pair.client(), "patience"));
    List<ScatterGatherArray> all = new ArrayList<>();
    for (ScatterGatherArray sga = libos.sgaAlloc(1); sga != null; sga = libos.sgaAlloc(1)) {
      all.add(sga);
    }
    long pop = libos.pop(pair.server());
    settle();
    assertThat(loop.has(pop)).isFalse();
    all.forEach(libos::sgaFree);
    assertThat(loop.text(await(pop))).startsWith("p");
  }

  @Test
  void bulkBothWaysThroughTinyBuffersWithinOneLibOs() {
    bulk(loop, loop, 600_000);
  }

  @Test
  void bulkBothWaysThroughTinyBuffersBetweenTwoLibOses() {
    needs(Feature.TWO_LIBOSES);
    bulk(loop, openLoop("b"), 300_000);
  }

  private void bulk(Loop clientLoop, Loop serverLoop, int total) {
    int listening = listener(serverLoop, V4, 4);
    int client = streamSocket(clientLoop, V4);
    for (SocketOption option :
        List.of(SocketOption.SEND_BUFFER_BYTES, SocketOption.RECEIVE_BUFFER_BYTES)) {
      serverLoop.libos.setsockopt(listening, option, 4_096);
      clientLoop.libos.setsockopt(client, option, 4_096);
    }
    Pair pair = join(clientLoop, client, serverLoop, listening);
    Side there = new Side(clientLoop, pair.client(), 1, 2, total);
    Side back = new Side(serverLoop, pair.server(), 2, 1, total);
    for (int i = 0; i < 1_000_000 && !(there.isDone() && back.isDone()); i++) {
      there.progress();
      back.progress();
      if (!(there.isDone() && back.isDone())) {
        turnAll();
      }
    }
    assertThat(there.received).as("seed %d", SEED).isEqualTo(total);
    assertThat(back.received).as("seed %d", SEED).isEqualTo(total);
  }

  /// One end of a bulk transfer: pushes its own bytes in pieces of random length, and checks the
  /// other end's as they come.
  private static final class Side {
    private final Loop loop;
    private final int qd;
    private final long ownSeed;
    private final long peerSeed;
    private final int total;
    private final SplittableRandom random;
    private final List<Long> pushes = new ArrayList<>();
    private long pop;
    private int sent;
    private int received;
    private boolean ended;
    private boolean shut;

    Side(Loop loop, int qd, long ownSeed, long peerSeed, int total) {
      this.loop = loop;
      this.qd = qd;
      this.ownSeed = ownSeed;
      this.peerSeed = peerSeed;
      this.total = total;
      this.random = new SplittableRandom(SEED + ownSeed);
    }

    void progress() {
      pushes.removeIf(push -> loop.take(push) != null);
      while (sent < total && pushes.size() < 3) {
        int length = Math.min(total - sent, random.nextInt(1, 40_000));
        long push = loop.push(qd, pattern(ownSeed, sent, length));
        if (push < 0) {
          assertThat(push).isEqualTo(-Errno.EAGAIN);
          break;
        }
        pushes.add(push);
        sent += length;
      }
      if (sent == total && pushes.isEmpty() && !shut) {
        shut = true;
        loop.libos.shutdown(qd, Shutdown.WRITE);
      }
      QResult popped = pop == 0 ? null : loop.take(pop);
      if (popped != null) {
        pop = 0;
        assertThat(popped.result).isNotNegative();
        byte[] content = loop.content(popped);
        ended = content.length == 0;
        assertThat(content).isEqualTo(pattern(peerSeed, received, content.length));
        received += content.length;
      }
      if (pop == 0 && !ended) {
        pop = loop.libos.pop(qd, random.nextInt(1, 20_000));
        assertThat(pop).isPositive();
      }
    }

    boolean isDone() {
      return ended && shut;
    }
  }
}
