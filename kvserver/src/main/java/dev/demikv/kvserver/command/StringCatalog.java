package dev.demikv.kvserver.command;

import static dev.demikv.kvserver.command.CommandSpec.command;

import java.util.List;

/// The commands about strings.
final class StringCatalog {
  /// Their descriptions.
  static final List<CommandSpec.Builder> COMMANDS =
      List.of(
          command("append", 3, StringRangeCommands::append)
              .flags("write denyoom fast")
              .keys("RW insert", 1, 1, 1)
              .categories("string")
              .about(CommandGroup.STRING, "2.0.0", "Append a value to a key")
              .syntax("key value"),
          command("decr", 2, CounterCommands::decr)
              .flags("write denyoom fast")
              .keys("RW access update", 1, 1, 1)
              .categories("string")
              .about(CommandGroup.STRING, "1.0.0", "Decrement the integer value of a key by one")
              .syntax("key"),
          command("decrby", 3, CounterCommands::decrby)
              .flags("write denyoom fast")
              .keys("RW access update", 1, 1, 1)
              .categories("string")
              .about(
                  CommandGroup.STRING,
                  "1.0.0",
                  "Decrement the integer value of a key by the given number")
              .syntax("key decrement"),
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
          command("getrange", 4, StringRangeCommands::getrange)
              .flags("readonly")
              .keys("RO access", 1, 1, 1)
              .categories("string")
              .about(CommandGroup.STRING, "2.4.0", "Get a substring of the string stored at a key")
              .complexity("O(N) where N is the length of the returned string")
              .syntax("key start end"),
          command("getset", 3, StringCommands::getset)
              .flags("write denyoom fast")
              .keys("RW access update", 1, 1, 1)
              .categories("string")
              .about(
                  CommandGroup.STRING,
                  "1.0.0",
                  "Set the string value of a key and return its old value")
              .syntax("key value"),
          command("incr", 2, CounterCommands::incr)
              .flags("write denyoom fast")
              .keys("RW access update", 1, 1, 1)
              .categories("string")
              .about(CommandGroup.STRING, "1.0.0", "Increment the integer value of a key by one")
              .syntax("key"),
          command("incrby", 3, CounterCommands::incrby)
              .flags("write denyoom fast")
              .keys("RW access update", 1, 1, 1)
              .categories("string")
              .about(
                  CommandGroup.STRING,
                  "1.0.0",
                  "Increment the integer value of a key by the given amount")
              .syntax("key increment"),
          command("incrbyfloat", 3, CounterCommands::incrbyfloat)
              .flags("write denyoom fast")
              .keys("RW access update", 1, 1, 1)
              .categories("string")
              .about(
                  CommandGroup.STRING,
                  "2.6.0",
                  "Increment the float value of a key by the given amount")
              .syntax("key increment"),
          command("lcs", -3, LcsCommand::lcs)
              .flags("readonly")
              .keys("RO access", 1, 2, 1)
              .categories("string")
              .about(CommandGroup.STRING, "7.0.0", "Find longest common substring")
              .complexity("O(N*M) where N and M are the lengths of s1 and s2, respectively")
              .syntax("key1 key2 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]"),
          command("mget", -2, MultiStringCommands::mget)
              .flags("readonly fast")
              .keys("RO access", 1, -1, 1)
              .categories("string")
              .tips("request_policy:multi_shard")
              .about(CommandGroup.STRING, "1.0.0", "Get the values of all the given keys")
              .complexity("O(N) where N is the number of keys to retrieve")
              .syntax("key [key ...]"),
          command("mset", -3, MultiStringCommands::mset)
              .flags("write denyoom")
              .keys("OW update", 1, -1, 2)
              .categories("string")
              .tips("request_policy:multi_shard", "response_policy:all_succeeded")
              .about(CommandGroup.STRING, "1.0.1", "Set multiple keys to multiple values")
              .complexity("O(N) where N is the number of keys to set")
              .syntax("key value [key value ...]"),
          command("msetnx", -3, MultiStringCommands::msetnx)
              .flags("write denyoom")
              .keys("OW insert", 1, -1, 2)
              .categories("string")
              .tips("request_policy:multi_shard", "response_policy:agg_min")
              .about(
                  CommandGroup.STRING,
                  "1.0.1",
                  "Set multiple keys to multiple values, only if none of the keys exist")
              .complexity("O(N) where N is the number of keys to set")
              .syntax("key value [key value ...]"),
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
              .syntax("key value"),
          command("setrange", 4, StringRangeCommands::setrange)
              .flags("write denyoom")
              .keys("RW update", 1, 1, 1)
              .categories("string")
              .about(
                  CommandGroup.STRING,
                  "2.2.0",
                  "Overwrite part of a string at key starting at the specified offset")
              .complexity("O(M) where M is the length of the value argument")
              .syntax("key offset value"),
          command("strlen", 2, StringRangeCommands::strlen)
              .flags("readonly fast")
              .keys("RO", 1, 1, 1)
              .categories("string")
              .about(CommandGroup.STRING, "2.2.0", "Get the length of the value stored in a key")
              .syntax("key"),
          command("substr", 4, StringRangeCommands::getrange)
              .flags("readonly")
              .keys("RO access", 1, 1, 1)
              .categories("string")
              .about(CommandGroup.STRING, "1.0.0", "Get a substring of the string stored at a key")
              .complexity("O(N) where N is the length of the returned string")
              .syntax("key start end"));

  private StringCatalog() {}
}
