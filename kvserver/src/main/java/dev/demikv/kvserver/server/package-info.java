/// The server: connections, the loop, the write path, snapshots, the end.
///
/// ```
///   Server (loop) ── Listeners, TurnClock
///      ├─ Clients          each a Connection with InputBuffer and ReplyOutput
///      ├─ CommandRunner    bytes → commands → replies
///      ├─ WritePath        batches of writes → CommitLog → applied in order
///      ├─ Persistence      recovery, snapshots
///      ├─ ActiveExpiry     keys whose time has come
///      └─ Shutdown
/// ```
///
/// One thread; nothing blocks but recovery, SAVE and the wait of the loop. Everything that a peer
/// can make grow has a limit, see `dev.demikv.kvserver.config.ConfigKeys`: bytes of a command, of
/// unread replies, of both over all clients, clients, commands per turn, batches in flight.
///
/// **Back-pressure** goes from the disk and from slow readers up to the clients: a client whose
/// commands may not run is *stalled*, which means that its socket is not read.
///
/// **Failure of the log**: no write is acknowledged from then on. Writes in flight are answered
/// with `-MISCONF` (they may or may not be there after a restart), reads go on for
/// `log.failure-grace`, then the process ends with exit code 3.
package dev.demikv.kvserver.server;
