package dev.demikv.kvclient;

import dev.demikv.libos.lang.Nullable;

/// The blocking style: a command, its outcome, and what may be repeated after a loss of the
/// connection, over one way to try a command once.
abstract sealed class BlockingClient implements KvCommands permits KvClient, SharedClient {
  final Command scratch = new Command();

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

  /// Executes a command to its end, which may be a failure without a reply.
  private Completion finish(Command command) {
    long begun = begin();
    long now = begun;
    for (int retries = 0; ; retries++) {
      long left = timeoutNanos() - (now - begun);
      Completion completion = attempt(command, now, Math.max(1, left));
      boolean again = mayRepeat(command, completion) && retries < readRetriesMax();
      now = nowNanos();
      if (!again || now - begun >= timeoutNanos()) {
        return completion;
      }
    }
  }

  /// Whether a command may be sent again after what came of it.
  private static boolean mayRepeat(Command command, Completion completion) {
    return completion.status() == Completion.Status.CONNECTION_LOST
        && (command.isReadOnly() || !completion.outcomeUnknown());
  }

  /// Makes ready for a command, or refuses it.
  ///
  /// @return the time
  abstract long begin();

  /// Tries a command once.
  ///
  /// @return its outcome, valid until the next command
  abstract Completion attempt(Command command, long nowNanos, long timeoutNanos);

  abstract long nowNanos();

  /// How long a command may take, with all its repetitions.
  abstract long timeoutNanos();

  abstract int readRetriesMax();
}
