package dev.demikv.libos.api;

import java.util.List;
import java.util.Map;

/// What a LibOs runs on, for people and for monitoring.
///
/// @param network name of the network backend, `none` without one
/// @param storage name of the storage backend, `none` without one
/// @param capabilities who does what
/// @param counters named counters of loop, transport, log and pools, in a stable order
public record LibOsReport(
    String network, String storage, List<Capability> capabilities, Map<String, Long> counters) {
  public LibOsReport {
    capabilities = List.copyOf(capabilities);
  }
}
