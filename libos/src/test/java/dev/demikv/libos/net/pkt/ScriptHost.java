package dev.demikv.libos.net.pkt;

import java.util.List;

/// A TCP that a script is played against: the network and the peer are the script's.
interface ScriptHost extends AutoCloseable {
  /// A segment that the host sent.
  record Seen(Flow flow, Segment segment, long nanos) {}

  /// `ours` or `linux`.
  String name();

  /// Present time.
  long nowNanos();

  /// How much later or earlier than said its segments may be, in any case.
  long slackNanos();

  /// How long to wait for a segment whose time does not matter.
  long patienceNanos();

  /// Lets time pass. Segments that are sent meanwhile wait for [#poll].
  void passUntil(long nanos);

  /// The oldest segment that the host sent; waits for it until then. `null` when there is none.
  Seen poll(long untilNanos);

  /// Gives the host a TCP segment.
  void inject(Flow flow, byte[] segment);

  /// Gives the host an ICMP error that quotes a segment of its flow.
  void inject(Flow flow, IcmpError error);

  /// Does a call, or checks an assertion.
  ///
  /// @throws ScriptFailure if it gives something else
  void call(Flow flow, Verb verb, List<String> arguments);

  /// Checks what must hold at the end of every script, and ends it.
  @Override
  void close();
}
