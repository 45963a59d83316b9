package dev.demikv.libos.net.tcp;

import static java.util.Objects.requireNonNull;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.wire.SequenceNumber;
import dev.demikv.libos.wire.TcpOption;

/// The data of one connection that arrived ahead of its turn, and what is told about it in SACK
/// options. Pooled: a connection has one only while something is out of order.
///
/// The chunks are in order of sequence number and do not overlap: of two that claim the same bytes,
/// the one that came first wins.
final class Reassembler {
  /// Most chunks of one connection.
  private static final int CHUNKS_MAX = 2_048;

  private @Nullable ReceiveChunk head;
  private @Nullable ReceiveChunk tail;

  /// The connection whose data it is, and its neighbours in [ReassemblerList].
  @Nullable TcpConnection owner;

  @Nullable Reassembler newer;
  @Nullable Reassembler older;

  /// Where the last chunk was put in.
  private @Nullable ReceiveChunk hint;

  private int count;
  private int bytes;

  /// The latest ranges, most recently extended first: RFC 2018 §4.
  private final int[] rangeStart = new int[TcpOption.SACK_BLOCKS_MAX];

  private final int[] rangeEnd = new int[TcpOption.SACK_BLOCKS_MAX];
  private int rangeCount;

  /// What of the last insert was held already: its first such run of bytes.
  private int overlapStart;

  private int overlapEnd;
  private boolean overlapped;

  boolean isEmpty() {
    return head == null;
  }

  /// Sequence number of the first byte held.
  int firstStart() {
    return requireNonNull(head, "empty").start;
  }

  /// Bytes held.
  int bytes() {
    return bytes;
  }

  /// Ranges to report.
  int rangeCount() {
    return rangeCount;
  }

  int rangeStart(int index) {
    return rangeStart[index];
  }

  int rangeEnd(int index) {
    return rangeEnd[index];
  }

  /// Whether a part of what was inserted last was held already: from [#overlapStart] to before
  /// [#overlapEnd].
  boolean hasOverlap() {
    return overlapped;
  }

  int overlapStart() {
    return overlapStart;
  }

  int overlapEnd() {
    return overlapEnd;
  }

  private void noteOverlap(int start, int end) {
    if (!overlapped) {
      overlapped = true;
      overlapStart = start;
      overlapEnd = end;
    } else if (start == overlapEnd) {
      overlapEnd = end;
    }
  }

  /// Keeps the parts of `sequence` to `sequence + length - 1` that are not held yet.
  ///
  /// @return bytes kept; 0 when all were held; -1 when something did not find room
  int insert(Buffer buffer, int offset, int length, int sequence, ReceiveMemory memory) {
    int end = sequence + length;
    int at = sequence;
    int kept = 0;
    overlapped = false;
    ReceiveChunk before = lastBefore(at);
    if (before != null && SequenceNumber.after(before.end(), at)) {
      at = before.end();
      noteOverlap(sequence, SequenceNumber.earlier(at, end));
    }
    ReceiveChunk after = before == null ? head : before.next;
    while (SequenceNumber.before(at, end)) {
      int gapEnd = after == null ? end : SequenceNumber.earlier(end, after.start);
      if (SequenceNumber.before(at, gapEnd)) {
        ReceiveChunk chunk =
            count == CHUNKS_MAX
                ? null
                : memory.keep(buffer, offset + (at - sequence), gapEnd - at, at);
        if (chunk == null) {
          if (kept > 0) {
            noteRange(sequence, at);
          }
          hint = before;
          return -1;
        }
        link(chunk, before, after);
        kept += chunk.length;
        before = chunk;
      }
      if (after == null) {
        break;
      }
      if (SequenceNumber.before(after.start, end)) {
        noteOverlap(after.start, SequenceNumber.earlier(after.end(), end));
      }
      at = SequenceNumber.later(at, after.end());
      before = after;
      after = after.next;
    }
    hint = before;
    noteRange(sequence, end);
    return kept;
  }

  /// The last chunk that begins at or before a sequence number.
  private @Nullable ReceiveChunk lastBefore(int sequence) {
    ReceiveChunk chunk = hint == null ? tail : hint;
    if (tail != null && SequenceNumber.atOrBefore(tail.start, sequence)) {
      return tail;
    }
    while (chunk != null && SequenceNumber.after(chunk.start, sequence)) {
      chunk = chunk.previous;
    }
    if (chunk == null) {
      return null;
    }
    while (chunk.next != null && SequenceNumber.atOrBefore(chunk.next.start, sequence)) {
      chunk = chunk.next;
    }
    return chunk;
  }

  private void link(
      ReceiveChunk chunk, @Nullable ReceiveChunk before, @Nullable ReceiveChunk after) {
    chunk.previous = before;
    chunk.next = after;
    if (before == null) {
      head = chunk;
    } else {
      before.next = chunk;
    }
    if (after == null) {
      tail = chunk;
    } else {
      after.previous = chunk;
    }
    count++;
    bytes += chunk.length;
  }

  /// Puts the range that now contains `start` to `end` first.
  private void noteRange(int start, int end) {
    int from = start;
    int to = end;
    int kept = 0;
    for (int i = 0; i < rangeCount; i++) {
      boolean touches =
          SequenceNumber.atOrBefore(rangeStart[i], to)
              && SequenceNumber.atOrAfter(rangeEnd[i], from);
      if (touches) {
        from = SequenceNumber.earlier(from, rangeStart[i]);
        to = SequenceNumber.later(to, rangeEnd[i]);
      } else {
        rangeStart[kept] = rangeStart[i];
        rangeEnd[kept] = rangeEnd[i];
        kept++;
      }
    }
    int moved = Math.min(kept, rangeStart.length - 1);
    System.arraycopy(rangeStart, 0, rangeStart, 1, moved);
    System.arraycopy(rangeEnd, 0, rangeEnd, 1, moved);
    rangeStart[0] = from;
    rangeEnd[0] = to;
    rangeCount = moved + 1;
  }

  /// Moves what is in turn now, from `next` on, into a queue.
  ///
  /// @return bytes moved
  int drainInto(ReceiveQueue queue, int next, ReceiveMemory memory) {
    int at = next;
    for (ReceiveChunk chunk = head; chunk != null; chunk = head) {
      int skip = at - chunk.start;
      if (skip < 0) {
        break;
      }
      removeHead(chunk);
      if (skip >= chunk.length) {
        memory.release(chunk);
        continue;
      }
      chunk.offset += skip;
      chunk.length -= skip;
      chunk.start += skip;
      at = chunk.end();
      queue.add(chunk);
    }
    forgetRanges(at);
    return at - next;
  }

  private void removeHead(ReceiveChunk chunk) {
    head = chunk.next;
    if (head == null) {
      tail = null;
    } else {
      head.previous = null;
    }
    if (hint == chunk) {
      hint = null;
    }
    count--;
    bytes -= chunk.length;
  }

  /// Forgets ranges that are in turn: `next` is acknowledged by the header.
  private void forgetRanges(int next) {
    int kept = 0;
    for (int i = 0; i < rangeCount; i++) {
      if (SequenceNumber.after(rangeEnd[i], next)) {
        rangeStart[kept] = rangeStart[i];
        rangeEnd[kept] = rangeEnd[i];
        kept++;
      }
    }
    rangeCount = kept;
  }

  /// Drops everything.
  void clear(ReceiveMemory memory) {
    for (ReceiveChunk chunk = head; chunk != null; chunk = head) {
      removeHead(chunk);
      memory.release(chunk);
    }
    hint = null;
    rangeCount = 0;
  }
}
