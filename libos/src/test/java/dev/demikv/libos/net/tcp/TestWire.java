package dev.demikv.libos.net.tcp;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/// Hosts joined by a seeded wire in virtual time.
final class TestWire {
  static final long MICROSECOND = 1_000;
  static final long MILLISECOND = 1_000_000;
  static final long SECOND = 1_000_000_000;

  private static final int FLUSHES_MAX = 10_000;

  final SplittableRandom random;
  final List<TestHost> hosts = new ArrayList<>();

  /// The latest segments, for tests to look at and for failures to show.
  final ArrayDeque<Trace> trace = new ArrayDeque<>();

  int traceMax = 60;
  long nowNanos = 1_000 * SECOND;

  // Faults, both directions.
  long delayNanos = 100 * MICROSECOND;
  long jitterNanos;
  double loss;
  double duplicate;

  /// Chance that a segment begins a burst of losses, and how long it is.
  double burst;

  int burstLength = 8;
  int burstLeft;

  /// Nanoseconds a byte takes; 0: none.
  long nanosPerByte;

  /// Segments that wait for the link at most.
  int queueMax = 1_000_000;

  /// What is dropped on top of that, by the test's choice.
  Predicate<TestSegment> drop = s -> false;

  /// Hosts that nothing reaches.
  Predicate<TestSegment> cut = s -> false;

  /// What was sent to addresses of no host.
  final ArrayDeque<TestSegment> strays = new ArrayDeque<>();

  long carried;
  long dropped;

  private final PriorityQueue<Flight> flights = new PriorityQueue<>();
  private final long[] linkFree = new long[256];
  private long order;

  /// A segment that a host sent.
  record Trace(long atNanos, TestSegment segment, boolean dropped) {
    @Override
    public String toString() {
      String when = (atNanos - 1_000 * SECOND) / MICROSECOND + " us ";
      return when + segment + (dropped ? " dropped" : "");
    }
  }

  private record Flight(long atNanos, long order, TestSegment segment)
      implements Comparable<Flight> {
    @Override
    public int compareTo(Flight other) {
      int byTime = Long.compare(atNanos, other.atNanos);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }

  TestWire(long seed) {
    random = new SplittableRandom(seed);
  }

  TestHost host(TcpConfig config) {
    TestHost host = new TestHost(this, hosts.size() + 1, config);
    hosts.add(host);
    return host;
  }

  /// A host gives a segment to the wire.
  void send(TestSegment segment) {
    boolean isDropped = isDropped(segment);
    note(segment, isDropped);
    if (isDropped) {
      dropped++;
      return;
    }
    int copies = random.nextDouble() < duplicate ? 2 : 1;
    for (int i = 0; i < copies; i++) {
      long start = nowNanos;
      if (nanosPerByte > 0) {
        int link = segment.from() & 0xff;
        long free = Math.max(linkFree[link], nowNanos);
        long takes = nanosPerByte * (segment.bytes().length + 40);
        if ((free - nowNanos) / (nanosPerByte * 1_500) >= queueMax) {
          dropped++;
          note(segment, true);
          return;
        }
        linkFree[link] = free + takes;
        start = free + takes;
      }
      long jitter = jitterNanos == 0 ? 0 : random.nextLong(jitterNanos);
      flights.add(new Flight(start + delayNanos + jitter, order++, segment));
    }
  }

  private boolean isDropped(TestSegment segment) {
    if (cut.test(segment) || drop.test(segment)) {
      return true;
    }
    if (burstLeft > 0) {
      burstLeft--;
      return true;
    }
    if (burst > 0 && random.nextDouble() < burst) {
      burstLeft = random.nextInt(burstLength);
      return true;
    }
    return loss > 0 && random.nextDouble() < loss;
  }

  private void note(TestSegment segment, boolean isDropped) {
    if (trace.size() == traceMax) {
      trace.removeFirst();
    }
    trace.addLast(new Trace(nowNanos, segment, isDropped));
  }

  /// Runs until a condition holds.
  void until(BooleanSupplier condition, long nanosMax) {
    long end = nowNanos + nanosMax;
    while (!condition.getAsBoolean()) {
      if (!step(end)) {
        throw new AssertionError(
            "did not come about within " + nanosMax / MILLISECOND + " ms" + describe());
      }
    }
  }

  /// Runs for a time.
  void run(long nanos) {
    long end = nowNanos + nanos;
    while (step(end)) {
      // Goes on.
    }
    nowNanos = end;
  }

  /// Lets everything due happen, up to the next moment at which something is.
  ///
  /// @return false when that is after `endNanos`
  private boolean step(long endNanos) {
    long next = Long.MAX_VALUE;
    for (TestHost host : hosts) {
      for (int i = 0; host.tcp.wantsFlush(); i++) {
        host.tcp.flush(nowNanos);
        if (i == FLUSHES_MAX) {
          throw new AssertionError("flush has work for ever" + describe());
        }
      }
      next = Math.min(next, host.tcp.nextTimerNanos());
    }
    if (!flights.isEmpty()) {
      next = Math.min(next, flights.peek().atNanos());
    }
    if (next > endNanos) {
      return false;
    }
    nowNanos = Math.max(nowNanos, next);
    while (!flights.isEmpty() && flights.peek().atNanos() <= nowNanos) {
      deliver(flights.poll().segment());
    }
    for (TestHost host : hosts) {
      host.tcp.advance(nowNanos);
    }
    return true;
  }

  /// Brings a segment to its host at once.
  void deliver(TestSegment segment) {
    carried++;
    for (TestHost host : hosts) {
      if (host.address == segment.to()) {
        host.receive(segment);
        return;
      }
    }
    strays.addLast(segment);
  }

  String describe() {
    StringBuilder text = new StringBuilder();
    for (TestHost host : hosts) {
      text.append("\n  host ").append(host.address).append(host.describe());
    }
    for (Trace line : trace) {
      text.append("\n    ").append(line);
    }
    return text.toString();
  }
}
