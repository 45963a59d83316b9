package dev.demikv.kvclient;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// One command: its name and arguments, in wire form (RESP: an array of bulk strings).
///
/// Made once and used again: after its buffer has grown, [#reset] and the [#arg] methods allocate
/// nothing. Everything is copied at once; the caller's memory is free when the call returns. Not
/// for several threads.
public final class Command {
  private static final int BYTES_MAX = 1 << 30;
  private static final int LENGTH_DIGITS_MAX = 10;

  private byte[] body = new byte[128];
  private MemorySegment bodySegment = MemorySegment.ofArray(body);
  private int bodyLength;
  private int argumentCount;
  private boolean readOnly;

  /// A command without a name: [#reset] comes first.
  public Command() {}

  /// A command with arguments.
  public static Command of(String name, byte[]... arguments) {
    Command command = new Command().reset(name);
    for (byte[] argument : arguments) {
      command.arg(argument);
    }
    return command;
  }

  /// A command of words, the name first; arguments become UTF-8.
  ///
  /// @param words at least one
  public static Command ofWords(String... words) {
    Command command = new Command().reset(words[0]);
    for (int i = 1; i < words.length; i++) {
      command.arg(words[i]);
    }
    return command;
  }

  /// Begins anew; returns this.
  ///
  /// @param name as `GET`; known names in capitals are looked up without allocation
  public Command reset(String name) {
    bodyLength = 0;
    argumentCount = 0;
    arg(name);
    readOnly = ReadOnlyCommands.contains(name);
    return this;
  }

  /// Appends an argument; returns this.
  public Command arg(byte[] argument) {
    return arg(argument, 0, argument.length);
  }

  /// Appends a part of an array as an argument; returns this.
  public Command arg(byte[] source, int offset, int length) {
    begin(length);
    System.arraycopy(source, offset, body, bodyLength, length);
    bodyLength += length;
    return end();
  }

  /// Appends a part of a segment, on or off the heap, as an argument; returns this.
  public Command arg(MemorySegment source, long offset, int length) {
    begin(length);
    // From segment to segment: with the array itself, a view would be made for each call.
    MemorySegment.copy(source, offset, bodySegment, bodyLength, length);
    bodyLength += length;
    return end();
  }

  /// Appends a text as UTF-8; returns this.
  public Command arg(String text) {
    int length = text.length();
    for (int i = 0; i < length; i++) {
      if (text.charAt(i) >= 0x80) {
        return arg(text.getBytes(StandardCharsets.UTF_8));
      }
    }
    begin(length);
    for (int i = 0; i < length; i++) {
      body[bodyLength + i] = (byte) text.charAt(i);
    }
    bodyLength += length;
    return end();
  }

  /// Appends a number in decimal; returns this.
  public Command arg(long value) {
    if (value == Long.MIN_VALUE) {
      return arg(Long.toString(value));
    }
    int digits = digitCount(Math.abs(value));
    int length = value < 0 ? digits + 1 : digits;
    begin(length);
    if (value < 0) {
      body[bodyLength] = '-';
    }
    bodyLength += length;
    writeDigits(body, bodyLength, Math.abs(value), digits);
    return end();
  }

  /// Arguments so far, the name included.
  public int argumentCount() {
    return argumentCount;
  }

  /// Whether the name is known as that of a command without effects: one that may be sent again
  /// after a lost connection.
  public boolean isReadOnly() {
    return readOnly;
  }

  /// Length of the wire form in bytes.
  public int encodedLength() {
    return Math.addExact(1 + digitCount(argumentCount) + 2, bodyLength);
  }

  /// Writes the wire form, [#encodedLength] bytes.
  void encodeTo(byte[] target, int offset) {
    int digits = digitCount(argumentCount);
    target[offset] = '*';
    writeDigits(target, offset + 1 + digits, argumentCount, digits);
    target[offset + 1 + digits] = '\r';
    target[offset + 2 + digits] = '\n';
    System.arraycopy(body, 0, target, offset + 3 + digits, bodyLength);
  }

  private void begin(int length) {
    ensureRoom(length);
    int digits = digitCount(length);
    body[bodyLength] = '$';
    bodyLength += 1 + digits;
    writeDigits(body, bodyLength, length, digits);
    end();
    argumentCount++;
  }

  private Command end() {
    body[bodyLength++] = '\r';
    body[bodyLength++] = '\n';
    return this;
  }

  private void ensureRoom(int length) {
    long needed = (long) bodyLength + length + LENGTH_DIGITS_MAX + 5;
    if (needed <= body.length) {
      return;
    }
    if (needed > BYTES_MAX) {
      throw new KvException.LimitExceeded(
          "a command exceeds " + BYTES_MAX + " bytes (" + needed + ")", false);
    }
    body = Arrays.copyOf(body, (int) Math.min(BYTES_MAX, Math.max(needed, body.length * 2L)));
    bodySegment = MemorySegment.ofArray(body);
  }

  private static int digitCount(long value) {
    int digits = 1;
    for (long rest = value; rest >= 10; rest /= 10) {
      digits++;
    }
    return digits;
  }

  /// Writes `count` digits that end before `end`.
  private static void writeDigits(byte[] target, int end, long value, int count) {
    long rest = value;
    for (int i = 1; i <= count; i++) {
      target[end - i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
  }
}
