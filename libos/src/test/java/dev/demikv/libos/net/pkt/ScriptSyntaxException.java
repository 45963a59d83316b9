package dev.demikv.libos.net.pkt;

/// A script that cannot be read: which line, and why.
final class ScriptSyntaxException extends RuntimeException {
  private static final long serialVersionUID = 1;

  ScriptSyntaxException(String file, int line, String reason) {
    super(file + ":" + line + ": " + reason);
  }
}
