package dev.demikv.libos.net.tcp;

import static java.util.Objects.requireNonNull;

import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPools;
import java.lang.foreign.MemorySegment;

/// The bytes of one connection's stream from SND.UNA to the last that was pushed.
///
/// ```
///   head ─→ chunk ─→ chunk ─→ … ─→ tail
///   │headSkip │         │cursor            each chunk refers to a buffer: the application's
///   SND.UNA             SND.NXT            (long pieces) or a copy (short ones, many to a buffer)
/// ```
///
/// A byte never moves and never changes its sequence number. Segments refer to their first byte as
/// (chunk, offset); a chunk stays until all its bytes are acknowledged.
final class SendQueue {
  /// Room of the buffers that short pieces are gathered in.
  private static final int COPY_BUFFER_BYTES = 2_048;

  private @Nullable SendChunk head;
  private @Nullable SendChunk tail;

  /// Acknowledged bytes of the head.
  private int headSkip;

  /// The chunk of the first unsent byte; `null` when everything was sent.
  private @Nullable SendChunk cursor;

  private int cursorOffset;
  private int totalBytes;
  private int unsentBytes;

  /// Bytes from the first unacknowledged to the last pushed.
  int totalBytes() {
    return totalBytes;
  }

  /// Bytes never sent.
  int unsentBytes() {
    return unsentBytes;
  }

  /// Chunk of the first unsent byte.
  SendChunk cursor() {
    return requireNonNull(cursor, "nothing unsent");
  }

  /// Place of the first unsent byte in its chunk.
  int cursorOffset() {
    return cursorOffset;
  }

  /// Appends the bytes of an array: short pieces are copied, long ones referred to.
  ///
  /// @return false, and nothing taken, when chunks are out
  boolean append(
      ScatterGatherArray sga, int copyBytesMax, BufferPools buffers, Pool<SendChunk> chunks) {
    // A piece that is copied may end the buffer before it and begin another.
    if (chunks.availableCount() < 2 * sga.segmentCount()) {
      return false;
    }
    for (int i = 0; i < sga.segmentCount(); i++) {
      int length = sga.length(i);
      if (length == 0) {
        continue;
      }
      Buffer source = sga.buffer(i);
      int offset = sga.offset(i);
      if (length > copyBytesMax || !copy(source, offset, length, buffers, chunks)) {
        source.retain();
        add(source, offset, length, false, chunks);
      }
    }
    return true;
  }

  private boolean copy(
      Buffer source, int offset, int length, BufferPools buffers, Pool<SendChunk> chunks) {
    int copied = 0;
    SendChunk last = tail;
    if (last != null && last.isCopy) {
      int used = last.offset + last.length;
      copied = Math.min(length, last.buffer().capacityBytes() - used);
      if (copied > 0) {
        MemorySegment.copy(source.segment(), offset, last.buffer().segment(), used, copied);
        if (cursor == null) {
          cursor = last;
          cursorOffset = last.length;
        }
        last.length += copied;
        totalBytes += copied;
        unsentBytes += copied;
      }
    }
    int left = length - copied;
    if (left == 0) {
      return true;
    }
    Buffer buffer = buffers.take(Math.max(left, COPY_BUFFER_BYTES));
    if (buffer == null || buffer.capacityBytes() < left) {
      // Out of memory to copy to: the rest is referred to instead.
      if (buffer != null) {
        buffer.release();
      }
      source.retain();
      add(source, offset + copied, left, false, chunks);
      return true;
    }
    MemorySegment.copy(source.segment(), (long) offset + copied, buffer.segment(), 0, left);
    add(buffer, 0, left, true, chunks);
    return true;
  }

  /// Appends a chunk and takes over a reference on its buffer.
  private void add(Buffer buffer, int offset, int length, boolean isCopy, Pool<SendChunk> chunks) {
    SendChunk chunk = requireNonNull(chunks.take(), "counted before");
    chunk.buffer = buffer;
    chunk.offset = offset;
    chunk.length = length;
    chunk.isCopy = isCopy;
    chunk.next = null;
    if (tail == null) {
      head = chunk;
      headSkip = 0;
    } else {
      tail.next = chunk;
    }
    tail = chunk;
    if (cursor == null) {
      cursor = chunk;
      cursorOffset = 0;
    }
    totalBytes += length;
    unsentBytes += length;
  }

  /// Moves the cursor over bytes that were sent.
  void sent(int length) {
    int left = length;
    unsentBytes -= length;
    assert unsentBytes >= 0 : "sent more than there is";
    SendChunk at = cursor;
    while (left > 0 && at != null) {
      int n = Math.min(left, at.length - cursorOffset);
      cursorOffset += n;
      left -= n;
      if (cursorOffset == at.length) {
        at = at.next;
        cursorOffset = 0;
      }
    }
    cursor = at;
  }

  /// Drops acknowledged bytes and the references on the buffers that have no other.
  void acknowledged(int length, Pool<SendChunk> chunks) {
    int left = length;
    totalBytes -= length;
    assert totalBytes >= unsentBytes : "acknowledged more than was sent";
    while (left > 0) {
      SendChunk first = requireNonNull(head, "acknowledged more than there is");
      int n = Math.min(left, first.length - headSkip);
      headSkip += n;
      left -= n;
      if (headSkip == first.length) {
        removeHead(first, chunks);
      }
    }
  }

  private void removeHead(SendChunk first, Pool<SendChunk> chunks) {
    head = first.next;
    headSkip = 0;
    if (head == null) {
      tail = null;
    }
    assert cursor != first : "an unsent chunk is removed";
    first.buffer().release();
    first.buffer = null;
    first.next = null;
    chunks.put(first);
  }

  /// Takes back the last `length` bytes, none of which was sent. O(chunks).
  void truncate(int length, Pool<SendChunk> chunks) {
    assert length <= unsentBytes : "sent bytes cannot be taken back";
    totalBytes -= length;
    unsentBytes -= length;
    int left = length;
    while (left > 0) {
      SendChunk last = requireNonNull(tail, "empty");
      int n = Math.min(left, last.length);
      last.length -= n;
      left -= n;
      if (last.length == 0) {
        removeTail(last, chunks);
      }
    }
    if (unsentBytes == 0) {
      cursor = null;
    }
  }

  private void removeTail(SendChunk last, Pool<SendChunk> chunks) {
    if (head == last) {
      head = null;
      tail = null;
    } else {
      SendChunk before = head;
      while (before != null && before.next != last) {
        before = before.next;
      }
      requireNonNull(before, "broken list").next = null;
      tail = before;
    }
    last.buffer().release();
    last.buffer = null;
    chunks.put(last);
  }

  /// Drops everything.
  void clear(Pool<SendChunk> chunks) {
    cursor = null;
    for (SendChunk chunk = head; chunk != null; chunk = head) {
      removeHead(chunk, chunks);
    }
    totalBytes = 0;
    unsentBytes = 0;
  }
}
