/// What lies on stable storage, and how it comes back.
///
/// The storage device holds three named logs, each a queue of the library OS:
///
/// ```
///   commands      records of batches of write commands            see BatchRecord, CommandCodec
///   snapshot-a    one snapshot: header, entries …, footer         see SnapshotFormat
///   snapshot-b    the other; they take turns
/// ```
///
/// A state of the database is a function of the sequence of batches: batch `n` applied to state `n
/// - 1` gives state `n`, with the time that is logged in the batch. A snapshot is a state and the
///   number of its last batch; only one with a footer counts. Restart ([Recovery]) loads the newest
///   snapshot and applies the batches behind it. When a snapshot is complete, the commands that it
///   covers and the older snapshot are cut off.
///
/// All numbers are little-endian. Records are no longer than [BatchRecord#RECORD_BYTES_MAX]; what
/// is longer is cut. Integrity of a record is the log's business (CRC32C); the formats here add a
/// version, sequence numbers without gaps, and a checksum over a whole snapshot.
///
/// Beside the device, the data folder holds a file that says what it is ([DataDirectory]).
package dev.demikv.kvserver.persist;
