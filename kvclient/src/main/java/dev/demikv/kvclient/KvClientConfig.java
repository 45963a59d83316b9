package dev.demikv.kvclient;

import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.lang.Nullable;
import java.util.function.Consumer;

/// How a client reaches its server and what it may use. Immutable; begin with [#of] and change what
/// differs.
///
/// @param host name or address, IPv4 or IPv6 (without brackets); names are resolved when the client
///   is made, and their addresses are tried in turn
/// @param port 1 to 65535
/// @param user user for AUTH; `null` for the default user
/// @param password password for AUTH; `null` for none
/// @param database number for SELECT, ≥ 0
/// @param protocol most recent protocol to ask for
/// @param connectTimeoutNanos for one attempt, greeting included, > 0
/// @param commandTimeoutNanos from submission to reply, > 0; a client may change it as it goes
/// @param reconnect when to try again
/// @param readRetriesMax how often a blocking call sends a read-only command again after a lost
///   connection, ≥ 0; other commands are never sent twice
/// @param inFlightMax commands without an outcome at a time, rounded up to a power of two; 1 to
///   65,536
/// @param requestBytesMax encoded commands that wait to be sent, in bytes, ≥ 1 KiB
/// @param replyLimits what a reply may be
/// @param libos the LibOs to open, when the client opens its own
public record KvClientConfig(
    String host,
    int port,
    @Nullable String user,
    @Nullable String password,
    int database,
    Protocol protocol,
    long connectTimeoutNanos,
    long commandTimeoutNanos,
    ReconnectPolicy reconnect,
    int readRetriesMax,
    int inFlightMax,
    int requestBytesMax,
    ReplyLimits replyLimits,
    LibOsConfig libos) {
  /// Longest time-out: about 36 years, so that sums do not overflow.
  static final long NANOS_MAX = 1L << 60;

  /// Tables and pools for one connection: about 5 MiB.
  public static final LibOsConfig.Limits LIBOS_LIMITS =
      new LibOsConfig.Limits(64, 1_024, 256, 256, 64, 16);

  /// Version of the serialization protocol.
  public enum Protocol {
    /// No HELLO.
    RESP2,
    /// HELLO 3; a server that does not know it is talked to in RESP2.
    RESP3
  }

  public KvClientConfig {
    if (host.isBlank()) {
      throw new IllegalArgumentException("host is empty");
    }
    ReplyLimits.check("port", port, 1, 65535);
    ReplyLimits.check("database", database, 0, Integer.MAX_VALUE);
    ReplyLimits.check("connectTimeoutNanos", connectTimeoutNanos, 1, NANOS_MAX);
    ReplyLimits.check("commandTimeoutNanos", commandTimeoutNanos, 1, NANOS_MAX);
    ReplyLimits.check("readRetriesMax", readRetriesMax, 0, Integer.MAX_VALUE);
    ReplyLimits.check("inFlightMax", inFlightMax, 1, 1 << 16);
    ReplyLimits.check("requestBytesMax", requestBytesMax, 1 << 10, 1 << 30);
  }

  /// The defaults: RESP3, no password, database 0, 5 s to connect, 5 s per command, 1,024 commands
  /// in flight, 64 MiB of requests, kernel sockets.
  public static KvClientConfig of(String host, int port) {
    return new KvClientConfig(
        host,
        port,
        null,
        null,
        0,
        Protocol.RESP3,
        5_000_000_000L,
        5_000_000_000L,
        ReconnectPolicy.DEFAULT,
        1,
        1_024,
        64 << 20,
        ReplyLimits.DEFAULT,
        LibOsConfig.kernel().withLimits(LIBOS_LIMITS));
  }

  /// This configuration with another user and password.
  public KvClientConfig withCredentials(@Nullable String newUser, @Nullable String newPassword) {
    return with(draft -> {
      draft.user = newUser;
      draft.password = newPassword;
    });
  }

  /// This configuration with another database.
  public KvClientConfig withDatabase(int number) {
    return with(draft -> draft.database = number);
  }

  /// This configuration with another protocol.
  public KvClientConfig withProtocol(Protocol newest) {
    return with(draft -> draft.protocol = newest);
  }

  /// This configuration with another time-out for connecting.
  public KvClientConfig withConnectTimeoutNanos(long nanos) {
    return with(draft -> draft.connectTimeoutNanos = nanos);
  }

  /// This configuration with another time-out for commands.
  public KvClientConfig withCommandTimeoutNanos(long nanos) {
    return with(draft -> draft.commandTimeoutNanos = nanos);
  }

  /// This configuration with another policy for connecting again.
  public KvClientConfig withReconnect(ReconnectPolicy policy) {
    return with(draft -> draft.reconnect = policy);
  }

  /// This configuration with another number of repetitions of read-only commands.
  public KvClientConfig withReadRetriesMax(int count) {
    return with(draft -> draft.readRetriesMax = count);
  }

  /// This configuration with another number of commands in flight.
  public KvClientConfig withInFlightMax(int count) {
    return with(draft -> draft.inFlightMax = count);
  }

  /// This configuration with another limit on waiting requests.
  public KvClientConfig withRequestBytesMax(int bytes) {
    return with(draft -> draft.requestBytesMax = bytes);
  }

  /// This configuration with other limits on replies.
  public KvClientConfig withReplyLimits(ReplyLimits limits) {
    return with(draft -> draft.replyLimits = limits);
  }

  /// This configuration with another LibOs.
  public KvClientConfig withLibOs(LibOsConfig config) {
    return with(draft -> draft.libos = config);
  }

  private KvClientConfig with(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.config();
  }

  /// The components to change one of.
  private static final class Draft {
    private final String host;
    private final int port;
    private @Nullable String user;
    private @Nullable String password;
    private int database;
    private Protocol protocol;
    private long connectTimeoutNanos;
    private long commandTimeoutNanos;
    private ReconnectPolicy reconnect;
    private int readRetriesMax;
    private int inFlightMax;
    private int requestBytesMax;
    private ReplyLimits replyLimits;
    private LibOsConfig libos;

    Draft(KvClientConfig from) {
      host = from.host;
      port = from.port;
      user = from.user;
      password = from.password;
      database = from.database;
      protocol = from.protocol;
      connectTimeoutNanos = from.connectTimeoutNanos;
      commandTimeoutNanos = from.commandTimeoutNanos;
      reconnect = from.reconnect;
      readRetriesMax = from.readRetriesMax;
      inFlightMax = from.inFlightMax;
      requestBytesMax = from.requestBytesMax;
      replyLimits = from.replyLimits;
      libos = from.libos;
    }

    KvClientConfig config() {
      return new KvClientConfig(
          host,
          port,
          user,
          password,
          database,
          protocol,
          connectTimeoutNanos,
          commandTimeoutNanos,
          reconnect,
          readRetriesMax,
          inFlightMax,
          requestBytesMax,
          replyLimits,
          libos);
    }
  }

  /// Everything but the password.
  @Override
  public String toString() {
    return "KvClientConfig["
        + host
        + " port "
        + port
        + ", user "
        + user
        + ", password "
        + (password == null ? "none" : "set")
        + ", database "
        + database
        + ", "
        + protocol
        + ", "
        + libos
        + "]";
  }
}
