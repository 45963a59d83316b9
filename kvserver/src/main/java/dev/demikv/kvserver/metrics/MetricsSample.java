package dev.demikv.kvserver.metrics;

import dev.demikv.kvserver.metrics.MetricFamily.Kind;
import dev.demikv.libos.lang.Nullable;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/// The values of all metrics at one moment. Filled by one thread, then handed to another.
///
/// Names are those of Prometheus: `_` between words, the unit last (`_seconds`, `_bytes`); the
/// `_total` of counters is added when they are written.
public final class MetricsSample {
  private final Map<String, MetricFamily> families = new LinkedHashMap<>();

  /// An empty one.
  public MetricsSample() {}

  /// Adds a counter without labels.
  public void counter(String name, String help, long value) {
    counters(name, help).add(value);
  }

  /// Adds a counter without labels.
  public void counter(String name, String help, double value) {
    counters(name, help).add(value);
  }

  /// The counter of a name, to add values with labels to.
  public MetricFamily counters(String name, String help) {
    return family(name, help, Kind.COUNTER, null);
  }

  /// Adds a gauge without labels.
  public void gauge(String name, String help, long value) {
    gauges(name, help).add(value);
  }

  /// Adds a gauge without labels.
  public void gauge(String name, String help, double value) {
    gauges(name, help).add(value);
  }

  /// The gauge of a name, to add values with labels to.
  public MetricFamily gauges(String name, String help) {
    return family(name, help, Kind.GAUGE, null);
  }

  /// Adds what does not change while the server runs, as labels; `_info` is added to the name.
  public void info(String name, String help, String... labels) {
    family(name, help, Kind.INFO, null).add(1, labels);
  }

  /// The metric of a name whose kind nobody knows, to add values with labels to.
  public MetricFamily unknowns(String name, String help) {
    return family(name, help, Kind.UNKNOWN, null);
  }

  /// Adds a copy of a histogram of what was since the start.
  public void histogram(String name, String help, Histogram values) {
    family(name, help, Kind.HISTOGRAM, values.copy());
  }

  /// Adds a copy of a histogram of what is now.
  public void gaugeHistogram(String name, String help, Histogram values) {
    family(name, help, Kind.GAUGE_HISTOGRAM, values.copy());
  }

  private MetricFamily family(String name, String help, Kind kind, @Nullable Histogram values) {
    MetricFamily family =
        families.computeIfAbsent(name, n -> new MetricFamily(n, help, kind, values));
    if (family.kind() != kind) {
      throw new IllegalArgumentException(name + " is a " + family.kind());
    }
    return family;
  }

  Collection<MetricFamily> families() {
    return families.values();
  }
}
