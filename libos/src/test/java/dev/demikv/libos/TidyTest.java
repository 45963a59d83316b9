package dev.demikv.libos;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The code checks its own tidiness: each rule reads every Java source of every module.
///
/// Patterns are written so that they do not match their own text.
final class TidyTest {
  private static final int COLUMNS_MAX = 100;
  private static final int FILE_LINES_MAX = 800;

  private static final Pattern LEFT_OVER = Pattern.compile("\\b(?:TO[D]O|FIX[M]E|XX[X])\\b");
  private static final Pattern DISABLED = Pattern.compile("@Disable[d]\\b");
  private static final Pattern EMPTY_NAME =
      Pattern.compile(
          "^\\s*(?:[\\w-]+\\s+)*(?:class|interface|record|enum)\\s+"
              + "(\\w*(?:Utils?|Helpers?|Managers?|Impl))\\b");
  private static final Pattern MACHINE_PATH =
      Pattern.compile("(?<![\\w.$}/])/(?:root|home|work|Users)/");
  private static final Pattern CONSOLE = Pattern.compile("\\bSystem\\s*\\.\\s*(?:out|err)\\b");
  private static final Pattern AMBIENT_TIME_OR_RANDOMNESS =
      Pattern.compile(
          "\\bSystem\\s*(?:\\.|::)\\s*(?:nanoTime|currentTimeMillis)\\b"
              + "|\\bThreadLocalRandom\\b|\\bMath\\s*(?:\\.|::)\\s*random\\b");
  private static final Pattern LINK = Pattern.compile("://|\\]\\(|\\[[^\\]]*[#.][^\\]]*\\]");

  private static final String LIBOS_MAIN = "libos/src/main/";
  private static final String LIBOS_TIME = LIBOS_MAIN + "java/dev/demikv/libos/time/";
  private static final String KVSERVER_MAIN = "kvserver/src/main/";

  /// Files of kvserver that may read a clock or make a random number, each with the reason why it
  /// is at the edge of the program rather than in the deterministic inside.
  private static final Map<String, String> AMBIENT_ALLOWED_IN_KVSERVER = Map.of();

  private static List<Source> sources = List.of();

  /// A file, by its path below the project's root with `/` between names.
  record Source(String path, List<String> lines) {}

  /// What must not be there. `violation` says what to do about it.
  record Rule(String name, Predicate<String> applies, Finder finder, String violation) {
    @Override
    public String toString() {
      return name;
    }
  }

  @FunctionalInterface
  interface Finder {
    List<String> find(Source source);
  }

  private static Stream<Rule> rules() {
    Predicate<String> everywhere = path -> true;
    return Stream.of(
        new Rule(
            "no line is longer than " + COLUMNS_MAX + " columns",
            everywhere,
            TidyTest::tooLongLines,
            "break the line; only imports, package lines, text blocks (whose indent the formatter"
                + " chooses), and /// lines with a link or of a table may be longer"),
        new Rule(
            "no file has more than " + FILE_LINES_MAX + " lines",
            everywhere,
            TidyTest::tooManyLines,
            "split the file by noun"),
        new Rule(
            "no left-over marks",
            everywhere,
            byLine(line -> LEFT_OVER.matcher(line).find()),
            "do it now, or write down what is missing in the README"),
        new Rule(
            "no test is switched off",
            everywhere,
            byLine(line -> DISABLED.matcher(line).find()),
            "repair or remove the test; use an assumption where the machine lacks something"),
        new Rule(
            "no type has an empty name",
            everywhere,
            byLine(line -> EMPTY_NAME.matcher(line).find()),
            "name the type after what it is; Util, Helper, Manager and Impl say nothing"),
        new Rule(
            "no path of one machine",
            everywhere,
            byLine(line -> MACHINE_PATH.matcher(line).find()),
            "use a relative or temporary path"),
        new Rule(
            "libos does not print",
            path -> path.startsWith(LIBOS_MAIN),
            byLine(code(CONSOLE)),
            "use System.Logger on the control path and counters on the data path"),
        new Rule(
            "libos is given time and randomness",
            path -> path.startsWith(LIBOS_MAIN) && !path.startsWith(LIBOS_TIME),
            byLine(code(AMBIENT_TIME_OR_RANDOMNESS)),
            "take nowNanos or a seeded source as an argument; only libos.time reads a clock"),
        new Rule(
            "kvserver is given time and randomness",
            path ->
                path.startsWith(KVSERVER_MAIN) && !AMBIENT_ALLOWED_IN_KVSERVER.containsKey(path),
            byLine(code(AMBIENT_TIME_OR_RANDOMNESS)),
            "take it as an argument, or give the file a reason in AMBIENT_ALLOWED_IN_KVSERVER"));
  }

