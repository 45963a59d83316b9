package dev.demikv.libos.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.Shutdown;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The queue algebra over memory queues and over sockets.
abstract class AlgebraConformance extends PdpixConformance {
  /// Elements pushed before a queue is composed: memory queues are loaded so in these tests.
  private int loaded(String... elements) {
    int qd = libos.queue(Math.max(1, elements.length));
    for (String element : elements) {
      await(loop.push(qd, element));
    }
    libos.shutdown(qd, Shutdown.WRITE);
    return track(qd);
  }

  private static char first(ScatterGatherArray sga) {
    return (char) sga.memory(0).get(ValueLayout.JAVA_BYTE, sga.offset(0));
  }

  /// Pops until the end.
  private List<String> drain(int qd) {
    List<String> all = new ArrayList<>();
    while (true) {
      QResult result = await(libos.pop(qd));
      assertThat(result.result).isNotNegative();
      if (result.sga == null) {
        return all;
      }
      all.add(loop.text(result));
    }
  }

  @Test
  void mergeSurfacesBothInTurns() {
    int merged = track(libos.merge(loaded("a1", "a2", "a3"), loaded("b1", "b2", "b3")));
    List<String> all = drain(merged);
    assertThat(all).containsExactlyInAnyOrder("a1", "a2", "a3", "b1", "b2", "b3");
    assertThat(all).containsSubsequence("a1", "a2", "a3").containsSubsequence("b1", "b2", "b3");
    assertThat(all.subList(0, 2)).as("fair").doesNotContain("a2", "b2");
  }

  @Test
  void mergeEndsWhenBothEnded() {
    int merged = track(libos.merge(loaded("a"), loaded()));
    assertThat(drain(merged)).containsExactly("a");
    assertThat(await(libos.pop(merged)).result).as("the end stays").isZero();
  }

  @Test
  void whatIsPushedToAMergeGoesToBoth() {
    int merged = track(libos.merge(libos.queue(4), libos.queue(4)));
    assertThat(await(loop.push(merged, "x")).result).isEqualTo(1);
    assertThat(popText(merged)).isEqualTo("x");
    assertThat(popText(merged)).isEqualTo("x");
    long pop = libos.pop(merged);
    settle();
    assertThat(loop.has(pop)).isFalse();
  }

  @Test
  void aPushToAMergeCompletesWhenBothTookIt() {
    int narrow = libos.queue(1);
    await(loop.push(narrow, "old"));
    int merged = track(libos.merge(libos.queue(4), narrow));
    long push = loop.push(merged, "new");
    settle();
    assertThat(loop.has(push)).isFalse();
    List<String> popped = List.of(popText(merged), popText(merged), popText(merged));
    assertThat(popped).containsExactlyInAnyOrder("old", "new", "new");
    assertThat(await(push).result).isEqualTo(3);
  }

  @Test
  void aPushToAMergeFailsWithTheErrorOfOne() {
    int merged = track(libos.merge(libos.queue(4), loaded()));
    assertThat(outcome(loop.push(merged, "x"))).isEqualTo(-Errno.EPIPE);
    assertThat(popText(merged)).as("the other one took it").isEqualTo("x");
  }

  @Test
  void aQueueThatWasTakenOverIsNotUsedDirectly() {
    int a = libos.queue(4);
    int b = libos.queue(4);
    int merged = libos.merge(a, b);
    for (int taken : new int[] {a, b}) {
      assertThat(libos.pop(taken)).isEqualTo(-Errno.EBUSY);
      assertThat(loop.push(taken, "x")).isEqualTo(-Errno.EBUSY);
      assertErrno(Errno.EBUSY, () -> libos.close(taken));
      assertErrno(Errno.EBUSY, () -> libos.filter(taken, sga -> true));
    }
    libos.close(merged);
    assertThat(libos.pop(a)).as("closed with the merge").isEqualTo(-Errno.EBADF);
    assertThat(libos.pop(b)).as("closed with the merge").isEqualTo(-Errno.EBADF);
  }

