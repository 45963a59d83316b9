package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.engine.Slice;
import dev.demikv.kvserver.engine.ValueType;
import dev.demikv.kvserver.resp.ByteText;
import dev.demikv.libos.lang.Nullable;

/// INCR and its kin: strings that are numbers.
final class CounterCommands {
  private static final int STRING = ValueType.STRING.code();

  private CounterCommands() {}

  static void incr(CommandContext c) {
    add(c, 1);
  }

  static void decr(CommandContext c) {
    add(c, -1);
  }

  static void incrby(CommandContext c) {
    if (c.requireLong(2)) {
      add(c, c.number());
    }
  }

  static void decrby(CommandContext c) {
    if (!c.requireLong(2)) {
      return;
    }
    if (c.number() == Long.MIN_VALUE) {
      c.reply().error("ERR decrement would overflow");
    } else {
      add(c, -c.number());
    }
  }

  private static void add(CommandContext c, long increment) {
    Slice key = c.args().slice(1);
    long old = 0;
    if (c.lookupForWrite(key)) {
      if (!c.requireString()) {
        return;
      }
      if (!ByteText.isLong(c.entry().value)) {
        c.reply().error(Errors.NOT_AN_INTEGER);
        return;
      }
      old = ByteText.toLong(c.entry().value);
    }
    long sum = old + increment;
    if (((old ^ sum) & (increment ^ sum)) < 0) {
      c.reply().error("ERR increment or decrement would overflow");
      return;
    }
    // Kept expiry of a new key is none.
    if (c.put(key, STRING, c.decimal(sum), Engine.KEEP_EXPIRY)) {
      c.reply().integer(sum);
    }
  }

  static void incrbyfloat(CommandContext c) {
    Slice key = c.args().slice(1);
    LongDouble old = LongDouble.ZERO;
    if (c.lookupForWrite(key)) {
      if (!c.requireString()) {
        return;
      }
      old = LongDouble.parse(c.entry().value);
    }
    @Nullable LongDouble increment = LongDouble.parse(c.args().slice(2));
    if (old == null || increment == null) {
      c.reply().error(Errors.NOT_A_FLOAT);
      return;
    }
    LongDouble sum = old.plus(increment);
    if (!sum.isFinite()) {
      c.reply().error("ERR increment would produce NaN or Infinity");
      return;
    }
    Slice text = Slice.of(sum.toString());
    if (c.put(key, ValueType.TEXT_STRING_CODE, text, Engine.KEEP_EXPIRY)) {
      c.reply().bulk(text);
    }
  }
}
