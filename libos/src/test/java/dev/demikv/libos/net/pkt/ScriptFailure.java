package dev.demikv.libos.net.pkt;

/// The host under test did not do what the script says.
final class ScriptFailure extends AssertionError {
  private static final long serialVersionUID = 1;

  ScriptFailure(String message) {
    super(message);
  }
}
