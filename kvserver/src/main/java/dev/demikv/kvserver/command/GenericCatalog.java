package dev.demikv.kvserver.command;

import static dev.demikv.kvserver.command.CommandSpec.command;

import java.util.List;

/// The commands about keys of any type, their expiry, and walks over keys.
final class GenericCatalog {
  /// Their descriptions.
  static final List<CommandSpec.Builder> COMMANDS =
      List.of(
          command("del", -2, KeyCommands::del)
              .flags("write")
              .keys("RM delete", 1, -1, 1)
              .categories("keyspace")
              .tips("request_policy:multi_shard", "response_policy:agg_sum")
              .about(CommandGroup.GENERIC, "1.0.0", "Delete a key")
              .complexity("O(N) where N is the number of keys that will be removed")
              .syntax("key [key ...]"),
          command("unlink", -2, KeyCommands::del)
              .flags("write fast")
              .keys("RM delete", 1, -1, 1)
              .categories("keyspace")
              .tips("request_policy:multi_shard", "response_policy:agg_sum")
              .about(
                  CommandGroup.GENERIC,
                  "4.0.0",
                  "Delete a key asynchronously in another thread. Otherwise it is just as DEL, but"
                      + " non blocking")
              .complexity(
                  "O(1) for each key removed regardless of its size. Then the command does O(N)"
                      + " work in a different thread in order to reclaim memory, where N is the"
                      + " number of allocations the deleted objects where composed of")
              .syntax("key [key ...]"),
          command("exists", -2, KeyCommands::exists)
              .flags("readonly fast")
              .keys("RO", 1, -1, 1)
              .categories("keyspace")
              .tips("request_policy:multi_shard", "response_policy:agg_sum")
              .about(CommandGroup.GENERIC, "1.0.0", "Determine if a key exists")
              .complexity("O(N) where N is the number of keys to check")
              .syntax("key [key ...]"),
          command("type", 2, KeyCommands::type)
              .flags("readonly fast")
              .keys("RO", 1, 1, 1)
              .categories("keyspace")
              .about(CommandGroup.GENERIC, "1.0.0", "Determine the type stored at key")
              .syntax("key"),
          command("keys", 2, WalkCommands::keys)
              .flags("readonly")
              .categories("keyspace", "dangerous")
              .tips("request_policy:all_shards", "nondeterministic_output_order")
              .about(CommandGroup.GENERIC, "1.0.0", "Find all keys matching the given pattern")
              .complexity(
                  "O(N) with N being the number of keys in the database, under the assumption that"
                      + " the key names in the database and the given pattern have limited length")
              .syntax("pattern"),
          command("scan", -2, WalkCommands::scan)
              .flags("readonly")
              .categories("keyspace")
              .tips("nondeterministic_output", "request_policy:special")
              .about(CommandGroup.GENERIC, "2.8.0", "Incrementally iterate the keys space")
              .complexity(
                  "O(1) for every call. O(N) for a complete iteration, including enough command"
                      + " calls for the cursor to return back to 0. N is the number of elements"
                      + " inside the collection")
              .syntax("cursor [MATCH pattern] [COUNT count] [TYPE type]"),
          command("randomkey", 1, WalkCommands::randomkey)
              .flags("readonly")
              .categories("keyspace")
              .tips("request_policy:all_shards", "nondeterministic_output")
              .about(CommandGroup.GENERIC, "1.0.0", "Return a random key from the keyspace"),
          command("rename", 3, KeyCommands::rename)
              .flags("write")
              .keys("RW access delete", 1, 1, 1)
              .keys("OW update", 2, 2, 1)
              .categories("keyspace")
              .about(CommandGroup.GENERIC, "1.0.0", "Rename a key")
              .syntax("key newkey"),
          command("renamenx", 3, KeyCommands::renamenx)
              .flags("write fast")
              .keys("RW access delete", 1, 1, 1)
              .keys("OW insert", 2, 2, 1)
              .categories("keyspace")
              .about(
                  CommandGroup.GENERIC, "1.0.0", "Rename a key, only if the new key does not exist")
              .syntax("key newkey"),
          command("copy", -3, KeyCommands::copy)
              .flags("write denyoom")
              .keys("RO access", 1, 1, 1)
              .keys("OW update", 2, 2, 1)
              .categories("keyspace")
              .about(CommandGroup.GENERIC, "6.2.0", "Copy a key")
              .complexity(
                  "O(N) worst case for collections, where N is the number of nested items. O(1) for"
                      + " string values")
              .syntax("source destination [DB destination-db] [REPLACE]"),
          command("move", 3, KeyCommands::move)
              .flags("write fast")
              .keys("RW access update", 1, 1, 1)
              .categories("keyspace")
              .about(CommandGroup.GENERIC, "1.0.0", "Move a key to another database")
              .syntax("key db"),
          command("touch", -2, KeyCommands::exists)
              .flags("readonly fast")
              .keys("RO", 1, -1, 1)
              .categories("keyspace")
              .tips("request_policy:multi_shard", "response_policy:agg_sum")
              .about(
                  CommandGroup.GENERIC,
                  "3.2.1",
                  "Alters the last access time of a key(s). Returns the number of existing keys"
                      + " specified")
              .complexity("O(N) where N is the number of keys that will be touched")
              .syntax("key [key ...]"),
          command("object", -2, ServerCommands::container)
              .about(CommandGroup.GENERIC, "2.2.3", "A container for object introspection commands")
              .complexity("Depends on subcommand")
              .sub(
                  command("encoding", 3, ObjectCommands::encoding)
                      .flags("readonly")
                      .keys("RO", 2, 2, 1)
                      .categories("keyspace")
                      .tips("nondeterministic_output")
                      .about(
                          CommandGroup.GENERIC,
                          "2.2.3",
                          "Inspect the internal encoding of a Redis object")
                      .syntax("key"))
              .sub(
                  command("freq", 3, ObjectCommands::freq)
                      .flags("readonly")
                      .keys("RO", 2, 2, 1)
                      .categories("keyspace")
                      .tips("nondeterministic_output")
                      .about(
                          CommandGroup.GENERIC,
                          "4.0.0",
                          "Get the logarithmic access frequency counter of a Redis object")
                      .syntax("key"))
              .sub(
                  command("help", 2, HelpCommand::help)
                      .flags("loading stale")
                      .categories("keyspace")
                      .about(
                          CommandGroup.GENERIC,
                          "6.2.0",
                          "Show helpful text about the different subcommands"))
              .sub(
                  command("idletime", 3, ObjectCommands::idletime)
                      .flags("readonly")
                      .keys("RO", 2, 2, 1)
                      .categories("keyspace")
                      .tips("nondeterministic_output")
                      .about(
                          CommandGroup.GENERIC,
                          "2.2.3",
                          "Get the time since a Redis object was last accessed")
                      .syntax("key"))
              .sub(
                  command("refcount", 3, ObjectCommands::refcount)
                      .flags("readonly")
                      .keys("RO", 2, 2, 1)
                      .categories("keyspace")
                      .tips("nondeterministic_output")
                      .about(
                          CommandGroup.GENERIC,
                          "2.2.3",
                          "Get the number of references to the value of the key")
                      .syntax("key")),
          command("expire", -3, ExpireCommands::expire)
              .flags("write fast")
              .keys("RW update", 1, 1, 1)
              .categories("keyspace")
              .about(CommandGroup.GENERIC, "1.0.0", "Set a key's time to live in seconds")
              .syntax("key seconds [NX|XX|GT|LT]"),
          command("pexpire", -3, ExpireCommands::pexpire)
              .flags("write fast")
              .keys("RW update", 1, 1, 1)
              .categories("keyspace")
              .about(CommandGroup.GENERIC, "2.6.0", "Set a key's time to live in milliseconds")
              .syntax("key milliseconds [NX|XX|GT|LT]"),
          command("expireat", -3, ExpireCommands::expireat)
              .flags("write fast")
              .keys("RW update", 1, 1, 1)
              .categories("keyspace")
              .about(
                  CommandGroup.GENERIC, "1.2.0", "Set the expiration for a key as a UNIX timestamp")
              .syntax("key unix-time-seconds [NX|XX|GT|LT]"),
          command("pexpireat", -3, ExpireCommands::pexpireat)
              .flags("write fast")
              .keys("RW update", 1, 1, 1)
              .categories("keyspace")
              .about(
                  CommandGroup.GENERIC,
                  "2.6.0",
                  "Set the expiration for a key as a UNIX timestamp specified in milliseconds")
              .syntax("key unix-time-milliseconds [NX|XX|GT|LT]"),
          command("ttl", 2, ExpireCommands::ttl)
              .flags("readonly fast")
              .keys("RO access", 1, 1, 1)
              .categories("keyspace")
              .tips("nondeterministic_output")
              .about(CommandGroup.GENERIC, "1.0.0", "Get the time to live for a key in seconds")
              .syntax("key"),
          command("pttl", 2, ExpireCommands::pttl)
              .flags("readonly fast")
              .keys("RO access", 1, 1, 1)
              .categories("keyspace")
              .tips("nondeterministic_output")
              .about(
                  CommandGroup.GENERIC, "2.6.0", "Get the time to live for a key in milliseconds")
              .syntax("key"),
          command("expiretime", 2, ExpireCommands::expiretime)
              .flags("readonly fast")
              .keys("RO access", 1, 1, 1)
              .categories("keyspace")
              .about(CommandGroup.GENERIC, "7.0.0", "Get the expiration Unix timestamp for a key")
              .syntax("key"),
          command("pexpiretime", 2, ExpireCommands::pexpiretime)
              .flags("readonly fast")
              .keys("RO access", 1, 1, 1)
              .categories("keyspace")
              .about(
                  CommandGroup.GENERIC,
                  "7.0.0",
                  "Get the expiration Unix timestamp for a key in milliseconds")
              .syntax("key"),
          command("persist", 2, ExpireCommands::persist)
              .flags("write fast")
              .keys("RW update", 1, 1, 1)
              .categories("keyspace")
              .about(CommandGroup.GENERIC, "2.2.0", "Remove the expiration from a key")
              .syntax("key"),
          command("wait", 3, ServerCommands::wait)
              .flags("noscript")
              .categories("connection")
              .tips("request_policy:all_shards", "response_policy:agg_min")
              .about(
                  CommandGroup.GENERIC,
                  "3.0.0",
                  "Wait for the synchronous replication of all the write commands sent in the"
                      + " context of the current connection")
              .syntax("numreplicas timeout"),
          command("krange", -3, RangeCommand::krange)
              .flags("readonly")
              .categories("keyspace")
              .about(
                  CommandGroup.GENERIC,
                  "DemiKV 0.1",
                  "Get keys and values in order of key (not a command of Redis)")
              .complexity("O(log(N)+M) with M the number of entries returned")
              .syntax("start end [REV] [LIMIT count] [KEYS|VALUES]"));

  private GenericCatalog() {}
}
