package dev.demikv.kvserver.command;

/// What a command is about, as COMMAND DOCS names it.
public enum CommandGroup {
  /// The connection itself.
  CONNECTION("connection"),
  /// Keys of any type.
  GENERIC("generic"),
  /// Strings.
  STRING("string"),
  /// The server.
  SERVER("server"),
  /// Functions, for the sake of test tools only.
  SCRIPTING("scripting");

  private final String redisName;

  CommandGroup(String redisName) {
    this.redisName = redisName;
  }

  /// The name.
  public String redisName() {
    return redisName;
  }
}
