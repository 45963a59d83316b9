package dev.demikv.kvserver.command;

import dev.demikv.libos.lang.Nullable;

/// What a connection is in, as far as commands care: kept by the server, changed by commands.
public final class Session {
  /// Which replies a client wants (CLIENT REPLY).
  public enum ReplyMode {
    /// All.
    ON,
    /// None.
    OFF,
    /// None to the command that follows.
    SKIP_NEXT,
    /// None to the command at hand.
    SKIP
  }

  private final long id;
  private int db;
  private int protocol = 2;
  private boolean authenticated;
  private boolean noEvict;
  private boolean closeRequested;
  private boolean dropped;
  private ReplyMode replyMode = ReplyMode.ON;
  private String name = "";
  private String libraryName = "";
  private String libraryVersion = "";
  private @Nullable CommandSpec lastCommand;
  private long commands;

  /// A new connection's: database 0, RESP2.
  ///
  /// @param id never used again while the server runs
  /// @param authenticated whether it need not authenticate
  public Session(long id, boolean authenticated) {
    this.id = id;
    this.authenticated = authenticated;
  }

  /// Number of the connection.
  public long id() {
    return id;
  }

  /// Selected database.
  public int db() {
    return db;
  }

  /// Selects a database.
  public void setDb(int newDb) {
    db = newDb;
  }

  /// Version of RESP: 2 or 3.
  public int protocol() {
    return protocol;
  }

  void setProtocol(int newProtocol) {
    protocol = newProtocol;
  }

  /// Whether the client authenticated, or need not.
  public boolean authenticated() {
    return authenticated;
  }

  /// Says whether the client authenticated, or need not.
  public void setAuthenticated(boolean isAuthenticated) {
    authenticated = isAuthenticated;
  }

  /// Name that the client gave itself; empty if none.
  public String name() {
    return name;
  }

  void setName(String newName) {
    name = newName;
  }

  /// Name of the client's library, from CLIENT SETINFO; empty if none.
  public String libraryName() {
    return libraryName;
  }

  void setLibraryName(String newName) {
    libraryName = newName;
  }

  /// Version of the client's library, from CLIENT SETINFO; empty if none.
  public String libraryVersion() {
    return libraryVersion;
  }

  void setLibraryVersion(String newVersion) {
    libraryVersion = newVersion;
  }

  /// Whether the connection is spared when memory for clients runs short.
  public boolean noEvict() {
    return noEvict;
  }

  void setNoEvict(boolean isNoEvict) {
    noEvict = isNoEvict;
  }

  /// Whether the connection is to be closed once its replies are sent (QUIT). Commands behind are
  /// not to be executed.
  public boolean closeRequested() {
    return closeRequested;
  }

  /// Asks for the connection to be closed once its replies are sent.
  public void requestClose() {
    closeRequested = true;
  }

  /// Whether the connection is to be closed at once, without a reply: a browser, lured into posting
  /// commands.
  public boolean dropped() {
    return dropped;
  }

  void drop() {
    dropped = true;
    closeRequested = true;
  }

  /// Which replies the client wants.
  public ReplyMode replyMode() {
    return replyMode;
  }

  void setReplyMode(ReplyMode newMode) {
    replyMode = newMode;
  }

  /// Whether the reply to the command at hand is dropped.
  boolean isMuted() {
    return replyMode == ReplyMode.OFF || replyMode == ReplyMode.SKIP;
  }

  /// A command is answered: a SKIP comes into force, or ends.
  void commandDone() {
    if (replyMode == ReplyMode.SKIP_NEXT) {
      replyMode = ReplyMode.SKIP;
    } else if (replyMode == ReplyMode.SKIP) {
      replyMode = ReplyMode.ON;
    }
  }

  /// The command executed last; `null` before the first.
  public @Nullable CommandSpec lastCommand() {
    return lastCommand;
  }

  /// Commands executed.
  public long commands() {
    return commands;
  }

  /// Notes the command that is executed.
  void setLastCommand(CommandSpec command) {
    commands++;
    lastCommand = command;
  }
}
