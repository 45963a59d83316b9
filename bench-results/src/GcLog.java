import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The collector's pauses so far, from the log that our server's JVM writes (`-Xlog:gc`).
///
/// @param count of pauses, the first ones of the start included
/// @param maxMillis the longest
/// @param totalMillis all together
/// @param peakMiB most heap in use, seen at the beginning of a pause; 0 without one
/// @param liveMiB heap in use after the last pause; 0 without one
record GcLog(int count, double maxMillis, double totalMillis, double peakMiB, double liveMiB) {
  // [1.234s] GC(0) Pause Young (Allocation Failure) 8M->2M(31M) 3.123ms
  private static final Pattern PAUSE =
      Pattern.compile("GC\\(\\d+\\) Pause .* (\\d+)M->(\\d+)M\\(\\d+M\\) ([0-9.]+)ms");

  /// The JVM option that makes it write the log.
  static String option(Path file) {
    return "-Xlog:gc:file=" + file + ":uptime:filecount=0";
  }

  static GcLog read(Path file) throws IOException {
    int count = 0;
    double max = 0;
    double total = 0;
    double peak = 0;
    double live = 0;
    for (String line : Files.readAllLines(file)) {
      Matcher m = PAUSE.matcher(line);
      if (m.find()) {
        count++;
        double millis = Double.parseDouble(m.group(3));
        max = Math.max(max, millis);
        total += millis;
        peak = Math.max(peak, Double.parseDouble(m.group(1)));
        live = Double.parseDouble(m.group(2));
      }
    }
    return new GcLog(count, max, total, peak, live);
  }

  /// Reports them as figures of ours.
  ///
  /// @param prefix of the names: what the server did, with a hyphen, or empty
  void report(Report report, String prefix) {
    report.only(prefix + "gc-pauses", "pauses", count);
    report.only(prefix + "gc-pause-max", "ms", maxMillis);
    report.only(prefix + "gc-pause-total", "ms", totalMillis);
    report.only(prefix + "heap-peak", "MiB, of at most 256; 0: never collected", peakMiB);
  }
}
