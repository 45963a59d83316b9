/// Packet scripts: what goes over the wire and what the sockets say, line by line, in virtual time.
///
/// ```
/// *.pkt ─ ScriptParser ─▶ Script ─ ScriptRunner ─▶ ScriptHost
///                                   ├─ StackHost: our TCP, virtual time
///                                   └─ LinuxHost: the kernel, real time
/// ```
///
/// The runner plays the network and the remote peer. A script is a list of lines:
///
/// ```
/// # A SYN is answered, the handshake completes.        title: the first comment
/// # rfc: 9293 3.10.7.2; 7323 2                          clauses it shows
/// # oracle: linux                                       or: no (reason)
/// # config: sack=false delayedAckNanos=40ms             components of TcpConfig
/// +0 listen
/// +0 < S 0 win 65535 <mss 1460>                         injected
/// +0 > S. 0 ack 1 <mss 1460>                            expected
/// +10ms < . 1 ack 1 win 65535
/// +0 accept
/// +0 < P. 1:101 ack 1 win 65535
/// +40ms~5ms > . 1 ack 101                               within 5 ms of 40 ms later
/// ```
///
/// - Time: `+5ms` after the line before (after what it matched), `@1s` from the start; `~` a
///   tolerance; `*` for an expected segment whose time does not matter.
/// - Segments: flags (`S F R P . U E W`), `first:end` of the data or one sequence number when there
///   is none, `ack`, `win`, `urg`, options. Numbers count from the initial sequence numbers; `=7`
///   is absolute, `*` is anything, `>=7` and `<=7` are bounds. An expected segment without `win`
///   has any; without options it must have none; `<mss 1460,...>` allows more. `P` counts where
///   written. `ecr last` echoes the last timestamp seen, `ecr last-50` one that is 50 older.
/// - Options: `mss N`, `wscale N`, `sackOK`, `sack A:B C:D`, `TS val N ecr N`, `nop`, `eol`, `raw
///   1e04aabb` (bytes, injected only), `kind N` (any option of that kind, expected only).
/// - Errors: `< icmp port-unreachable seq 1`, `< icmp frag-needed mtu 1000 seq 1`.
/// - Calls and assertions: [Verb].
/// - `include NAME` takes the lines of `include/NAME.pkt`. `ours:` and `linux:` before a line say
///   that only one of the hosts does so; a comment at its end justifies it. Flows beside the first
///   have a number: `</2`, `>/2`, `push/2 100`.
///
/// A segment that no line expects fails the script at the next line that is not an expectation, and
/// at the end.
package dev.demikv.libos.net.pkt;
