package dev.demikv.libos.log;

/// One named log: where it lies, what of it is durable, where it grows.
///
/// Positions are bytes of an endless line. The line is cut into pieces as long as a segment,
/// numbered by *ordinal*; the log owns segments for the ordinals `firstOrdinal` to `endOrdinal`.
/// Groups lie on the line without gaps, each within one ordinal.
///
/// ```
///   firstOrdinal            head        durableEnd      nextPosition        endOrdinal
///   ├──── recycled at the ───┼─ readable ────┼── in flight ──┼── free ───────────┤
///          next superblock
/// ```
final class LogState {
  final int id;
  final String name;

  /// Times it was opened after it was made; frames of other epochs behind [#epochStart] are void.
  int epoch;

  long epochStart;

  /// Where the first record starts, or anywhere between the end of the one before and it.
  long head;

  /// End of the last durable group.
  long durableEnd;

  /// Checksum of the header of the last durable group.
  int durableLink;

  /// Where the next group goes.
  long nextPosition;

  /// Checksum of the header of the last group handed to the device.
  int link;

  /// The chunk of [GroupCommit] that the next record goes to, or -1.
  int openChunk = -1;

  /// Whether it is recovered and can take records.
  boolean recovered;

  /// Whether an application has it open.
  boolean open;

  /// Whether it needs another segment soon.
  boolean wantsSegment;

  /// The first ordinal whose segment may not be written yet, as the superblock that names it is not
  /// durable.
  long usableEndOrdinal;

  private final long segmentBytes;
  private final int segmentCountMax;

  /// Rings of a power of two, indexed by ordinal; they grow to at most [#segmentCountMax] entries.
  private int[] segments = new int[8];

  private int[] generations = new int[8];
  private long firstOrdinal;
  private long endOrdinal;

  LogState(int id, String name, long segmentBytes, int segmentCountMax) {
    this.id = id;
    this.name = name;
    this.segmentBytes = segmentBytes;
    this.segmentCountMax = segmentCountMax;
  }

  long firstOrdinal() {
    return firstOrdinal;
  }

  long endOrdinal() {
    return endOrdinal;
  }

  /// Segments it owns.
  int segmentCount() {
    return (int) (endOrdinal - firstOrdinal);
  }

  /// Begins an empty list of segments.
  void startAt(long ordinal) {
    firstOrdinal = ordinal;
    endOrdinal = ordinal;
  }

  /// Adds a segment behind the last one.
  void addSegment(int segment, int generation) {
    if (segmentCount() == segments.length) {
      grow();
    }
    int slot = slot(endOrdinal);
    segments[slot] = segment;
    generations[slot] = generation;
    endOrdinal++;
  }

  /// Gives up the first segment.
  ///
  /// @return its number
  int removeFirst() {
    assert firstOrdinal < endOrdinal : name;
    int segment = segments[slot(firstOrdinal)];
    firstOrdinal++;
    return segment;
  }

  /// Gives up the last segment.
  int removeLast() {
    assert firstOrdinal < endOrdinal : name;
    endOrdinal--;
    return segments[slot(endOrdinal)];
  }

  boolean owns(long ordinal) {
    return ordinal >= firstOrdinal && ordinal < endOrdinal;
  }

  int segment(long ordinal) {
    assert owns(ordinal) : ordinal;
    return segments[slot(ordinal)];
  }

  int generation(long ordinal) {
    assert owns(ordinal) : ordinal;
    return generations[slot(ordinal)];
  }

  long ordinal(long position) {
    return position / segmentBytes;
  }

  /// Where the segment that holds a position ends.
  long segmentEnd(long position) {
    return (position / segmentBytes + 1) * segmentBytes;
  }

  long segmentStart(long position) {
    return position / segmentBytes * segmentBytes;
  }

  /// Where a position lies on the device.
  long devicePosition(long position) {
    long ordinal = position / segmentBytes;
    return segment(ordinal) * segmentBytes + (position - ordinal * segmentBytes);
  }

  /// The first ordinal that must be kept: everything before it is truncated and not being written.
  long keepFromOrdinal() {
    long keep = Math.min(ordinal(head), ordinal(durableEnd));
    return Math.max(firstOrdinal, Math.min(keep, usableEndOrdinal));
  }

  /// A place for people.
  String place(long position) {
    long ordinal = position / segmentBytes;
    String where =
        owns(ordinal)
            ? "segment %d (generation %d), offset %d"
                .formatted(segment(ordinal), generation(ordinal), position - ordinal * segmentBytes)
            : "behind its last segment";
    return "log '%s', %s, position %d".formatted(name, where, position);
  }

  private int slot(long ordinal) {
    return (int) ordinal & segments.length - 1;
  }

  private void grow() {
    assert segments.length < 2 * segmentCountMax : name;
    int[] oldSegments = segments;
    int[] oldGenerations = generations;
    int oldMask = oldSegments.length - 1;
    segments = new int[oldSegments.length * 2];
    generations = new int[segments.length];
    for (long o = firstOrdinal; o < endOrdinal; o++) {
      segments[slot(o)] = oldSegments[(int) o & oldMask];
      generations[slot(o)] = oldGenerations[(int) o & oldMask];
    }
  }
}
