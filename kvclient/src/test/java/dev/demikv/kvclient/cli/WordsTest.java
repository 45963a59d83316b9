package dev.demikv.kvclient.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class WordsTest {
  @Test
  void splitsAtBlanksAndUnquotes() {
    assertThat(split("  set\tk v ")).containsExactly("set", "k", "v");
    assertThat(split("")).isEmpty();
    assertThat(split("a \"b c\" 'd e'")).containsExactly("a", "b c", "d e");
    assertThat(split("\"\" ''")).containsExactly("", "");
    assertThat(split("\"\\n\\r\\t\\a\\b\\\\\\\"\\x41\\xff\\q\""))
        .containsExactly("\n\r\t\u0007\b\\\"A\u00ffq");
    assertThat(split("'it\\'s \\n'")).containsExactly("it's \\n");
    assertThat(split("a\"b c\"")).containsExactly("ab c");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"a", "'a", "\"a\"b", "'a'b", "a \"b\\", "\"\\\""})
  void refusesUnbalancedQuotes(String line) {
    assertThat(Words.split(line)).isNull();
  }

  private static List<String> split(String line) {
    List<byte[]> words = Words.split(line);
    assertThat(words).isNotNull();
    return words.stream().map(word -> new String(word, StandardCharsets.ISO_8859_1)).toList();
  }
}
