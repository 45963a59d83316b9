package dev.demikv.libos.net.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.MemoryRegion;
import dev.demikv.libos.net.Rfc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The arithmetic in the leaves.
final class TcpPartsTest {
  private static final long MS = 1_000_000;

  /// The test vectors of the paper's reference implementation, of whole words.
  @Test
  void sipHashGivesTheVectorsOfItsAuthors() {
    SipHash hash = new SipHash(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);
    assertThat(hash.begin().finish()).isEqualTo(0x726fdb47dd0e0e31L);
    assertThat(hash.begin().add(0x0706050403020100L).finish()).isEqualTo(0x93f5f5799a932462L);
    assertThat(hash.begin().add(0x0706050403020100L).add(0x0f0e0d0c0b0a0908L).finish())
        .isEqualTo(0x3f2acc7f57c29bdbL);
  }

  @Test
  @Rfc(number = 6528, section = "3")
  void initialSequenceNumbersRiseForOneConnectionAndDifferBetweenOthers() {
    IsnGenerator isns = new IsnGenerator(new Random(1));
    int first = isns.isn(0, 1, 2, 0, 3, 4, 0);
    assertThat(isns.isn(0, 1, 2, 0, 3, 4, 4_000_000_000L) - first).isEqualTo(1_000_000);
    Set<Integer> others = new HashSet<>();
    for (int port = 0; port < 1_000; port++) {
      others.add(isns.isn(0, 1, 2, 0, 3, port, 0) - first);
    }
    assertThat(others).hasSize(1_000);
  }

  @Test
  @Rfc(number = 6298, section = "2")
  void theTimeoutFollowsTheRoundTripTime() {
    RttEstimator rtt = new RttEstimator(1, 60_000 * MS);
    assertThat(rtt.timeoutNanos()).isEqualTo(1_000 * MS);
    rtt.sample(100 * MS, 0);
    assertThat(rtt.srttNanos()).isEqualTo(100 * MS);
    assertThat(rtt.rttvarNanos()).isEqualTo(50 * MS);
    assertThat(rtt.timeoutNanos()).isEqualTo(300 * MS);
    rtt.sample(200 * MS, 0);
    assertThat(rtt.rttvarNanos()).isEqualTo(50 * MS + (100 * MS - 50 * MS) / 4);
    assertThat(rtt.srttNanos()).isEqualTo(100 * MS + 100 * MS / 8);
    long rto = rtt.timeoutNanos();
    rtt.backOff();
    rtt.backOff();
    assertThat(rtt.timeoutNanos()).isEqualTo(4 * rto);
    rtt.clearBackoff();
    assertThat(rtt.timeoutNanos()).isEqualTo(rto);
  }

  @Test
  @Rfc(number = 6298, section = "2")
  void anAnswerWithinOneReadingOfTheClockIsNoMeasurement() {
    RttEstimator rtt = new RttEstimator(1, 60_000 * MS);
    rtt.sample(0, 0);
    assertThat(rtt.srttNanos()).isZero();
    assertThat(rtt.minRttNanos()).isEqualTo(Long.MAX_VALUE);
    assertThat(rtt.timeoutNanos()).isEqualTo(1_000 * MS);
    rtt.sample(3 * MS, 0);
    rtt.sample(0, 0);
    assertThat(rtt.srttNanos()).isEqualTo(3 * MS);
    assertThat(rtt.minRttNanos()).isEqualTo(3 * MS);
  }

  @Test
  @Rfc(number = 6298, section = "2.4")
  void onALongSteadyPathTheTimeoutLeavesRoomForADelayedAcknowledgement() {
    RttEstimator rtt = new RttEstimator(200 * MS, 60_000 * MS);
    for (int i = 0; i < 200; i++) {
      rtt.sample(300 * MS, i * (300 * MS));
    }
    assertThat(rtt.rttvarNanos()).isLessThan(MS);
    assertThat(rtt.timeoutNanos()).isGreaterThanOrEqualTo(500 * MS);
  }

  @Test
  @Rfc(number = 6298, section = "3")
  void onlyAMeasurementTakesDoublingsBack() {
    RttEstimator rtt = new RttEstimator(1, 60_000 * MS);
    rtt.sample(100 * MS, 0);
    rtt.backOff();
    rtt.sample(100 * MS, 0);
    assertThat(rtt.backoffs()).isZero();
    rtt.backOff();
    rtt.sample(0, 0);
    assertThat(rtt.backoffs()).isZero();
    rtt.backOff();
    rtt.handshakeWasSlow();
    assertThat(rtt.backoffs()).isZero();
  }

  @Test
  @Rfc(number = 8985, section = "6.2")
  void theLeastRoundTripTimeIsForgottenAfterMinutes() {
    RttEstimator rtt = new RttEstimator(1, 60_000 * MS);
    rtt.sample(5 * MS, 0);
    rtt.sample(9 * MS, 70_000 * MS);
    assertThat(rtt.minRttNanos()).isEqualTo(5 * MS);
    rtt.sample(9 * MS, 140_000 * MS);
    assertThat(rtt.minRttNanos()).isEqualTo(9 * MS);
  }

