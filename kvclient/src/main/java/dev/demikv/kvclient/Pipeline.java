package dev.demikv.kvclient;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Commands that are sent together; their replies come together, in order. Bounded: [#add] refuses
/// what is too much. Belongs to its client's thread, and is used again after each [#flush].
///
/// A pipeline is no transaction: commands of other clients may be executed between two of its own,
/// and a failure in the middle leaves the ones before it executed.
public final class Pipeline {
  private final KvClient client;
  private final int commandsMax;
  private final List<Command> commands = new ArrayList<>();
  private final List<Reply> replies = new ArrayList<>();
  private final Completion[] completions = new Completion[64];
  private int count;
  private long bytes;

  Pipeline(KvClient client, int commandsMax) {
    ReplyLimits.check("commandsMax", commandsMax, 1, 1 << 24);
    this.client = client;
    this.commandsMax = commandsMax;
    Arrays.setAll(completions, _ -> new Completion());
  }

  /// Commands since the last flush.
  public int count() {
    return count;
  }

  /// Begins the next command; its arguments follow on what is returned, which is the pipeline's and
  /// must not be kept.
  ///
  /// @throws KvException.LimitExceeded when there are `commandsMax`, or their bytes exceed
  ///   [KvClientConfig#requestBytesMax]; nothing is added
  public Command add(String name) {
    checkRoom();
    if (count == commands.size()) {
      commands.add(new Command());
    }
    return commands.get(count++).reset(name);
  }

  /// Adds a command with arguments; throws as [#add(String)].
  public Pipeline add(String name, byte[]... arguments) {
    Command command = add(name);
    for (byte[] argument : arguments) {
      command.arg(argument);
    }
    return this;
  }

  private void checkRoom() {
    if (count == commandsMax) {
      throw new KvException.LimitExceeded("the pipeline holds " + commandsMax + " commands", false);
    }
    if (count > 0) {
      // The arguments of the newest command came after its own check.
      bytes += commands.get(count - 1).encodedLength();
    }
    int bytesMax = client.config().requestBytesMax();
    if (bytes > bytesMax) {
      throw new KvException.LimitExceeded("the pipeline exceeds " + bytesMax + " bytes", false);
    }
  }

  /// Sends all commands and waits for all replies.
  ///
  /// @return replies in the order of the commands, errors as [Reply.Failure]
  /// @throws KvException when a command gets no reply. [#replies] then holds what came before it;
  ///   of the commands behind it, those that were sent may have been executed if the exception says
  ///   so; the others are not sent any more
  public List<Reply> flush() {
    if (client.outstandingCount() > 0) {
      throw new IllegalStateException(
          "submitted commands are outstanding; poll them before a flush");
    }
    replies.clear();
    KvException failure = null;
    int submitted = 0;
    int settled = 0;
    int total = count;
    count = 0;
    bytes = 0;
    while (settled < (failure == null ? total : submitted)) {
      while (submitted < total && failure == null) {
        long id = client.submit(commands.get(submitted));
        if (id < 0) {
          if (client.outstandingCount() == 0) {
            failure = client.tooLarge(commands.get(submitted));
          }
          break;
        }
        submitted++;
      }
      int n = client.poll(completions, Long.MAX_VALUE);
      settled += n;
      for (int i = 0; i < n; i++) {
        if (failure == null && completions[i].hasReply()) {
          replies.add(completions[i].reply());
        } else if (failure == null) {
          failure = completions[i].exception();
          client.takeBackUnsent(failure);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
    return List.copyOf(replies);
  }

  /// The replies of the latest flush that came before anything failed.
  public List<Reply> replies() {
    return List.copyOf(replies);
  }
}
