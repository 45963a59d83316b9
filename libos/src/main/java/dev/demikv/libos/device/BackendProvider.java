package dev.demikv.libos.device;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import java.util.List;

/// A backend as a plug-in, found by `ServiceLoader`. Constructors and [#name] do nothing native.
public sealed interface BackendProvider
    permits TransportProvider, NetDeviceProvider, LogDeviceProvider {
  /// Name in configurations, as `kernel`.
  String name();

  /// One line for people: what it is.
  String description();

  /// The options it reads, with full names.
  List<OptionSpec> options();

  /// Whether it can be used here with these options. May load libraries and probe the kernel;
  /// leaves nothing behind. Never throws for a missing device.
  Availability availability(Options options);

  /// Who does what on this backend, as far as is known without opening it.
  List<Capability> capabilities(Options options);
}
