import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// Collects the rounds of a benchmark, prints medians and keeps all of it as JSON.
final class Report {
  private final String name;
  private final boolean quick;
  private final List<String> metrics = new ArrayList<>();

  Report(String name, boolean quick) {
    this.name = name;
    this.quick = quick;
  }

  /// Ours beside a peer, one value a round each.
  ///
  /// @param higherIsBetter for the reader of the JSON; the ratio is always ours / peer
  void compare(
      String metric, String unit, boolean higherIsBetter, double[] ours, double[] peer) {
    double a = median(ours);
    double b = median(peer);
    double[] ratios = new double[Math.min(ours.length, peer.length)];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = ours[i] / peer[i];
    }
    System.out.printf(
        Locale.ROOT,
        "RESULT %s %s ours=%s peer=%s ratio=%.3f  (%s; ratios by round %.3f to %.3f)%n",
        name,
        metric,
        number(a),
        number(b),
        a / b,
        unit,
        min(ratios),
        max(ratios));
    metrics.add(
        "    {\"metric\": \"%s\", \"unit\": \"%s\", \"higherIsBetter\": %b, \"ours\": %s, \"peer\": %s, \"ratio\": %.4f,\n     \"oursRounds\": %s, \"peerRounds\": %s}"
            .formatted(
                metric, unit, higherIsBetter, number(a), number(b), a / b, list(ours), list(peer)));
  }

  /// A figure of ours without a peer.
  void only(String metric, String unit, double... ours) {
    System.out.printf(
        Locale.ROOT,
        "RESULT %s %s ours=%s peer=- ratio=-  (%s; %s to %s)%n",
        name,
        metric,
        number(median(ours)),
        unit,
        number(min(ours)),
        number(max(ours)));
    metrics.add(
        "    {\"metric\": \"%s\", \"unit\": \"%s\", \"ours\": %s, \"oursRounds\": %s}"
            .formatted(metric, unit, number(median(ours)), list(ours)));
  }

  void save() throws IOException {
    Path file =
        Path.of(System.getProperty("demikv.root"), "bench-results", name + (quick ? "-quick" : ""))
            .resolveSibling(name + (quick ? "-quick.json" : ".json"));
    String text =
        """
        {
          "name": "%s",
          "quick": %b,
          "time": "%s",
          "machine": {"cpus": %d, "cpu": "%s", "kernel": "%s", "java": "%s"},
          "metrics": [
        %s
          ]
        }
        """
            .formatted(
                name,
                quick,
                Instant.now().truncatedTo(java.time.temporal.ChronoUnit.SECONDS),
                Runtime.getRuntime().availableProcessors(),
                cpu(),
                System.getProperty("os.version"),
                Runtime.version(),
                String.join(",\n", metrics));
    Files.writeString(file, text);
  }

  private static String cpu() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
      if (line.startsWith("model name")) {
        return line.substring(line.indexOf(':') + 2);
      }
    }
    return "unknown";
  }

  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
  }

  private static double min(double[] values) {
    return Arrays.stream(values).min().orElse(Double.NaN);
  }

  private static double max(double[] values) {
    return Arrays.stream(values).max().orElse(Double.NaN);
  }

  private static String list(double[] values) {
    List<String> words = new ArrayList<>();
    for (double value : values) {
      words.add(number(value));
    }
    return "[" + String.join(", ", words) + "]";
  }

  private static String number(double value) {
    return value >= 1000
        ? String.format(Locale.ROOT, "%.0f", value)
        : String.format(Locale.ROOT, "%.3f", value);
  }
}
