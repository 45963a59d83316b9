package dev.demikv.kvserver.metrics;

import dev.demikv.libos.lang.Nullable;
import java.util.ArrayList;
import java.util.List;

/// A metric: its name, its kind and its values, which labels tell apart.
public final class MetricFamily {
  /// What its values are.
  enum Kind {
    /// Only grows, until the server starts anew or CONFIG RESETSTAT.
    COUNTER,
    /// Goes up and down.
    GAUGE,
    /// A gauge that is always 1 and whose labels say something.
    INFO,
    /// Whatever a device makes of it.
    UNKNOWN,
    /// Times counted since the start.
    HISTOGRAM,
    /// Times that there are now.
    GAUGE_HISTOGRAM
  }

  /// A value with its labels: name, value, name, value …
  record Point(List<String> labels, double value) {}

  private final String name;
  private final String help;
  private final Kind kind;
  private final List<Point> points = new ArrayList<>();
  private final @Nullable Histogram histogram;

  MetricFamily(String name, String help, Kind kind, @Nullable Histogram histogram) {
    this.name = name;
    this.help = help;
    this.kind = kind;
    this.histogram = histogram;
  }

  /// As [#add(double, String...)].
  public MetricFamily add(long value, String... labels) {
    return add((double) value, labels);
  }

  /// Adds a value.
  ///
  /// @param labels name, value, name, value …; the names are the same for all values
  public MetricFamily add(double value, String... labels) {
    points.add(new Point(List.of(labels), value));
    return this;
  }

  String name() {
    return name;
  }

  String help() {
    return help;
  }

  Kind kind() {
    return kind;
  }

  List<Point> points() {
    return points;
  }

  @Nullable
  Histogram histogram() {
    return histogram;
  }
}