  @Test
  void closingAComposedQueueCancelsWhatWaits() {
    int qd = libos.map(libos.filter(libos.queue(1), sga -> true), sga -> sga);
    await(loop.push(qd, "fills"));
    long waiting = loop.push(qd, "waits");
    int other = libos.merge(libos.queue(1), libos.queue(1));
    long pop = libos.pop(other);
    settle();
    libos.close(qd);
    libos.close(other);
    assertThat(await(waiting).result).isEqualTo(-Errno.ECANCELED);
    assertThat(await(pop).result).isEqualTo(-Errno.ECANCELED);
  }

  @Test
  void aCancelledPopOfAComposedQueueLosesNoElement() {
    int inner = libos.queue(4);
    int qd = track(libos.filter(inner, sga -> true));
    long pop = libos.pop(qd);
    assertThat(libos.cancel(pop)).isZero();
    assertThat(await(pop).result).isEqualTo(-Errno.ECANCELED);
    loop.push(qd, "kept");
    assertThat(popText(qd)).isEqualTo("kept");
  }

  @Test
  void filterPopsOnlyWhatPasses() {
    int qd = track(libos.filter(loaded("a1", "b1", "a2", "b2", "b3"), sga -> first(sga) == 'b'));
    assertThat(drain(qd)).containsExactly("b1", "b2", "b3");
  }

  @Test
  void filterOfManyRejectedElementsComesToTheNextOne() {
    String[] elements = new String[500];
    Arrays.fill(elements, "a");
    elements[499] = "b";
    int qd = track(libos.filter(loaded(elements), sga -> first(sga) == 'b'));
    assertThat(drain(qd)).containsExactly("b");
  }

  @Test
  void whatAFilterRejectsIsPushedWithoutEffect() {
    int qd = track(libos.filter(libos.queue(4), sga -> first(sga) == 'b'));
    assertThat(await(loop.push(qd, "a1")).result).isEqualTo(2);
    assertThat(await(loop.push(qd, "b1")).result).isEqualTo(2);
    assertThat(popText(qd)).isEqualTo("b1");
  }

  @Test
  void mapAppliesTheFunctionToWhatIsPopped() {
    int qd = track(libos.map(loaded("abc", "def"), AlgebraConformance::toUpperCase));
    assertThat(drain(qd)).containsExactly("ABC", "DEF");
  }

  @Test
  void mapAppliesTheFunctionToWhatIsPushed() {
    int qd = track(libos.map(libos.queue(4), sga -> marked(sga, '!')));
    assertThat(await(loop.push(qd, "x")).result).isEqualTo(1);
    assertThat(popText(qd)).as("once on push, once on pop").isEqualTo("x!!");
  }

  @Test
  void mapMayReplaceTheArray() {
    int qd = track(libos.map(loaded("abc", "de"), sga -> marked(sga, '.')));
    assertThat(drain(qd)).containsExactly("abc.", "de.");
  }

  @Test
  void sortPopsTheHighestOfWhatHasArrived() {
    int qd = track(libos.sort(loaded("b", "d", "a", "c"), byFirst(), 8));
    settle();
    assertThat(drain(qd)).containsExactly("d", "c", "b", "a");
  }

  @Test
  void sortKeepsTheOrderOfEqualElements() {
    int qd = track(libos.sort(loaded("a1", "a2", "b1", "a3", "b2"), byFirst(), 8));
    settle();
    assertThat(drain(qd)).containsExactly("b1", "b2", "a1", "a2", "a3");
  }

