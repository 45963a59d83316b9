package dev.demikv.kvserver.server;

/// What the replies of all clients hold of the pooled buffers, so that those who do not read cannot
/// take the buffers of those who do.
final class OutputBudget {
  private final long limitBytes;
  private long heldBytes;
  private int reporting;

  /// @param limitBytes beyond it buffers count as short
  OutputBudget(long limitBytes) {
    this.limitBytes = limitBytes;
  }

  /// Bytes were pushed, or (negative) are known to be taken by the transport.
  void hold(long bytes) {
    heldBytes += bytes;
    assert heldBytes >= 0 : heldBytes;
  }

  /// A client waits for a report of its transport, or (-1) does not any more.
  void report(int change) {
    reporting += change;
    assert reporting >= 0 : reporting;
  }

  /// Whether buffers are short.
  boolean isShort() {
    return heldBytes >= limitBytes;
  }

  /// Clients that wait for a report.
  int reporting() {
    return reporting;
  }

  /// Bytes pushed and not known to be taken.
  long heldBytes() {
    return heldBytes;
  }
}
