package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.engine.Slice;
import dev.demikv.kvserver.engine.ValueType;
import java.lang.foreign.MemorySegment;

/// APPEND, GETRANGE, SETRANGE, STRLEN: parts of values.
final class StringRangeCommands {
  private static final Slice EMPTY = Slice.of("");

  private StringRangeCommands() {}

  static void strlen(CommandContext c) {
    if (!c.lookup(c.args().slice(1))) {
      c.reply().integer(0);
    } else if (c.requireString()) {
      c.reply().integer(c.entry().value.length());
    }
  }

  static void append(CommandContext c) {
    Slice key = c.args().slice(1);
    Slice tail = c.args().slice(2);
    if (!c.lookupForWrite(key)) {
      if (c.put(key, ValueType.STRING.code(), tail, Engine.NO_EXPIRY)) {
        c.reply().integer(tail.length());
      }
    } else if (c.requireString()) {
      write(c, key, c.entry().value.length(), tail);
    }
  }

  static void setrange(CommandContext c) {
    if (!c.requireLong(2)) {
      return;
    }
    long offset = c.number();
    if (offset < 0) {
      c.reply().error("ERR offset is out of range");
      return;
    }
    Slice key = c.args().slice(1);
    Slice part = c.args().slice(3);
    boolean found = c.lookupForWrite(key);
    if (found && !c.requireString()) {
      return;
    }
    if (part.length() == 0) {
      c.reply().integer(found ? c.entry().value.length() : 0);
    } else if (found) {
      write(c, key, offset, part);
    } else if (fits(c, offset, part)) {
      create(c, key, (int) offset, part);
    }
  }

  private static boolean fits(CommandContext c, long offset, Slice part) {
    if (offset <= StringValues.BYTES_MAX - part.length()) {
      return true;
    }
    c.reply().error(Errors.STRING_TOO_LONG);
    return false;
  }

  /// Writes a part of the string in the context's entry.
  private static void write(CommandContext c, Slice key, long offset, Slice part) {
    if (!fits(c, offset, part)) {
      return;
    }
    Slice old = c.entry().value;
    int length = (int) Math.max(old.length(), offset + part.length());
    int status;
    if (length <= StringValues.EMBEDDED_BYTES_MAX && c.entry().type != ValueType.RAW_STRING_CODE) {
      // Short strings are stored anew, to say that they are raw now; of longer ones it is plain.
      MemorySegment memory = c.copy().room(length);
      memory.asSlice(0, length).fill((byte) 0);
      MemorySegment.copy(old.memory(), old.offset(), memory, 0, old.length());
      MemorySegment.copy(part.memory(), part.offset(), memory, offset, part.length());
      Slice value = c.scratch().set(memory, 0, length);
      status = c.engine().put(c.db(), key, ValueType.RAW_STRING_CODE, value, Engine.KEEP_EXPIRY);
    } else {
      status = c.engine().patch(c.db(), key, (int) offset, part);
    }
    if (c.requireOk(status)) {
      c.reply().integer(length);
    }
  }

  private static void create(CommandContext c, Slice key, int offset, Slice part) {
    if (!c.put(key, ValueType.RAW_STRING_CODE, EMPTY, Engine.NO_EXPIRY)) {
      return;
    }
    int status = c.engine().patch(c.db(), key, offset, part);
    if (status != Engine.OK) {
      c.engine().delete(c.db(), key);
    }
    if (c.requireOk(status)) {
      c.reply().integer((long) offset + part.length());
    }
  }

  static void getrange(CommandContext c) {
    if (!c.requireLong(2)) {
      return;
    }
    long start = c.number();
    if (!c.requireLong(3)) {
      return;
    }
    long end = c.number();
    if (!c.lookup(c.args().slice(1))) {
      c.reply().bulk(EMPTY);
      return;
    }
    if (!c.requireString()) {
      return;
    }
    Slice value = c.entry().value;
    boolean reversed = start < 0 && end < 0 && start > end;
    long from = Math.max(start < 0 ? value.length() + start : start, 0);
    long to = Math.max(end < 0 ? value.length() + end : end, 0);
    to = Math.min(to, value.length() - 1L);
    if (reversed || from > to) {
      c.reply().bulk(EMPTY);
    } else {
      c.reply().bulk(value.memory(), value.offset() + from, (int) (to - from + 1));
    }
  }
}
