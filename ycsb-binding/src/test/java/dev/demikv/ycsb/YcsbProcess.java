package dev.demikv.ycsb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// YCSB as the start script runs it, in a process of its own.
final class YcsbProcess {
  private static final Pattern RETURN = Pattern.compile("\\[([^]]+)], Return=(\\w+), (\\d+)");

  private YcsbProcess() {}

  /// Runs a workload with every value verified.
  ///
  /// @param prefix words before the command
  /// @param phase `-load` or `-t`
  /// @param properties `name=value`
  /// @return counts by operation and status
  static Map<String, Long> run(
      List<String> prefix, String workload, String phase, int threads, List<String> properties)
      throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "site.ycsb.Client"));
    command.addAll(List.of("-db", DemiKvClient.class.getName(), phase, "-threads", "" + threads));
    command.addAll(List.of("-P", projectRoot().resolve("configs/ycsb/workload" + workload) + ""));
    command.addAll(List.of("-p", "recordcount=200", "-p", "dataintegrity=true"));
    for (String property : properties) {
      command.addAll(List.of("-p", property));
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Map<String, Long> counts = new LinkedHashMap<>();
    Matcher matcher = RETURN.matcher(output);
    while (matcher.find()) {
      counts.put(matcher.group(1) + " " + matcher.group(2), Long.parseLong(matcher.group(3)));
    }
    assertThat(counts).as(output).isNotEmpty();
    assertThat(output).contains("[OVERALL], Throughput(ops/sec)").contains("[Intended-");
    return counts;
  }

  private static Path projectRoot() {
    Path folder = Path.of("").toAbsolutePath();
    while (folder != null && !Files.isDirectory(folder.resolve("configs/ycsb"))) {
      folder = folder.getParent();
    }
    if (folder == null) {
      throw new UncheckedIOException(new IOException("not inside the project"));
    }
    return folder;
  }
}
