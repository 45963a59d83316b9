package dev.demikv.libos.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/// The goodput of one connection over a link of 1 Gbit/s by buffer, loss and delay, as a golden
/// file: a change of TCP shows what it does to all of them.
///
/// `mvn -pl libos test -Dtest=ThroughputGridTest -Dgrid.update=true` writes the file anew; the
/// difference is to be looked at like code.
final class ThroughputGridTest {
  /// Below the module, where tests run.
  private static final Path GOLDEN =
      Path.of("src", "test", "resources", "dev", "demikv", "libos", "net", "throughput-grid.txt");

  private static final String[] CONGESTION_CONTROLS = {"cubic", "newreno"};
  private static final int[] BUFFERS = {16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20};
  private static final double[] LOSSES = {0, 0.001, 0.01, 0.03};
  private static final int[] DELAYS_MICROS = {50, 1_000, 10_000, 50_000};

  /// Another order of a few frames moves a cell with loss by so much.
  private static final double TOLERANCE_PERCENT = 5;

  /// Share of the bound that every cell without loss reaches. What is missing with small buffers is
  /// the part of a segment that fits no more, and the last odd segment of a window, whose
  /// acknowledgement waits for a second one.
  private static final double LOSSLESS_SHARE = 0.87;

  /// The same for long delays with loss, where a timeout costs little more than a round trip. The
  /// bound is an average that single cells miss.
  private static final double LOSSY_SHARE = 0.65;

  @Test
  void everyCellIsAsItWas() throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add(
        "# Goodput over 1 Gbit/s in Mbit/s, and the least of bandwidth, buffer per round trip");
    lines.add("# and, with loss, 1.22 segments per round trip and root of the loss.");
    lines.add("# control  buffer/KiB  loss/%  one-way/us   goodput     bound");
    boolean update = Boolean.getBoolean("grid.update");
    List<String> golden = update ? List.of() : Files.readAllLines(GOLDEN);
    for (String control : CONGESTION_CONTROLS) {
      for (int buffer : BUFFERS) {
        for (double loss : LOSSES) {
          for (int delay : DELAYS_MICROS) {
            ThroughputCell cell = new ThroughputCell(control, buffer, loss, delay);
            double goodput = cell.measureMegabits();
            check(cell, goodput);
            if (!update) {
              String[] was = golden.get(lines.size()).trim().split(" +", -1);
              assertThat(List.of(was).subList(0, 4)).isEqualTo(key(cell));
              assertThat(goodput)
                  .as("%s; was %s", cell, was[4])
                  .isCloseTo(
                      Double.parseDouble(was[4]),
                      within(Double.parseDouble(was[4]) * TOLERANCE_PERCENT / 100));
            }
            lines.add(line(cell, goodput));
          }
        }
      }
    }
    if (update) {
      Files.write(GOLDEN, lines);
    } else {
      assertThat(golden).hasSameSizeAs(lines);
    }
  }

  private static void check(ThroughputCell cell, double goodput) {
    double bound = cell.boundMegabits();
    if (cell.loss() == 0) {
      assertThat(goodput).as("%s", cell).isBetween(LOSSLESS_SHARE * bound, 1.001 * bound);
    } else if (cell.delayMicros() >= 1_000) {
      assertThat(goodput).as("%s", cell).isGreaterThan(LOSSY_SHARE * bound);
    }
  }

  private static List<String> key(ThroughputCell cell) {
    return List.of(
        cell.congestionControl(),
        "" + (cell.bufferBytes() >> 10),
        String.format(Locale.ROOT, "%.1f", cell.loss() * 100),
        "" + cell.delayMicros());
  }

  private static String line(ThroughputCell cell, double goodput) {
    List<String> key = key(cell);
    return String.format(
        Locale.ROOT,
        "%-9s %12s %7s %11s %9.2f %9.2f",
        key.get(0),
        key.get(1),
        key.get(2),
        key.get(3),
        goodput,
        cell.boundMegabits());
  }
}
