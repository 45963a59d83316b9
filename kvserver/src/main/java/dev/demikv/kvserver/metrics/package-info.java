/// What monitoring sees: `/metrics` in Prometheus's text format 0.0.4, over HTTP on kernel sockets.
///
/// ```
///   HTTP thread ── wants a sample ──▶ MetricsSource (the loop's)
///        │  text  ◀── MetricsText ◀── MetricsSample, taken between two turns of the loop
/// ```
///
/// Nothing is sampled while nobody asks, and nothing here is loaded while `metrics.listen` is
/// empty. The number of series is bounded: connections, whose number is not, are told as sums and
/// histograms only.
package dev.demikv.kvserver.metrics;
