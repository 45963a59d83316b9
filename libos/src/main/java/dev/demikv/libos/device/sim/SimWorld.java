package dev.demikv.libos.device.sim;

import dev.demikv.libos.device.LogDeviceGeometry;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/// A simulated world: one seed, one virtual clock, one queue of events.
///
/// Everything that happens in a world follows from its seed and from what the test does; the same
/// seed and the same calls give the same run. A world and all that lives in it belong to one
/// thread.
///
/// Time passes only when events run: by [#step], [#runUntil] or [#runFor], or inside a LibOs that
/// waits on the simulated network (its waiter runs the next event) or on a simulated disk. With one
/// LibOs in a world, its wait calls make time pass, and a program runs unchanged. With several, the
/// test gives each a turn with `waitNext(results, 0)` and then steps the world.
///
/// ```
/// try (SimWorld world = new SimWorld(seed)) {
///   LibOsConfig config = new LibOsConfig("sim", "sim", Options.empty(), Limits.SMALL, Idle.BLOCK)
///       .withOption("sim.world", world.id());
///   LibOs libos = LibOses.open(config, world, world.random("libos"));
///   …
/// }
/// ```
public final class SimWorld implements Clock, AutoCloseable {
  /// Wall-clock time at the beginning of a world.
  private static final long WALL_ORIGIN_MILLIS = 1_700_000_000_000L;

  /// Virtual time at the beginning: not 0, so that "0 means unset" is found out.
  private static final long ORIGIN_NANOS = 1_000_000_000L;

  private static final Map<String, SimWorld> WORLDS = new ConcurrentHashMap<>();
  private static final AtomicLong WORLDS_MADE = new AtomicLong();

  private final long seed;
  private final String id;
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final Map<String, SimDisk> disks = new LinkedHashMap<>();
  private final Map<String, SimWire> wires = new LinkedHashMap<>();
  private final SimNetwork network;
  private long nowNanos = ORIGIN_NANOS;
  private long wallSkewMillis;
  private long eventsScheduled;
  private long eventsRun;
  private int waiterCount;

  private record Event(long atNanos, long sequence, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(atNanos, other.atNanos);
      return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
    }
  }

  /// A new world, registered under its [#id] until it is closed.
  public SimWorld(long seed) {
    this.seed = seed;
    this.id = "world-" + WORLDS_MADE.incrementAndGet();
    this.network = new SimNetwork(this);
    WORLDS.put(id, this);
  }

  /// The registered world of an id, or `null`.
  public static @Nullable SimWorld ofId(String id) {
    return WORLDS.get(id);
  }

  /// Name for the option `sim.world`. Not part of the simulated behaviour.
  public String id() {
    return id;
  }

  /// The seed that repeats this world.
  public long seed() {
    return seed;
  }

  @Override
  public long nanoTime() {
    return nowNanos;
  }

  @Override
  public long wallMillis() {
    return WALL_ORIGIN_MILLIS + wallSkewMillis + nowNanos / 1_000_000;
  }

  /// Makes the wall clock jump, forwards or backwards.
  public void jumpWallClock(long byMillis) {
    wallSkewMillis += byMillis;
  }

  /// A random generator for one component, made from the seed and the name: it does not depend on
  /// which other components there are, nor on the order in which they were made.
  public RandomGenerator random(String component) {
    long hash = 0xcbf29ce484222325L; // FNV-1a, 64 bits.
    for (int i = 0; i < component.length(); i++) {
      hash = (hash ^ component.charAt(i)) * 0x100000001b3L;
    }
    return new SplittableRandom(seed ^ hash);
  }

  /// Schedules an event. Events of the same time run in the order they were scheduled.
  ///
  /// @param delayNanos ≥ 0, from now
  public void schedule(long delayNanos, Runnable action) {
    if (delayNanos < 0) {
      throw new IllegalArgumentException("delay of " + delayNanos + " ns");
    }
    events.add(new Event(nowNanos + delayNanos, eventsScheduled++, action));
  }

  /// When the next event is due, or [Long#MAX_VALUE] when there is none.
  public long nextEventNanos() {
    Event next = events.peek();
    return next == null ? Long.MAX_VALUE : next.atNanos;
  }

  /// Advances to the next event and runs it.
  ///
  /// @return false when there was none
  public boolean step() {
    Event next = events.poll();
    if (next == null) {
      return false;
    }
    nowNanos = Math.max(nowNanos, next.atNanos);
    eventsRun++;
    next.action.run();
    return true;
  }

  /// Runs every event due until a time, and advances to it.
  ///
  /// @return events run
  public int runUntil(long atNanos) {
    int count = 0;
    while (nextEventNanos() <= atNanos) {
      step();
      count++;
    }
    nowNanos = Math.max(nowNanos, atNanos);
    return count;
  }

  /// Runs every event due within a time from now, and advances by it.
  ///
  /// @return events run
  public int runFor(long nanos) {
    return runUntil(nowNanos + nanos);
  }

  /// Events run since the beginning: with [#nanoTime], a fingerprint of a run.
  public long eventsRun() {
    return eventsRun;
  }

  /// The network.
  public SimNetwork network() {
    return network;
  }

  /// The Ethernet segment of a name, made at the first call.
  public SimWire wire(String name) {
    return wires.computeIfAbsent(name, n -> new SimWire(this, n));
  }

  /// The disk of a name, made with this geometry at the first call.
  public SimDisk disk(String name, LogDeviceGeometry geometry) {
    return disks.computeIfAbsent(name, n -> new SimDisk(this, n, geometry));
  }

  /// The disk of a name.
  ///
  /// @throws IllegalArgumentException when there is none
  public SimDisk disk(String name) {
    SimDisk disk = disks.get(name);
    if (disk == null) {
      throw new IllegalArgumentException("no disk '" + name + "' among " + disks.keySet());
    }
    return disk;
  }

  /// All disks, in the order they were made.
  public List<SimDisk> disks() {
    return new ArrayList<>(disks.values());
  }

  /// Ends the registration; the content goes with the last reference to it.
  @Override
  public void close() {
    WORLDS.remove(id);
    events.clear();
  }

  @Override
  public String toString() {
    return id + " (seed " + seed + ", at " + (nowNanos - ORIGIN_NANOS) + " ns)";
  }

  /// Whether a simulated waiter makes time pass in this world.
  boolean hasWaiter() {
    return waiterCount > 0;
  }

  void addWaiter() {
    waiterCount++;
  }

  void removeWaiter() {
    waiterCount--;
  }

  /// Runs the events of the next instant, but none behind a deadline, to which time advances when
  /// nothing happens before it. For tests that give several LibOses turns: a protocol's timers are
  /// not events of the world, so that time must pass although nothing happens.
  ///
  /// @return whether an event ran
  public boolean advance(long deadlineNanos) {
    long next = nextEventNanos();
    if (next > deadlineNanos) {
      nowNanos = Math.max(nowNanos, deadlineNanos);
      return false;
    }
    while (nextEventNanos() <= next) {
      step();
    }
    return true;
  }
}
