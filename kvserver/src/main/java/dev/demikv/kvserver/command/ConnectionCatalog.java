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
              .about(CommandGroup.CONNECTION, "6.2.0", "Reset the connection"),
          command("client", -2, ServerCommands::container)
              .about(CommandGroup.CONNECTION, "2.4.0", "A container for client connection commands")
              .complexity("Depends on subcommand")
              .sub(
                  command("getname", 2, ClientCommands::getname)
                      .flags("noscript loading stale")
                      .categories("connection")
                      .about(CommandGroup.CONNECTION, "2.6.9", "Get the current connection name"))
              .sub(
                  command("help", 2, HelpCommand::help)
                      .flags("loading stale")
                      .categories("connection")
                      .about(
                          CommandGroup.CONNECTION,
                          "5.0.0",
                          "Show helpful text about the different subcommands"))
              .sub(
                  command("id", 2, ClientCommands::id)
                      .flags("noscript loading stale")
                      .categories("connection")
                      .about(
                          CommandGroup.CONNECTION,
                          "5.0.0",
                          "Returns the client ID for the current connection"))
              .sub(
                  command("info", 2, ClientCommands::info)
                      .flags("noscript loading stale")
                      .categories("connection")
                      .tips("nondeterministic_output")
                      .about(
                          CommandGroup.CONNECTION,
                          "6.2.0",
                          "Returns information about the current client connection"))
              .sub(
                  command("kill", -3, ClientCommands::kill)
                      .flags("admin noscript loading stale")
                      .categories("connection")
                      .about(CommandGroup.CONNECTION, "2.4.0", "Kill the connection of a client")
                      .complexity("O(N) where N is the number of client connections")
                      .syntax(
                          "ip:port|ID client-id|TYPE NORMAL|ADDR ip:port|LADDR ip:port|USER"
                              + " username|SKIPME yes|no ..."))
              .sub(
                  command("list", -2, ClientCommands::list)
                      .flags("admin noscript loading stale")
                      .categories("connection")
                      .tips("nondeterministic_output")
                      .about(CommandGroup.CONNECTION, "2.4.0", "Get the list of client connections")
                      .complexity("O(N) where N is the number of client connections")
                      .syntax("[TYPE NORMAL|MASTER|REPLICA|PUBSUB] [ID client-id [client-id ...]]"))
              .sub(
                  command("no-evict", 3, ClientCommands::noEvict)
                      .flags("admin noscript loading stale")
                      .categories("connection")
                      .about(
                          CommandGroup.CONNECTION,
                          "7.0.0",
                          "Set client eviction mode for the current connection")
                      .syntax("ON|OFF"))
              .sub(
                  command("pause", -3, ClientCommands::pause)
                      .flags("admin noscript loading stale")
                      .categories("connection")
                      .about(
                          CommandGroup.CONNECTION,
                          "2.9.50",
                          "Stop processing commands from clients for some time")
                      .syntax("timeout [WRITE|ALL]"))
              .sub(
                  command("reply", 3, ClientCommands::reply)
                      .flags("noscript loading stale")
                      .categories("connection")
                      .about(
                          CommandGroup.CONNECTION,
                          "3.2.0",
                          "Instruct the server whether to reply to commands")
                      .syntax("ON|OFF|SKIP"))
              .sub(
                  command("setname", 3, ClientCommands::setname)
                      .flags("noscript loading stale")
                      .categories("connection")
                      .about(CommandGroup.CONNECTION, "2.6.9", "Set the current connection name")
                      .syntax("connection-name"))
              .sub(
                  command("tcpinfo", -2, ClientCommands::tcpinfo)
                      .flags("admin noscript loading stale")
                      .categories("connection")
                      .tips("nondeterministic_output")
                      .about(
                          CommandGroup.CONNECTION,
                          "DemiKV 0.1",
                          "Tell state and statistics of a connection (not a command of Redis)")
                      .complexity("O(N) where N is the number of client connections")
                      .syntax("[client-id]"))
              .sub(
                  command("unpause", 2, ClientCommands::unpause)
                      .flags("admin noscript loading stale")
                      .categories("connection")
                      .about(
                          CommandGroup.CONNECTION,
                          "6.2.0",
                          "Resume processing of clients that were paused")
                      .complexity("O(N) Where N is the number of paused clients"))
              .sub(
                  command("setinfo", 4, ClientCommands::setinfo)
                      .flags("noscript loading stale")
                      .categories("connection")
                      .about(CommandGroup.CONNECTION, "7.2.0", "Set client library name or version")
                      .syntax("LIB-NAME libname|LIB-VER libver")));

  private ConnectionCatalog() {}
}