  @Test
  @Rfc(number = 9438, section = "4.2")
  void cubicIsFlatAtTheOldWindowAndSteepBeyond() {
    Cubic cubic = new Cubic();
    int mss = 1_000;
    cubic.reset(1_000 * mss);
    cubic.congested(1_000 * mss, mss);
    assertThat(cubic.ssthreshBytes()).isEqualTo(700 * mss);
    cubic.setCwnd(cubic.ssthreshBytes());
    // §4.2: K = cbrt(W_max (1 - beta) / C) = cbrt(300 / 0.4) = 9.08 s.
    int[] atSecond = new int[20];
    for (int ms = 0; ms < 20_000; ms += 100) {
      cubic.acknowledged(cubic.cwndBytes(), mss, 100 * MS, ms * MS);
      atSecond[ms / 1_000] = cubic.cwndBytes() / mss;
    }
    assertThat(atSecond[0]).isGreaterThan(750);
    assertThat(atSecond[8]).isBetween(990, 1_005);
    assertThat(atSecond[9]).isBetween(995, 1_005);
    assertThat(atSecond[10] - atSecond[9]).isLessThan(10);
    assertThat(atSecond[15]).isGreaterThan(1_080);
    for (int i = 1; i < 20; i++) {
      assertThat(atSecond[i]).isGreaterThanOrEqualTo(atSecond[i - 1]);
    }
  }

  @Test
  @Rfc(number = 9438, section = "4.3")
  void onAShortPathCubicIsNotSlowerThanReno() {
    Cubic cubic = new Cubic();
    NewReno reno = new NewReno();
    int mss = 1_000;
    for (CongestionControl each : new CongestionControl[] {cubic, reno}) {
      each.reset(20 * mss);
      each.congested(20 * mss, mss);
      each.setCwnd(each.ssthreshBytes());
      for (int round = 0; round < 100; round++) {
        for (int left = each.cwndBytes(); left > 0; left -= 2 * mss) {
          each.acknowledged(2 * mss, mss, MS, round * MS);
        }
      }
    }
    assertThat(reno.cwndBytes() / mss).isBetween(105, 111);
    assertThat(cubic.cwndBytes() / mss).isBetween(60, 115);
  }

  /// §5.1 with beta 0.7 and C 0.4, equation 6; and where that is less, what Reno has (§4.3), Mathis
  /// et al. 1997.
  @ParameterizedTest
  @CsvSource({
    "20, 100",
    "20, 1000",
    "20, 10000",
    "100, 1000",
    "100, 10000",
    "100, 100000",
    "300, 10000"
  })
  @Rfc(number = 9438, section = "5.1")
  void cubicHasTheWindowOfItsResponseFunction(int rttMillis, int segmentsPerLoss) {
    double cubicWindow = 1.054 * Math.pow(rttMillis / 1e3 * segmentsPerLoss, 0.75);
    double renoWindow = 1.22 * Math.sqrt(segmentsPerLoss);
    assertThat(averageWindow(rttMillis, segmentsPerLoss))
        .isCloseTo(Math.max(cubicWindow, renoWindow), withinPercentage(10));
  }

  /// Segments in flight when evenly spaced segments are lost.
  private static double averageWindow(int rttMillis, int segmentsPerLoss) {
    int mss = 1_000;
    double nowNanos = 0;
    double beginNanos = 0;
    Cubic cubic = new Cubic();
    cubic.reset(10 * mss);
    for (int loss = 0; loss < 120; loss++) {
      if (loss == 20) { // The beginning is forgotten.
        beginNanos = nowNanos;
      }
      for (int i = 0; i < segmentsPerLoss; i++) {
        nowNanos += (double) rttMillis * MS * mss / cubic.cwndBytes();
        cubic.acknowledged(mss, mss, rttMillis * MS, (long) nowNanos);
      }
      cubic.congested(cubic.cwndBytes(), mss);
      cubic.setCwnd(cubic.ssthreshBytes());
    }
    return 100.0 * segmentsPerLoss * rttMillis * MS / (nowNanos - beginNanos);
  }

  @Test
  @Rfc(number = 9438, section = "4.7")
  void aFlowThatShrinksAgainLeavesRoom() {
    Cubic cubic = new Cubic();
    cubic.reset(100_000);
    cubic.congested(100_000, 1_000);
    cubic.setCwnd(70_000);
    cubic.congested(70_000, 1_000);
    cubic.setCwnd(49_000);
    // W_max is 70 (1 + 0.7) / 2 = 59.5 segments: there it is flat.
    int after = 0;
    for (int ms = 0; ms < 3_500; ms += 100) {
      cubic.acknowledged(cubic.cwndBytes(), 1_000, 100 * MS, ms * MS);
      after = cubic.cwndBytes();
    }
    assertThat(after).isBetween(59_000, 75_000);
  }

