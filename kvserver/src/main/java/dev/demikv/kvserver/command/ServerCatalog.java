package dev.demikv.kvserver.command;

import static dev.demikv.kvserver.command.CommandSpec.command;

import java.util.List;

/// The commands about the server.
final class ServerCatalog {
  /// Their descriptions.
  static final List<CommandSpec.Builder> COMMANDS =
      List.of(
          command("dbsize", 1, WalkCommands::dbsize)
              .flags("readonly fast")
              .categories("keyspace")
              .tips("request_policy:all_shards", "response_policy:agg_sum")
              .about(
                  CommandGroup.SERVER,
                  "1.0.0",
                  "Return the number of keys in the selected database"),
          command("flushall", -1, ServerCommands::flushall)
              .flags("write")
              .categories("keyspace", "dangerous")
              .tips("request_policy:all_shards", "response_policy:all_succeeded")
              .about(CommandGroup.SERVER, "1.0.0", "Remove all keys from all databases")
              .complexity("O(N) where N is the total number of keys in all databases")
              .syntax("[ASYNC|SYNC]"),
          command("flushdb", -1, ServerCommands::flushdb)
              .flags("write")
              .categories("keyspace", "dangerous")
              .tips("request_policy:all_shards", "response_policy:all_succeeded")
              .about(CommandGroup.SERVER, "1.0.0", "Remove all keys from the current database")
              .complexity("O(N) where N is the number of keys in the selected database")
              .syntax("[ASYNC|SYNC]"),
          command("swapdb", 3, ServerCommands::swapdb)
              .flags("write fast")
              .categories("keyspace", "dangerous")
              .about(CommandGroup.SERVER, "4.0.0", "Swaps two Redis databases")
              .complexity(
                  "O(N) where N is the count of clients watching or blocking on keys from both"
                      + " databases")
              .syntax("index1 index2"),
          command("info", -1, InfoCommand::info)
              .flags("loading stale")
              .categories("dangerous")
              .tips(
                  "nondeterministic_output", "request_policy:all_shards", "response_policy:special")
              .about(
                  CommandGroup.SERVER, "1.0.0", "Get information and statistics about the server")
              .syntax("[section [section ...]]"),
          command("config", -2, ServerCommands::container)
              .about(CommandGroup.SERVER, "2.0.0", "A container for server configuration commands")
              .complexity("Depends on subcommand")
              .sub(
                  command("get", -3, ConfigCommands::get)
                      .flags("admin noscript loading stale")
                      .about(
                          CommandGroup.SERVER,
                          "2.0.0",
                          "Get the values of configuration parameters")
                      .complexity("O(N) when N is the number of configuration parameters provided")
                      .syntax("parameter [parameter ...]"))
              .sub(
                  command("help", 2, HelpCommand::help)
                      .flags("loading stale")
                      .about(
                          CommandGroup.SERVER,
                          "5.0.0",
                          "Show helpful text about the different subcommands"))
              .sub(
                  command("resetstat", 2, ConfigCommands::resetstat)
                      .flags("admin noscript loading stale")
                      .about(CommandGroup.SERVER, "2.0.0", "Reset the stats returned by INFO"))
              .sub(
                  command("rewrite", 2, ConfigCommands::rewrite)
                      .flags("admin noscript loading stale")
                      .about(
                          CommandGroup.SERVER,
                          "2.8.0",
                          "Rewrite the configuration file with the in memory configuration"))
              .sub(
                  command("set", -4, ConfigCommands::set)
                      .flags("admin noscript loading stale")
                      .tips("request_policy:all_nodes", "response_policy:all_succeeded")
                      .about(
                          CommandGroup.SERVER,
                          "2.0.0",
                          "Set configuration parameters to the given values")
                      .complexity("O(N) when N is the number of configuration parameters provided")
                      .syntax("parameter value [parameter value ...]")),
          command("command", -1, CommandCommands::all)
              .flags("loading stale")
              .categories("connection")
              .tips("nondeterministic_output_order")
              .about(CommandGroup.SERVER, "2.8.13", "Get array of Redis command details")
              .complexity("O(N) where N is the total number of Redis commands")
              .sub(
                  command("count", 2, CommandCommands::count)
                      .flags("loading stale")
                      .categories("connection")
                      .about(CommandGroup.SERVER, "2.8.13", "Get total number of Redis commands"))
              .sub(
                  command("docs", -2, CommandCommands::docs)
                      .flags("loading stale")
                      .categories("connection")
                      .tips("nondeterministic_output_order")
                      .about(
                          CommandGroup.SERVER,
                          "7.0.0",
                          "Get array of specific Redis command documentation")
                      .complexity("O(N) where N is the number of commands to look up")
                      .syntax("[command-name [command-name ...]]"))
              .sub(
                  command("getkeys", -4, CommandCommands::getkeys)
                      .flags("loading stale")
                      .categories("connection")
                      .about(
                          CommandGroup.SERVER, "2.8.13", "Extract keys given a full Redis command")
                      .complexity("O(N) where N is the number of arguments to the command"))
              .sub(
                  command("getkeysandflags", -4, CommandCommands::getkeysandflags)
                      .flags("loading stale")
                      .categories("connection")
                      .about(
                          CommandGroup.SERVER,
                          "7.0.0",
                          "Extract keys and access flags given a full Redis command")
                      .complexity("O(N) where N is the number of arguments to the command"))
              .sub(
                  command("help", 2, HelpCommand::help)
                      .flags("loading stale")
                      .categories("connection")
                      .about(
                          CommandGroup.SERVER,
                          "5.0.0",
                          "Show helpful text about the different subcommands"))
              .sub(
                  command("info", -2, CommandCommands::info)
                      .flags("loading stale")
                      .categories("connection")
                      .tips("nondeterministic_output_order")
                      .about(
                          CommandGroup.SERVER,
                          "2.8.13",
                          "Get array of specific Redis command details, or all when no argument is"
                              + " given")
                      .complexity("O(N) where N is the number of commands to look up")
                      .syntax("[command-name [command-name ...]]"))
              .sub(
                  command("list", -2, CommandCommands::list)
                      .flags("loading stale")
                      .categories("connection")
                      .tips("nondeterministic_output_order")
                      .about(CommandGroup.SERVER, "7.0.0", "Get an array of Redis command names")
                      .complexity("O(N) where N is the total number of Redis commands")
                      .syntax("[FILTERBY MODULE module-name|ACLCAT category|PATTERN pattern]")),
          command("time", 1, ServerCommands::time)
              .flags("loading stale fast")
              .tips("nondeterministic_output")
              .about(CommandGroup.SERVER, "2.6.0", "Return the current server time"),
          command("shutdown", -1, ServerCommands::shutdown)
              .flags("admin noscript loading stale no_multi allow_busy")
              .about(
                  CommandGroup.SERVER,
                  "1.0.0",
                  "Synchronously save the dataset to disk and then shut down the server")
              .complexity(
                  "O(N) when saving, where N is the total number of keys in all databases when"
                      + " saving data, otherwise O(1)")
              .syntax("[NOSAVE|SAVE] [NOW] [FORCE] [ABORT]"),
          command("lastsave", 1, ServerCommands::lastsave)
              .flags("loading stale fast")
              .categories("admin", "dangerous")
              .tips("nondeterministic_output")
              .about(
                  CommandGroup.SERVER,
                  "1.0.0",
                  "Get the UNIX time stamp of the last successful save to disk"),
          command("save", 1, ServerCommands::save)
              .flags("admin noscript no_async_loading no_multi")
              .about(CommandGroup.SERVER, "1.0.0", "Synchronously save the dataset to disk")
              .complexity("O(N) where N is the total number of keys in all databases"),
          command("bgsave", -1, ServerCommands::bgsave)
              .flags("admin noscript no_async_loading")
              .about(CommandGroup.SERVER, "1.0.0", "Asynchronously save the dataset to disk")
              .syntax("[SCHEDULE]"),
          command("debug", -2, ServerCommands::debug)
              .flags("admin noscript loading stale")
              .about(CommandGroup.SERVER, "1.0.0", "A container for debugging commands")
              .complexity("Depends on subcommand"),
          command("function", -2, ServerCommands::container)
              .about(CommandGroup.SCRIPTING, "7.0.0", "A container for function commands")
              .complexity("Depends on subcommand")
              .sub(
                  command("flush", -2, ServerCommands::functionFlush)
                      .flags("noscript")
                      .categories("scripting")
                      .tips("request_policy:all_shards", "response_policy:all_succeeded")
                      .about(CommandGroup.SCRIPTING, "7.0.0", "Deleting all functions")
                      .complexity("O(N) where N is the number of functions deleted")
                      .syntax("[ASYNC|SYNC]"))
              .sub(
                  command("help", 2, HelpCommand::help)
                      .flags("loading stale")
                      .categories("scripting")
                      .about(
                          CommandGroup.SCRIPTING,
                          "7.0.0",
                          "Show helpful text about the different subcommands")));

  private ServerCatalog() {}
}
