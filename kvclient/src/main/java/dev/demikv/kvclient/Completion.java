package dev.demikv.kvclient;

import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// The outcome of one submitted command, filled in place by [KvClient#poll] and used again.
///
/// A reply is looked at where it was received: it is valid until the next call of any method of its
/// [KvClient]. The methods that copy, make values or exceptions say so; the others allocate
/// nothing.
public final class Completion {
  private static final byte[] NO_BYTES = {};
  private static final int FIRST_BYTES = 2 << 10;
  private static final int KEPT_BYTES = 1 << 20;

  /// What came of a command.
  public enum Status {
    /// A reply that is not an error.
    OK,
    /// The server answered with an error.
    SERVER_ERROR,
    /// The connection broke while the command was under way.
    CONNECTION_LOST,
    /// No connection could be made: the command was not sent.
    UNREACHABLE,
    /// No reply in time.
    TIMEOUT,
    /// The peer sent something that is not a reply.
    PROTOCOL_VIOLATION,
    /// The reply exceeds a limit.
    LIMIT_EXCEEDED
  }

  private long id;
  private Status status = Status.OK;
  private boolean outcomeUnknown;
  private @Nullable KvException cause;
  private byte[] bytes = NO_BYTES;
  private MemorySegment segment = MemorySegment.NULL;
  private int replyOffset;
  private int replyLength;
  private byte type;
  private int payloadOffset;
  private int payloadLength;
  private long number;

  /// An unused completion.
  public Completion() {}

  /// What [KvClient#submit] returned for the command.
  public long id() {
    return id;
  }

  /// What came of the command.
  public Status status() {
    return status;
  }

  /// Whether the reply came and is not an error.
  public boolean isOk() {
    return status == Status.OK;
  }

  /// Whether a reply came, be it an error.
  public boolean hasReply() {
    return status == Status.OK || status == Status.SERVER_ERROR;
  }

  /// Whether the command may have been executed although no reply came.
  public boolean outcomeUnknown() {
    return outcomeUnknown;
  }

  /// The RESP type byte of the reply, as `$`; `_` for null in any form.
  public byte type() {
    return type;
  }

  /// Whether the reply is null.
  public boolean isNull() {
    return type == '_';
  }

  /// The value of an integer or boolean, the count of an aggregate, otherwise 0.
  public long integer() {
    return number;
  }

  /// Length of the reply's string, error or number in bytes; 0 for aggregates, -1 for null.
  public int length() {
    return payloadLength;
  }

  /// Copies the reply's string, error or number out.
  ///
  /// @return bytes copied: [#length], or as much as there is room for
  public int copyTo(MemorySegment target, long offset) {
    int n = (int) Math.clamp(target.byteSize() - offset, 0L, Math.max(payloadLength, 0));
    MemorySegment.copy(segment, payloadOffset, target, offset, n);
    return n;
  }

  /// A byte of the reply's string.
  public byte byteAt(int index) {
    if (index < 0 || index >= payloadLength) {
      throw new IndexOutOfBoundsException(index + " of " + payloadLength);
    }
    return bytes[payloadOffset + index];
  }

  /// A copy of the reply's string, `null` for null. Allocates.
  public byte @Nullable [] toBytes() {
    return payloadLength < 0
        ? null
        : Arrays.copyOfRange(bytes, payloadOffset, payloadOffset + payloadLength);
  }

  /// The reply as values, an error too. Allocates.
  ///
  /// @throws KvException when no reply came
  public Reply reply() {
    if (!hasReply()) {
      throw exception();
    }
    return ReplyReader.read(bytes, replyOffset);
  }

  /// What happened, as an exception. Allocates.
  ///
  /// @throws IllegalStateException when [#isOk]
  public KvException exception() {
    KvException because = cause;
    String message = because == null ? "" : String.valueOf(because.getMessage());
    return switch (status) {
      case OK -> throw new IllegalStateException("the command succeeded");
      case SERVER_ERROR ->
          new KvException.ServerError(
              reply() instanceof Reply.Failure failure ? failure.text() : message);
      case CONNECTION_LOST -> new KvException.ConnectionLost(message, outcomeUnknown, because);
      case UNREACHABLE ->
          because instanceof KvException.ServerError refused
              ? refused
              : new KvException.ConnectionLost(message, outcomeUnknown, because);
      case TIMEOUT -> new KvException.Timeout("no reply in time", outcomeUnknown);
      case PROTOCOL_VIOLATION -> new KvException.ProtocolViolation(message);
      case LIMIT_EXCEEDED -> new KvException.LimitExceeded(message, outcomeUnknown);
    };
  }

  /// Fills in a reply that a scanner found whole.
  void setReply(long commandId, ReplyBuffer buffer, ReplyScanner scanner) {
    int offset = buffer.head();
    id = commandId;
    outcomeUnknown = false;
    cause = null;
    bytes = buffer.bytes();
    segment = buffer.segment();
    replyOffset = offset;
    replyLength = scanner.replyLength();
    type = scanner.type();
    status = type == '-' || type == '!' ? Status.SERVER_ERROR : Status.OK;
    payloadOffset = offset + scanner.payloadOffset();
    payloadLength = scanner.payloadLength();
    number = scanner.number();
  }

  /// Copies another one, with the reply's bytes to an array of this one's own, which is made anew
  /// only when it is too small, or far too large: for one that nothing else is filled into.
  void copyFrom(Completion other) {
    int length = other.replyLength;
    if (bytes.length < length || bytes.length > KEPT_BYTES && length <= KEPT_BYTES) {
      bytes = new byte[Math.max(FIRST_BYTES, length)];
      segment = MemorySegment.ofArray(bytes);
    }
    System.arraycopy(other.bytes, other.replyOffset, bytes, 0, length);
    id = other.id;
    status = other.status;
    outcomeUnknown = other.outcomeUnknown;
    cause = other.cause;
    replyOffset = 0;
    replyLength = length;
    type = other.type;
    payloadOffset = other.payloadOffset - other.replyOffset;
    payloadLength = other.payloadLength;
    number = other.number;
  }

  /// Fills in that no reply came.
  void setFailure(long commandId, Status failure, boolean unknown, @Nullable KvException because) {
    id = commandId;
    status = failure;
    outcomeUnknown = unknown;
    cause = because;
    bytes = NO_BYTES;
    segment = MemorySegment.NULL;
    replyLength = 0;
    type = '_';
    replyOffset = 0;
    payloadOffset = 0;
    payloadLength = -1;
    number = 0;
  }
}
