package dev.demikv.libos.api;

import java.util.List;
import java.util.Map;
import java.util.Set;

/// What a LibOs runs on, for people and for monitoring.
///
/// @param network name of the network backend, `none` without one
/// @param storage name of the storage backend, `none` without one
/// @param capabilities who does what
/// @param counters named counters of loop, transport, log and pools, in a stable order
public record LibOsReport(
    String network, String storage, List<Capability> capabilities, Map<String, Long> counters) {
  /// Last words of the names of what is counted now, and so goes down too.
  private static final Set<String> GAUGES =
      Set.of(
          "in-use",
          "sockets",
          "operations",
          "connections",
          "handshakes",
          "time-wait",
          "listeners",
          "receive-memory-bytes",
          "segments-in-flight",
          "rounds-in-flight",
          "chunks-free",
          "owned",
          "spare",
          "absent",
          "bad",
          "segment-bytes",
          "record-bytes-max",
          "mbufs-out",
          "mbufs-free",
          "tx-attached",
          "link-up",
          "link-mbps");

  public LibOsReport {
    capabilities = List.copyOf(capabilities);
  }

  /// Whether a counter of [#counters] tells how many there are now, and may go down; the others
  /// count what happened since the LibOs was opened, and only grow.
  public static boolean isGauge(String counter) {
    return GAUGES.contains(counter.substring(counter.lastIndexOf('.') + 1));
  }
}
