package dev.demikv.libos.net;

import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.QueueShare;
import dev.demikv.libos.net.tcp.TcpConfig;
import java.util.List;

/// The options of TCP: `network.tcp.*`.
final class TcpOptions {
  private static final String PREFIX = "network.tcp.";
  private static final long SECOND = 1_000_000_000;
  private static final long HOUR = 3_600 * SECOND;
  private static final TcpConfig DEFAULTS = TcpConfig.defaults();

  /// All of them, with their defaults.
  static final List<OptionSpec> OPTION_SPECS =
      List.of(
          spec("connections-max", DEFAULTS.connectionsMax(), "Most connections."),
          spec("listeners-max", DEFAULTS.listenersMax(), "Most listeners."),
          spec(
              "syn-queue-max",
              DEFAULTS.synQueueMax(),
              "Most handshakes of passive opens; SYN cookies beyond."),
          spec(
              "syn-cookies",
              DEFAULTS.synCookies(),
              "Whether a full SYN queue is answered with cookies."),
          spec("time-wait-max", DEFAULTS.timeWaitMax(), "Most connections in TIME-WAIT."),
          spec("segments-max", DEFAULTS.segmentsMax(), "Most segments under way."),
          spec("chunks-max", DEFAULTS.chunksMax(), "Most pieces of buffers that are queued."),
          spec("pushes-max", DEFAULTS.pushesMax(), "Most pushes that wait, per connection."),
          bytes("send-buffer", DEFAULTS.sendBufferBytes(), "Send buffer of a connection."),
          bytes(
              "send-buffer-max",
              DEFAULTS.sendBufferBytesMax(),
              "What autotuning may grow the send buffer to."),
          bytes("receive-buffer", DEFAULTS.receiveBufferBytes(), "Receive buffer of a connection."),
          bytes(
              "receive-buffer-max",
              DEFAULTS.receiveBufferBytesMax(),
              "What autotuning may grow the receive buffer to."),
          bytes(
              "receive-memory-max",
              DEFAULTS.receiveMemoryBytesMax(),
              "Buffers that received data may hold, over all connections."),
          time(
              "rto-min",
              DEFAULTS.rtoMinNanos(),
              "Least time that the retransmission timeout adds to the round trip."),
          time("rto-max", DEFAULTS.rtoMaxNanos(), "Longest retransmission timeout."),
          time(
              "give-up",
              DEFAULTS.giveUpNanos(),
              "How long data may stay unacknowledged before its connection fails."),
          time("connect-give-up", DEFAULTS.connectGiveUpNanos(), "The same for a connect."),
          time("delayed-ack", DEFAULTS.delayedAckNanos(), "Longest delay of an acknowledgement."),
          time("msl", DEFAULTS.mslNanos(), "Maximum segment lifetime; TIME-WAIT is twice as long."),
          time(
              "fin-wait-2",
              DEFAULTS.finWait2Nanos(),
              "How long a closed connection waits for the peer's end."),
          spec(
              "initial-window",
              DEFAULTS.initialWindowSegments(),
              "Initial congestion window in segments."),
          new OptionSpec(
              PREFIX + "congestion-control",
              DEFAULTS.congestionControl(),
              "Congestion control: cubic or newreno."),
          bytes(
              "zero-copy-bytes",
              DEFAULTS.zeroCopyBytes(),
              "Segments of pushed arrays that are longer are sent by reference."),
          bytes(
              "copy-break-bytes",
              DEFAULTS.copyBreakBytes(),
              "Received payloads up to this length are copied together."),
          spec("nodelay", DEFAULTS.nodelay(), "Whether small segments are sent at once."),
          spec("sack", DEFAULTS.sack(), "Whether SACK is used."),
          spec("timestamps", DEFAULTS.timestamps(), "Whether timestamps are used."),
          spec("window-scaling", DEFAULTS.windowScaling(), "Whether windows are scaled."));

  private TcpOptions() {}

  private static OptionSpec spec(String name, Object defaultValue, String description) {
    return new OptionSpec(PREFIX + name, String.valueOf(defaultValue), description);
  }

