package dev.demikv.libos;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.BackendProvider;
import dev.demikv.libos.device.LogDevice;
import dev.demikv.libos.device.LogDeviceProvider;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.NetDeviceProvider;
import dev.demikv.libos.device.Transport;
import dev.demikv.libos.device.TransportProvider;
import dev.demikv.libos.device.Waiter;
import dev.demikv.libos.device.kernel.KernelMemory;
import dev.demikv.libos.device.kernel.KernelWaiter;
import dev.demikv.libos.device.trace.TraceDevices;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.log.LogStore;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.MemoryRegion;
import dev.demikv.libos.memory.MemorySource;
import dev.demikv.libos.net.StackTransport;
import dev.demikv.libos.runtime.LibOsParts;
import dev.demikv.libos.runtime.LibOsRuntime;
import dev.demikv.libos.runtime.ParkWaiter;
import dev.demikv.libos.runtime.StorageWaiter;
import dev.demikv.libos.time.Clock;
import dev.demikv.libos.time.SystemClock;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/// Opens library OSes: the composition root, where a configuration becomes devices, memory and a
/// loop.
public final class LibOses {
  /// Sizes of the buffers of the three pools in bytes.
  private static final int SMALL_BYTES = 2 << 10;

  private static final int MEDIUM_BYTES = 16 << 10;
  private static final int LARGE_BYTES = 256 << 10;
  private static final int PAGE_BYTES = 4096;

  private LibOses() {}

  /// Opens a LibOs for the calling thread on the machine's clocks.
  ///
  /// @throws LibOsException when a backend is unknown or cannot be used, with what to do
  /// @throws IllegalArgumentException when an option is unknown or its value is bad
  public static LibOs open(LibOsConfig config) {
    return open(config, SystemClock.INSTANCE, RandomGenerator.getDefault());
  }

  /// Opens a LibOs for the calling thread with given time and randomness.
  ///
  /// @param random for protocol secrets and jitter; a seeded one makes a run repeatable
  @SuppressWarnings("MustBeClosedChecker") // The LibOs closes what it was given, the arena too.
  public static LibOs open(LibOsConfig config, Clock clock, RandomGenerator random) {
    List<BackendProvider> providers = providers();
    checkOptions(config.options(), providers);
    Transport transport = null;
    LogDevice device = null;
    KernelMemory memory = new KernelMemory();
    try {
      if (!config.network().equals("none")) {
        transport = openNetwork(providers, config, clock, random);
      }
      if (!config.storage().equals("none")) {
        device = storage(providers, config.storage()).open(config.options(), clock, random);
      }
      SgaPool sgas = pools(config.limits(), source(transport, device, memory));
      return new LibOsRuntime(
          new LibOsParts(
              config.network(),
              config.storage(),
              transport,
              device,
              waiter(transport, device, clock),
              sgas,
              clock,
              config,
              memory::close));
    } catch (RuntimeException | Error e) {
      closeAfterFailure(transport, device, memory, e);
      throw e;
    }
  }

  /// Opens a backend with a transport of its own, or puts the user-level stack on one that brings
  /// frames.
  @SuppressWarnings("MustBeClosedChecker") // The transport closes the device.
  private static Transport openNetwork(
      List<BackendProvider> providers, LibOsConfig config, Clock clock, RandomGenerator random) {
    Options options = config.options();
    return switch (network(providers, config.network())) {
      case TransportProvider provider -> provider.open(options, clock, random);
      case NetDeviceProvider provider -> {
        StackTransport.checkOptions(options);
        TraceDevices.checkOptions(options);
        NetDevice device = provider.open(options, clock, random);
        try {
          device = TraceDevices.wrap(device, options, clock, random);
          yield new StackTransport(device, options, random, clock);
        } catch (RuntimeException | Error e) {
          device.close();
          throw e;
        }
      }
      case LogDeviceProvider provider -> throw new AssertionError(provider.name());
    };
  }

