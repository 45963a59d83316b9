package dev.demikv.libos.api;

/// What the completion of a push token says. An option of the queue
/// ([SocketOption#PUSH_COMPLETION]); a level that a queue cannot give is refused with ENOTSUP.
public enum PushCompletion {
  /// The buffers were taken: they are the application's again. Default of stream and datagram
  /// sockets and of memory queues.
  ACCEPTED(0),
  /// The peer's transport acknowledged the bytes. Needs a transport that tells.
  ACKED(1),
  /// The record is on stable storage. Always so on storage queues.
  DURABLE(2);

  private final int level;

  PushCompletion(int level) {
    this.level = level;
  }

  /// The number that stands for it as an option value.
  public int level() {
    return level;
  }
}
