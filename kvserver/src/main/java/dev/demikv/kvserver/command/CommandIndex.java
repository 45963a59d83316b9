package dev.demikv.kvserver.command;

import dev.demikv.kvserver.resp.ByteText;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// Finds commands by name, in whatever case, from bytes in place: an open-addressed table, a
/// quarter full at most. Allocates nothing after it is made.
final class CommandIndex {
  private final @Nullable CommandSpec[] slots;
  private final String[] names;
  private final int mask;
  private final int longestName;

  CommandIndex(List<CommandSpec> specs) {
    int capacity = Integer.highestOneBit(Math.max(specs.size(), 1)) * 8;
    slots = new CommandSpec[capacity];
    names = new String[capacity];
    mask = capacity - 1;
    int longest = 0;
    for (CommandSpec spec : specs) {
      String name = spec.ownName();
      longest = Math.max(longest, name.length());
      int hash = 0;
      for (int i = 0; i < name.length(); i++) {
        hash = mix(hash, name.charAt(i));
      }
      int slot = spread(hash) & mask;
      while (slots[slot] != null) {
        slot = (slot + 1) & mask;
      }
      slots[slot] = spec;
      names[slot] = name;
    }
    longestName = longest;
  }

  @Nullable
  CommandSpec find(MemorySegment memory, long offset, int length) {
    if (length > longestName) {
      return null;
    }
    int hash = 0;
    for (int i = 0; i < length; i++) {
      hash = mix(hash, ByteText.fold(memory.get(ValueLayout.JAVA_BYTE, offset + i)));
    }
    for (int slot = spread(hash) & mask; slots[slot] != null; slot = (slot + 1) & mask) {
      String name = names[slot];
      if (name.length() == length && ByteText.equalsIgnoreCase(memory, offset, length, name)) {
        return slots[slot];
      }
    }
    return null;
  }

  private static int mix(int hash, int b) {
    return hash * 31 + b;
  }

  private static int spread(int hash) {
    return hash ^ hash >>> 15 ^ hash >>> 7;
  }
}
