import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What the stack itself costs per TCP segment, by JMH: the benchmarks of `libos/src/jmh`.
final class SegmentBench {
  /// "Demikernel's TCP stack": time to process a packet and dispatch it, section 7.3 of Zhang et
  /// al., "The Demikernel Datapath OS Architecture for Microsecond-scale Datacenter Systems", SOSP
  /// 2021. Of another machine.
  private static final double PAPER_NANOS = 53;

  private static final Pattern RESULT =
      Pattern.compile(
          "\"benchmark\" : \"[\\w.]+\\.(\\w+)\".*?\"checksum\" : \"(\\w+)\".*?"
              + "\"rawData\" : \\[(.*?)\\]\\s*\\}",
          Pattern.DOTALL);

  private SegmentBench() {}

  static void segment(Report report, boolean quick) throws Exception {
    Path json = Processes.folder().resolve("jmh.json");
    List<String> command =
        Processes.pinned(
            1, System.getProperty("demikv.java"), "--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of("-cp", System.getProperty("demikv.jmh")));
    command.addAll(List.of("org.openjdk.jmh.Main", "SegmentBenchmark", "-foe", "true"));
    command.addAll(List.of("-rf", "json", "-rff", json.toString()));
    if (quick) {
      command.addAll(List.of("-f", "1", "-i", "3"));
    }
    Processes.output(command);
    List<String> seen = new ArrayList<>();
    for (Matcher m = RESULT.matcher(Files.readString(json)); m.find(); ) {
      double[] nanos = numbers(m.group(3));
      double[] paper = new double[nanos.length];
      java.util.Arrays.fill(paper, PAPER_NANOS * (m.group(1).equals("echo") ? 2 : 1));
      seen.add(m.group(1));
      report.compare(
          m.group(1) + ".checksum-by-" + m.group(2),
          "ns a segment of 64 B"
              + (m.group(1).equals("echo") ? ", in and out" : "")
              + "; peer: 53 ns a segment as the Demikernel paper gives for C, another machine",
          false,
          nanos,
          paper);
    }
    if (seen.size() != 6) {
      throw new IllegalStateException("JMH reported only " + seen + ":\n" + Files.readString(json));
    }
  }

  private static double[] numbers(String text) {
    return Pattern.compile("[0-9][0-9.eE+-]*")
        .matcher(text)
        .results()
        .mapToDouble(found -> Double.parseDouble(found.group()))
        .toArray();
  }
}
