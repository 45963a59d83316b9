package dev.demikv.kvserver.server;

import dev.demikv.kvserver.metrics.Histogram;
import dev.demikv.libos.api.ConnectionInfo;
import dev.demikv.libos.api.TcpState;

/// What the transport knows of the connections that are open, in sum: for INFO and for `/metrics`,
/// where a number per client would have no bound. What is not known of a connection counts as 0.
final class ConnectionTotals {
  private static final TcpState[] STATES = TcpState.values();

  private final long[] byState = new long[STATES.length];
  private final ConnectionInfo info = new ConnectionInfo();

  /// Smoothed round-trip times of those that have measured one.
  final Histogram srtt = new Histogram();

  long known;
  long retransmissions;
  long timeouts;
  long dsacks;
  long outOfOrder;
  long flightBytes;
  long unsentBytes;
  long receiveQueueBytes;

  /// Looks at a connection.
  void add(Connection client) {
    if (!client.connectionInfo(info)) {
      return;
    }
    known++;
    byState[info.state.ordinal()]++;
    retransmissions += Math.max(info.retransmissions, 0);
    timeouts += Math.max(info.retransmissionTimeouts, 0);
    dsacks += Math.max(info.dsacksIn, 0);
    outOfOrder += Math.max(info.outOfOrderIn, 0);
    flightBytes += Math.max(info.flightBytes, 0);
    unsentBytes += Math.max(info.unsentBytes, 0);
    receiveQueueBytes += Math.max(info.receiveQueueBytes, 0);
    if (info.srttNanos > 0) {
      srtt.record(info.srttNanos);
    }
  }

  /// Connections in a state.
  long in(TcpState state) {
    return byState[state.ordinal()];
  }
}
