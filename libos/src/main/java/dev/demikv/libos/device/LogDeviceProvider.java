package dev.demikv.libos.device;

import dev.demikv.libos.config.Options;
import dev.demikv.libos.time.Clock;
import java.util.random.RandomGenerator;

/// A storage backend.
public non-sealed interface LogDeviceProvider extends BackendProvider {
  /// Opens the device for one LibOs. Control path, may block.
  ///
  /// @throws dev.demikv.libos.api.LibOsException with advice, when it cannot be used
  LogDevice open(Options options, Clock clock, RandomGenerator random);
}