  @BeforeAll
  static void readSources() throws IOException {
    Path root = projectRoot();
    List<Source> found = new ArrayList<>();
    try (Stream<Path> modules = Files.list(root)) {
      for (Path module : modules.sorted().toList()) {
        Path src = module.resolve("src");
        if (!Files.isRegularFile(module.resolve("pom.xml")) || !Files.isDirectory(src)) {
          continue;
        }
        try (Stream<Path> files = Files.walk(src)) {
          files
              .filter(file -> file.toString().endsWith(".java") && Files.isRegularFile(file))
              .sorted()
              .forEach(file -> found.add(read(root, file)));
        }
      }
    }
    assertTrue(
        found.stream().anyMatch(source -> source.path().startsWith(LIBOS_MAIN)),
        () -> "no sources found below " + root);
    sources = List.copyOf(found);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rules")
  void everySourceKeepsTheRule(Rule rule) {
    List<String> violations =
        sources.stream()
            .filter(source -> rule.applies().test(source.path()))
            .flatMap(source -> rule.finder().find(source).stream())
            .toList();
    assertTrue(
        violations.isEmpty(),
        () ->
            rule.name()
                + ": "
                + rule.violation()
                + "\n  "
                + String.join("\n  ", violations)
                + "\n");
  }

  private static List<String> tooLongLines(Source source) {
    List<String> outside = new ArrayList<>();
    boolean inTextBlock = false;
    for (String line : source.lines()) {
      boolean delimits = line.contains("\"\"\"");
      outside.add(inTextBlock && !delimits ? "" : line);
      inTextBlock ^= delimits;
    }
    return byLine(TidyTest::isTooLong).find(new Source(source.path(), outside));
  }

  private static Finder byLine(Predicate<String> isWrong) {
    return source -> {
      List<String> violations = new ArrayList<>();
      for (int i = 0; i < source.lines().size(); i++) {
        String line = source.lines().get(i);
        if (isWrong.test(line)) {
          violations.add(source.path() + ":" + (i + 1) + ": " + line.strip());
        }
      }
      return violations;
    };
  }

  /// Finds the pattern in code, not in a comment that has its line to itself.
  private static Predicate<String> code(Pattern pattern) {
    return line -> {
      String stripped = line.strip();
      Matcher matcher = pattern.matcher(line);
      return !stripped.startsWith("//") && !stripped.startsWith("*") && matcher.find();
    };
  }

  private static boolean isTooLong(String line) {
    if (line.codePointCount(0, line.length()) <= COLUMNS_MAX) {
      return false;
    }
    String stripped = line.strip();
    return !stripped.startsWith("import ")
        && !stripped.startsWith("package ")
        && !stripped.startsWith("/// |")
        && !(stripped.startsWith("///") && LINK.matcher(stripped).find());
  }

  private static List<String> tooManyLines(Source source) {
    return source.lines().size() > FILE_LINES_MAX
        ? List.of(source.path() + ": " + source.lines().size() + " lines")
        : List.of();
  }

  private static Source read(Path root, Path file) {
    try {
      String path = root.relativize(file).toString().replace('\\', '/');
      return new Source(path, Files.readAllLines(file));
    } catch (IOException e) {
      throw new UncheckedIOException(file.toString(), e);
    }
  }

  /// Tests start in their module's folder, or in the project's root from an editor.
  private static Path projectRoot() {
    Path directory = Path.of("").toAbsolutePath();
    while (directory != null && !Files.isRegularFile(directory.resolve("libos/pom.xml"))) {
      directory = directory.getParent();
    }
    if (directory == null) {
      throw new IllegalStateException("not inside the project: " + Path.of("").toAbsolutePath());
    }
    return directory;
  }
}
