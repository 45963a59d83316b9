package dev.demikv.kvclient;

import dev.demikv.libos.lang.Nullable;

/// Why a command did not succeed. The family is sealed: a `switch` over it is complete.
///
/// [#outcomeUnknown] answers the question that matters after a failure: may the command have been
/// executed? When it is false, it was not, and sending it again is safe.
public abstract sealed class KvException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean outcomeUnknown;

  private KvException(String message, boolean outcomeUnknown, @Nullable Throwable cause) {
    super(message, cause);
    this.outcomeUnknown = outcomeUnknown;
  }

  /// Whether the command may have been executed although no reply came.
  public boolean outcomeUnknown() {
    return outcomeUnknown;
  }

  /// The server answered with an error: the command had no effect, unless its documentation says
  /// otherwise.
  public static final class ServerError extends KvException {
    private static final long serialVersionUID = 1L;

    private final String code;

    /// @param text the error as sent, as `ERR unknown command`
    public ServerError(String text) {
      super(text, false, null);
      this.code = Reply.Failure.code(text);
    }

    /// First word of the error, as `ERR`, `WRONGTYPE`, `MOVED`.
    public String code() {
      return code;
    }
  }

  /// The connection broke or could not be made.
  public static final class ConnectionLost extends KvException {
    private static final long serialVersionUID = 1L;

    /// @param message what happened
    /// @param outcomeUnknown whether the whole command may have reached the server
    public ConnectionLost(String message, boolean outcomeUnknown, @Nullable Throwable cause) {
      super(
          outcomeUnknown ? message + " (the command may have been executed)" : message,
          outcomeUnknown,
          cause);
    }
  }

  /// No reply within the time-out.
  public static final class Timeout extends KvException {
    private static final long serialVersionUID = 1L;

    /// @param message what was waited for, and how long
    /// @param outcomeUnknown false when the command was still unsent, and was taken back
    public Timeout(String message, boolean outcomeUnknown) {
      super(
          outcomeUnknown ? message + " (the command may have been executed)" : message,
          outcomeUnknown,
          null);
    }
  }

  /// The peer sent something that is not RESP, or not a reply to anything. The connection is gone.
  public static final class ProtocolViolation extends KvException {
    private static final long serialVersionUID = 1L;

    /// @param message what was received
    public ProtocolViolation(String message) {
      super(message, true, null);
    }
  }

  /// A configured limit: of a reply, when [#outcomeUnknown], and then the connection is gone;
  /// otherwise of a request that was not sent.
  public static final class LimitExceeded extends KvException {
    private static final long serialVersionUID = 1L;

    /// @param message which limit, and by what
    /// @param outcomeUnknown whether the command was sent
    public LimitExceeded(String message, boolean outcomeUnknown) {
      super(message, outcomeUnknown, null);
    }
  }
}
