package dev.demikv.libos.net.pkt;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The scripts among the test resources.
public final class ScriptLibrary {
  private static final String SUFFIX = ".pkt";
  private static final String INCLUDE = "include";

  private ScriptLibrary() {}

  /// Takes a clause that a script shows.
  @FunctionalInterface
  public interface ClauseVisitor {
    /// @param script name of the script
    void visit(int rfc, String section, String script);
  }

  /// Every clause of every script.
  public static void clauses(ClauseVisitor visitor) {
    for (String name : names()) {
      for (Script.Clause clause : read(name).clauses()) {
        visitor.visit(clause.rfc(), clause.section(), name + SUFFIX);
      }
    }
  }

  /// Every script, by name; those whose name begins with the property `pkt` where that is set.
  static List<Script> selected() {
    String prefix = System.getProperty("pkt", "");
    return names().stream()
        .filter(name -> name.startsWith(prefix))
        .map(ScriptLibrary::read)
        .toList();
  }

  /// The folder of the scripts: classes and resources lie in one, below `test-classes`.
  static Path folder() {
    try {
      return Path.of(ScriptLibrary.class.getResource(".").toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static List<String> names() {
    Path folder = folder();
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .map(file -> folder.relativize(file).toString().replace('\\', '/'))
          .filter(name -> name.endsWith(SUFFIX) && !name.startsWith(INCLUDE + "/"))
          .map(name -> name.substring(0, name.length() - SUFFIX.length()))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Reads one.
  static Script read(String name) {
    return ScriptParser.parse(name, lines(name), ScriptLibrary::included);
  }

  static List<String> included(String name) {
    return Files.isRegularFile(folder().resolve(INCLUDE + "/" + name + SUFFIX))
        ? lines(INCLUDE + "/" + name)
        : null;
  }

  static List<String> lines(String name) {
    try {
      return Files.readAllLines(folder().resolve(name + SUFFIX));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
