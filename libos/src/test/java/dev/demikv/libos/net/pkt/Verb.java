package dev.demikv.libos.net.pkt;

import java.util.regex.Pattern;

/// What a line of a script may call or assert, besides segments.
enum Verb {
  /// Listens on the port of the flows, with a backlog of N or 16.
  LISTEN("(\\d+)?", "[BACKLOG]"),
  /// Closes the listener.
  UNLISTEN("", ""),
  /// Accepts the flow's connection; or asserts that none waits.
  ACCEPT("(none)?", "[none]"),
  /// Begins to connect to the peer.
  CONNECT("", ""),
  /// Asserts the result of the connect.
  CONNECTED("([A-Z]+)?", "[ERRNO]"),
  /// Pushes N bytes; with `acked`, completed by their acknowledgement; with `->`, refused.
  PUSH("\\d+( acked)?( -> E[A-Z]+)?", "N [acked] [-> ERRNO]"),
  /// Asserts the oldest completion of the pushes that ask for the acknowledgement. Not on a kernel.
  PUSHED("\\d+|none|E[A-Z]+", "N | none | ERRNO"),
  /// Pops exactly N bytes, or the end of the stream, or an error. Checks the bytes.
  POP("\\d+|eof|E[A-Z]+", "N | eof | ERRNO"),
  /// Ends one direction.
  SHUTDOWN("read|write", "read | write"),
  /// Closes the connection.
  CLOSE("", ""),
  /// Resets the connection.
  ABORT("", ""),
  /// Sets an option of the connection, or before there is one of the listener.
  OPTION("[A-Z_]+ -?\\d+", "NAME VALUE"),
  /// Asserts the state of the connection.
  STATE("[A-Z_0-9]+", "STATE"),
  /// Asserts a number of [dev.demikv.libos.api.ConnectionInfo]. Not on a kernel.
  STAT("\\w+ (==|!=|<=|>=|<|>) \\S+", "FIELD ==|!=|<=|>=|<|> VALUE"),
  /// Asserts a [dev.demikv.libos.net.tcp.TcpCounter]. Not on a kernel.
  COUNTER("[A-Z_0-9]+ (==|!=|<=|>=|<|>) \\d+", "COUNTER ==|!=|<=|>=|<|> N"),
  /// Asserts how many connections there are. Not on a kernel.
  CONNECTIONS("\\d+", "N"),
  /// Asserts that the connection was reported closed. Not on a kernel.
  CLOSED("ok|none|E[A-Z]+", "ok | none | ERRNO"),
  /// The device refuses the next N packets. Not on a kernel.
  REFUSE("\\d+", "N"),
  /// Asserts that nothing was sent.
  QUIET("", ""),
  /// From here on the peer's numbers count from N higher, ours from the next SYN: a new connection
  /// between the same endpoints.
  REBASE("\\d+", "N");

  private final Pattern arguments;
  private final String usage;

  Verb(String arguments, String usage) {
    this.arguments = Pattern.compile(arguments);
    this.usage = usage;
  }

  boolean takes(String text) {
    return arguments.matcher(text).matches();
  }

  /// How it is written.
  String usage() {
    return (word() + " " + usage).strip();
  }

  String word() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }

  /// Whether only our stack can do or tell it.
  boolean isOurs() {
    return switch (this) {
      case PUSHED, STAT, COUNTER, CONNECTIONS, CLOSED, REFUSE -> true;
      case LISTEN,
          UNLISTEN,
          ACCEPT,
          CONNECT,
          CONNECTED,
          PUSH,
          POP,
          SHUTDOWN,
          CLOSE,
          ABORT,
          OPTION,
          STATE,
          QUIET,
          REBASE ->
          false;
    };
  }
}
