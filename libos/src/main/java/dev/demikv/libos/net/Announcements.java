package dev.demikv.libos.net;

/// When our addresses are announced: each time that the link comes up, now and once more in a
/// while.
public final class Announcements {
  /// RFC 5227 §1.1, ANNOUNCE_NUM; of the at most three of RFC 4861 §10, MAX_NEIGHBOR_ADVERTISEMENT.
  private static final int COUNT = 2;

  private final long intervalNanos;
  private int announced;
  private long nextNanos;

  /// @param intervalNanos between the two
  public Announcements(long intervalNanos, long nowNanos) {
    this.intervalNanos = intervalNanos;
    restart(nowNanos);
  }

  /// The link came up: begins anew.
  public void restart(long nowNanos) {
    announced = 0;
    nextNanos = nowNanos;
  }

  /// When the next is due; [Long#MAX_VALUE] if none.
  public long nextNanos() {
    return announced < COUNT ? nextNanos : Long.MAX_VALUE;
  }

  /// Whether one is due, which is then to be sent.
  public boolean takeDue(long nowNanos) {
    if (announced == COUNT || nowNanos - nextNanos < 0) {
      return false;
    }
    announced++;
    nextNanos = nowNanos + intervalNanos;
    return true;
  }
}