  @Test
  void sortHoldsBackNoMoreThanItMay() {
    int inner = libos.queue(1);
    int qd = track(libos.sort(inner, byFirst(), 2));
    int taken = 0;
    List<Long> pushes = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      long push = loop.push(qd, "x");
      if (push > 0) {
        pushes.add(push);
      }
      settle();
    }
    for (long push : pushes) {
      taken += loop.has(push) ? 1 : 0;
    }
    assertThat(taken).as("two sorted, one held, one in the queue").isBetween(3, 4);
  }

  @Test
  void qconnectMovesEverythingAndTellsItsEnd() {
    int out = libos.queue(16);
    int connection = track(libos.qconnect(loaded("1", "2", "3"), libos.filter(out, sga -> true)));
    QResult end = await(libos.pop(connection));
    assertThat(end.result).isZero();
    assertThat(end.sga).isNull();
  }

  @Test
  void qconnectStopsAtTheBackPressureOfItsEnd() {
    int in = libos.queue(2);
    List<Long> pushes = new ArrayList<>();
    pushes.add(loop.push(in, "1"));
    pushes.add(loop.push(in, "2"));
    pushes.add(loop.push(in, "3"));
    pushes.add(loop.push(in, "4"));
    int connection = track(libos.qconnect(in, libos.queue(1)));
    long end = libos.pop(connection);
    settle();
    assertThat(loop.has(end)).isFalse();
    int completed = 0;
    for (long push : pushes) {
      completed += loop.has(push) ? 1 : 0;
    }
    assertThat(completed).as("one in the way, one arrived").isBetween(3, 4);
  }

  @Test
  void qconnectEndsWithTheErrorOfItsEnd() {
    int connection = track(libos.qconnect(loaded("1"), loaded()));
    assertThat(await(libos.pop(connection)).result).isEqualTo(-Errno.EPIPE);
  }

  @Test
  void composedQueuesComposeAgain() {
    int letters = libos.merge(loaded("a", "c"), loaded("b", "d"));
    int some = libos.filter(letters, sga -> first(sga) != 'c');
    int upper = libos.map(some, AlgebraConformance::toUpperCase);
    int sorted = track(libos.sort(upper, byFirst(), 8));
    settle();
    assertThat(drain(sorted)).containsExactly("D", "B", "A");
  }

  @Test
  void mergeOfTwoSocketsServesBothPeers() {
    Pair one = connected();
    Pair two = connected();
    int merged = track(libos.merge(one.server(), two.server()));
    loop.push(one.client(), "from one");
    assertThat(popText(merged)).isEqualTo("from one");
    loop.push(two.client(), "from two");
    assertThat(popText(merged)).isEqualTo("from two");
    await(loop.push(merged, "to both"));
    assertThat(readText(loop, one.client(), 7)).isEqualTo("to both");
    assertThat(readText(loop, two.client(), 7)).isEqualTo("to both");
  }

  @Test
  void qconnectEchoesBetweenSockets() {
    Pair from = connected();
    Pair to = connected();
    int pipe = track(libos.qconnect(from.server(), to.client()));
    byte[] content = pattern(SEED, 0, 100_000);
    long push = loop.push(from.client(), content);
    assertThat(read(loop, to.server(), content.length)).isEqualTo(content);
    await(push);
    libos.shutdown(from.client(), Shutdown.WRITE);
    assertThat(await(libos.pop(pipe)).result).isZero();
    libos.close(pipe);
    assertThat(await(libos.pop(to.server())).result).as("closed with the pipe").isZero();
  }

  @Test
  void mapOverASocketChangesWhatTravels() {
    Pair pair = connected();
    int upper = track(libos.map(pair.client(), AlgebraConformance::toUpperCase));
    await(loop.push(upper, "shout"));
    assertThat(readText(loop, pair.server(), 5)).isEqualTo("SHOUT");
    loop.push(pair.server(), "answer");
    assertThat(readText(loop, upper, 6)).isEqualTo("ANSWER");
  }

  private static Comparator<ScatterGatherArray> byFirst() {
    return Comparator.comparingInt(AlgebraConformance::first);
  }

  private static ScatterGatherArray toUpperCase(ScatterGatherArray sga) {
    for (int s = 0; s < sga.segmentCount(); s++) {
      for (int i = 0; i < sga.length(s); i++) {
        long at = (long) sga.offset(s) + i;
        byte b = sga.memory(s).get(ValueLayout.JAVA_BYTE, at);
        sga.memory(s).set(ValueLayout.JAVA_BYTE, at, (byte) Character.toUpperCase(b));
      }
    }
    return sga;
  }

  private ScatterGatherArray marked(ScatterGatherArray sga, char mark) {
    ScatterGatherArray longer = libos.sgaAlloc(sga.totalBytes() + 1);
    assertThat(longer).isNotNull();
    sga.copyTo(0, longer.memory(0), longer.offset(0), sga.totalBytes());
    longer
        .memory(0)
        .set(ValueLayout.JAVA_BYTE, (long) longer.offset(0) + sga.totalBytes(), (byte) mark);
    sga.drop();
    return longer;
  }
}
