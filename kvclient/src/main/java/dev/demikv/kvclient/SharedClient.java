package dev.demikv.kvclient;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.time.SystemClock;

/// A blocking client whose connection lives in a [SharedLoop]. Commands, time-outs, failures and
/// repetitions are as of a [KvClient]'s blocking style.
///
/// For one thread at a time.
public final class SharedClient implements KvCommands {
  private final SharedLoop loop;
  private final Exchange exchange;
  private final Command scratch = new Command();
  private boolean closed;

  SharedClient(SharedLoop loop, Exchange exchange) {
    this.loop = loop;
    this.exchange = exchange;
  }

  @Override
  public Reply execute(Command command) {
    return call(command).orThrow();
  }

  /// As [#execute(Command)], with an error as a value.
  public Reply call(Command command) {
    return finish(command).reply();
  }

  @Override
  public byte @Nullable [] get(byte[] key) {
    return succeed(scratch.reset("GET").arg(key)).toBytes();
  }

  @Override
  public void set(byte[] key, byte[] value) {
    succeed(scratch.reset("SET").arg(key).arg(value));
  }

  private Completion succeed(Command command) {
    Completion completion = finish(command);
    if (!completion.isOk()) {
      throw completion.exception();
    }
    return completion;
  }

  private Completion finish(Command command) {
    if (closed) {
      throw new IllegalStateException("the client is closed");
    }
    long total = exchange.config.commandTimeoutNanos();
    long begun = SystemClock.INSTANCE.nanoTime();
    long spent = 0;
    for (int retries = 0; ; retries++) {
      exchange.command = command;
      exchange.timeoutNanos = Math.max(1, total - spent);
      loop.ask(exchange, Exchange.Request.EXECUTE);
      spent = SystemClock.INSTANCE.nanoTime() - begun;
      Completion outcome = exchange.outcome;
      if (!KvClient.mayRepeat(command, outcome)
          || retries >= exchange.config.readRetriesMax()
          || spent >= total) {
        return outcome;
      }
    }
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
