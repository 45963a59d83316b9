package dev.demikv.libos.device;

import dev.demikv.libos.config.Options;
import dev.demikv.libos.time.Clock;
import java.util.random.RandomGenerator;

/// A backend whose device brings frames; the composition root puts the user-level stack on it, so
/// that to applications it is a network backend like any other.
public non-sealed interface NetDeviceProvider extends BackendProvider {
  /// Opens the device for one LibOs. Control path, may block.
  ///
  /// @throws dev.demikv.libos.api.LibOsException with advice, when it cannot be used
  NetDevice open(Options options, Clock clock, RandomGenerator random);
}