  @Test
  @Rfc(number = 5681, section = "3.1")
  void slowStartDoublesPerRoundTrip() {
    NewReno reno = new NewReno();
    reno.reset(10_000);
    for (int i = 0; i < 5; i++) {
      reno.acknowledged(2_000, 1_000, MS, 0);
    }
    assertThat(reno.cwndBytes()).isEqualTo(20_000);
  }

  @Test
  @Rfc(number = 6937, section = "3.1")
  void prrSendsTheShareOfWhatIsDelivered() {
    Prr prr = new Prr();
    prr.begin(10_000);
    int sent = 0;
    for (int i = 0; i < 10; i++) {
      int allowed = prr.allowance(1_000, 9_000, 5_000, 1_000);
      prr.sent(allowed);
      sent += allowed;
    }
    assertThat(sent).isEqualTo(5_000);
    // Below the threshold: up to a segment more than was delivered.
    assertThat(prr.allowance(1_000, 2_000, 5_000, 1_000)).isEqualTo(3_000);
    prr.begin(10_000);
    assertThat(prr.allowance(1_000, 2_000, 5_000, 1_000)).isEqualTo(2_000);
  }

  @Test
  @Rfc(number = 9293, section = "3.1")
  void anyOptionsAreRead() {
    SplittableRandom random = new SplittableRandom(1);
    TcpOptions options = new TcpOptions();
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(11) * 4];
      for (int j = 0; j < bytes.length; j++) {
        bytes[j] = (byte) (random.nextInt(2) == 0 ? random.nextInt(12) : random.nextInt());
      }
      options.parse(MemorySegment.ofArray(bytes), 0, bytes.length);
      assertThat(options.windowShift).isBetween(-1, 14);
      assertThat(options.sackCount).isBetween(0, 4);
    }
  }

  @Test
  void connectionsAreFoundAndRemovedInAnyOrder() {
    SplittableRandom random = new SplittableRandom(3);
    TestHost host = new TestWire(1).host(TcpConfig.builder().connectionsMax(500).build());
    List<TcpConnection> open = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      if (random.nextBoolean() && open.size() < 500) {
        int port = 1 + random.nextInt(600);
        TcpConnection c = host.tcp.connect(false, 0, 0, port, 0, 77, 80);
        boolean known = open.stream().anyMatch(o -> o.localPort() == port);
        assertThat(c == null).isEqualTo(known);
        if (c != null) {
          open.add(c);
        }
      } else if (!open.isEmpty()) {
        open.remove(random.nextInt(open.size())).abort();
      }
    }
    assertThat(host.tcp.connectionCount()).isEqualTo(open.size());
  }

  /// Against an array that knows for each byte who came first.
  @Test
  void theReassemblerKeepsTheFirstOfEachByte() {
    SplittableRandom random = new SplittableRandom(5);
    try (Arena arena = Arena.ofConfined()) {
      BufferPool pool =
          new BufferPool(new MemoryRegion(arena.allocate(256 * 4_096, 64), 64, 0), 256, 4_096);
      for (int run = 0; run < 30; run++) {
        ReceiveMemory memory = new ReceiveMemory(4_096, 1 << 30);
        Reassembler reassembler = new Reassembler();
        int base = random.nextInt();
        int[] model = new int[2_000];
        for (int i = 1; i < 100; i++) {
          Buffer buffer = pool.take();
          buffer.segment().fill((byte) i);
          int start = random.nextInt(1_800);
          int length = 1 + random.nextInt(200);
          int news = 0;
          for (int at = start; at < start + length; at++) {
            if (model[at] == 0) {
              model[at] = i;
              news++;
            }
          }
          assertThat(reassembler.insert(buffer, 0, length, base + start, memory)).isEqualTo(news);
          buffer.release();
          for (int r = 0; r < reassembler.rangeCount(); r++) {
            for (int at = reassembler.rangeStart(r); at != reassembler.rangeEnd(r); at++) {
              assertThat(model[at - base]).isNotZero();
            }
          }
        }
        int next = random.nextInt(500);
        ReceiveQueue queue = new ReceiveQueue();
        int moved = reassembler.drainInto(queue, base + next, memory);
        int expected = 0;
        while (next + expected < model.length && model[next + expected] != 0) {
          expected++;
        }
        assertThat(moved).isEqualTo(expected);
        int at = next;
        for (ReceiveChunk c = queue.head(); c != null; c = c.next) {
          for (int i = 0; i < c.length; i++) {
            assertThat((int) c.buffer().segment().get(ValueLayout.JAVA_BYTE, c.offset + i))
                .isEqualTo(model[at++]);
          }
        }
        queue.clear(memory);
        reassembler.clear(memory);
        assertThat(memory.bytes()).isZero();
        assertThat(pool.freeCount()).isEqualTo(pool.count());
      }
    }
  }
}
