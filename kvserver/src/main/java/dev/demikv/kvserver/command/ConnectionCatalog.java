package dev.demikv.kvserver.command;

import static dev.demikv.kvserver.command.CommandSpec.command;

import java.util.List;

/// The commands about connection itself and CLIENT.
final class ConnectionCatalog {
  /// Their descriptions.
  static final List<CommandSpec.Builder> COMMANDS =
      List.of(
          command("ping", -1, ConnectionCommands::ping)
              .flags("fast")
              .categories("connection")
              .tips("request_policy:all_shards", "response_policy:all_succeeded")
              .about(CommandGroup.CONNECTION, "1.0.0", "Ping the server")
              .syntax("[message]"),
          command("echo", 2, ConnectionCommands::echo)
              .flags("loading stale fast")
              .categories("connection")
              .about(CommandGroup.CONNECTION, "1.0.0", "Echo the given string")
              .syntax("message"),
          command("hello", -1, ConnectionCommands::hello)
              .flags("noscript loading stale fast no_auth allow_busy")
              .categories("connection")
              .about(CommandGroup.CONNECTION, "6.0.0", "Handshake with Redis")
              .syntax("[protover [AUTH username password] [SETNAME clientname]]"),
          command("auth", -2, ConnectionCommands::auth)
              .flags("noscript loading stale fast no_auth allow_busy")
              .categories("connection")
              .about(CommandGroup.CONNECTION, "1.0.0", "Authenticate to the server")
              .complexity("O(N) where N is the number of passwords defined for the user")
              .syntax("[username] password"),
          command("select", 2, ConnectionCommands::select)
              .flags("loading stale fast")
              .categories("connection")
              .about(
                  CommandGroup.CONNECTION,
                  "1.0.0",
                  "Change the selected database for the current connection")
              .syntax("index"),
          command("quit", -1, ConnectionCommands::quit)
              .flags("noscript loading stale fast no_auth allow_busy")
              .categories("connection")
              .about(CommandGroup.CONNECTION, "1.0.0", "Close the connection"),
          command("reset", 1, ConnectionCommands::reset)
              .flags("noscript loading stale fast no_auth allow_busy")
              .categories("connection")
              .about(CommandGroup.CONNECTION, "6.2.0", "Reset the connection"));

  private ConnectionCatalog() {}
}
