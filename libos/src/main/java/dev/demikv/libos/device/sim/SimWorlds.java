package dev.demikv.libos.device.sim;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.Availability;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.time.Clock;
import java.util.random.RandomGenerator;

/// Finds the world that options mean.
final class SimWorlds {
  static final OptionSpec WORLD =
      new OptionSpec(
          "sim.world", "", "Id of an open SimWorld; absent: the clock's world, or a fresh one.");
  static final OptionSpec SEED =
      new OptionSpec("sim.seed", "", "Seed of a fresh world; drawn when absent.");

  private SimWorlds() {}

  static Availability availability(Options options) {
    if (options.has(WORLD.key()) && registered(options) == null) {
      return Availability.no(
          "no world '" + options.text(WORLD.key(), "") + "' is open in this JVM",
          "Make a SimWorld and give its id() as sim.world, or leave the option out.");
    }
    return Availability.yes("simulated in this JVM, in virtual time");
  }

  /// The world of `sim.world`, else the world that is the LibOs's clock, else a fresh one that no
  /// other backend shares.
  static SimWorld world(Options options, Clock clock, RandomGenerator random) {
    if (!options.has(WORLD.key())) {
      if (clock instanceof SimWorld world && !options.has(SEED.key())) {
        return world;
      }
      long seed =
          options.has(SEED.key())
              ? options.integer(SEED.key(), 0, Long.MIN_VALUE, Long.MAX_VALUE)
              : random.nextLong();
      SimWorld fresh = new SimWorld(seed);
      fresh.close(); // Nobody can ask for it by its id.
      return fresh;
    }
    SimWorld world = registered(options);
    if (world == null) {
      Availability why = availability(options);
      throw new LibOsException(
          "open sim backend", Errno.ENODEV, why.reason() + ". " + why.advice());
    }
    return world;
  }

  private static @Nullable SimWorld registered(Options options) {
    return SimWorld.ofId(options.text(WORLD.key(), ""));
  }
}
