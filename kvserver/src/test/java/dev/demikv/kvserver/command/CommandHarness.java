package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.engine.MemoryEngine;
import dev.demikv.kvserver.resp.CommandArgs;
import dev.demikv.kvserver.resp.PiecesSink;
import dev.demikv.kvserver.resp.RespLimits;
import dev.demikv.kvserver.resp.RespParser;
import dev.demikv.kvserver.resp.RespWriter;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/// One connection to the commands over an engine: bytes in, bytes out, the time as told.
final class CommandHarness implements AutoCloseable {
  static final long START_MILLIS = 1_800_000_000_000L;

  final Engine engine;
  final StandaloneServer server;
  final RespWriter reply = new RespWriter();
  final CommandDispatcher dispatcher;
  Session session = new Session(1, true);
  long nowMillis = START_MILLIS;

  private final RespParser parser = new RespParser(RespLimits.DEFAULT);
  private final CommandArgs args = new CommandArgs();
  private final PiecesSink sink = new PiecesSink(4096, 1_000_000);

  CommandHarness() {
    this(256 << 20);
  }

  CommandHarness(long limitBytes) {
    engine = new MemoryEngine(16, limitBytes, 1);
    server = new StandaloneServer(engine);
    Random random = new Random(1);
    dispatcher =
        new CommandDispatcher(CommandTable.standard(), engine, server, reply, random::nextLong);
  }

  /// Sends a command and returns the reply as it goes over the wire, one char per byte.
  String send(String... arguments) {
    StringBuilder command = new StringBuilder("*" + arguments.length + "\r\n");
    for (String argument : arguments) {
      command.append('$').append(argument.length()).append("\r\n");
      command.append(argument).append("\r\n");
    }
    return sendRaw(command.toString());
  }

  /// Sends the words of a line.
  String line(String words) {
    return send(words.split(" ", -1));
  }

  /// Sends bytes and returns the replies, up to a protocol error or the end of the connection.
  String sendRaw(String bytes) {
    MemorySegment memory = MemorySegment.ofArray(bytes.getBytes(StandardCharsets.ISO_8859_1));
    reply.begin(sink, session.protocol());
    long start = 0;
    while (start < memory.byteSize() && !session.closeRequested()) {
      int consumed = parser.parse(memory, start, memory.byteSize(), args);
      if (consumed == RespParser.NEED_MORE) {
        break;
      }
      if (consumed == RespParser.PROTOCOL_ERROR) {
        reply.error(parser.errorText());
        session.requestClose();
        break;
      }
      start += consumed;
      if (args.count() > 0) {
        dispatcher.dispatch(session, args, nowMillis);
      }
    }
    reply.end();
    return sink.take();
  }

  /// Opens a new connection.
  void reconnect() {
    session = new Session(session.id() + 1, !server.authRequired());
    parser.reset();
  }

  @Override
  public void close() {
    engine.close();
  }
}
