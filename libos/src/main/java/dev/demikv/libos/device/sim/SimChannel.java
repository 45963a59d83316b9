package dev.demikv.libos.device.sim;

import java.util.ArrayDeque;

/// What one end of a stream sends to the other, in order and not lost: as TCP over a [SimLink].
final class SimChannel {
  private final SimWorld world;
  private final SimLink link;
  private final SimHost target;
  private final Runnable onGiveUp;
  private final ArrayDeque<Runnable> messages = new ArrayDeque<>();
  private long lastArrivalNanos;
  private boolean blocked;
  private long blockCount;
  private boolean closed;

  /// @param onGiveUp runs once when the link or the host was silent for too long
  SimChannel(SimWorld world, SimLink link, SimHost target, Runnable onGiveUp) {
    this.world = world;
    this.link = link;
    this.target = target;
    this.onGiveUp = onGiveUp;
  }

  SimLink link() {
    return link;
  }

  /// Sends a message: it runs on arrival.
  void send(Runnable message) {
    if (closed) {
      return;
    }
    messages.add(message);
    scheduleArrival();
  }

  /// Nothing more arrives.
  void close() {
    closed = true;
    messages.clear();
  }

  private void scheduleArrival() {
    long arrivalNanos = Math.max(lastArrivalNanos, world.nanoTime() + link.streamDelayNanos());
    lastArrivalNanos = arrivalNanos;
    world.schedule(arrivalNanos - world.nanoTime(), this::arrive);
  }

  private void arrive() {
    if (blocked || messages.isEmpty()) {
      return;
    }
    if (!link.isCut() && target.isUp()) {
      messages.remove().run();
      return;
    }
    blocked = true;
    link.block(this);
    long thisBlock = ++blockCount;
    world.schedule(
        link.giveUpNanos(),
        () -> {
          if (blocked && blockCount == thisBlock && !closed) {
            close();
            onGiveUp.run();
          }
        });
  }

  void resume() {
    blocked = false;
    for (int i = messages.size(); i > 0; i--) {
      scheduleArrival();
    }
  }
}
