package dev.demikv.kvserver.command;

import dev.demikv.kvserver.resp.RespWriter;
import java.util.ArrayList;
import java.util.List;

/// How COMMAND INFO and COMMAND DOCS write a command.
final class CommandReply {
  /// Access control categories in the order in which Redis lists them.
  private static final List<String> CATEGORIES =
      List.of(
          "keyspace",
          "read",
          "write",
          "string",
          "admin",
          "fast",
          "slow",
          "dangerous",
          "connection",
          "scripting");

  private CommandReply() {}

  /// Writes what COMMAND INFO says of a command.
  static void describe(RespWriter reply, CommandSpec spec) {
    List<KeyRange> keys = spec.keys();
    KeyRange first = keys.isEmpty() ? new KeyRange("", 0, 0, 0) : keys.getFirst();
    KeyRange last = keys.isEmpty() ? first : keys.getLast();
    reply.array(10);
    reply.bulk(spec.name());
    reply.integer(spec.arity());
    words(reply, spec.flags().stream().map(CommandFlag::redisName).toList());
    reply.integer(first.first());
    reply.integer(last.last());
    reply.integer(first.step());
    words(reply, categories(spec).stream().map(category -> "@" + category).toList());
    reply.set(spec.tips().size());
    spec.tips().forEach(reply::bulk);
    reply.set(keys.size());
    keys.forEach(range -> describe(reply, range));
    reply.set(spec.subcommands().size());
    spec.subcommands().forEach(subcommand -> describe(reply, subcommand));
  }

  private static void describe(RespWriter reply, KeyRange range) {
    reply.map(3);
    reply.bulk("flags");
    words(reply, keyFlags(range));
    reply.bulk("begin_search");
    reply.map(2);
    reply.bulk("type");
    reply.bulk("index");
    reply.bulk("spec");
    reply.map(1);
    reply.bulk("index");
    reply.integer(range.first());
    reply.bulk("find_keys");
    reply.map(2);
    reply.bulk("type");
    reply.bulk("range");
    reply.bulk("spec");
    reply.map(3);
    reply.bulk("lastkey");
    reply.integer(range.last() < 0 ? range.last() : range.last() - range.first());
    reply.bulk("keystep");
    reply.integer(range.step());
    reply.bulk("limit");
    reply.integer(0);
  }

  /// Writes a set of simple strings.
  static void words(RespWriter reply, List<String> words) {
    reply.set(words.size());
    words.forEach(reply::simple);
  }

  static List<String> keyFlags(KeyRange range) {
    return List.of(range.flags().split(" ", -1));
  }

  /// The access control categories of a command, in order.
  static List<String> categories(CommandSpec spec) {
    List<String> found = new ArrayList<>(spec.categories());
    found.add(spec.has(CommandFlag.FAST) ? "fast" : "slow");
    if (spec.has(CommandFlag.WRITE)) {
      found.add("write");
    }
    if (spec.has(CommandFlag.READONLY)) {
      found.add("read");
    }
    if (spec.has(CommandFlag.ADMIN)) {
      found.add("admin");
      found.add("dangerous");
    }
    return CATEGORIES.stream().filter(found::contains).toList();
  }

  /// Writes the name of a command and what COMMAND DOCS says of it.
  static void document(RespWriter reply, CommandSpec spec) {
    boolean container = !spec.subcommands().isEmpty();
    reply.bulk(spec.name());
    reply.map(container ? 5 : 4);
    reply.bulk("summary");
    reply.bulk(spec.summary());
    reply.bulk("since");
    reply.bulk(spec.since());
    reply.bulk("group");
    reply.bulk(spec.group().redisName());
    reply.bulk("complexity");
    reply.bulk(spec.complexity());
    if (container) {
      reply.bulk("subcommands");
      reply.map(spec.subcommands().size());
      spec.subcommands().forEach(subcommand -> document(reply, subcommand));
    }
  }
}
