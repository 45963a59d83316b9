/// The storage queue: named logs of records on any [dev.demikv.libos.device.LogDevice].
///
/// It is a log and nothing else: no index, no keys, no compaction. Rank 4; it sees no backend.
///
/// ```
///  LogStore ── GroupCommit        staging chunks, rounds, acknowledgement in order
///    │      ── RecordReader       one cursor per log
///    │      ── SuperblockWriter   truncations, new segments
///    │      ── SegmentTable       which segments are free, prepared, owned
///    └─ at an open: Format (superblock), Recovery (tail of a log)
///  FrameCodec, LogFormat, Superblock: the format, pure
/// ```
///
/// # The device
///
/// Segment 0 holds two copies of the superblock; every other segment belongs to one log or is free.
/// The *superblock* holds the device's id and geometry and, per log: name, id, head, epoch and
/// where it began, a durable mark, and the segments in order, each with its *generation* (a number
/// that is given once). An update writes one copy, waits until it is durable, then writes the
/// other.
///
/// # A log
///
/// A *position* is a byte of an endless line; pieces as long as a segment are numbered by ordinal
/// and map to the log's segments. Positions never move and never come again. On the line lie
/// *groups* without gaps, each at a multiple of the block and within one segment, and padded to the
/// block; so a block that holds an acknowledged record is never written again. A group is one
/// device write: a group header and *frames*. A record is one frame, or several in consecutive
/// groups when it does not fit. Every frame carries its length, position, log, generation, epoch
/// and a CRC32C over all that and the payload, xor a salt of the device. A group header carries the
/// group's length and number of frames, the checksum of the header before (its *link*), and the
/// *durable mark*: the position below which everything was acknowledged when the group was written.
/// What each tells apart:
///
/// | found instead of the frame | told by |
/// |---|---|
/// | a torn write, flipped bits | CRC32C |
/// | a lost write on fresh blocks | zeros have no length |
/// | a lost write on a recycled segment | generation |
/// | a lost write on blocks that an earlier recovery cut off | epoch |
/// | a misdirected write | position, log |
/// | another device's data, or of this one before it was made anew | salt |
/// | an older state of a whole region | link |
///
/// # Commit
///
/// What was appended between two flushes is a *round*. Up to `storage.log.groups-in-flight` rounds
/// are with the device at once and may complete in any order; they are acknowledged in order. A
/// round of one group is one durable write, a round of several is that many writes and one flush.
///
/// # Recovery: why a cut loses nothing that was acknowledged
///
/// Let *E* be the log's epoch and *S* its start, both in the superblock. Recovery walks the groups
/// from the head and stops at the first place *b* that is not a whole, intact group that follows
/// the one before. Two cases remain.
///
/// *Proof of damage.* If there is a mark above *b*, be it the superblock's, *S*, or that of any
/// intact group header of epoch *E* behind *b*, then what was at *b* had been acknowledged, hence
/// had been on stable storage; it is not now: EBADMSG with the place, and nothing is changed. The
/// same if at *b* is an intact group that names another predecessor: positions are written once per
/// epoch, so the predecessor is not what it was.
///
/// *Cut.* Otherwise *b* is the tail. Suppose a group at or behind *b* had been acknowledged, and
/// let *g* be the last such. Acknowledgements are in order, so the group at *b* was acknowledged
/// too. Every group sealed after that carries a mark above *b*; none is intact on the device,
/// although at most the last `groups-in-flight` rounds can have been in flight. So the device has
/// lost or damaged every group from *b* to the end. Without such a fault nothing acknowledged is
/// cut. With it, what can be lost unnoticed is only what was acknowledged after the last surviving
/// group was sealed: the very end of the log, which no bytes on the device tell from a torn write.
/// A clean close narrows that to nothing, as it writes the marks into the superblock.
///
/// *After a cut.* What was found is flushed (it may have lain in a volatile cache: a process can
/// die without the machine). Then *E* + 1 and *S* = the tail are made durable, and only then are
/// appends taken. From then on groups behind *S* count only with the new epoch: old bytes there,
/// though intact, are void for ever. Everything before *S* was found and is promised, so its later
/// loss is damage. Recovery that is interrupted, or repeated, finds the same.
///
/// *Truncated data* may be damaged at will: before the head the walk jumps to the next intact
/// group.
///
/// # Bounds
///
/// Nothing is allocated from a stored length. Recovery reads each byte of a log's segments at most
/// about three times, with one buffer of the longest group (1 MiB at most). Limits are in
/// [dev.demikv.libos.log.LogStore#OPTION_SPECS].
package dev.demikv.libos.log;
