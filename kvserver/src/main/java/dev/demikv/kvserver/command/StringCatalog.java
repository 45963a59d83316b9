package dev.demikv.kvserver.command;

import static dev.demikv.kvserver.command.CommandSpec.command;

import java.util.List;

/// The commands about strings.
final class StringCatalog {
  /// Their descriptions.
  static final List<CommandSpec.Builder> COMMANDS =
      List.of(
          command("get", 2, StringCommands::get)
              .flags("readonly fast")
              .keys("RO access", 1, 1, 1)
              .categories("string")
              .about(CommandGroup.STRING, "1.0.0", "Get the value of a key")
              .syntax("key"),
          command("getdel", 2, StringCommands::getdel)
              .flags("write fast")
              .keys("RW access delete", 1, 1, 1)
              .categories("string")
              .about(CommandGroup.STRING, "6.2.0", "Get the value of a key and delete the key")
              .syntax("key"),
          command("getex", -2, StringCommands::getex)
              .flags("write fast")
              .keys("RW access update", 1, 1, 1)
              .categories("string")
              .about(
                  CommandGroup.STRING,
                  "6.2.0",
                  "Get the value of a key and optionally set its expiration")
              .syntax(
                  "key [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT"
                      + " unix-time-milliseconds|PERSIST]"),
          command("getset", 3, StringCommands::getset)
              .flags("write denyoom fast")
              .keys("RW access update", 1, 1, 1)
              .categories("string")
              .about(
                  CommandGroup.STRING,
                  "1.0.0",
                  "Set the string value of a key and return its old value")
              .syntax("key value"),
          command("psetex", 4, StringCommands::psetex)
              .flags("write denyoom")
              .keys("OW update", 1, 1, 1)
              .categories("string")
              .about(
                  CommandGroup.STRING,
                  "2.6.0",
                  "Set the value and expiration in milliseconds of a key")
              .syntax("key milliseconds value"),
          command("set", -3, StringCommands::set)
              .flags("write denyoom")
              .keys("RW access update variable_flags", 1, 1, 1)
              .categories("string")
              .about(CommandGroup.STRING, "1.0.0", "Set the string value of a key")
              .syntax(
                  "key value [NX|XX] [GET] [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT"
                      + " unix-time-milliseconds|KEEPTTL]"),
          command("setex", 4, StringCommands::setex)
              .flags("write denyoom")
              .keys("OW update", 1, 1, 1)
              .categories("string")
              .about(CommandGroup.STRING, "2.0.0", "Set the value and expiration of a key")
              .syntax("key seconds value"),
          command("setnx", 3, StringCommands::setnx)
              .flags("write denyoom fast")
              .keys("OW insert", 1, 1, 1)
              .categories("string")
              .about(
                  CommandGroup.STRING,
                  "1.0.0",
                  "Set the value of a key, only if the key does not exist")
              .syntax("key value"));

  private StringCatalog() {}
}
