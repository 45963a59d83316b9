package dev.demikv.kvclient;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CommandTest {
  @Test
  void hasTheWireFormOfAnArrayOfBulkStrings() {
    assertThat(wire(Command.ofWords("GET", "k"))).isEqualTo("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
    assertThat(wire(Command.of("PING"))).isEqualTo("*1\r\n$4\r\nPING\r\n");
  }

  @Test
  void takesArgumentsFromAnywhere() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocateFrom("abcdef");
      Command command =
          new Command()
              .reset("X")
              .arg(memory, 1, 3)
              .arg(new byte[] {1, 'y', 3}, 1, 1)
              .arg("")
              .arg("é");
      assertThat(wire(command))
          .isEqualTo("*5\r\n$1\r\nX\r\n$3\r\nbcd\r\n$1\r\ny\r\n$0\r\n\r\n$2\r\né\r\n");
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 7, 10, -1, 99, 100, Long.MAX_VALUE, Long.MIN_VALUE, -1000})
  void writesNumbersInDecimal(long value) {
    String digits = Long.toString(value);
    assertThat(wire(new Command().reset("X").arg(value)))
        .isEqualTo("*2\r\n$1\r\nX\r\n$" + digits.length() + "\r\n" + digits + "\r\n");
  }

  @Test
  void growsForManyAndLargeArgumentsAndIsUsedAgain() {
    Command command = new Command().reset("X");
    StringBuilder expected = new StringBuilder("*1101\r\n$1\r\nX\r\n");
    for (int i = 0; i < 1_100; i++) {
      String argument = "a".repeat(i);
      command.arg(argument);
      expected.append('$').append(i).append("\r\n").append(argument).append("\r\n");
    }
    assertThat(wire(command)).isEqualTo(expected.toString());
    assertThat(wire(command.reset("PING"))).isEqualTo("*1\r\n$4\r\nPING\r\n");
  }

  @Test
  void knowsWhatOnlyReads() {
    assertThat(Command.of("GET").isReadOnly()).isTrue();
    assertThat(Command.of("get").isReadOnly()).isTrue();
    assertThat(Command.of("SET").isReadOnly()).isFalse();
    assertThat(Command.of("UNHEARDOF").isReadOnly()).isFalse();
  }

  private static String wire(Command command) {
    byte[] bytes = new byte[command.encodedLength() + 2];
    command.encodeTo(bytes, 1);
    assertThat(bytes[0]).isZero();
    assertThat(bytes[bytes.length - 1]).isZero();
    return new String(bytes, 1, bytes.length - 2, StandardCharsets.UTF_8);
  }
}
