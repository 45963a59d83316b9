package dev.demikv.kvserver.metrics;

import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Samples as text: format 0.0.4 of Prometheus ("Exposition formats", prometheus.io), written by
/// Prometheus's own library.
final class MetricsText {
  /// What HTTP says of the text.
  static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  private static final int ROOM_BYTES = 32 << 10;

  private MetricsText() {}

  static byte[] of(MetricsSample... samples) throws IOException {
    List<MetricSnapshot> snapshots = new ArrayList<>();
    for (MetricsSample sample : samples) {
      for (MetricFamily family : sample.families()) {
        if (!family.points().isEmpty() || family.histogram() != null) {
          snapshots.add(snapshot(family));
        }
      }
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(ROOM_BYTES);
    PrometheusTextFormatWriter.create()
        .write(out, new MetricSnapshots(snapshots), EscapingScheme.UNDERSCORE_ESCAPING);
    return out.toByteArray();
  }

  private static MetricSnapshot snapshot(MetricFamily family) {
    return switch (family.kind()) {
      case COUNTER -> counter(family);
      case GAUGE -> gauge(family);
      case INFO -> info(family);
      case UNKNOWN -> unknown(family);
      case HISTOGRAM, GAUGE_HISTOGRAM -> histogram(family);
    };
  }

  private static MetricSnapshot counter(MetricFamily family) {
    CounterSnapshot.Builder builder =
        CounterSnapshot.builder().name(family.name()).help(family.help());
    for (MetricFamily.Point point : family.points()) {
      builder.dataPoint(
          CounterSnapshot.CounterDataPointSnapshot.builder()
              .value(point.value())
              .labels(labels(point))
              .build());
    }
    return builder.build();
  }

  private static MetricSnapshot gauge(MetricFamily family) {
    GaugeSnapshot.Builder builder = GaugeSnapshot.builder().name(family.name()).help(family.help());
    for (MetricFamily.Point point : family.points()) {
      builder.dataPoint(
          GaugeSnapshot.GaugeDataPointSnapshot.builder()
              .value(point.value())
              .labels(labels(point))
              .build());
    }
    return builder.build();
  }

  private static MetricSnapshot info(MetricFamily family) {
    InfoSnapshot.Builder builder = InfoSnapshot.builder().name(family.name()).help(family.help());
    for (MetricFamily.Point point : family.points()) {
      builder.dataPoint(InfoSnapshot.InfoDataPointSnapshot.builder().labels(labels(point)).build());
    }
    return builder.build();
  }

  private static MetricSnapshot unknown(MetricFamily family) {
    UnknownSnapshot.Builder builder =
        UnknownSnapshot.builder().name(family.name()).help(family.help());
    for (MetricFamily.Point point : family.points()) {
      builder.dataPoint(
          UnknownSnapshot.UnknownDataPointSnapshot.builder()
              .value(point.value())
              .labels(labels(point))
              .build());
    }
    return builder.build();
  }

  private static Labels labels(MetricFamily.Point point) {
    return Labels.of(point.labels().toArray(String[]::new));
  }

  private static MetricSnapshot histogram(MetricFamily family) {
    Histogram values = family.histogram();
    if (values == null) {
      throw new IllegalArgumentException(family.name() + " has no buckets");
    }
    double[] bounds = new double[values.bucketCount()];
    long[] counts = new long[values.bucketCount()];
    for (int i = 0; i < bounds.length; i++) {
      bounds[i] = values.boundSeconds(i);
      counts[i] = values.bucket(i);
    }
    return HistogramSnapshot.builder()
        .name(family.name())
        .help(family.help())
        .gaugeHistogram(family.kind() == MetricFamily.Kind.GAUGE_HISTOGRAM)
        .dataPoint(
            HistogramSnapshot.HistogramDataPointSnapshot.builder()
                .classicHistogramBuckets(ClassicHistogramBuckets.of(bounds, counts))
                .sum(values.sumNanos() / 1e9)
                .build())
        .build();
  }
}
