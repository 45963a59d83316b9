package dev.demikv.kvserver.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.kvserver.resp.CommandArgs;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class CommandTableTest {
  private static final Path DOCUMENT = Path.of("COMMANDS.md");

  private final CommandTable table = CommandTable.standard();

  @Test
  void everyCommandIsFoundByItsNameInAnyCase() {
    Set<Integer> ids = new HashSet<>();
    for (CommandSpec spec : table.all()) {
      String[] words = spec.name().split("\\|", -1);
      assertThat(table.find(args(words))).isSameAs(spec);
      words[0] = words[0].toUpperCase(Locale.ROOT);
      assertThat(table.find(args(words))).isSameAs(spec);
      assertThat(table.all().get(spec.id())).isSameAs(spec);
      assertThat(ids.add(spec.id())).isTrue();
    }
    assertThat(table.commands().size()).isGreaterThan(60);
  }

  @Test
  void nothingElseIsFound() {
    for (String name :
        new String[] {"", "g", "ge", "gett", "set\0", "config|get", "x".repeat(99)}) {
      assertThat(table.find(args(name))).as(name).isNull();
    }
    assertThat(table.find(args("config", "nosuch"))).isSameAs(table.find("config"));
    assertThat(table.find(args("get", "nosuch"))).isSameAs(table.find("get"));
  }

  @Test
  void whatIsDescribedIsConsistent() {
    for (CommandSpec spec : table.all()) {
      assertThat(spec.summary()).as(spec.name()).isNotBlank().doesNotEndWith(".");
      assertThat(spec.since()).as(spec.name()).isNotBlank();
      assertThat(spec.has(CommandFlag.WRITE) && spec.has(CommandFlag.READONLY))
          .as(spec.name())
          .isFalse();
      assertThat(spec.allows(Math.abs(spec.arity()))).as(spec.name()).isTrue();
      assertThat(spec.allows(Math.abs(spec.arity()) - 1)).as(spec.name()).isFalse();
      assertThat(spec.allows(Math.abs(spec.arity()) + 1)).isEqualTo(spec.arity() < 0);
      for (KeyRange range : spec.keys()) {
        assertThat(range.first()).as(spec.name()).isLessThan(Math.abs(spec.arity()));
        assertThat(range.step()).as(spec.name()).isPositive();
      }
    }
  }

  /// `mvn -pl kvserver -am test -Dtest=CommandTableTest -Dsurefire.failIfNoSpecifiedTests=false
  /// -Dcommands.document=write` writes it anew.
  @Test
  void theDocumentSaysWhatTheTableSays() throws IOException {
    String wanted = CommandDocument.of(table);
    if ("write".equals(System.getProperty("commands.document"))) {
      Files.writeString(DOCUMENT, wanted);
    }
    assertThat(Files.readString(DOCUMENT)).isEqualTo(wanted);
  }

  private static CommandArgs args(String... words) {
    CommandArgs args = new CommandArgs();
    StringBuilder bytes = new StringBuilder();
    for (String word : words) {
      args.add(bytes.length(), word.length());
      bytes.append(word);
    }
    args.bind(MemorySegment.ofArray(bytes.toString().getBytes(StandardCharsets.ISO_8859_1)), 0);
    return args;
  }
}