  private static OptionSpec time(String name, long nanos, String description) {
    String text = nanos % SECOND == 0 ? nanos / SECOND + "s" : nanos / 1_000_000 + "ms";
    return new OptionSpec(PREFIX + name, text, description);
  }

  private static OptionSpec bytes(String name, long bytes, String description) {
    String text =
        bytes % (1 << 20) == 0
            ? (bytes >> 20) + "MiB"
            : bytes % (1 << 10) == 0 ? (bytes >> 10) + "KiB" : "" + bytes;
    return new OptionSpec(PREFIX + name, text, description);
  }

  /// Reads them.
  ///
  /// @param share whose ephemeral ports are ours
  /// @throws IllegalArgumentException saying which one is wrong
  static TcpConfig of(Options options, QueueShare share) {
    TcpConfig d = DEFAULTS;
    int sendBuffer = bytes(options, "send-buffer", d.sendBufferBytes());
    int receiveBuffer = bytes(options, "receive-buffer", d.receiveBufferBytes());
    return TcpConfig.builder()
        .connectionsMax(count(options, "connections-max", d.connectionsMax(), 1 << 22))
        .listenersMax(count(options, "listeners-max", d.listenersMax(), 1 << 16))
        .synQueueMax(count(options, "syn-queue-max", d.synQueueMax(), 1 << 20))
        .synCookies(options.flag(PREFIX + "syn-cookies", d.synCookies()))
        .timeWaitMax(count(options, "time-wait-max", d.timeWaitMax(), 1 << 22))
        .segmentsMax(count(options, "segments-max", d.segmentsMax(), 1 << 24))
        .chunksMax(count(options, "chunks-max", d.chunksMax(), 1 << 24))
        .pushesMax(count(options, "pushes-max", d.pushesMax(), 1 << 20))
        .sendBufferBytes(sendBuffer)
        .sendBufferBytesMax(
            bytes(options, "send-buffer-max", Math.max(sendBuffer, d.sendBufferBytesMax())))
        .receiveBufferBytes(receiveBuffer)
        .receiveBufferBytesMax(
            bytes(
                options, "receive-buffer-max", Math.max(receiveBuffer, d.receiveBufferBytesMax())))
        .receiveMemoryBytesMax(
            options.bytes(
                PREFIX + "receive-memory-max", d.receiveMemoryBytesMax(), 1 << 16, 1L << 40))
        .rtoMinNanos(nanos(options, "rto-min", d.rtoMinNanos()))
        .rtoMaxNanos(nanos(options, "rto-max", d.rtoMaxNanos()))
        .giveUpNanos(nanos(options, "give-up", d.giveUpNanos()))
        .connectGiveUpNanos(nanos(options, "connect-give-up", d.connectGiveUpNanos()))
        .delayedAckNanos(nanos(options, "delayed-ack", d.delayedAckNanos()))
        .mslNanos(nanos(options, "msl", d.mslNanos()))
        .finWait2Nanos(nanos(options, "fin-wait-2", d.finWait2Nanos()))
        .initialWindowSegments(count(options, "initial-window", d.initialWindowSegments(), 1_000))
        .congestionControl(options.text(PREFIX + "congestion-control", d.congestionControl()))
        .zeroCopyBytes(bytes(options, "zero-copy-bytes", d.zeroCopyBytes()))
        .copyBreakBytes(bytes(options, "copy-break-bytes", d.copyBreakBytes()))
        .nodelay(options.flag(PREFIX + "nodelay", d.nodelay()))
        .sack(options.flag(PREFIX + "sack", d.sack()))
        .timestamps(options.flag(PREFIX + "timestamps", d.timestamps()))
        .windowScaling(options.flag(PREFIX + "window-scaling", d.windowScaling()))
        .ephemeralPortMin(share.portMin())
        .ephemeralPortMax(share.portMax())
        .build();
  }

  private static int count(Options options, String name, int defaultValue, int most) {
    return (int) options.integer(PREFIX + name, defaultValue, 0, most);
  }

  private static int bytes(Options options, String name, int defaultValue) {
    return (int) options.bytes(PREFIX + name, defaultValue, 0, 1 << 29);
  }

  private static long nanos(Options options, String name, long defaultValue) {
    return options.nanos(PREFIX + name, defaultValue, 0, HOUR);
  }
}
