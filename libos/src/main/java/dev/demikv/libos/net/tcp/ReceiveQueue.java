package dev.demikv.libos.net.tcp;

import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import java.lang.foreign.MemorySegment;

/// The bytes of one connection that were received in order and not popped.
final class ReceiveQueue {
  private @Nullable ReceiveChunk head;
  private @Nullable ReceiveChunk tail;
  private int bytes;

  /// Bytes that can be popped.
  int bytes() {
    return bytes;
  }

  boolean isEmpty() {
    return head == null;
  }

  /// Appends a chunk.
  void add(ReceiveChunk chunk) {
    chunk.next = null;
    if (tail == null) {
      head = chunk;
    } else {
      tail.next = chunk;
    }
    tail = chunk;
    bytes += chunk.length;
  }

  /// Copies a short payload behind the last one, if that buffer has room and nobody else refers to
  /// it.
  ///
  /// @return whether it was done
  boolean coalesce(Buffer source, int offset, int length) {
    ReceiveChunk last = tail;
    if (last == null) {
      return false;
    }
    Buffer target = last.buffer();
    int used = last.offset + last.length;
    if (target == source || target.references() != 1 || target.capacityBytes() - used < length) {
      return false;
    }
    MemorySegment.copy(source.segment(), offset, target.segment(), used, length);
    last.length += length;
    bytes += length;
    return true;
  }

  /// Moves at most `bytesMax` bytes into an empty array: references to their buffers.
  ///
  /// @return how many
  int popInto(ScatterGatherArray sga, int bytesMax, ReceiveMemory memory) {
    int taken = 0;
    while (taken < bytesMax) {
      ReceiveChunk first = head;
      if (first == null) {
        break;
      }
      int n = Math.min(first.length, bytesMax - taken);
      if (n < first.length) {
        if (!sga.addShared(first.buffer(), first.offset, n)) {
          break;
        }
        first.offset += n;
        first.length -= n;
        first.start += n;
      } else {
        if (!sga.add(first.buffer(), first.offset, n)) {
          break;
        }
        head = first.next;
        if (head == null) {
          tail = null;
        }
        memory.forget(first);
      }
      taken += n;
    }
    bytes -= taken;
    return taken;
  }

  /// Drops everything.
  void clear(ReceiveMemory memory) {
    for (ReceiveChunk chunk = head; chunk != null; chunk = head) {
      head = chunk.next;
      memory.release(chunk);
    }
    tail = null;
    bytes = 0;
  }
}
