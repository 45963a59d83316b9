package dev.demikv.kvserver.engine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/// A run of bytes in some memory: a view that is set again and again, never stored by the callee.
public final class Slice {
  private MemorySegment memory = MemorySegment.NULL;
  private long offset;
  private int length;

  /// An empty view.
  public Slice() {}

  /// A view of all of a Java array, for tests and control paths.
  public static Slice of(byte[] bytes) {
    return new Slice().set(MemorySegment.ofArray(bytes), 0, bytes.length);
  }

  /// A view of the UTF-8 form of a text, for tests and control paths.
  public static Slice of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  /// Points the view elsewhere; returns this.
  public Slice set(MemorySegment newMemory, long newOffset, int newLength) {
    memory = newMemory;
    offset = newOffset;
    length = newLength;
    return this;
  }

  /// Points the view where another one points; returns this.
  public Slice set(Slice other) {
    return set(other.memory, other.offset, other.length);
  }

  /// The memory the bytes lie in.
  public MemorySegment memory() {
    return memory;
  }

  /// Where they start, in bytes.
  public long offset() {
    return offset;
  }

  /// How many bytes.
  public int length() {
    return length;
  }

  /// A byte of the view.
  public byte byteAt(int index) {
    assert index >= 0 && index < length : index + " of " + length;
    return memory.get(ValueLayout.JAVA_BYTE, offset + index);
  }

  /// A copy as a Java array: allocates.
  public byte[] toByteArray() {
    byte[] bytes = new byte[length];
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offset, bytes, 0, length);
    return bytes;
  }

  /// The bytes as UTF-8: allocates.
  @Override
  public String toString() {
    return new String(toByteArray(), StandardCharsets.UTF_8);
  }
}
