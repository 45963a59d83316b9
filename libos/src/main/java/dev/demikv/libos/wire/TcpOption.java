package dev.demikv.libos.wire;

/// Kinds and lengths of the options in a TCP header, RFC 9293 §3.1. A length counts kind and length
/// octets.
public final class TcpOption {
  /// End of the list: one octet.
  public static final int END = 0;

  /// Padding: one octet.
  public static final int NOP = 1;

  /// Maximum segment size, RFC 9293 §3.7.1.
  public static final int MSS = 2;

  /// Length of [#MSS].
  public static final int MSS_BYTES = 4;

  /// Window scale, RFC 7323 §2.
  public static final int WINDOW_SCALE = 3;

  /// Length of [#WINDOW_SCALE].
  public static final int WINDOW_SCALE_BYTES = 3;

  /// Largest shift, RFC 7323 §2.3.
  public static final int WINDOW_SCALE_MAX = 14;

  /// SACK permitted, RFC 2018 §2.
  public static final int SACK_PERMITTED = 4;

  /// Length of [#SACK_PERMITTED].
  public static final int SACK_PERMITTED_BYTES = 2;

  /// Selective acknowledgement, RFC 2018 §3: two octets, then blocks.
  public static final int SACK = 5;

  /// Length of a block of [#SACK].
  public static final int SACK_BLOCK_BYTES = 8;

  /// Most blocks that fit a header.
  public static final int SACK_BLOCKS_MAX = 4;

  /// Timestamps, RFC 7323 §3.
  public static final int TIMESTAMPS = 8;

  /// Length of [#TIMESTAMPS].
  public static final int TIMESTAMPS_BYTES = 10;

  /// Two NOPs, kind and length of [#TIMESTAMPS] as one number: how nearly every segment begins its
  /// options (RFC 7323, appendix A).
  public static final int TIMESTAMPS_PREFIX =
      NOP << 24 | NOP << 16 | TIMESTAMPS << 8 | TIMESTAMPS_BYTES;

  /// Room that the aligned [#TIMESTAMPS] take.
  public static final int TIMESTAMPS_ALIGNED_BYTES = 12;

  private TcpOption() {}
}
