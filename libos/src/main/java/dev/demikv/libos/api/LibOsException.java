package dev.demikv.libos.api;

/// A control path call failed: what was tried, the error, and what to do about it.
public final class LibOsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String operation;
  private final int errno;

  /// @param operation what was tried, with its arguments, as `bind 0.0.0.0:80`
  /// @param errno a positive number of [Errno]
  /// @param advice what the user should do, a sentence; may be empty
  public LibOsException(String operation, int errno, String advice) {
    super(operation + ": " + Errno.describe(errno) + (advice.isEmpty() ? "" : ". " + advice));
    this.operation = operation;
    this.errno = errno;
  }

  /// As above with a cause.
  public LibOsException(String operation, int errno, String advice, Throwable cause) {
    this(operation, errno, advice);
    initCause(cause);
  }

  /// What was tried.
  public String operation() {
    return operation;
  }

  /// The error, a positive number of [Errno].
  public int errno() {
    return errno;
  }
}
