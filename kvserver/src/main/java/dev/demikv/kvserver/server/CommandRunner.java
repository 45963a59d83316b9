package dev.demikv.kvserver.server;

import dev.demikv.kvserver.command.CommandDispatcher;
import dev.demikv.kvserver.command.CommandFlag;
import dev.demikv.kvserver.command.CommandSpec;
import dev.demikv.kvserver.command.Session;
import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.persist.CommandCodec;
import dev.demikv.kvserver.resp.CommandArgs;
import dev.demikv.kvserver.resp.RespParser;
import dev.demikv.kvserver.resp.RespWriter;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.MemorySegment;

/// Takes commands from bytes to replies: at once, or, when writes go through a log, in the two
/// halves before and behind it.
///
/// Order of a client's replies: while commands of it are in batches, a further write joins a batch,
/// a read of keys joins as well, unlogged, and anything else waits until they are applied.
final class CommandRunner {
  private static final int READONLY = CommandFlag.READONLY.bit();

  private final CommandDispatcher dispatcher;
  private final RespWriter reply;
  private final Engine engine;
  private final Clients clients;
  private final TurnClock now;
  private final ExpiredKeys expired;
  private final int commandsPerTurn;
  private boolean authRequired;
  private final CommandArgs batchArgs = new CommandArgs();
  private final Session nobody = new Session(0, true);
  private @Nullable WritePath writes;
  private long writesDone;

  CommandRunner(
      CommandDispatcher dispatcher,
      RespWriter reply,
      Engine engine,
      Clients clients,
      TurnClock now,
      int commandsPerTurn,
      boolean authRequired) {
    this.dispatcher = dispatcher;
    this.reply = reply;
    this.engine = engine;
    this.clients = clients;
    this.now = now;
    this.expired = new ExpiredKeys(engine, dispatcher.statistics());
    this.commandsPerTurn = commandsPerTurn;
    this.authRequired = authRequired;
  }

  /// Sends writes through a log from here on.
  void setWritePath(WritePath path) {
    writes = path;
  }

  /// Says whether clients need a password from here on.
  void setAuthRequired(boolean required) {
    authRequired = required;
  }

  /// Write commands executed.
  long writesDone() {
    return writesDone;
  }

  /// Runs the commands in a run of bytes, as far as they are complete and may run. Stalls the
  /// client when there are more that may not run now.
  ///
  /// @return bytes of commands that were taken
  int run(Connection client, MemorySegment memory, long start, long end) {
    Session session = client.session();
    RespParser parser = client.parser;
    CommandArgs args = client.args;
    int left = commandsPerTurn;
    long at = start;
    reply.begin(client.output, session.protocol());
    while (!client.closing) {
      int bytes = parser.parse(memory, at, end, args);
      if (bytes == RespParser.NEED_MORE) {
        break;
      }
      if (left-- == 0) {
        clients.stallForTurn(client);
        break;
      }
      if (bytes < 0) {
        if (client.pendingCommands > 0) {
          client.stalled = true;
          break;
        }
        reply.error(parser.errorText());
        client.closing = true;
        clients.countProtocolError();
        break;
      }
      if (args.count() > 0 && !take(client, session, args)) {
        break;
      }
      at += bytes;
      if (session.closeRequested()) {
        client.closing = true;
      }
      if (authRequired) {
        parser.setAuthenticated(session.authenticated());
      }
      if (client.output.isBackedUp()) {
        client.stalled = true;
        break;
      }
    }
    reply.end();
    return (int) (at - start);
  }

  /// Executes, batches or refuses a command.
  ///
  /// @return false when it may not run now: the client is stalled and the command comes again
  private boolean take(Connection client, Session session, CommandArgs args) {
    CommandSpec spec = dispatcher.admit(session, args);
    boolean waits = client.pendingCommands > 0;
    if (spec == null) {
      return refuse(client, session, dispatcher.refusal());
    }
    if (clients.isPaused(spec)) {
      clients.stallForPause(client);
      return false;
    }
    WritePath path = writes;
    if (path == null || (!waits && !spec.isWrite())) {
      dispatcher.execute(spec, session, args, session.db(), now.millis());
      if (spec.isWrite()) {
        writesDone++;
      }
      return true;
    }
    int taken = WritePath.FULL;
    if (spec.isWrite()) {
      taken = path.write(client, spec, args);
      if (taken == WritePath.REFUSED) {
        return refuse(client, session, path.refusal());
      }
    } else if ((spec.flagBits() & READONLY) != 0) {
      taken = path.defer(client, spec, args);
    }
    if (taken == WritePath.FULL) {
      if (waits) {
        client.stalled = true;
      } else {
        clients.stallForBatch(client);
      }
      return false;
    }
    return true;
  }

  private boolean refuse(Connection client, Session session, String text) {
    if (client.pendingCommands > 0) {
      client.stalled = true;
      return false;
    }
    dispatcher.refuse(session, text);
    return true;
  }

  /// Executes the commands of a committed batch.
  void apply(WriteBatch batch) {
    // What is in the log must be applied; the limit was checked before it was logged.
    long limit = engine.limitBytes();
    engine.setLimitBytes(Long.MAX_VALUE);
    for (int i = 0; i < batch.count(); i++) {
      batch.decode(i, batchArgs);
      CommandSpec spec = batch.spec(i);
      Connection client = batch.client(i);
      long millis = batch.isWrite(i) ? batch.millis() : now.millis();
      if (spec == null) {
        expired.remove(batch.db(i), batchArgs, millis);
      } else if (client != null) {
        reply.begin(client.output, client.session().protocol());
        dispatcher.execute(spec, client.session(), batchArgs, batch.db(i), millis);
        reply.end();
        clients.commandDone(client);
      } else if (batch.isWrite(i)) {
        execute(spec, batch.db(i), millis);
      }
    }
    writesDone += batch.writes();
    batchArgs.unbind();
    engine.setLimitBytes(limit);
  }

  /// Answers the commands of a batch whose fate is unknown.
  void abandon(WriteBatch batch, String error) {
    for (int i = 0; i < batch.count(); i++) {
      CommandSpec spec = batch.spec(i);
      Connection client = batch.client(i);
      if (client == null || spec == null) {
        continue;
      }
      reply.begin(client.output, client.session().protocol());
      if (batch.isWrite(i)) {
        dispatcher.refuse(client.session(), error);
      } else {
        batch.decode(i, batchArgs);
        dispatcher.execute(spec, client.session(), batchArgs, batch.db(i), now.millis());
      }
      reply.end();
      clients.commandDone(client);
    }
    batchArgs.unbind();
  }

  /// Applies a command from the log, when the server starts.
  void replay(int db, int kind, CommandArgs args, long millis) {
    if (kind == CommandCodec.EXPIRE) {
      expired.remove(db, args, millis);
      return;
    }
    CommandSpec spec = dispatcher.table().find(args);
    if (spec == null) {
      throw new IllegalArgumentException("unknown command '" + args.text(0) + "'");
    }
    execute(spec, db, millis, args);
  }

  private void execute(CommandSpec spec, int db, long millis) {
    execute(spec, db, millis, batchArgs);
  }

  /// Executes a write that nobody waits for.
  private void execute(CommandSpec spec, int db, long millis, CommandArgs args) {
    reply.setMuted(true);
    dispatcher.execute(spec, nobody, args, db, millis);
    reply.setMuted(false);
  }
}
