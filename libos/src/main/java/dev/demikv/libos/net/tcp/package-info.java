/// TCP, RFC 9293, for the user-level stack: the transport of [dev.demikv.libos.net].
///
/// ```
///   Packet ─▶ SegmentInput ──┬─▶ LossRecovery   what an ACK says about what was sent
///      (the order of         ├─▶ TcpReceiver    data, FIN, when to acknowledge, what to offer
///       RFC 9293 §3.10.7)    ├─▶ SynQueue ◀─▶ SynCookies      passive opens until they are open
///                            ├─▶ TimeWaitTable                what is over, in little memory
///                            └─▶ Lifecycle ─▶ TcpUser         begins, ends, tells
///   push, pop, close ─▶ TcpConnection (the TCB) ─▶ dirty list
///   flush  ─▶ TcpSender   what goes out now ─▶ SegmentWriter ─▶ PacketOutput
///   timers ─▶ TcpTimers   one wheel; index = connection × kinds + kind
/// ```
///
/// [TcpConnection] is the transmission control block, under the names of RFC 9293 §3.3.1. What
/// works on it is shared by all connections of a [Tcp]; what has an arithmetic of its own is a leaf
/// with state per connection: [SendQueue] (bytes), [RetransmitQueue] (segments, the scoreboard),
/// [ReceiveQueue], [Reassembler], [RttEstimator], [CongestionControl] ([Cubic], [NewReno]), [Rack],
/// [Prr]. No part reads a clock or makes a random number.
///
/// Invariants:
/// - `sndUna ≤ segments of the RetransmitQueue, without a gap ≤ sndNxt`; the bytes from `sndUna` on
///   lie in the SendQueue, each under the sequence number that it got first.
/// - `rcvNxt ≤ rcvAdv`, and neither moves back. What is below `rcvNxt` is kept until it is popped.
/// - A connection is on the dirty list when the next flush may have something to send for it. An
///   idle connection is on no list and has no timer in the wheel.
/// - A buffer is held by one reference per chunk that refers to it, a pushed one until its bytes
///   are acknowledged, a received one until it is popped.
/// - Callbacks run when nothing is under way ([TcpUser]).
///
/// Every segment that is not used is counted by its reason ([TcpCounter]); nothing that a peer
/// sends is an exception or an assertion.
///
/// RFCs: 9293 (TCP), 7323 (window scale, timestamps, PAWS), 2018, 2883 and 6675 (SACK, D-SACK),
/// 6298 (RTO), 5681, 6582, 6928, 3042 (congestion control), 9438 (CUBIC), 8985 (RACK-TLP), 6937
/// (PRR), 3522 and 3708 (undo), 4987 (SYN cookies), 6528 (ISN), 6056 (ports), 5961 (blind attacks),
/// 5927 (ICMP), 6191 and 1337 (TIME-WAIT), 6093 (urgent data).
///
/// What it is not: there is no ECN (RFC 3168), Fast Open (7413), HyStart++ (9406), pacing,
/// authentication (5925) or probing for path MTU without ICMP (4821), and segments are not handed
/// to the device larger than the path's MTU.
///
/// Rank 4.
package dev.demikv.libos.net.tcp;
