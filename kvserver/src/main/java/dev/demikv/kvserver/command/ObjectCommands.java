package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.ValueType;

/// OBJECT: how a value would be kept by Redis.
final class ObjectCommands {
  private ObjectCommands() {}

  static void encoding(CommandContext c) {
    if (find(c)) {
      c.reply().bulk(isString(c) ? StringValues.encoding(c.entry()) : "raw");
    }
  }

  static void refcount(CommandContext c) {
    if (find(c)) {
      c.reply().integer(isString(c) ? StringValues.referenceCount(c.entry()) : 1);
    }
  }

  /// Times of access are not kept, as nothing is evicted by them.
  static void idletime(CommandContext c) {
    if (find(c)) {
      c.reply().integer(0);
    }
  }

  static void freq(CommandContext c) {
    if (find(c)) {
      c.reply()
          .error(
              "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please"
                  + " note that when switching between policies at runtime LRU and LFU data will"
                  + " take some time to adjust.");
    }
  }

  private static boolean find(CommandContext c) {
    if (c.peek(c.db(), c.args().slice(2), c.entry())) {
      return true;
    }
    c.reply().nullBulk();
    return false;
  }

  private static boolean isString(CommandContext c) {
    return ValueType.ofCode(c.entry().type) == ValueType.STRING;
  }
}
