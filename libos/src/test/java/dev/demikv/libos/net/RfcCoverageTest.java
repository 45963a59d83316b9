package dev.demikv.libos.net;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.demikv.libos.net.pkt.ScriptLibrary;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// The table of the clauses that tests name with [Rfc] and packet scripts in their heads: printed
/// by `mvn -o -pl libos test -Dtest=RfcCoverageTest`.
final class RfcCoverageTest {
  @Test
  void theClausesThatAreCovered() {
    JavaClasses classes = new ClassFileImporter().importPackages("dev.demikv.libos.net");
    TreeMap<Integer, TreeMap<String, List<String>>> table = new TreeMap<>();
    for (JavaClass type : classes) {
      for (JavaMethod method : type.getMethods()) {
        if (!method.isAnnotatedWith(Rfc.class) && !method.isAnnotatedWith(Rfc.List.class)) {
          continue;
        }
        for (Rfc rfc : method.reflect().getAnnotationsByType(Rfc.class)) {
          table
              .computeIfAbsent(rfc.number(), n -> new TreeMap<>(Comparator.naturalOrder()))
              .computeIfAbsent(rfc.section(), n -> new ArrayList<>())
              .add(type.getSimpleName() + "." + method.getName());
        }
      }
    }
    ScriptLibrary.clauses((number, section, script) ->
        table
            .computeIfAbsent(number, n -> new TreeMap<>(Comparator.naturalOrder()))
            .computeIfAbsent(section, n -> new ArrayList<>())
            .add(script));
    StringBuilder text = new StringBuilder();
    table.forEach((number, sections) ->
        sections.forEach((section, tests) -> {
          tests.sort(Comparator.naturalOrder());
          text.append("RFC ").append(number).append(" §").append(section);
          text.append("  ").append(String.join(", ", tests)).append('\n');
        }));
    System.out.print(text);
    assertThat(table.keySet()).contains(2018, 2883, 5681, 5961, 6298, 6582, 6937, 7323, 8985, 9293);
  }
}
