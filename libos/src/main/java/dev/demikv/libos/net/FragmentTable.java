package dev.demikv.libos.net;

import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.wire.Ipv4Header;
import dev.demikv.libos.wire.Ipv6Header;
import java.lang.foreign.MemorySegment;

/// Packets that came in pieces, until they are whole: RFC 791 §3.2 and RFC 8200 §4.5.
///
/// Pieces keep the device's buffers; a whole packet is copied into one. Bounded in packets, in
/// packets per sender, in pieces per packet, in the buffers held and in time. A piece that overlaps
/// another one spoils its packet, whatever follows of it (RFC 5722); one that came twice is
/// dropped. When there is no room, the packet that waits longest goes.
final class FragmentTable {
  /// Most unfinished packets.
  static final int PACKETS_MAX = 64;

  /// Most unfinished packets of one sender.
  static final int PACKETS_PER_SENDER_MAX = 16;

  /// Most pieces of a packet: 65,535 bytes in pieces that fit 576.
  static final int PIECES_MAX = 120;

  private static final long IPV4_TIMEOUT_NANOS = 30_000_000_000L;
  private static final long IPV6_TIMEOUT_NANOS = 60_000_000_000L;

  /// A packet in pieces, in order of their place.
  private static final class Entry {
    boolean used;
    boolean ipv6;
    long sourceHigh;
    long sourceLow;
    long destinationHigh;
    long destinationLow;
    int protocol;
    int identification;
    long deadlineNanos;

    /// Whether pieces overlapped: all that follows is dropped.
    boolean spoiled;

    /// Bytes of the payload; -1 before the last piece came.
    int totalBytes;

    int receivedBytes;
    int pieceCount;
    int headerOffset;
    int headerBytes;
    int nextHeader;
    boolean partial;
    final @Nullable Buffer[] buffers = new Buffer[PIECES_MAX];
    final int[] offsets = new int[PIECES_MAX];
    final int[] starts = new int[PIECES_MAX];
    final int[] lengths = new int[PIECES_MAX];

    Buffer buffer(int index) {
      Buffer buffer = buffers[index];
      if (buffer == null) {
        throw new IllegalStateException("piece " + index + " of " + pieceCount);
      }
      return buffer;
    }
  }

  /// Is told of packets whose time is over and whose first piece came.
  @FunctionalInterface
  interface TimeoutListener {
    /// Borrows the buffer with the first piece.
    void timedOut(boolean ipv6, Buffer buffer, int networkOffset, int length, long nowNanos);
  }

  private final StackCounters counters;
  private final int bytesMax;
  private final TimeoutListener listener;
  private final Entry[] entries = new Entry[PACKETS_MAX];
  private int heldBytes;
  private int usedCount;
  private @Nullable BufferPools pools;
  private int wholeLength;
  private boolean wholePartial;

  FragmentTable(StackCounters counters, int bytesMax, TimeoutListener listener) {
    this.counters = counters;
    this.bytesMax = bytesMax;
    this.listener = listener;
    for (int i = 0; i < PACKETS_MAX; i++) {
      entries[i] = new Entry();
    }
  }

  void start(BufferPools newPools) {
    pools = newPools;
  }

  /// Unfinished packets.
  int count() {
    return usedCount;
  }

  /// Memory that their pieces hold.
  int heldBytes() {
    return heldBytes;
  }

  /// Takes a piece of an IPv4 packet; borrows the buffer.
  ///
  /// @param partial whether the checksum was left out because it never was on a wire
  /// @return a buffer with the whole packet from offset 0 on, header first, [#wholeLength] long,
  ///   with one reference for the caller; `null` when it is not whole
  @Nullable
  Buffer addIpv4(
      Buffer buffer, int offset, int headerBytes, int length, boolean partial, long now) {
    MemorySegment memory = buffer.segment();
    Entry entry =
        entry(
            false,
            0,
            Ipv4Header.source(memory, offset) & 0xffff_ffffL,
            0,
            Ipv4Header.destination(memory, offset) & 0xffff_ffffL,
            Ipv4Header.protocol(memory, offset),
            Ipv4Header.identification(memory, offset),
            now);
    int start = Ipv4Header.fragmentOffsetBytes(memory, offset);
    boolean more = Ipv4Header.hasMoreFragments(memory, offset);
    if (start == 0) {
      entry.headerOffset = offset;
      entry.headerBytes = headerBytes;
    }
    entry.partial &= partial;
    return add(entry, buffer, offset + headerBytes, start, length - headerBytes, more);
  }

