package dev.demikv.libos.config;

/// How a LibOs is put together.
///
/// @param network name of the network backend (`kernel`, `memory`, `sim`, …) or `none`
/// @param storage name of the storage backend (`file`, `memory`, `sim`, …) or `none`
/// @param options settings of the backends, each documented by its provider
/// @param limits sizes of tables and pools
/// @param idle what the loop does without work
public record LibOsConfig(
    String network, String storage, Options options, Limits limits, Idle idle) {

  /// Kernel sockets, no storage, default limits: runs anywhere.
  public static LibOsConfig kernel() {
    return new LibOsConfig("kernel", "none", Options.empty(), Limits.DEFAULT, Idle.BLOCK);
  }

  /// This configuration with another network backend.
  public LibOsConfig withNetwork(String name) {
    return new LibOsConfig(name, storage, options, limits, idle);
  }

  /// This configuration with another storage backend.
  public LibOsConfig withStorage(String name) {
    return new LibOsConfig(network, name, options, limits, idle);
  }

  /// This configuration with one more backend option.
  public LibOsConfig withOption(String key, String value) {
    return new LibOsConfig(network, storage, options.with(key, value), limits, idle);
  }

  /// This configuration with other limits.
  public LibOsConfig withLimits(Limits newLimits) {
    return new LibOsConfig(network, storage, options, newLimits, idle);
  }

  /// This configuration with another idle policy.
  public LibOsConfig withIdle(Idle newIdle) {
    return new LibOsConfig(network, storage, options, limits, newIdle);
  }

  /// Sizes of tables and pools, fixed at start.
  ///
  /// @param queuesMax queues at a time, 1 to 1,048,576
  /// @param qtokensMax operations in flight, 1 to 1,048,576
  /// @param sgasMax scatter-gather arrays out at a time, ≥ 16
  /// @param smallBuffers buffers of 2 KiB
  /// @param mediumBuffers buffers of 16 KiB
  /// @param largeBuffers buffers of 256 KiB
  public record Limits(
      int queuesMax,
      int qtokensMax,
      int sgasMax,
      int smallBuffers,
      int mediumBuffers,
      int largeBuffers) {
    /// 16,384 queues; 65,536 tokens; 8 MiB + 64 MiB + 64 MiB of buffers.
    public static final Limits DEFAULT = new Limits(16_384, 65_536, 16_384, 4_096, 4_096, 256);

    /// For tests and tools: 1,024 queues, 4,096 tokens, about 10 MiB of buffers.
    public static final Limits SMALL = new Limits(1_024, 4_096, 1_024, 1_024, 256, 16);

    public Limits {
      check("queuesMax", queuesMax, 1, 1 << 20);
      check("qtokensMax", qtokensMax, 1, 1 << 20);
      check("sgasMax", sgasMax, 16, 1 << 20);
      check("smallBuffers", smallBuffers, 1, 1 << 22);
      check("mediumBuffers", mediumBuffers, 1, 1 << 20);
      check("largeBuffers", largeBuffers, 1, 1 << 16);
    }

    private static void check(String name, int value, int least, int most) {
      if (value < least || value > most) {
        throw new IllegalArgumentException(
            name + " = " + value + " is not within " + least + " to " + most);
      }
    }
  }

  /// What the loop does without work.
  ///
  /// @param spinNanos polls so long after the last work before it blocks in the kernel; 0 blocks at
  ///   once, [Long#MAX_VALUE] never blocks (a dedicated core)
  public record Idle(long spinNanos) {
    /// Blocks at once: for shared cores.
    public static final Idle BLOCK = new Idle(0);

    /// Never blocks: for a dedicated core.
    public static final Idle SPIN = new Idle(Long.MAX_VALUE);

    public Idle {
      if (spinNanos < 0) {
        throw new IllegalArgumentException("spinNanos = " + spinNanos + " is negative");
      }
    }
  }
}
