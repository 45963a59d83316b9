package dev.demikv.libos.net.tcp;

/// Limits and times of a [Tcp]. Everything has a limit, fixed at start.
///
/// @param connectionsMax connection objects at a time
/// @param listenersMax listeners at a time
/// @param synQueueMax handshakes of passive opens at a time; SYN cookies beyond
/// @param synCookies whether a full SYN queue is answered with cookies, RFC 4987; otherwise SYNs
///   are dropped
/// @param timeWaitMax connections in TIME-WAIT; the oldest is forgotten beyond
/// @param segmentsMax sent and unacknowledged segments over all connections
/// @param chunksMax pieces of buffers queued for sending or received, over all connections
/// @param pushesMax pushes that wait for their completion, per connection
/// @param sendBufferBytes send buffer of a new connection
/// @param sendBufferBytesMax what autotuning may grow it to
/// @param receiveBufferBytes receive buffer of a new connection
/// @param receiveBufferBytesMax what autotuning may grow it to
/// @param receiveMemoryBytesMax true size of the device buffers that received data may hold over
///   all connections
/// @param rtoMinNanos least time by which the retransmission timeout exceeds the smoothed
///   round-trip time, as `tcp_rto_min` of Linux
/// @param rtoMaxNanos longest retransmission timeout, backed off
/// @param giveUpNanos how long something may stay unacknowledged before the connection fails, RFC
///   9293 §3.8.3 (R2)
/// @param connectGiveUpNanos the same for a SYN
/// @param delayedAckNanos longest delay of an ACK, at most 500 ms (RFC 9293 §3.8.6.3)
/// @param mslNanos maximum segment lifetime; TIME-WAIT is twice as long
/// @param finWait2Nanos how long a connection closed by its user waits for the peer's FIN
/// @param initialWindowSegments initial congestion window, RFC 6928
/// @param congestionControl `cubic` or `newreno`
/// @param zeroCopyBytes segments of a pushed array that are longer than this are sent by reference
/// @param copyBreakBytes received payloads up to this length are appended to the buffer before them
///   where it has room
/// @param nodelay default of [dev.demikv.libos.api.SocketOption#NODELAY]
/// @param sack whether SACK is offered and accepted
/// @param timestamps whether timestamps are offered and accepted
/// @param windowScaling whether window scaling is offered and accepted
/// @param keepaliveIdleSeconds default of the option of that name
/// @param keepaliveIntervalSeconds default of the option of that name
/// @param keepaliveCount default of the option of that name
/// @param ephemeralPortMin first ephemeral port, RFC 6335: 49152
/// @param ephemeralPortMax last ephemeral port
public record TcpConfig(
    int connectionsMax,
    int listenersMax,
    int synQueueMax,
    boolean synCookies,
    int timeWaitMax,
    int segmentsMax,
    int chunksMax,
    int pushesMax,
    int sendBufferBytes,
    int sendBufferBytesMax,
    int receiveBufferBytes,
    int receiveBufferBytesMax,
    long receiveMemoryBytesMax,
    long rtoMinNanos,
    long rtoMaxNanos,
    long giveUpNanos,
    long connectGiveUpNanos,
    long delayedAckNanos,
    long mslNanos,
    long finWait2Nanos,
    int initialWindowSegments,
    String congestionControl,
    int zeroCopyBytes,
    int copyBreakBytes,
    boolean nodelay,
    boolean sack,
    boolean timestamps,
    boolean windowScaling,
    int keepaliveIdleSeconds,
    int keepaliveIntervalSeconds,
    int keepaliveCount,
    int ephemeralPortMin,
    int ephemeralPortMax) {
  private static final long MILLISECOND = 1_000_000;
  private static final long SECOND = 1_000 * MILLISECOND;

  public TcpConfig {
    within("connections", connectionsMax, 1, 1 << 22);
    within("listeners", listenersMax, 1, 1 << 16);
    within("SYN queue", synQueueMax, 0, 1 << 20);
    within("TIME-WAIT entries", timeWaitMax, 1, 1 << 22);
    within("segments", segmentsMax, 64, 1 << 24);
    within("chunks", chunksMax, 64, 1 << 24);
    within("pushes per connection", pushesMax, 1, 1 << 20);
    within("send buffer", sendBufferBytes, 1, sendBufferBytesMax);
    within("largest send buffer", sendBufferBytesMax, 1, 1 << 29);
    within("receive buffer", receiveBufferBytes, 1, receiveBufferBytesMax);
    within("largest receive buffer", receiveBufferBytesMax, 1, 1 << 29);
    within("receive memory", receiveMemoryBytesMax, 1, Long.MAX_VALUE);
    within("least RTO", rtoMinNanos, MILLISECOND, rtoMaxNanos);
    within("longest RTO", rtoMaxNanos, MILLISECOND, 600 * SECOND);
    within("give-up time", giveUpNanos, MILLISECOND, Long.MAX_VALUE / 4);
    within("connect give-up time", connectGiveUpNanos, MILLISECOND, Long.MAX_VALUE / 4);
    within("delayed ACK", delayedAckNanos, 0, 500 * MILLISECOND);
    within("MSL", mslNanos, 0, 3_600 * SECOND);
    within("FIN-WAIT-2 time", finWait2Nanos, 0, Long.MAX_VALUE / 4);
    within("initial window", initialWindowSegments, 1, 1_000);
    within("zero-copy threshold", zeroCopyBytes, 0, Integer.MAX_VALUE);
    within("copy break", copyBreakBytes, 0, 65_536);
    within("keepalive idle", keepaliveIdleSeconds, 1, 1 << 20);
    within("keepalive interval", keepaliveIntervalSeconds, 1, 1 << 20);
    within("keepalive count", keepaliveCount, 1, 1 << 10);
    within("first ephemeral port", ephemeralPortMin, 1, ephemeralPortMax);
    within("last ephemeral port", ephemeralPortMax, 1, 65_535);
    if (!congestionControl.equals("cubic") && !congestionControl.equals("newreno")) {
      throw new IllegalArgumentException(
          "congestion control " + congestionControl + ": cubic or newreno");
    }
  }

  /// What a server wants to start from.
  public static TcpConfig defaults() {
    return new Builder().build();
  }

  /// A builder that starts from the defaults.
  public static Builder builder() {
    return new Builder();
  }

  private static void within(String what, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          what + ": " + value + " is not within " + least + " to " + most);
    }
  }

  /// Collects values; see the components of [TcpConfig].
  public static final class Builder {
    private int connectionsMax = 16_384;
    private int listenersMax = 64;
    private int synQueueMax = 1_024;
    private boolean synCookies = true;
    private int timeWaitMax = 32_768;
    private int segmentsMax = 65_536;
    private int chunksMax = 131_072;
    private int pushesMax = 1_024;
    private int sendBufferBytes = 256 << 10;
    private int sendBufferBytesMax = 4 << 20;
    private int receiveBufferBytes = 128 << 10;
    private int receiveBufferBytesMax = 4 << 20;
    private long receiveMemoryBytesMax = 64 << 20;
    private long rtoMinNanos = 200 * MILLISECOND;
    private long rtoMaxNanos = 60 * SECOND;
    private long giveUpNanos = 100 * SECOND;
    private long connectGiveUpNanos = 60 * SECOND;
    private long delayedAckNanos = 40 * MILLISECOND;
    private long mslNanos = 30 * SECOND;
    private long finWait2Nanos = 60 * SECOND;
    private int initialWindowSegments = 10;
    private String congestionControl = "cubic";
    private int zeroCopyBytes = 1_024;
    private int copyBreakBytes = 256;
    private boolean nodelay = true;
    private boolean sack = true;
    private boolean timestamps = true;
    private boolean windowScaling = true;
    private int keepaliveIdleSeconds = 7_200;
    private int keepaliveIntervalSeconds = 75;
    private int keepaliveCount = 9;
    private int ephemeralPortMin = 49_152;
    private int ephemeralPortMax = 65_535;

    private Builder() {}

    /// Sets [TcpConfig#connectionsMax].
    public Builder connectionsMax(int value) {
      connectionsMax = value;
      return this;
    }

    /// Sets [TcpConfig#listenersMax].
    public Builder listenersMax(int value) {
      listenersMax = value;
      return this;
    }

    /// Sets [TcpConfig#synQueueMax].
    public Builder synQueueMax(int value) {
      synQueueMax = value;
      return this;
    }

    /// Sets [TcpConfig#synCookies].
    public Builder synCookies(boolean value) {
      synCookies = value;
      return this;
    }

    /// Sets [TcpConfig#timeWaitMax].
    public Builder timeWaitMax(int value) {
      timeWaitMax = value;
      return this;
    }

    /// Sets [TcpConfig#segmentsMax].
    public Builder segmentsMax(int value) {
      segmentsMax = value;
      return this;
    }

    /// Sets [TcpConfig#chunksMax].
    public Builder chunksMax(int value) {
      chunksMax = value;
      return this;
    }

    /// Sets [TcpConfig#pushesMax].
    public Builder pushesMax(int value) {
      pushesMax = value;
      return this;
    }

    /// Sets [TcpConfig#sendBufferBytes].
    public Builder sendBufferBytes(int value) {
      sendBufferBytes = value;
      return this;
    }

    /// Sets [TcpConfig#sendBufferBytesMax].
    public Builder sendBufferBytesMax(int value) {
      sendBufferBytesMax = value;
      return this;
    }

    /// Sets [TcpConfig#receiveBufferBytes].
    public Builder receiveBufferBytes(int value) {
      receiveBufferBytes = value;
      return this;
    }

    /// Sets [TcpConfig#receiveBufferBytesMax].
    public Builder receiveBufferBytesMax(int value) {
      receiveBufferBytesMax = value;
      return this;
    }

    /// Sets [TcpConfig#receiveMemoryBytesMax].
    public Builder receiveMemoryBytesMax(long value) {
      receiveMemoryBytesMax = value;
      return this;
    }

    /// Sets [TcpConfig#rtoMinNanos].
    public Builder rtoMinNanos(long value) {
      rtoMinNanos = value;
      return this;
    }

    /// Sets [TcpConfig#rtoMaxNanos].
    public Builder rtoMaxNanos(long value) {
      rtoMaxNanos = value;
      return this;
    }

    /// Sets [TcpConfig#giveUpNanos].
    public Builder giveUpNanos(long value) {
      giveUpNanos = value;
      return this;
    }

    /// Sets [TcpConfig#connectGiveUpNanos].
    public Builder connectGiveUpNanos(long value) {
      connectGiveUpNanos = value;
      return this;
    }

    /// Sets [TcpConfig#delayedAckNanos].
    public Builder delayedAckNanos(long value) {
      delayedAckNanos = value;
      return this;
    }

    /// Sets [TcpConfig#mslNanos].
    public Builder mslNanos(long value) {
      mslNanos = value;
      return this;
    }

    /// Sets [TcpConfig#finWait2Nanos].
    public Builder finWait2Nanos(long value) {
      finWait2Nanos = value;
      return this;
    }

    /// Sets [TcpConfig#initialWindowSegments].
    public Builder initialWindowSegments(int value) {
      initialWindowSegments = value;
      return this;
    }

    /// Sets [TcpConfig#congestionControl].
    public Builder congestionControl(String value) {
      congestionControl = value;
      return this;
    }

    /// Sets [TcpConfig#zeroCopyBytes].
    public Builder zeroCopyBytes(int value) {
      zeroCopyBytes = value;
      return this;
    }

    /// Sets [TcpConfig#copyBreakBytes].
    public Builder copyBreakBytes(int value) {
      copyBreakBytes = value;
      return this;
    }

    /// Sets [TcpConfig#nodelay].
    public Builder nodelay(boolean value) {
      nodelay = value;
      return this;
    }

    /// Sets [TcpConfig#sack].
    public Builder sack(boolean value) {
      sack = value;
      return this;
    }

    /// Sets [TcpConfig#timestamps].
    public Builder timestamps(boolean value) {
      timestamps = value;
      return this;
    }

    /// Sets [TcpConfig#windowScaling].
    public Builder windowScaling(boolean value) {
      windowScaling = value;
      return this;
    }

    /// Sets [TcpConfig#keepaliveIdleSeconds].
    public Builder keepaliveIdleSeconds(int value) {
      keepaliveIdleSeconds = value;
      return this;
    }

    /// Sets [TcpConfig#keepaliveIntervalSeconds].
    public Builder keepaliveIntervalSeconds(int value) {
      keepaliveIntervalSeconds = value;
      return this;
    }

    /// Sets [TcpConfig#keepaliveCount].
    public Builder keepaliveCount(int value) {
      keepaliveCount = value;
      return this;
    }

    /// Sets [TcpConfig#ephemeralPortMin].
    public Builder ephemeralPortMin(int value) {
      ephemeralPortMin = value;
      return this;
    }

    /// Sets [TcpConfig#ephemeralPortMax].
    public Builder ephemeralPortMax(int value) {
      ephemeralPortMax = value;
      return this;
    }

    /// Validates and makes the configuration.
    ///
    /// @throws IllegalArgumentException naming the value that is out of its range
    public TcpConfig build() {
      return new TcpConfig(
          connectionsMax,
          listenersMax,
          synQueueMax,
          synCookies,
          timeWaitMax,
          segmentsMax,
          chunksMax,
          pushesMax,
          sendBufferBytes,
          sendBufferBytesMax,
          receiveBufferBytes,
          receiveBufferBytesMax,
          receiveMemoryBytesMax,
          rtoMinNanos,
          rtoMaxNanos,
          giveUpNanos,
          connectGiveUpNanos,
          delayedAckNanos,
          mslNanos,
          finWait2Nanos,
          initialWindowSegments,
          congestionControl,
          zeroCopyBytes,
          copyBreakBytes,
          nodelay,
          sack,
          timestamps,
          windowScaling,
          keepaliveIdleSeconds,
          keepaliveIntervalSeconds,
          keepaliveCount,
          ephemeralPortMin,
          ephemeralPortMax);
    }
  }
}
