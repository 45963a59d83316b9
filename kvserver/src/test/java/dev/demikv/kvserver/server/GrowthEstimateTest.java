package dev.demikv.kvserver.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.kvserver.command.CommandSpec;
import dev.demikv.kvserver.command.CommandTable;
import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.engine.MemoryEngine;
import dev.demikv.kvserver.engine.Slice;
import dev.demikv.kvserver.engine.ValueType;
import dev.demikv.kvserver.resp.CommandArgs;
import dev.demikv.kvserver.resp.RespLimits;
import dev.demikv.kvserver.resp.RespParser;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class GrowthEstimateTest {
  private static final int DATABASES = 2;

  private final Engine engine = new MemoryEngine(DATABASES, 64 << 20, 1);
  private final GrowthEstimate growth = new GrowthEstimate(engine);

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void setrangeGrowsByItsOffset() {
    assertThat(bytes("SETRANGE k 1000000 x")).isEqualTo(1_000_000);
    assertThat(bytes("SETRANGE k 536870911 x")).isEqualTo((512 << 20) - 1);
  }

  /// Such commands must reach their handler, whose error says more than "out of memory".
  @Test
  void setrangeThatOnlyAnswersWithAnErrorTakesNothing() {
    assertThat(bytes("SETRANGE k 536870912 x")).isZero();
    assertThat(bytes("SETRANGE k 9223372036854775807 x")).isZero();
    assertThat(bytes("SETRANGE k -1 x")).isZero();
    assertThat(bytes("SETRANGE k many x")).isZero();
  }

  @Test
  void setrangeOfNothingTakesNothing() {
    assertThat(bytes("SETRANGE k 1000000 \"\"")).isZero();
  }

  @Test
  void copyGrowsByTheLongestValueOfThatKey() {
    put(0, "k", "x".repeat(10));
    put(1, "k", "x".repeat(30));
    assertThat(bytes("COPY k other")).isEqualTo(30);
    assertThat(bytes("COPY missing other")).isZero();
  }

  @Test
  void othersGrowByTheirArgumentsAlone() {
    assertThat(bytes("SET k 1000000")).isZero();
    assertThat(bytes("APPEND k 1000000")).isZero();
  }

  private long bytes(String line) {
    MemorySegment memory =
        MemorySegment.ofArray((line + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    CommandArgs args = new CommandArgs();
    int taken = new RespParser(RespLimits.DEFAULT).parse(memory, 0, memory.byteSize(), args);
    assertThat(taken).isEqualTo((int) memory.byteSize());
    CommandSpec spec = CommandTable.standard().find(args);
    assertThat(spec).isNotNull();
    return growth.bytes(spec, args);
  }

  private void put(int db, String key, String value) {
    int status =
        engine.put(db, Slice.of(key), ValueType.STRING.code(), Slice.of(value), Engine.NO_EXPIRY);
    assertThat(status).isEqualTo(Engine.OK);
  }
}
