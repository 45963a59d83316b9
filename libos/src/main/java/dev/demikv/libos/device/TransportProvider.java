package dev.demikv.libos.device;

import dev.demikv.libos.config.Options;
import dev.demikv.libos.time.Clock;
import java.util.random.RandomGenerator;

/// A network backend.
public non-sealed interface TransportProvider extends BackendProvider {
  /// Opens the backend for one LibOs. Control path.
  ///
  /// @throws dev.demikv.libos.api.LibOsException with advice, when it cannot be used
  Transport open(Options options, Clock clock, RandomGenerator random);
}