  /// Takes a piece of an IPv6 packet; borrows the buffer. As [#addIpv4].
  ///
  /// @param at where the fragment header is
  /// @param end where the packet ends
  @Nullable
  Buffer addIpv6(Buffer buffer, int offset, int at, int end, boolean partial, long now) {
    MemorySegment memory = buffer.segment();
    Entry entry =
        entry(
            true,
            Ipv6Header.sourceHigh(memory, offset),
            Ipv6Header.sourceLow(memory, offset),
            Ipv6Header.destinationHigh(memory, offset),
            Ipv6Header.destinationLow(memory, offset),
            0,
            Ipv6Header.fragmentIdentification(memory, at),
            now);
    int start = Ipv6Header.fragmentOffsetBytes(memory, at);
    boolean more = Ipv6Header.hasMoreFragments(memory, at);
    if (start == 0) {
      entry.headerOffset = offset;
      entry.headerBytes = Ipv6Header.BYTES;
      entry.nextHeader = Ipv6Header.fragmentNextHeader(memory, at);
    }
    int payload = at + Ipv6Header.FRAGMENT_BYTES;
    entry.partial &= partial;
    return add(entry, buffer, payload, start, end - payload, more);
  }

  /// Bytes of the packet that was last made whole.
  int wholeLength() {
    return wholeLength;
  }

  /// Whether no piece of it was on a wire.
  boolean isWholePartial() {
    return wholePartial;
  }

  private @Nullable Buffer add(
      Entry entry, Buffer buffer, int offset, int start, int length, boolean more) {
    if (entry.spoiled) {
      counters.drop(DropReason.FRAGMENT_OVERLAP);
      return null;
    }
    // RFC 8200 §4.5: all but the last are whole units of eight bytes; nothing reaches beyond the
    // longest payload.
    if (length <= 0 || more && (length & 7) != 0 || start + length > Ipv4Header.PACKET_BYTES_MAX) {
      counters.drop(DropReason.FRAGMENT_MALFORMED);
      if (entry.pieceCount == 0) {
        release(entry);
      }
      return null;
    }
    int place = place(entry, start);
    if (place < entry.pieceCount
        && entry.starts[place] == start
        && entry.lengths[place] == length
        && (more || entry.totalBytes == start + length)) {
      counters.drop(DropReason.FRAGMENT_DUPLICATE);
      return null;
    }
    if (overlaps(entry, place, start, length, more)) {
      counters.drop(DropReason.FRAGMENT_OVERLAP, entry.pieceCount + 1);
      dropPieces(entry);
      entry.spoiled = true;
      return null;
    }
    if (entry.pieceCount == PIECES_MAX || !makeRoom(entry, buffer)) {
      counters.drop(DropReason.FRAGMENT_EVICTED, entry.pieceCount + 1);
      release(entry);
      return null;
    }
    insert(entry, place, buffer, offset, start, length);
    if (!more) {
      entry.totalBytes = start + length;
    }
    return entry.receivedBytes == entry.totalBytes ? whole(entry) : null;
  }

  private static int place(Entry entry, int start) {
    int place = entry.pieceCount;
    while (place > 0 && entry.starts[place - 1] >= start) {
      place--;
    }
    return place;
  }

  private static boolean overlaps(Entry entry, int place, int start, int length, boolean more) {
    int end = start + length;
    int last = entry.pieceCount - 1;
    if (place > 0 && entry.starts[place - 1] + entry.lengths[place - 1] > start
        || place <= last && entry.starts[place] < end) {
      return true;
    }
    // What lies behind the end contradicts the piece that said where the end is.
    return entry.totalBytes >= 0
        ? end > entry.totalBytes || !more
        : !more && last >= 0 && entry.starts[last] + entry.lengths[last] > end;
  }

  private void insert(Entry entry, int place, Buffer buffer, int offset, int start, int length) {
    int moved = entry.pieceCount - place;
    System.arraycopy(entry.buffers, place, entry.buffers, place + 1, moved);
    System.arraycopy(entry.offsets, place, entry.offsets, place + 1, moved);
    System.arraycopy(entry.starts, place, entry.starts, place + 1, moved);
    System.arraycopy(entry.lengths, place, entry.lengths, place + 1, moved);
    buffer.retain();
    heldBytes += buffer.capacityBytes();
    entry.buffers[place] = buffer;
    entry.offsets[place] = offset;
    entry.starts[place] = start;
    entry.lengths[place] = length;
    entry.pieceCount++;
    entry.receivedBytes += length;
  }

  /// Gives up the oldest packets until a buffer may be held.
  private boolean makeRoom(Entry keep, Buffer buffer) {
    while (heldBytes + buffer.capacityBytes() > bytesMax
        || buffer.pool().freeCount() < buffer.pool().count() / 8) {
      Entry oldest = oldest(keep);
      if (oldest == null) {
        return false;
      }
      counters.drop(DropReason.FRAGMENT_EVICTED, oldest.pieceCount);
      release(oldest);
    }
    return true;
  }

  private @Nullable Entry oldest(@Nullable Entry except) {
    Entry oldest = null;
    for (Entry each : entries) {
      if (each.used
          && each != except
          && (oldest == null || each.deadlineNanos - oldest.deadlineNanos < 0)) {
        oldest = each;
      }
    }
    return oldest;
  }

