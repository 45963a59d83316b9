/// The loop, the tables and the queues of one LibOs.
///
/// ```
///   application ── LibOsRuntime (LibOs) ── QueueTable ── IoQueue:
///                      │                                   SocketQueue → Transport
///                      │                                   StorageQueue → LogStore
///                      │                                   MemoryQueue, MailboxQueue, TimerQueue
///                  QTokenTable ◄── completions ──────────  MergeQueue, … → IoQueue
///                      │
///                  EventLoop: flush → await → poll → timers → inner completions
/// ```
///
/// Invariants: a token is reported once; a slot is in one list at a time; application code
/// (predicates, functions, comparators) runs only from [EventLoop#turn] or from the call it was
/// given to, never inside a device's callback. Rank 5.
package dev.demikv.libos.runtime;
