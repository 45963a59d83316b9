package dev.demikv.kvserver.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.demikv.kvserver.engine.MemoryEngine;
import dev.demikv.kvserver.resp.CommandArgs;
import dev.demikv.kvserver.resp.PiecesSink;
import dev.demikv.kvserver.resp.RespLimits;
import dev.demikv.kvserver.resp.RespParser;
import dev.demikv.kvserver.resp.RespWriter;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// From bytes to bytes nothing is allocated on the Java heap.
final class AllocationTest {
  private static final int ROUNDS = 5;
  private static final int COMMANDS_PER_ROUND = 20_000;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*2\r\n$3\r\nGET\r\n$5\r\nkey:1\r\n",
        "*2\r\n$3\r\nget\r\n$7\r\nmissing\r\n",
        "*3\r\n$3\r\nSET\r\n$5\r\nkey:1\r\n$10\r\n0123456789\r\n",
        "*5\r\n$3\r\nSET\r\n$5\r\nkey:2\r\n$10\r\n0123456789\r\n$2\r\nEX\r\n$3\r\n100\r\n",
        "*2\r\n$4\r\nINCR\r\n$7\r\ncounter\r\n",
        "*3\r\n$4\r\nMGET\r\n$5\r\nkey:1\r\n$7\r\nmissing\r\n",
        "*3\r\n$6\r\nEXISTS\r\n$5\r\nkey:1\r\n$7\r\nmissing\r\n",
        "*1\r\n$4\r\nPING\r\n"
      })
  void aCommandAllocatesNothing(String command) {
    try (MemoryEngine engine = new MemoryEngine(1, 64 << 20, 1)) {
      RespWriter reply = new RespWriter();
      CommandDispatcher dispatcher =
          new CommandDispatcher(
              CommandTable.standard(), engine, new StandaloneServer(engine), reply, () -> 1);
      Session session = new Session(1, true);
      RespParser parser = new RespParser(RespLimits.DEFAULT);
      CommandArgs args = new CommandArgs();
      PiecesSink sink = new PiecesSink(4096, 2);
      MemorySegment memory = MemorySegment.ofArray(command.getBytes(StandardCharsets.US_ASCII));
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long least = Long.MAX_VALUE;
      // The first rounds warm up: what an interpreter allocates for itself does not count.
      for (int round = 0; round < ROUNDS && least > 0; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < COMMANDS_PER_ROUND; i++) {
          reply.begin(sink, session.protocol());
          int consumed = parser.parse(memory, 0, memory.byteSize(), args);
          assert consumed == memory.byteSize() : consumed;
          dispatcher.dispatch(session, args, CommandHarness.START_MILLIS);
          reply.end();
          sink.discard();
        }
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertThat(least).as("bytes for %d commands", COMMANDS_PER_ROUND).isZero();
      assertThat(dispatcher.statistics().commands()).isGreaterThanOrEqualTo(COMMANDS_PER_ROUND);
    }
  }
}
