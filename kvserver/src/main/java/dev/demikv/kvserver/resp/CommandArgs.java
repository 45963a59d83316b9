package dev.demikv.kvserver.resp;

import dev.demikv.kvserver.engine.Slice;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// The arguments of one command as places in memory, the command's name first. Used again and
/// again.
///
/// Offsets are relative to a base, so that the bytes may be moved while a command is still coming
/// in: [#bind] says last where they are. The arrays grow with the arguments that did arrive, up to
/// the parser's limit, and shrink again.
public final class CommandArgs {
  private static final int INITIAL_COUNT = 16;
  private static final int KEPT_COUNT_MAX = 1024;
  private static final int SLICES = 8;
  private static final int QUOTED_BYTES_MAX = 1024;

  private final Slice[] slices = new Slice[SLICES];
  private MemorySegment memory = MemorySegment.NULL;
  private long base;
  private int[] offsets = new int[INITIAL_COUNT];
  private int[] lengths = new int[INITIAL_COUNT];
  private int count;

  /// No arguments.
  public CommandArgs() {
    for (int i = 0; i < SLICES; i++) {
      slices[i] = new Slice();
    }
  }

  /// Forgets all arguments.
  public void clear() {
    count = 0;
    if (offsets.length > KEPT_COUNT_MAX) {
      offsets = new int[INITIAL_COUNT];
      lengths = new int[INITIAL_COUNT];
    }
  }

  /// Appends an argument.
  ///
  /// @param offset where it starts, in bytes from the base, ≥ 0
  /// @param length its bytes, ≥ 0
  public void add(int offset, int length) {
    int index = count;
    if (index == offsets.length) {
      offsets = Arrays.copyOf(offsets, index * 2);
      lengths = Arrays.copyOf(lengths, index * 2);
    }
    offsets[index] = offset;
    lengths[index] = length;
    count = index + 1;
  }

  /// Says where the bytes are: argument `i` is at `newBase + offset(i)` of `newMemory`.
  public void bind(MemorySegment newMemory, long newBase) {
    memory = newMemory;
    base = newBase;
  }

  /// Drops the memory, so that it is not kept alive between commands.
  public void unbind() {
    memory = MemorySegment.NULL;
  }

  /// Arguments, the name included; 0 for an empty command.
  public int count() {
    return count;
  }

  /// The memory all arguments lie in.
  public MemorySegment memory() {
    return memory;
  }

  /// Where an argument starts in [#memory].
  public long offset(int index) {
    assert index < count : index + " of " + count;
    return base + offsets[index];
  }

  /// Length of an argument in bytes.
  public int length(int index) {
    assert index < count : index + " of " + count;
    return lengths[index];
  }

  /// One of the first eight arguments as a view of its own: it stays valid and the same object
  /// until the next command.
  public Slice slice(int index) {
    return slice(index, slices[index]);
  }

  /// Points a view of the caller's at an argument, any; returns the view.
  public Slice slice(int index, Slice out) {
    return out.set(memory, offset(index), length(index));
  }

  /// An argument as a text of which each char is one byte: allocates, for names and errors.
  public String text(int index) {
    return ByteText.latin1(slice(index, new Slice()));
  }

  /// An argument as errors quote it: up to the first NUL and 1024 bytes.
  public String quoted(int index) {
    return quoted(index, QUOTED_BYTES_MAX);
  }

  /// An argument as errors quote it: up to the first NUL and a number of bytes.
  public String quoted(int index, int bytesMax) {
    Slice start = new Slice();
    start.set(memory, offset(index), Math.min(length(index), bytesMax));
    String text = ByteText.latin1(start);
    int end = text.indexOf(0);
    return end < 0 ? text : text.substring(0, end);
  }

  /// Whether an argument is this word, in whatever case.
  ///
  /// @param lowerCase ASCII, lower case
  public boolean is(int index, String lowerCase) {
    int length = lengths[index];
    return length == lowerCase.length()
        && ByteText.equalsIgnoreCase(memory, offset(index), length, lowerCase);
  }

  /// Bytes of all arguments together.
  public long bytes() {
    long bytes = 0;
    for (int i = 0; i < count; i++) {
      bytes += lengths[i];
    }
    return bytes;
  }
}
