package dev.demikv.libos.net.tcp;

import static dev.demikv.libos.net.tcp.SentSegment.EVER_RETRANSMITTED;
import static dev.demikv.libos.net.tcp.SentSegment.FIN;
import static dev.demikv.libos.net.tcp.SentSegment.LOST;
import static dev.demikv.libos.net.tcp.SentSegment.PUSH;
import static dev.demikv.libos.net.tcp.SentSegment.RETRANSMITTED;
import static dev.demikv.libos.net.tcp.SentSegment.SACKED;
import static dev.demikv.libos.net.tcp.SentSegment.SYN;
import static java.util.Objects.requireNonNull;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.wire.SequenceNumber;

/// The segments of one connection from SND.UNA to SND.NXT, with what is known about each.
///
/// Two orders: by sequence number (all of them), and by time of the last transmission (those that
/// are neither SACKed nor thought lost), so that RACK looks only at what it may have to mark.
final class RetransmitQueue {
  private @Nullable SentSegment head;
  private @Nullable SentSegment tail;
  private @Nullable SentSegment oldest;
  private @Nullable SentSegment newest;

  /// No segment before it, by sequence number, is lost and waits to be sent again.
  private @Nullable SentSegment lostHint;

  /// Where the last lookup by sequence number ended.
  private @Nullable SentSegment lookupHint;

  private int totalBytes;
  private int sackedBytes;
  private int lostBytes;
  private int retransmittedBytes;
  private int count;
  private int sackedCount;

  @Nullable
  SentSegment head() {
    return head;
  }

  @Nullable
  SentSegment tail() {
    return tail;
  }

  /// The longest sent of those that are neither SACKed nor lost.
  @Nullable
  SentSegment oldest() {
    return oldest;
  }

  boolean isEmpty() {
    return head == null;
  }

  /// Segments in the queue.
  int count() {
    return count;
  }

  /// Segments that were SACKed.
  int sackedCount() {
    return sackedCount;
  }

  int sackedBytes() {
    return sackedBytes;
  }

  /// What RFC 6675 calls pipe: octets that are thought to be in the network.
  int pipeBytes() {
    return totalBytes - sackedBytes - lostBytes + retransmittedBytes;
  }

  /// Whether something is lost and was not sent again.
  boolean hasLost() {
    return lostBytes > 0 && nextLost() != null;
  }

  /// Appends a segment that was sent just now.
  void add(SentSegment segment) {
    segment.next = null;
    segment.previous = tail;
    if (tail == null) {
      head = segment;
    } else {
      tail.next = segment;
    }
    tail = segment;
    count++;
    totalBytes += segment.length();
    addNewest(segment);
  }

  /// Takes the first one out: it is acknowledged. The caller has looked at its flags.
  void removeHead() {
    SentSegment first = requireNonNull(head, "empty");
    forget(first);
    head = first.next;
    if (head == null) {
      tail = null;
    } else {
      head.previous = null;
    }
    if (lostHint == first) {
      lostHint = head;
    }
    if (lookupHint == first) {
      lookupHint = head;
    }
    count--;
    totalBytes -= first.length();
    first.next = null;
    first.chunk = null;
  }

  /// Takes a segment out of all sums and of the order by time, but leaves it in its place.
  private void forget(SentSegment segment) {
    int length = segment.length();
    if (segment.is(SACKED)) {
      sackedBytes -= length;
      sackedCount--;
    } else if (segment.is(LOST)) {
      lostBytes -= length;
      if (segment.is(RETRANSMITTED)) {
        retransmittedBytes -= length;
        removeFromTime(segment);
      }
    } else {
      removeFromTime(segment);
      if (segment.is(RETRANSMITTED)) {
        retransmittedBytes -= length;
      }
    }
  }

  /// Cuts acknowledged octets off the first one.
  void trimHead(int newStart) {
    SentSegment first = requireNonNull(head, "empty");
    int cut = newStart - first.start;
    int dataCut = cut;
    totalBytes -= cut;
    if (first.is(SACKED)) {
      sackedBytes -= cut;
    } else {
      if (first.is(LOST)) {
        lostBytes -= cut;
      }
      if (first.is(RETRANSMITTED)) {
        retransmittedBytes -= cut;
      }
    }
    if (first.is(SYN)) {
      first.flags &= ~SYN;
      dataCut--;
    }
    first.start = newStart;
    advance(first, dataCut);
  }

  /// Moves the place of a segment's first byte.
  private static void advance(SentSegment segment, int bytes) {
    SendChunk chunk = segment.chunk;
    int at = segment.chunkOffset + bytes;
    while (chunk != null && at >= chunk.length && chunk.next != null) {
      at -= chunk.length;
      chunk = chunk.next;
    }
    segment.chunk = chunk;
    segment.chunkOffset = at;
  }

