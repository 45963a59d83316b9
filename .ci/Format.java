import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;

/// Checks or rewrites the format of every Java source of every module, in one JVM.
///
/// The build runs it at the root: `java -classpath <google-java-format> Format.java check|write <version>`.
/// Content once found well formatted is remembered by its digest in `target/`, so that only changed files are parsed.
final class Format {
  private static final Path CACHE = Path.of("target", "format-cache.txt");

  private Format() {}

  public static void main(String[] arguments) throws Exception {
    boolean write = arguments[0].equals("write");
    String version = arguments[1];
    Set<String> known =
        Files.exists(CACHE) ? new HashSet<>(Files.readAllLines(CACHE)) : new HashSet<>();
    Set<String> clean = new ConcurrentSkipListSet<>();
    Set<String> wrong = new ConcurrentSkipListSet<>();
    Formatter formatter = new Formatter();

    sources().parallelStream()
        .forEach(
            path -> {
              try {
                String before = Files.readString(path);
                String digest = digest(version, before);
                if (known.contains(digest)) {
                  clean.add(digest);
                  return;
                }
                String after = formatter.formatSourceAndFixImports(before);
                if (after.equals(before)) {
                  clean.add(digest);
                } else if (write) {
                  Files.writeString(path, after);
                  clean.add(digest(version, after));
                  System.out.println("formatted " + path);
                } else {
                  wrong.add(path.toString());
                }
              } catch (FormatterException e) {
                wrong.add(path + ": " + e.getMessage());
              } catch (Exception e) {
                throw new IllegalStateException(path.toString(), e);
              }
            });

    Files.createDirectories(CACHE.getParent());
    Files.write(CACHE, clean);
    if (!wrong.isEmpty()) {
      System.err.println("These files are not formatted (or do not parse):");
      wrong.forEach(line -> System.err.println("  " + line));
      System.err.println("To format all sources, run:  mvn -q -N -Pformat validate");
      System.exit(1);
    }
  }

  /// The Java files below each module's `src`.
  private static List<Path> sources() throws IOException {
    Set<Path> found = new TreeSet<>();
    try (var modules = Files.newDirectoryStream(Path.of(""), Files::isDirectory)) {
      for (Path module : modules) {
        Path source = module.resolve("src");
        if (!Files.isRegularFile(module.resolve("pom.xml")) || !Files.isDirectory(source)) {
          continue;
        }
        Files.walkFileTree(
            source,
            new SimpleFileVisitor<>() {
              @Override
              public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (file.toString().endsWith(".java")) {
                  found.add(file);
                }
                return FileVisitResult.CONTINUE;
              }
            });
      }
    }
    return List.copyOf(found);
  }

  private static String digest(String version, String content) throws Exception {
    MessageDigest sha = MessageDigest.getInstance("SHA-256");
    sha.update(version.getBytes(UTF_8));
    return HexFormat.of().formatHex(sha.digest(content.getBytes(UTF_8)));
  }
}
