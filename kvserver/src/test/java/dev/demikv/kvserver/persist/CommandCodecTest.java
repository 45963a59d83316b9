package dev.demikv.kvserver.persist;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.kvserver.resp.CommandArgs;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class CommandCodecTest {
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment memory = arena.allocate(4096);
  private final CommandArgs decoded = new CommandArgs();

  @AfterEach
  void close() {
    arena.close();
  }

  private static CommandArgs args(String... words) {
    MemorySegment bytes =
        MemorySegment.ofArray(String.join("", words).getBytes(StandardCharsets.ISO_8859_1));
    CommandArgs args = new CommandArgs();
    int at = 0;
    for (String word : words) {
      args.add(at, word.length());
      at += word.length();
    }
    args.bind(bytes, 0);
    return args;
  }

  private byte[] bytes(long from, long to) {
    return memory.asSlice(from, to - from).toArray(ValueLayout.JAVA_BYTE);
  }

  /// What lies on disks must not change: these are the bytes of version 1.
  @Test
  void bytesOfACommandAreTheseForEver() {
    long end = CommandCodec.encode(3, CommandCodec.COMMAND, args("SET", "k", ""), memory, 0);
    assertThat(HexFormat.of().formatHex(bytes(0, end)))
        .isEqualTo(
            "18000000"
                + "0300"
                + "0000"
                + "03000000"
                + "03000000534554"
                + "010000006b"
                + "00000000");
  }

  @Test
  void bytesOfAHeaderAreTheseForEver() {
    BatchRecord.putHeader(memory, 0, BatchRecord.FIRST | BatchRecord.LAST, 5, 7, 9);
    assertThat(HexFormat.of().formatHex(bytes(0, BatchRecord.HEADER_BYTES)))
        .isEqualTo("01030000" + "05000000" + "0700000000000000" + "0900000000000000");
  }

  @Test
  void whatWasEncodedIsDecoded() {
    CommandArgs args = args("MSET", "a", "", "key", "a longer value");
    long end = CommandCodec.encode(1023, CommandCodec.EXPIRE, args, memory, 100);
    assertThat(end - 100).isEqualTo(CommandCodec.encodedBytes(args));
    assertThat(CommandCodec.decode(memory, 100, end, decoded)).isEqualTo(end);
    assertThat(CommandCodec.db(memory, 100)).isEqualTo(1023);
    assertThat(CommandCodec.kind(memory, 100)).isEqualTo(CommandCodec.EXPIRE);
    assertThat(decoded.count()).isEqualTo(5);
    for (int i = 0; i < 5; i++) {
      assertThat(decoded.text(i)).isEqualTo(args.text(i));
    }
  }

  @Test
  void cutCommandsAreNoCommands() {
    long end = CommandCodec.encode(0, CommandCodec.COMMAND, args("GET", "key"), memory, 0);
    for (long limit = 0; limit < end; limit++) {
      assertThat(CommandCodec.decode(memory, 0, limit, decoded)).as("%d", limit).isNegative();
    }
  }

  @Test
  void damagedCommandsNeitherThrowNorReachBeyondTheirBytes() {
    Random random = new Random(3);
    for (int round = 0; round < 20_000; round++) {
      long end = CommandCodec.encode(0, 0, args("SET", "key", "value"), memory, 0);
      for (int i = random.nextInt(3); i >= 0; i--) {
        long at = random.nextLong(end);
        memory.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
      }
      long decodedEnd = CommandCodec.decode(memory, 0, end, decoded);
      assertThat(decodedEnd).isLessThanOrEqualTo(end);
      for (int i = 0; decodedEnd > 0 && i < decoded.count(); i++) {
        assertThat(decoded.offset(i) + decoded.length(i)).isLessThanOrEqualTo(end);
      }
    }
  }
}
