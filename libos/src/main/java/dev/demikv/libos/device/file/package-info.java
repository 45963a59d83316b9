/// The storage backend `file`: a log device of preallocated files in a directory.
///
/// ```
///    FileLogDevice ── OperationTable   slots, continuation of short transfers
///     │   │   └────── SegmentFiles     descriptors, what is prepared, what is not flushed
///     │   └── SegmentPreparer (thread) makes, recycles and discards files ── SegmentDirectory
///     └── BlockEngine ┬ IoUringEngine  O_DIRECT, RWF_DSYNC; one system call per turn
///                     └ ThreadEngine   one thread, pwrite + fdatasync, group commit
/// ```
///
/// Invariants:
/// - the loop's thread makes no call that waits for the disk;
/// - a segment file exists under its name only when it is whole: made as `.tmp`, written, synced,
///   renamed, and the directory synced;
/// - an operation is reported once; a transfer is whole or an error;
/// - one process has the directory, by flock(2) on the file `lock`.
///
/// Sources: io_uring(7), open(2) on O_DIRECT and O_DSYNC, ext4(5) on unwritten extents. What it is
/// not: a log. Records, checksums and recovery are in [dev.demikv.libos.log]. Rank 4.
package dev.demikv.libos.device.file;
