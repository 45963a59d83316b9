package dev.demikv.kvserver.server;

import dev.demikv.kvserver.command.CommandSpec;
import dev.demikv.kvserver.persist.BatchRecord;
import dev.demikv.kvserver.persist.CommandCodec;
import dev.demikv.kvserver.resp.CommandArgs;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import java.lang.foreign.MemorySegment;

/// Commands that are agreed on together: write commands, which are logged, and between them reads
/// of clients whose writes came before, which only wait for their turn.
///
/// ```
///   payload   [header | write | write | …]            one buffer, pushed to the log as it is,
///             or a block of its own for one long command, cut over several records
///   local     [read | read | …]                        never leaves the process
///   order     write 0, read 0, write 1, …              with the client that waits for each reply
/// ```
///
/// Made once, used again and again. States: open (filled), sealed (waits for the log), proposed
/// (the log works on it), and free.
final class WriteBatch {
  /// Most commands.
  static final int COMMANDS_MAX = 4096;

  /// Room for waiting reads.
  static final int LOCAL_BYTES = 64 << 10;

  private static final long FIRST_COMMAND = BatchRecord.HEADER_BYTES;

  private final Buffer buffer;
  private final ClientMemory.Block local;
  private ClientMemory.@Nullable Block longCommand;
  private final int[] places = new int[COMMANDS_MAX];
  private final int[] generations = new int[COMMANDS_MAX];
  private final @Nullable Connection[] clients = new Connection[COMMANDS_MAX];
  private final @Nullable CommandSpec[] specs = new CommandSpec[COMMANDS_MAX];
  private int count;
  private int writes;
  private long end = FIRST_COMMAND;
  private int localEnd;
  private long sequence;
  private long millis;

  /// @param buffer of [BatchRecord#RECORD_BYTES_MAX], the batch's for ever
  /// @param local of [#LOCAL_BYTES], the batch's for ever
  WriteBatch(Buffer buffer, ClientMemory.Block local) {
    this.buffer = buffer;
    this.local = local;
  }

  /// Adds a write command.
  ///
  /// @param client who waits for the reply; `null` for nobody
  /// @return false, and nothing added, when there is no room
  boolean addWrite(
      @Nullable Connection client, @Nullable CommandSpec spec, int db, int kind, CommandArgs args) {
    long bytes = CommandCodec.encodedBytes(args);
    if (count == COMMANDS_MAX
        || longCommand != null
        || bytes > BatchRecord.RECORD_BYTES_MAX - end) {
      return false;
    }
    note(client, spec, (int) end);
    end = CommandCodec.encode(db, kind, args, buffer.segment(), end);
    writes++;
    return true;
  }

  /// Makes the batch one of a single command that is too long for a record.
  ///
  /// @param block with room for it; the batch's from here on
  void addLongWrite(
      ClientMemory.Block block, Connection client, CommandSpec spec, int db, CommandArgs args) {
    assert count == 0 : count;
    longCommand = block;
    note(client, spec, 0);
    end = CommandCodec.encode(db, CommandCodec.COMMAND, args, block.memory(), 0);
    writes++;
  }

  /// Adds a command that is not logged, to be executed when all before it are.
  ///
  /// @return false, and nothing added, when there is no room
  boolean addLocal(Connection client, CommandSpec spec, int db, CommandArgs args) {
    if (count == COMMANDS_MAX || CommandCodec.encodedBytes(args) > LOCAL_BYTES - localEnd) {
      return false;
    }
    note(client, spec, ~localEnd);
    localEnd = (int) CommandCodec.encode(db, CommandCodec.COMMAND, args, local.memory(), localEnd);
    return true;
  }

  private void note(@Nullable Connection client, @Nullable CommandSpec spec, int place) {
    places[count] = place;
    clients[count] = client;
    specs[count] = spec;
    generations[count] = client == null ? 0 : client.generation();
    count++;
  }

  /// Fixes number and time.
  void seal(long newSequence, long newMillis) {
    sequence = newSequence;
    millis = newMillis;
    if (longCommand == null) {
      BatchRecord.putHeader(
          buffer.segment(), 0, BatchRecord.FIRST | BatchRecord.LAST, writes, sequence, millis);
    }
  }

  /// Forgets everything, to be filled again.
  ///
  /// @return the block of a long command, the caller's again; or `null`
  ClientMemory.@Nullable Block clear() {
    for (int i = 0; i < count; i++) {
      clients[i] = null;
      specs[i] = null;
    }
    count = 0;
    writes = 0;
    end = FIRST_COMMAND;
    localEnd = 0;
    ClientMemory.Block block = longCommand;
    longCommand = null;
    return block;
  }

  /// Commands in it.
  int count() {
    return count;
  }

  /// Commands that are logged.
  int writes() {
    return writes;
  }

  /// Number of the batch.
  long sequence() {
    return sequence;
  }

  /// Time of the batch in milliseconds since the Unix epoch.
  long millis() {
    return millis;
  }

  /// Bytes to log, the record's header included where there is one record.
  long bytes() {
    return end;
  }

  /// Whether it is one command in a block of its own, without a header.
  boolean isLong() {
    return longCommand != null;
  }

  /// The record, header included; not for a long command.
  Buffer buffer() {
    return buffer;
  }

  /// The bytes to log.
  MemorySegment payload() {
    ClientMemory.Block block = longCommand;
    return block == null ? buffer.segment() : block.memory();
  }

  /// Whether a command is logged.
  boolean isWrite(int index) {
    return places[index] >= 0;
  }

  /// Who waits for the reply: `null` when nobody does, or does any more.
  @Nullable
  Connection client(int index) {
    Connection client = clients[index];
    return client == null || client.generation() != generations[index] ? null : client;
  }

  /// What the command is; `null` for the removal of keys whose time has come.
  @Nullable
  CommandSpec spec(int index) {
    return specs[index];
  }

  /// Database of a command.
  int db(int index) {
    return CommandCodec.db(memoryOf(index), offsetOf(index));
  }

  /// Reads the arguments of a command; they point into the batch.
  void decode(int index, CommandArgs args) {
    long limit = isWrite(index) ? end : localEnd;
    long decodedEnd = CommandCodec.decode(memoryOf(index), offsetOf(index), limit, args);
    assert decodedEnd > 0 : "command " + index + " of batch " + sequence;
  }

  private MemorySegment memoryOf(int index) {
    return isWrite(index) ? payload() : local.memory();
  }

  private int offsetOf(int index) {
    return isWrite(index) ? places[index] : ~places[index];
  }
}
