package dev.demikv.kvserver.persist;

/// The data cannot be read or kept. The message says where, why, and what to do.
public final class DataException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// @param message whole sentences for the user
  public DataException(String message) {
    super(message);
  }

  /// As above with a cause.
  public DataException(String message, Throwable cause) {
    super(message, cause);
  }
}
