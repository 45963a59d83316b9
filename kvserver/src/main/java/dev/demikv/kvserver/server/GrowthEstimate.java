package dev.demikv.kvserver.server;

import dev.demikv.kvserver.command.CommandSpec;
import dev.demikv.kvserver.command.StringValues;
import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.engine.Entry;
import dev.demikv.kvserver.engine.Slice;
import dev.demikv.kvserver.resp.ByteText;
import dev.demikv.kvserver.resp.CommandArgs;

/// How much memory a command may take beyond the bytes of its arguments: the few commands that make
/// much of little. For the check of the memory limit before a write is logged; once it is, it must
/// be applied.
final class GrowthEstimate {
  private final Engine engine;
  private final Slice key = new Slice();
  private final Entry entry = new Entry();

  GrowthEstimate(Engine engine) {
    this.engine = engine;
  }

  /// Bytes, or more.
  long bytes(CommandSpec spec, CommandArgs args) {
    return switch (spec.name()) {
      case "setrange" -> setrangeBytes(args);
      case "copy" -> valueBytes(args);
      default -> 0;
    };
  }

  private static long setrangeBytes(CommandArgs args) {
    if (args.length(3) == 0 || !ByteText.isLong(args.memory(), args.offset(2), args.length(2))) {
      return 0;
    }
    // An offset below zero or beyond the longest string makes no string but an error.
    long offset = ByteText.toLong(args.memory(), args.offset(2), args.length(2));
    return offset < 0 || offset > StringValues.BYTES_MAX - args.length(3) ? 0 : offset;
  }

  private long valueBytes(CommandArgs args) {
    args.slice(1, key);
    long most = 0;
    for (int db = 0; db < engine.databases(); db++) {
      if (engine.get(db, key, entry) == Engine.OK) {
        most = Math.max(most, entry.value.length());
      }
    }
    return most;
  }
}
