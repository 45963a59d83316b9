package dev.demikv.kvclient;

/// What a reply may look like at most. A reply beyond it is a [KvException.LimitExceeded] and ends
/// the connection, before memory is allocated for it.
///
/// @param depthMax nested aggregates, 1 to 128
/// @param elementsMax elements of all aggregates of one reply, ≥ 1
/// @param lineBytesMax longest simple string, error or number in bytes, ≥ 64
/// @param bulkBytesMax longest bulk string in bytes, ≥ 0
/// @param replyBytesMax one reply in all, with its framing, in bytes, 1 KiB to 1 GiB
public record ReplyLimits(
    int depthMax, int elementsMax, int lineBytesMax, int bulkBytesMax, int replyBytesMax) {
  /// 32 levels, 1 Mi elements, lines of 64 KiB, bulk strings of 64 MiB, replies of 128 MiB.
  public static final ReplyLimits DEFAULT =
      new ReplyLimits(32, 1 << 20, 64 << 10, 64 << 20, 128 << 20);

  public ReplyLimits {
    check("depthMax", depthMax, 1, 128);
    check("elementsMax", elementsMax, 1, Integer.MAX_VALUE / 2);
    check("lineBytesMax", lineBytesMax, 64, 1 << 20);
    check("bulkBytesMax", bulkBytesMax, 0, 1 << 30);
    check("replyBytesMax", replyBytesMax, 1 << 10, 1 << 30);
  }

  static void check(String name, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + " = " + value + " is not within " + least + " to " + most);
    }
  }
}
