package dev.demikv.kvserver.server;

import dev.demikv.kvserver.command.CommandSpec;
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
      case "setrange" -> number(args, 2);
      case "setbit" -> number(args, 2) >>> 3;
      case "copy" -> valueBytes(args);
      default -> 0;
    };
  }

  private static long number(CommandArgs args, int index) {
    if (!ByteText.isLong(args.memory(), args.offset(index), args.length(index))) {
      return 0;
    }
    // A negative or huge one is refused when it is executed.
    long value = ByteText.toLong(args.memory(), args.offset(index), args.length(index));
    return value < 0 || value > 1L << 40 ? 0 : value;
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
