package dev.demikv.kvserver.server;

import dev.demikv.kvserver.command.Statistics;
import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.engine.Entry;
import dev.demikv.kvserver.engine.EntryVisitor;
import dev.demikv.kvserver.resp.CommandArgs;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Removes keys whose time has come although nobody asks for them: looks now and then, bounded per
/// look. Where writes go through a log, the removal does as well.
///
/// While there is no key with an expiry, it wants no time at all.
final class ActiveExpiry implements EntryVisitor {
  private static final int KEYS_PER_LOOK = 256;
  private static final int KEY_BYTES_PER_LOOK = 16 << 10;

  private final Engine engine;
  private final ExpiredKeys expired;
  private final @Nullable WritePath writes;
  private final MemorySegment keyBytes;
  private final CommandArgs keys = new CommandArgs();
  private long intervalNanos;
  private int keyBytesEnd;
  private boolean enabled = true;
  private boolean more;
  private long dueNanos = Long.MAX_VALUE;
  private long proposedSequence;
  private int nextDb;

  ActiveExpiry(
      Engine engine,
      Statistics statistics,
      @Nullable WritePath writes,
      Arena arena,
      long intervalNanos) {
    this.engine = engine;
    this.expired = new ExpiredKeys(engine, statistics);
    this.writes = writes;
    this.keyBytes = arena.allocate(KEY_BYTES_PER_LOOK);
    this.intervalNanos = intervalNanos;
  }

  /// Turns it off or on.
  void setEnabled(boolean on) {
    enabled = on;
  }

  /// Changes the time between looks.
  void setIntervalNanos(long nanos) {
    intervalNanos = nanos;
  }

  /// Something was written: there may be keys with an expiry now.
  void written(long nowNanos) {
    if (dueNanos == Long.MAX_VALUE) {
      dueNanos = nowNanos + intervalNanos;
    }
  }

  /// When the next look is due; [Long#MAX_VALUE] if never.
  long nextNanos() {
    return enabled ? dueNanos : Long.MAX_VALUE;
  }

  /// Looks, when it is time.
  void turn(long nowNanos, long nowMillis) {
    if (!enabled || nowNanos < dueNanos) {
      return;
    }
    WritePath path = writes;
    if (path != null && path.appliedSequence() < proposedSequence) {
      dueNanos = nowNanos + intervalNanos; // What was proposed is not removed yet.
      return;
    }
    boolean any = false;
    more = false;
    for (int i = 0; i < engine.databases(); i++) {
      int db = nextDb;
      nextDb = (nextDb + 1) % engine.databases();
      if (engine.expiring(db) > 0) {
        any = true;
        look(db, nowMillis);
      }
    }
    dueNanos = !any ? Long.MAX_VALUE : more ? nowNanos : nowNanos + intervalNanos;
  }

  private void look(int db, long nowMillis) {
    keys.clear();
    keyBytesEnd = 0;
    engine.due(db, nowMillis, KEYS_PER_LOOK, this);
    if (keys.count() == 0) {
      return;
    }
    more |= keys.count() >= KEYS_PER_LOOK;
    keys.bind(keyBytes, 0);
    WritePath path = writes;
    if (path == null) {
      expired.remove(db, keys, nowMillis);
    } else if (path.expire(db, keys)) {
      // At the end of this turn it becomes the next batch, or one behind it.
      proposedSequence = path.lastSequence() + 1;
    } else {
      more = false;
    }
  }

  @Override
  public boolean visit(Entry entry) {
    int length = entry.key.length();
    if (length > KEY_BYTES_PER_LOOK - keyBytesEnd) {
      more = true;
      return false;
    }
    MemorySegment.copy(entry.key.memory(), entry.key.offset(), keyBytes, keyBytesEnd, length);
    keys.add(keyBytesEnd, length);
    keyBytesEnd += length;
    return true;
  }
}