  /// Splits a segment in two: its first `length` octets stay, the rest goes into `rest`.
  void split(SentSegment segment, int length, SentSegment rest) {
    assert length > 0 && length < segment.length() && !segment.is(SYN) : "nothing to split";
    rest.start = segment.start + length;
    rest.end = segment.end;
    rest.flags = segment.flags;
    rest.sentNanos = segment.sentNanos;
    rest.chunk = segment.chunk;
    rest.chunkOffset = segment.chunkOffset;
    advance(rest, length);
    segment.end = rest.start;
    segment.flags &= ~(FIN | PUSH);
    rest.next = segment.next;
    rest.previous = segment;
    if (rest.next == null) {
      tail = rest;
    } else {
      rest.next.previous = rest;
    }
    segment.next = rest;
    count++;
    if (rest.is(SACKED)) {
      sackedCount++;
    }
    if (isInTime(rest)) {
      rest.older = segment;
      rest.newer = segment.newer;
      if (rest.newer == null) {
        newest = rest;
      } else {
        rest.newer.older = rest;
      }
      segment.newer = rest;
    }
  }

  /// Notes that the receiver has a segment.
  void markSacked(SentSegment segment) {
    assert !segment.is(SACKED) : "SACKed twice";
    forget(segment);
    segment.flags = segment.flags & ~(LOST | RETRANSMITTED) | SACKED;
    sackedBytes += segment.length();
    sackedCount++;
  }

  /// Notes that a segment, or its last retransmission, is thought to be lost.
  void markLost(SentSegment segment) {
    assert !segment.is(SACKED) && isInTime(segment) : "marked already";
    forget(segment);
    segment.flags = segment.flags & ~RETRANSMITTED | LOST;
    lostBytes += segment.length();
    if (lostHint == null || SequenceNumber.before(segment.start, lostHint.start)) {
      lostHint = segment;
    }
  }

  /// Whether a segment can be marked lost: it is thought to be under way.
  static boolean isInTime(SentSegment segment) {
    return !segment.is(SACKED) && (!segment.is(LOST) || segment.is(RETRANSMITTED));
  }

  /// RFC 2018 §8: the receiver gave up what it had SACKed. It counts as lost.
  void forgetSacks() {
    for (SentSegment s = head; s != null; s = s.next) {
      if (s.is(SACKED)) {
        sackedBytes -= s.length();
        sackedCount--;
        s.flags = s.flags & ~SACKED | LOST;
        lostBytes += s.length();
      }
    }
    lostHint = head;
  }

  /// Nothing was lost after all: what was not sent again counts as under way.
  void forgetLosses() {
    for (SentSegment s = tail; s != null; s = s.previous) {
      if (s.is(LOST) && !s.is(RETRANSMITTED)) {
        lostBytes -= s.length();
        s.flags &= ~LOST;
        addOldest(s);
      }
    }
    lostHint = null;
  }

  /// Notes that a segment was sent again.
  void markRetransmitted(SentSegment segment, long nowNanos) {
    assert !segment.is(SACKED) : "the receiver has it";
    if (isInTime(segment)) {
      removeFromTime(segment);
    }
    if (!segment.is(RETRANSMITTED)) {
      retransmittedBytes += segment.length();
    }
    segment.flags |= RETRANSMITTED | EVER_RETRANSMITTED;
    segment.sentNanos = nowNanos;
    addNewest(segment);
  }

  /// The first segment that is lost and was not sent again; `null` when there is none.
  @Nullable
  SentSegment nextLost() {
    if (lostBytes == 0) {
      lostHint = null;
      return null;
    }
    SentSegment s = lostHint;
    while (s != null && (!s.is(LOST) || s.is(RETRANSMITTED))) {
      s = s.next;
    }
    lostHint = s;
    return s;
  }

  /// The segment that a sequence number lies in, or the next one after it. O(distance from the last
  /// lookup).
  @Nullable
  SentSegment at(int sequence) {
    SentSegment s = lookupHint == null ? head : lookupHint;
    while (s != null && s.previous != null && SequenceNumber.before(sequence, s.start)) {
      s = s.previous;
    }
    while (s != null && SequenceNumber.atOrAfter(sequence, s.end)) {
      s = s.next;
    }
    if (s != null) {
      lookupHint = s;
    }
    return s;
  }

  /// Drops everything.
  void clear(Pool<SentSegment> segments) {
    for (SentSegment s = head; s != null; s = head) {
      removeHead();
      segments.put(s);
    }
    assert totalBytes == 0 && sackedBytes == 0 && lostBytes == 0 && retransmittedBytes == 0
        : "sums";
    lostHint = null;
    lookupHint = null;
  }

  private void addNewest(SentSegment segment) {
    segment.newer = null;
    segment.older = newest;
    if (newest == null) {
      oldest = segment;
    } else {
      newest.newer = segment;
    }
    newest = segment;
  }

  private void addOldest(SentSegment segment) {
    segment.older = null;
    segment.newer = oldest;
    if (oldest == null) {
      newest = segment;
    } else {
      oldest.older = segment;
    }
    oldest = segment;
  }

  private void removeFromTime(SentSegment segment) {
    if (segment.older == null) {
      oldest = segment.newer;
    } else {
      segment.older.newer = segment.newer;
    }
    if (segment.newer == null) {
      newest = segment.older;
    } else {
      segment.newer.older = segment.older;
    }
    segment.older = null;
    segment.newer = null;
  }
}