  private @Nullable Buffer whole(Entry entry) {
    int length = entry.headerBytes + entry.totalBytes;
    BufferPools from = pools;
    boolean fits = length <= Ipv4Header.PACKET_BYTES_MAX + (entry.ipv6 ? Ipv6Header.BYTES : 0);
    Buffer buffer = from == null || !fits ? null : from.take(length);
    if (buffer == null || buffer.capacityBytes() < length) {
      if (buffer != null) {
        buffer.release();
      }
      counters.drop(
          fits ? DropReason.FRAGMENT_NO_BUFFER : DropReason.FRAGMENT_MALFORMED, entry.pieceCount);
      release(entry);
      return null;
    }
    MemorySegment memory = buffer.segment();
    MemorySegment.copy(entry.buffer(0).segment(), entry.headerOffset, memory, 0, entry.headerBytes);
    for (int i = 0; i < entry.pieceCount; i++) {
      MemorySegment.copy(
          entry.buffer(i).segment(),
          entry.offsets[i],
          memory,
          (long) entry.headerBytes + entry.starts[i],
          entry.lengths[i]);
    }
    if (entry.ipv6) {
      Ipv6Header.setUnfragmented(memory, 0, entry.totalBytes, entry.nextHeader);
    } else {
      Ipv4Header.setUnfragmented(memory, 0, length, entry.headerBytes);
    }
    counters.reassembled++;
    wholeLength = length;
    wholePartial = entry.partial;
    release(entry);
    return buffer;
  }

  private Entry entry(
      boolean ipv6,
      long sourceHigh,
      long sourceLow,
      long destinationHigh,
      long destinationLow,
      int protocol,
      int identification,
      long now) {
    Entry free = null;
    Entry oldestOfSender = null;
    int ofSender = 0;
    for (Entry each : entries) {
      if (!each.used) {
        free = each;
        continue;
      }
      if (each.sourceLow != sourceLow || each.sourceHigh != sourceHigh || each.ipv6 != ipv6) {
        continue;
      }
      if (each.identification == identification
          && each.protocol == protocol
          && each.destinationLow == destinationLow
          && each.destinationHigh == destinationHigh) {
        return each;
      }
      ofSender++;
      if (oldestOfSender == null || each.deadlineNanos - oldestOfSender.deadlineNanos < 0) {
        oldestOfSender = each;
      }
    }
    Entry entry =
        ofSender >= PACKETS_PER_SENDER_MAX ? oldestOfSender : free == null ? oldest(null) : free;
    if (entry == null) {
      throw new IllegalStateException("neither a free entry nor an old one");
    }
    if (entry.used) {
      counters.drop(DropReason.FRAGMENT_EVICTED, entry.pieceCount);
      release(entry);
    }
    entry.used = true;
    entry.ipv6 = ipv6;
    entry.sourceHigh = sourceHigh;
    entry.sourceLow = sourceLow;
    entry.destinationHigh = destinationHigh;
    entry.destinationLow = destinationLow;
    entry.protocol = protocol;
    entry.identification = identification;
    entry.deadlineNanos = now + (ipv6 ? IPV6_TIMEOUT_NANOS : IPV4_TIMEOUT_NANOS);
    entry.spoiled = false;
    entry.totalBytes = -1;
    entry.receivedBytes = 0;
    entry.pieceCount = 0;
    entry.partial = true;
    usedCount++;
    return entry;
  }

  private void dropPieces(Entry entry) {
    for (int i = 0; i < entry.pieceCount; i++) {
      Buffer buffer = entry.buffer(i);
      heldBytes -= buffer.capacityBytes();
      buffer.release();
      entry.buffers[i] = null;
    }
    entry.pieceCount = 0;
    entry.receivedBytes = 0;
  }

  private void release(Entry entry) {
    dropPieces(entry);
    entry.used = false;
    usedCount--;
  }

  /// When [#advance] has something to do; [Long#MAX_VALUE] if nothing.
  long nextTimerNanos() {
    Entry oldest = usedCount == 0 ? null : oldest(null);
    return oldest == null ? Long.MAX_VALUE : oldest.deadlineNanos;
  }

  /// Gives up what was not completed in time.
  void advance(long nowNanos) {
    if (usedCount == 0) {
      return;
    }
    for (Entry entry : entries) {
      if (entry.used && nowNanos - entry.deadlineNanos >= 0) {
        counters.drop(DropReason.FRAGMENT_TIMEOUT, Math.max(entry.pieceCount, 1));
        if (entry.pieceCount > 0 && entry.starts[0] == 0) {
          // RFC 792, RFC 8200 §4.5: the sender is told, if the first piece came.
          listener.timedOut(
              entry.ipv6,
              entry.buffer(0),
              entry.headerOffset,
              entry.offsets[0] - entry.headerOffset + entry.lengths[0],
              nowNanos);
        }
        release(entry);
      }
    }
  }

  void close() {
    for (Entry entry : entries) {
      if (entry.used) {
        release(entry);
      }
    }
  }
}
