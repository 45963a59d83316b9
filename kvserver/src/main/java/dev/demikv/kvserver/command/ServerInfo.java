package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Slice;
import dev.demikv.libos.lang.Nullable;
import java.util.Map;
import java.util.function.Consumer;

/// What commands ask of the server around them. Called in the loop's thread; nothing here blocks
/// but [#saveNow]. None of it is used by commands that write keys.
public interface ServerInfo {
  /// The time of the turn in microseconds since the Unix epoch.
  long nowMicros();

  /// Adds the server's lines to a section of INFO. Lines that the commands know themselves are
  /// there already: databases, the engine's memory, calls, hits, expired keys.
  void info(InfoSection section, InfoWriter out);

  /// Whether clients need a password.
  boolean authRequired();

  /// Whether a user may come in with a password; in constant time.
  ///
  /// @param user `default` where the client named none
  boolean authenticate(Slice user, Slice password);

  /// All configuration parameters by name, in lower case and in order, with their values as text. A
  /// copy, made anew.
  Map<String, String> config();

  /// Changes a parameter.
  ///
  /// @param name one of [#config]
  /// @return `null` when done, else why not, as `argument must be a memory value` or `can't set
  ///   immutable config`
  @Nullable
  String setConfig(String name, String value);

  /// Zeroes the counters that INFO shows.
  void resetStatistics();

  /// Visits all connections, oldest first.
  void clients(Consumer<ClientInfo> visitor);

  /// Stops executing commands of clients until a time.
  ///
  /// @param writesOnly only commands that write
  void pause(long untilMillis, boolean writesOnly);

  /// Ends a pause.
  void unpause();

  /// Turns the active expiry off or on, for tests.
  void setActiveExpiry(boolean on);

  /// Begins a snapshot.
  ///
  /// @return `null` when begun, else an error as `ERR Background save already in progress`
  @Nullable
  String saveInBackground();

  /// Writes a snapshot before it returns: the loop stands still meanwhile.
  ///
  /// @return `null` when done, else an error as `ERR Background save already in progress`
  @Nullable
  String saveNow();

  /// When the last snapshot was complete, in seconds since the Unix epoch.
  long lastSaveSeconds();

  /// Begins to end the server.
  ///
  /// @return `null` when it will end, without a reply; else an error
  @Nullable
  String shutdown(ShutdownMode mode);

  /// What SHUTDOWN does with the data.
  enum ShutdownMode {
    /// What the durability needs.
    DEFAULT,
    /// A snapshot, whatever the durability.
    SAVE,
    /// No snapshot.
    NOSAVE
  }
}
