package dev.demikv.kvclient;

import dev.demikv.libos.lang.Nullable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The usual commands with Java types, over one way to execute a command. Each throws [KvException]
/// as [#execute] does.
///
/// Keys and values are bytes; the forms with texts write and read UTF-8.
public interface KvCommands extends AutoCloseable {
  /// Closes the connection. Idempotent.
  @Override
  void close();

  /// Sends a command and waits for its reply.
  ///
  /// @return the reply, never an error
  /// @throws KvException see there
  Reply execute(Command command);

  /// As [#execute(Command)], of a name and arguments.
  default Reply execute(String name, byte[]... arguments) {
    return execute(Command.of(name, arguments));
  }

  /// As [#execute(Command)], of words, the name first.
  default Reply executeWords(String... words) {
    return execute(Command.ofWords(words));
  }

  /// PING: whether the server answers.
  default void ping() {
    execute(Command.of("PING"));
  }

  /// GET: the value of a key, or `null`.
  default byte @Nullable [] get(byte[] key) {
    return execute("GET", key).bytes();
  }

  /// GET of texts.
  default @Nullable String get(String key) {
    byte[] value = get(key.getBytes(StandardCharsets.UTF_8));
    return value == null ? null : new String(value, StandardCharsets.UTF_8);
  }

  /// SET.
  default void set(byte[] key, byte[] value) {
    execute("SET", key, value);
  }

  /// SET of texts.
  default void set(String key, String value) {
    set(key.getBytes(StandardCharsets.UTF_8), value.getBytes(StandardCharsets.UTF_8));
  }

  /// SET with PX: the key expires.
  ///
  /// @param expireMillis > 0
  default void setExpiring(byte[] key, byte[] value, long expireMillis) {
    execute(new Command().reset("SET").arg(key).arg(value).arg("PX").arg(expireMillis));
  }

  /// SET with NX.
  ///
  /// @return whether the key was absent and is set
  default boolean setIfAbsent(byte[] key, byte[] value) {
    return !execute(new Command().reset("SET").arg(key).arg(value).arg("NX")).isNull();
  }

  /// SET with XX.
  ///
  /// @return whether the key was present and is set
  default boolean setIfPresent(byte[] key, byte[] value) {
    return !execute(new Command().reset("SET").arg(key).arg(value).arg("XX")).isNull();
  }

  /// GETDEL: the value of a key that is there no more, or `null`.
  default byte @Nullable [] getAndDelete(byte[] key) {
    return execute("GETDEL", key).bytes();
  }

  /// MGET: values in the order of the keys, `null` for what is absent.
  ///
  /// @param keys at least one
  default List<byte @Nullable []> getAll(List<byte[]> keys) {
    List<byte @Nullable []> values = new ArrayList<>(keys.size());
    for (Reply value : execute(command("MGET", keys)).elements()) {
      values.add(value.bytes());
    }
    return values;
  }

  /// MSET: all pairs at once.
  ///
  /// @param pairs at least one
  default void setAll(Map<byte[], byte[]> pairs) {
    Command command = new Command().reset("MSET");
    pairs.forEach((key, value) -> command.arg(key).arg(value));
    execute(command);
  }

  /// DEL.
  ///
  /// @return whether the key was present
  default boolean delete(byte[] key) {
    return execute("DEL", key).integer() > 0;
  }

  /// DEL of several keys.
  ///
  /// @param keys at least one
  /// @return how many were present
  default long delete(List<byte[]> keys) {
    return execute(command("DEL", keys)).integer();
  }

  /// EXISTS.
  default boolean exists(byte[] key) {
    return execute("EXISTS", key).integer() > 0;
  }

  /// INCRBY.
  ///
  /// @return the value after it
  default long increment(byte[] key, long by) {
    return execute(new Command().reset("INCRBY").arg(key).arg(by)).integer();
  }

  /// APPEND.
  ///
  /// @return the length after it
  default long append(byte[] key, byte[] value) {
    return execute("APPEND", key, value).integer();
  }

  /// STRLEN: 0 for an absent key.
  default long length(byte[] key) {
    return execute("STRLEN", key).integer();
  }

  /// PEXPIRE.
  ///
  /// @return whether the key is present and will expire
  default boolean expire(byte[] key, long afterMillis) {
    return execute(new Command().reset("PEXPIRE").arg(key).arg(afterMillis)).integer() > 0;
  }

  /// PERSIST.
  ///
  /// @return whether the key would have expired and now will not
  default boolean persist(byte[] key) {
    return execute("PERSIST", key).integer() > 0;
  }

  /// PTTL: milliseconds left, -1 when the key does not expire, -2 when it is absent.
  default long timeToLiveMillis(byte[] key) {
    return execute("PTTL", key).integer();
  }

  /// TYPE: `string`, …, or `none`.
  default String type(byte[] key) {
    return String.valueOf(execute("TYPE", key).text());
  }

  /// DBSIZE: keys in the selected database.
  default long size() {
    return execute(Command.of("DBSIZE")).integer();
  }

  /// FLUSHDB: removes every key of the selected database.
  default void clear() {
    execute(Command.of("FLUSHDB"));
  }

  /// A step of a SCAN.
  ///
  /// @param cursor for the next step; `0` when this was the last
  /// @param keys keys of this step, perhaps none
  record Scan(String cursor, List<byte[]> keys) {
    /// The first cursor.
    public static final String BEGIN = "0";

    /// Whether there is nothing more.
    public boolean isLast() {
      return cursor.equals(BEGIN);
    }
  }

  /// SCAN: a step over all keys, in no order.
  ///
  /// @param cursor [Scan#BEGIN], then what the last step returned
  /// @param pattern glob that keys must match; `null` for all
  /// @param count about how many keys a step looks at, > 0
  default Scan scan(String cursor, @Nullable String pattern, int count) {
    Command command = new Command().reset("SCAN").arg(cursor);
    if (pattern != null) {
      command.arg("MATCH").arg(pattern);
    }
    List<Reply> parts = execute(command.arg("COUNT").arg(count)).elements();
    if (parts.size() != 2) {
      throw new KvException.ProtocolViolation("expected a cursor and keys");
    }
    List<byte[]> keys = new ArrayList<>();
    for (Reply key : parts.get(1).elements()) {
      byte[] bytes = key.bytes();
      if (bytes != null) {
        keys.add(bytes);
      }
    }
    return new Scan(String.valueOf(parts.get(0).text()), keys);
  }

  private static Command command(String name, List<byte[]> arguments) {
    Command command = new Command().reset(name);
    for (byte[] argument : arguments) {
      command.arg(argument);
    }
    return command;
  }
}
