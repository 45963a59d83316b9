package dev.demikv.kvserver.command;

/// The code of a command. Writes exactly one reply. Reads nothing but what the context offers.
@FunctionalInterface
public interface CommandHandler {
  /// Executes the command in the context's arguments.
  void execute(CommandContext context);
}
