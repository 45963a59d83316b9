package dev.demikv.kvserver.resp;

/// What a peer may send. Checked before anything is stored.
///
/// @param bulkBytesMax longest argument in bytes (`proto-max-bulk-len`)
/// @param argumentsMax most arguments of a command, its name included
/// @param commandBytesMax longest command in bytes with all its framing, the room that a
///   connection's input may take (`client-query-buffer-limit`)
/// @param inlineBytesMax longest inline command, at most [#LINE_BYTES_MAX]
public record RespLimits(
    int bulkBytesMax, int argumentsMax, int commandBytesMax, int inlineBytesMax) {
  /// Longest line of any kind.
  public static final int LINE_BYTES_MAX = 64 * 1024;

  /// Most arguments before a client has authenticated, where a password is required.
  public static final int UNAUTHENTICATED_ARGUMENTS_MAX = 10;

  /// Longest argument before a client has authenticated, where a password is required.
  public static final int UNAUTHENTICATED_BULK_BYTES_MAX = 16384;

  /// Redis's longest argument, fewer arguments (a million) and a finite command.
  public static final RespLimits DEFAULT =
      new RespLimits(512 << 20, 1 << 20, (1 << 30) - LINE_BYTES_MAX);

  /// Room for the last line of a command at its limit, below the range of an int.
  private static final int COMMAND_BYTES_MAX = Integer.MAX_VALUE - 2 * LINE_BYTES_MAX;

  /// With the longest inline command there may be.
  public RespLimits(int bulkBytesMax, int argumentsMax, int commandBytesMax) {
    this(bulkBytesMax, argumentsMax, commandBytesMax, LINE_BYTES_MAX);
  }

  public RespLimits {
    if (inlineBytesMax < 1 || inlineBytesMax > LINE_BYTES_MAX) {
      throw new IllegalArgumentException(
          "inline " + inlineBytesMax + " B is not within 1 to " + LINE_BYTES_MAX);
    }
    if (bulkBytesMax < 1
        || argumentsMax < 1
        || commandBytesMax < LINE_BYTES_MAX
        || commandBytesMax > COMMAND_BYTES_MAX) {
      throw new IllegalArgumentException(
          "limits out of range: bulk "
              + bulkBytesMax
              + " B, arguments "
              + argumentsMax
              + ", command "
              + commandBytesMax
              + " B ("
              + LINE_BYTES_MAX
              + " to "
              + COMMAND_BYTES_MAX
              + ")");
    }
  }
}
