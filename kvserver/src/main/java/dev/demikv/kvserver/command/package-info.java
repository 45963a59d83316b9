/// Commands: what a client may ask for, and the code that answers.
///
/// ```
///   RespParser → CommandArgs ─→ CommandDispatcher.admit ─→ CommandSpec (or why not)
///                                       │ reads, and writes when their turn has come
///                                       ▼
///                         CommandDispatcher.execute → handler(CommandContext)
///                                                       ├─→ Engine
///                                                       └─→ RespWriter → ReplySink
/// ```
///
/// [CommandTable] is the one place from which lookup, arity, flags, key positions, the COMMAND
/// command and `COMMANDS.md` come.
///
/// Handlers of write commands are deterministic: what they do follows from the engine's state, the
/// arguments and [CommandContext#nowMillis], which is the time of the log entry, not of a clock. An
/// entry whose time has come (`expireAt <= now`) is absent: writes delete it when they meet it,
/// reads never change anything.
///
/// The package knows no connection, log or snapshot; what it needs of the server it asks through
/// [ServerInfo].
package dev.demikv.kvserver.command;
