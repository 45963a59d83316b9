package dev.demikv.libos.device.trace;

import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.time.Clock;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/// Puts a recording and faults around a network device, as options say.
public final class TraceDevices {
  private static final OptionSpec PCAP =
      new OptionSpec(
          "network.pcap", "", "File to record all frames to, in the pcap format with nanoseconds.");
  private static final OptionSpec PCAP_MAX_BYTES =
      new OptionSpec(
          "network.pcap.max-bytes", "64MiB", "Most bytes of the recording, 128KiB to 1TiB.");
  private static final OptionSpec PCAP_WHEN_FULL =
      new OptionSpec(
          "network.pcap.when-full",
          "stop",
          "What a full recording does: stop, or rotate (one older file is kept, as FILE.1).");
  private static final OptionSpec FAULTS =
      new OptionSpec(
          "network.faults", "", "Faults of the device, for tests: " + FaultSpec.SYNTAX + ".");
  private static final OptionSpec FAULTS_SEED =
      new OptionSpec(
          "network.faults.seed", "", "Seed of the faults; drawn and logged when absent.");

  private static final System.Logger LOGGER = System.getLogger(TraceDevices.class.getName());

  private TraceDevices() {}

  /// The options that [#wrap] reads, which every backend that brings frames has.
  public static List<OptionSpec> optionSpecs() {
    return List.of(PCAP, PCAP_MAX_BYTES, PCAP_WHEN_FULL, FAULTS, FAULTS_SEED);
  }

  /// Checks the options, so that a mistake in them is told before a device is opened.
  ///
  /// @throws IllegalArgumentException saying which one is wrong and what it should be
  public static void checkOptions(Options options) {
    if (options.has(FAULTS.key())) {
      FaultSpec.parse(FAULTS.key(), options.text(FAULTS.key(), ""));
    }
    pcapBytesMax(options);
    rotates(options);
    faultsSeed(options, new SplittableRandom(0));
  }

  /// The device itself, or wrapped. Control path: opens the file of a recording.
  ///
  /// @param device taken over; the caller's still when this throws
  /// @throws dev.demikv.libos.api.LibOsException when the file of a recording cannot be made
  /// @throws IllegalArgumentException as [#checkOptions]
  @SuppressWarnings("MustBeClosedChecker") // The wrappers close what they wrap.
  public static NetDevice wrap(
      NetDevice device, Options options, Clock clock, RandomGenerator random) {
    NetDevice wrapped = device;
    if (options.has(FAULTS.key())) {
      String text = options.text(FAULTS.key(), "");
      FaultSpec.Pair faults = FaultSpec.parse(FAULTS.key(), text);
      long seed = faultsSeed(options, random);
      LOGGER.log(
          System.Logger.Level.WARNING,
          "{0} has faults: {1}; again with {2} = {3}",
          device.info().name(),
          text,
          FAULTS_SEED.key(),
          Long.toString(seed));
      wrapped = new FaultyDevice(wrapped, faults, clock, new SplittableRandom(seed));
    }
    if (options.has(PCAP.key())) {
      Path path = Path.of(options.text(PCAP.key(), ""));
      wrapped =
          new PcapDevice(
              wrapped, new PcapFile(path, pcapBytesMax(options), rotates(options), clock));
    }
    return wrapped;
  }

  private static long faultsSeed(Options options, RandomGenerator random) {
    return options.has(FAULTS_SEED.key())
        ? options.integer(FAULTS_SEED.key(), 0, Long.MIN_VALUE, Long.MAX_VALUE)
        : random.nextLong();
  }

  private static long pcapBytesMax(Options options) {
    return options.bytes(PCAP_MAX_BYTES.key(), 64 << 20, 128 << 10, 1L << 40);
  }

  private static boolean rotates(Options options) {
    String text = options.text(PCAP_WHEN_FULL.key(), PCAP_WHEN_FULL.defaultValue());
    return switch (text) {
      case "stop" -> false;
      case "rotate" -> true;
      default ->
          throw new IllegalArgumentException(
              "option " + PCAP_WHEN_FULL.key() + ": '" + text + "' is not stop or rotate");
    };
  }
}