  private static void closeAfterFailure(
      @Nullable Transport transport,
      @Nullable LogDevice device,
      KernelMemory memory,
      Throwable failure) {
    try (memory;
        transport;
        device) {
      // Closed in the opposite order; what closing throws is noted beside the failure.
      assert failure != null;
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /// Every backend on the class path or module path, network ones first, each sort by name.
  public static List<BackendProvider> providers() {
    List<BackendProvider> found = new ArrayList<>();
    ServiceLoader.load(TransportProvider.class).forEach(found::add);
    ServiceLoader.load(NetDeviceProvider.class).forEach(found::add);
    int networks = found.size();
    found.sort((a, b) -> a.name().compareTo(b.name()));
    ServiceLoader.load(LogDeviceProvider.class).forEach(found::add);
    found.subList(networks, found.size()).sort((a, b) -> a.name().compareTo(b.name()));
    return List.copyOf(found);
  }

  /// The options of every backend, of the user-level stack and of the log, for documentation and
  /// validation.
  public static List<OptionSpec> options() {
    List<OptionSpec> all = new ArrayList<>(LogStore.OPTION_SPECS);
    all.addAll(stackOptionSpecs());
    for (BackendProvider provider : providers()) {
      all.addAll(provider.options());
    }
    return all;
  }

  /// What every backend that brings frames has: the options of the user-level stack, of recordings
  /// and of faults.
  private static List<OptionSpec> stackOptionSpecs() {
    List<OptionSpec> all = new ArrayList<>(StackTransport.optionSpecs());
    all.addAll(TraceDevices.optionSpecs());
    return all;
  }

  /// The options of one backend: its own and, where it brings frames, those of the user-level
  /// stack.
  public static List<OptionSpec> options(BackendProvider provider) {
    List<OptionSpec> all = new ArrayList<>(provider.options());
    if (provider instanceof NetDeviceProvider) {
      all.addAll(stackOptionSpecs());
    }
    return all.stream().distinct().toList();
  }

  /// Who does what on one backend, as far as is known without opening it: itself and, where it
  /// brings frames, the user-level stack.
  public static List<Capability> capabilities(BackendProvider provider, Options options) {
    List<Capability> all = new ArrayList<>(provider.capabilities(options));
    if (provider instanceof NetDeviceProvider) {
      all.addAll(StackTransport.protocolCapabilities());
    }
    return all;
  }

  private static void checkOptions(Options options, List<BackendProvider> providers) {
    for (String key : options.asMap().keySet()) {
      boolean known =
          LogStore.OPTION_SPECS.stream().anyMatch(spec -> spec.key().equals(key))
              || stackOptionSpecs().stream().anyMatch(spec -> spec.key().equals(key));
      for (BackendProvider provider : providers) {
        known |= provider.options().stream().anyMatch(spec -> spec.key().equals(key));
      }
      if (!known) {
        throw new IllegalArgumentException(
            "option " + key + " is not known to any backend; the doctor lists what there is");
      }
    }
  }

  private static BackendProvider network(List<BackendProvider> providers, String name) {
    for (BackendProvider provider : providers) {
      if (isNetwork(provider) && provider.name().equals(name)) {
        return provider;
      }
    }
    throw unknown("network", name, providers, LibOses::isNetwork);
  }

  private static boolean isNetwork(BackendProvider provider) {
    return !(provider instanceof LogDeviceProvider);
  }

  private static LogDeviceProvider storage(List<BackendProvider> providers, String name) {
    for (BackendProvider provider : providers) {
      if (provider instanceof LogDeviceProvider storage && storage.name().equals(name)) {
        return storage;
      }
    }
    throw unknown("storage", name, providers, LogDeviceProvider.class::isInstance);
  }

  private static LibOsException unknown(
      String kind,
      String name,
      List<BackendProvider> providers,
      Predicate<BackendProvider> isOfKind) {
    List<String> names = new ArrayList<>();
    for (BackendProvider provider : providers) {
      if (isOfKind.test(provider)) {
        names.add(provider.name());
      }
    }
    return new LibOsException(
        "open the " + kind + " backend '" + name + "'",
        Errno.ENODEV,
        "There are: " + String.join(", ", names) + ", none");
  }

  private static MemorySource source(
      @Nullable Transport transport, @Nullable LogDevice device, KernelMemory memory) {
    MemorySource source = transport == null ? null : transport.memorySource();
    if (source == null && device != null) {
      source = device.memorySource();
    }
    return source != null ? source : memory;
  }

  private static SgaPool pools(LibOsConfig.Limits limits, MemorySource source) {
    BufferPools buffers =
        new BufferPools(
            pool(source, SMALL_BYTES, limits.smallBuffers()),
            pool(source, MEDIUM_BYTES, limits.mediumBuffers()),
            pool(source, LARGE_BYTES, limits.largeBuffers()));
    return new SgaPool(buffers, limits.sgasMax());
  }

  private static BufferPool pool(MemorySource source, int bufferBytes, int count) {
    MemoryRegion region = source.allocate((long) bufferBytes * count, PAGE_BYTES);
    return new BufferPool(region, bufferBytes, count);
  }

  private static Waiter waiter(
      @Nullable Transport transport, @Nullable LogDevice device, Clock clock) {
    Waiter own = transport == null ? null : transport.waiter();
    if (own != null) {
      return own;
    }
    boolean transportTells = transport != null && transport.readinessFd() >= 0;
    if (transportTells || device != null && device.readinessFd() >= 0) {
      return new KernelWaiter();
    }
    if (device != null && clock != SystemClock.INSTANCE) {
      return new StorageWaiter(device);
    }
    return new ParkWaiter();
  }
}
