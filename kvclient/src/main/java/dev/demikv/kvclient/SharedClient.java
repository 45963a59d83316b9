package dev.demikv.kvclient;

import dev.demikv.libos.time.SystemClock;

/// A blocking client whose connection lives in a [SharedLoop]. Commands, time-outs, failures and
/// repetitions are as of a [KvClient]'s blocking style.
///
/// For one thread at a time.
public final class SharedClient extends BlockingClient {
  private final SharedLoop loop;
  private final Exchange exchange;
  private boolean closed;

  SharedClient(SharedLoop loop, Exchange exchange) {
    this.loop = loop;
    this.exchange = exchange;
  }

  @Override
  long begin() {
    if (closed) {
      throw new IllegalStateException("the client is closed");
    }
    return nowNanos();
  }

  @Override
  Completion attempt(Command command, long nowNanos, long timeoutNanos) {
    exchange.command = command;
    exchange.timeoutNanos = timeoutNanos;
    loop.ask(exchange, Exchange.Request.EXECUTE);
    return exchange.outcome;
  }

  @Override
  long nowNanos() {
    return SystemClock.INSTANCE.nanoTime();
  }

  @Override
  long timeoutNanos() {
    return exchange.config.commandTimeoutNanos();
  }

  @Override
  int readRetriesMax() {
    return exchange.config.readRetriesMax();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (!loop.isOver()) {
      try {
        loop.ask(exchange, Exchange.Request.CLOSE);
      } catch (KvException e) {
        assert loop.isOver() : e; // It ended meanwhile, and the connection with it.
      }
    }
    loop.release(exchange);
  }
}
