package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.resp.CommandArgs;
import dev.demikv.kvserver.resp.RespWriter;
import dev.demikv.libos.lang.Nullable;
import java.util.function.LongSupplier;

/// Takes a command from its arguments to its reply, in two steps between which a write waits for
/// its log record: [#admit] and [#execute]. One per loop.
public final class CommandDispatcher {
  private static final int QUOTED_BYTES_MAX = 128;

  private static final int NO_AUTH = CommandFlag.NO_AUTH.bit();
  private static final int DENYOOM = CommandFlag.DENYOOM.bit();

  private final CommandTable table;
  private final Engine engine;
  private final RespWriter reply;
  private final Statistics statistics;
  private final CommandContext context;
  private String refusal = "";

  /// A dispatcher.
  ///
  /// @param reply where replies are written; the caller begins and ends it for each connection
  /// @param random gives 64 random bits, for commands that read at random
  public CommandDispatcher(
      CommandTable table, Engine engine, ServerInfo server, RespWriter reply, LongSupplier random) {
    this.table = table;
    this.engine = engine;
    this.reply = reply;
    this.statistics = new Statistics(table.all().size());
    this.context = new CommandContext(table, engine, server, reply, statistics, random);
  }

  /// The commands.
  public CommandTable table() {
    return table;
  }

  /// The counters.
  public Statistics statistics() {
    return statistics;
  }

  /// Finds the command and checks what can be known before its turn: that it exists, the number of
  /// its arguments, the client's rights, and memory for what needs some. Writes no reply. Allocates
  /// nothing but for a refusal.
  ///
  /// @param args at least one
  /// @return the command, or `null` if refused: answer with [#refuse] when it is this command's
  ///   turn
  public @Nullable CommandSpec admit(Session session, CommandArgs args) {
    CommandSpec spec = table.find(args);
    if (spec == null) {
      return unknown(session, args);
    }
    if (!spec.subcommands().isEmpty() && args.count() > 1) {
      refusal = Errors.unknownSubcommand(args.quoted(1, QUOTED_BYTES_MAX), spec.name());
      return null;
    }
    if (!spec.allows(args.count())) {
      return refused(spec, Errors.wrongArity(spec));
    }
    if (!session.authenticated() && (spec.flagBits() & NO_AUTH) == 0) {
      return refused(spec, Errors.NO_AUTH);
    }
    if ((spec.flagBits() & DENYOOM) != 0 && engine.usedBytes() >= engine.limitBytes()) {
      return refused(spec, Errors.OOM);
    }
    return spec;
  }

  /// Why [#admit] last said no, as an error reply without its `-`; empty when the connection is to
  /// be dropped without one ([Session#dropped]).
  public String refusal() {
    return refusal;
  }

  /// Answers a refused command.
  ///
  /// @param text what [#refusal] said
  public void refuse(Session session, String text) {
    if (!text.isEmpty()) {
      reply.setMuted(session.isMuted());
      reply.error(text);
      reply.setMuted(false);
    }
    session.commandDone();
  }

  /// Executes an admitted command and writes its reply.
  ///
  /// @param db the database selected when it was admitted
  /// @param nowMillis for a write the time of its log entry, for a read that of the turn; since the
  ///   Unix epoch
  public void execute(CommandSpec spec, Session session, CommandArgs args, int db, long nowMillis) {
    long errorsBefore = reply.errorCount();
    boolean mutedBefore = reply.isMuted();
    if (session.isMuted()) {
      reply.setMuted(true);
    }
    session.setLastCommand(spec);
    context.begin(spec, session, args, db, nowMillis);
    spec.handler().execute(context);
    statistics.called(spec, reply.errorCount() != errorsBefore);
    reply.setMuted(mutedBefore);
    session.commandDone();
  }

  /// Admits and executes, or refuses: for a server without a log, and for tests.
  public void dispatch(Session session, CommandArgs args, long nowMillis) {
    CommandSpec spec = admit(session, args);
    if (spec == null) {
      refuse(session, refusal);
    } else {
      execute(spec, session, args, session.db(), nowMillis);
    }
  }

  private @Nullable CommandSpec refused(CommandSpec spec, String text) {
    statistics.rejected(spec);
    refusal = text;
    return null;
  }

  private @Nullable CommandSpec unknown(Session session, CommandArgs args) {
    if (args.is(0, "host:") || args.is(0, "post")) {
      // A browser that was lured into posting commands sends these lines before them.
      session.drop();
      refusal = "";
      return null;
    }
    StringBuilder text = new StringBuilder("ERR unknown command '");
    text.append(args.quoted(0, QUOTED_BYTES_MAX)).append("', with args beginning with: ");
    int start = text.length();
    for (int i = 1; i < args.count() && text.length() - start < QUOTED_BYTES_MAX; i++) {
      int room = QUOTED_BYTES_MAX - (text.length() - start);
      text.append('\'').append(args.quoted(i, room)).append("' ");
    }
    refusal = text.toString();
    return null;
  }
}
