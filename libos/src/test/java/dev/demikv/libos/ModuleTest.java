package dev.demikv.libos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Exports;
import java.lang.module.ModuleDescriptor.Requires;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// `module-info.java` says the same as the rest of the module, although tests run on the class
/// path.
final class ModuleTest {
  private static final String ROOT = "dev.demikv.libos";

  /// Packages below the root that are nobody else's business, each with those below it.
  private static final Set<String> INTERNAL =
      Set.of(
          "device.dpdk",
          "device.file",
          "device.kernel",
          "device.memory",
          "device.packet",
          "device.rdma",
          "device.shm",
          "device.spdk",
          "device.tap",
          "device.trace",
          "ffi",
          "log",
          "net",
          "runtime",
          "wire");

  private static Path classes;
  private static ModuleDescriptor module;

  @BeforeAll
  static void readModule() throws IOException, URISyntaxException {
    classes = Path.of(LibOses.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    try (InputStream in = Files.newInputStream(classes.resolve("module-info.class"))) {
      module = ModuleDescriptor.read(in);
    }
  }

  @Test
  void requiresNothingButJavaBase() {
    assertThat(module.requires()).extracting(Requires::name).containsExactly("java.base");
  }

  @Test
  void everyPackageIsExportedOrInternal() throws IOException {
    Set<String> exported =
        module.exports().stream()
            .filter(exports -> !exports.isQualified())
            .map(Exports::source)
            .collect(Collectors.toSet());
    Set<String> internal = new TreeSet<>(packages());
    internal.removeAll(exported);
    assertThat(internal)
        .as("packages that module-info.java does not export: export them or add them to INTERNAL")
        .allMatch(ModuleTest::isInternal);
    assertThat(exported)
        .as("packages that module-info.java exports although INTERNAL names them")
        .noneMatch(ModuleTest::isInternal);
  }

  @Test
  void providesWhatTheClassPathFinds() throws IOException {
    Map<String, Set<String>> services = new HashMap<>();
    try (Stream<Path> files = Files.list(classes.resolve("META-INF/services"))) {
      for (Path file : files.toList()) {
        Set<String> providers =
            Files.readAllLines(file).stream()
                .map(line -> line.replaceAll("#.*", "").strip())
                .filter(line -> !line.isEmpty())
                .collect(Collectors.toSet());
        services.put(file.getFileName().toString(), providers);
      }
    }
    Map<String, Set<String>> provides =
        module.provides().stream()
            .collect(
                Collectors.toMap(
                    ModuleDescriptor.Provides::service,
                    provided -> Set.copyOf(provided.providers())));
    assertThat(provides).isEqualTo(services);
    assertThat(module.uses()).isEqualTo(services.keySet());
  }

  private static boolean isInternal(String packageName) {
    return packageName.length() > ROOT.length()
        && INTERNAL.stream()
            .anyMatch(name -> (packageName + ".").startsWith(ROOT + "." + name + "."));
  }

  /// Every package with a class in it.
  private static Set<String> packages() throws IOException {
    try (Stream<Path> files = Files.walk(classes)) {
      List<Path> found =
          files
              .filter(file -> file.toString().endsWith(".class"))
              .map(file -> classes.relativize(file).getParent())
              .filter(folder -> folder != null)
              .toList();
      return found.stream()
          .map(folder -> folder.toString().replace('\\', '.').replace('/', '.'))
          .collect(Collectors.toSet());
    }
  }
}
