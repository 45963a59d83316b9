package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.engine.Entry;
import dev.demikv.kvserver.engine.Slice;
import dev.demikv.kvserver.engine.ValueType;
import dev.demikv.kvserver.resp.ByteText;
import dev.demikv.kvserver.resp.CommandArgs;
import dev.demikv.kvserver.resp.RespWriter;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.MemorySegment;
import java.util.function.LongSupplier;

/// What a handler works with: arguments, engine, time, session, reply; and the few steps that all
/// handlers share. One per loop, set anew for each command.
public final class CommandContext {
  private final CommandTable table;
  private final Engine engine;
  private final ServerInfo server;
  private final RespWriter reply;
  private final Statistics statistics;
  private final LongSupplier random;

  private final Entry entry = new Entry();
  private final Entry other = new Entry();
  private final Slice scratch = new Slice();
  private final Slice secondScratch = new Slice();
  private final Slice[] ahead = new Slice[Engine.PREFETCH_KEYS_MAX];
  private final Slice numberText = new Slice();
  private final MemorySegment numberMemory = MemorySegment.ofArray(new byte[32]);

  private final SetOptions setOptions = new SetOptions();
  private final ValueCopy copy = new ValueCopy();

  private @Nullable CommandSpec spec;
  private @Nullable Session session;
  private CommandArgs args = new CommandArgs();
  private int db;
  private long nowMillis;
  private long number;

  CommandContext(
      CommandTable table,
      Engine engine,
      ServerInfo server,
      RespWriter reply,
      Statistics statistics,
      LongSupplier random) {
    this.table = table;
    this.engine = engine;
    this.server = server;
    this.reply = reply;
    this.statistics = statistics;
    this.random = random;
    for (int i = 0; i < ahead.length; i++) {
      ahead[i] = new Slice();
    }
  }

  void begin(
      CommandSpec newSpec, Session newSession, CommandArgs newArgs, int newDb, long newNowMillis) {
    spec = newSpec;
    session = newSession;
    args = newArgs;
    db = newDb;
    nowMillis = newNowMillis;
  }

  /// The command at hand.
  public CommandSpec spec() {
    return present(spec);
  }

  /// The connection's state.
  public Session session() {
    return present(session);
  }

  /// All commands.
  public CommandTable table() {
    return table;
  }

  /// Where keys and values live.
  public Engine engine() {
    return engine;
  }

  /// The server around.
  public ServerInfo server() {
    return server;
  }

  /// Where the reply goes.
  public RespWriter reply() {
    return reply;
  }

  /// Counters.
  public Statistics statistics() {
    return statistics;
  }

  /// The arguments, the command's name first.
  public CommandArgs args() {
    return args;
  }

  /// The database at hand.
  public int db() {
    return db;
  }

  /// The time: of the log entry for a write, of the turn for a read. Milliseconds since the Unix
  /// epoch.
  public long nowMillis() {
    return nowMillis;
  }

  /// 64 random bits; only for commands that do not write.
  public long random() {
    return random.getAsLong();
  }

  /// What the last lookup without a target of its own found.
  public Entry entry() {
    return entry;
  }

  /// A second entry.
  public Entry other() {
    return other;
  }

  /// A view to point anywhere; handlers pass it on, they do not keep it.
  public Slice scratch() {
    return scratch;
  }

  /// Another one.
  Slice secondScratch() {
    return secondScratch;
  }

  /// Looks a key up for reading and counts whether it was there. An entry whose time has come is
  /// not there.
  public boolean lookup(Slice key) {
    boolean found = peek(db, key, entry);
    statistics.looked(found);
    return found;
  }

  /// Lets the engine fetch keys ahead, in a loop over all of a command's: call it for each.
  ///
  /// @param index argument of the key at hand
  /// @param first argument of the first key
  /// @param step arguments from key to key
  public void prefetch(int index, int first, int step) {
    if ((index - first) % (Engine.PREFETCH_KEYS_MAX * step) != 0) {
      return;
    }
    int count = 0;
    for (int i = index; i < args.count() && count < ahead.length; i += step) {
      args.slice(i, ahead[count++]);
    }
    if (count > 1) {
      engine.prefetch(db, ahead, count);
    }
  }

  /// Looks a key up without counting and without changing anything.
  public boolean peek(int database, Slice key, Entry out) {
    return engine.get(database, key, out) == Engine.OK && !isExpired(out);
  }

  /// Looks a key up for writing: an entry whose time has come is removed and is not there.
  public boolean lookupForWrite(Slice key) {
    return lookupForWrite(db, key, entry);
  }

  /// Looks a key of any database up for writing.
  public boolean lookupForWrite(int database, Slice key, Entry out) {
    if (engine.get(database, key, out) != Engine.OK) {
      return false;
    }
    if (isExpired(out)) {
      engine.delete(database, key);
      statistics.expired(1);
      return false;
    }
    return true;
  }

  /// Whether the time of an entry has come.
  public boolean isExpired(Entry candidate) {
    return candidate.expireAtMillis != Engine.NO_EXPIRY && candidate.expireAtMillis <= nowMillis;
  }

  /// Whether [#entry] is a string; if not, answers with an error.
  public boolean requireString() {
    if (ValueType.ofCode(entry.type) == ValueType.STRING) {
      return true;
    }
    reply.error(Errors.WRONG_TYPE);
    return false;
  }

  /// Stores a value in the database at hand; if there is no memory, answers with an error.
  ///
  /// @param type stored code of a [ValueType]
  public boolean put(Slice key, int type, Slice value, long expireAtMillis) {
    return requireOk(engine.put(db, key, type, value, expireAtMillis));
  }

  /// Whether the engine did it; if not, answers with an error.
  public boolean requireOk(int status) {
    if (status == Engine.OK) {
      return true;
    }
    reply.error(status == Engine.NO_MEMORY ? Errors.OOM : Errors.WOULD_BLOCK);
    return false;
  }

  /// Reads an argument as a whole number into [#number]; if it is none, answers with an error.
  public boolean requireLong(int index) {
    if (readLong(index)) {
      return true;
    }
    reply.error(Errors.NOT_AN_INTEGER);
    return false;
  }

  /// Reads an argument as a whole number of 32 bits into [#number]; if it is none, answers with an
  /// error.
  public boolean requireInt(int index) {
    if (!requireLong(index)) {
      return false;
    }
    if (number != (int) number) {
      reply.error(Errors.NOT_AN_INT);
      return false;
    }
    return true;
  }

  /// Reads an argument as a whole number into [#number].
  public boolean readLong(int index) {
    MemorySegment memory = args.memory();
    long offset = args.offset(index);
    int length = args.length(index);
    if (!ByteText.isLong(memory, offset, length)) {
      return false;
    }
    number = ByteText.toLong(memory, offset, length);
    return true;
  }

  /// Reads an argument as a whole number of 32 bits into [#number].
  public boolean readInt(int index) {
    return readLong(index) && number == (int) number;
  }

  /// What [#requireLong] or [#readLong] read.
  public long number() {
    return number;
  }

  /// A number in decimal, valid until the next call.
  public Slice decimal(long value) {
    int length = ByteText.putLong(numberMemory, 0, value);
    return numberText.set(numberMemory, 0, length);
  }

  SetOptions setOptions() {
    return setOptions;
  }

  ValueCopy copy() {
    return copy;
  }

  private static <T> T present(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("no command at hand");
    }
    return value;
  }
}
