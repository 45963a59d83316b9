package dev.demikv.libos.device.memory;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.Availability;
import dev.demikv.libos.device.Transport;
import dev.demikv.libos.device.TransportProvider;
import dev.demikv.libos.time.Clock;
import java.util.List;
import java.util.random.RandomGenerator;

/// The network backend `memory`: streams and datagrams between LibOses of one thread.
public final class MemoryTransportProvider implements TransportProvider {
  private static final String SPACE = "network.memory.space";
  private static final String SOCKETS = "network.memory.sockets";
  private static final String BUFFER = "network.memory.buffer-bytes";

  /// For `ServiceLoader`.
  public MemoryTransportProvider() {}

  @Override
  public String name() {
    return "memory";
  }

  @Override
  public String description() {
    return "sockets between the LibOses of one thread, on 127.0.0.1, without a system call";
  }

  @Override
  public List<OptionSpec> options() {
    return List.of(
        new OptionSpec(
            SPACE, "default", "Namespace of ports; LibOses of one thread and space meet."),
        new OptionSpec(SOCKETS, "65536", "Most sockets, 1 to 1,048,576."),
        new OptionSpec(
            BUFFER,
            "128KiB",
            "Bytes that may wait at a socket for its pops, 256 B to 16 MiB, unless"
                + " RECEIVE_BUFFER_BYTES is set."));
  }

  @Override
  public Availability availability(Options options) {
    return Availability.yes("native memory");
  }

  @Override
  public List<Capability> capabilities(Options options) {
    return MemoryTransport.CAPABILITIES;
  }

  @Override
  public Transport open(Options options, Clock clock, RandomGenerator random) {
    int socketCount = (int) options.integer(SOCKETS, 65_536, 1, 1 << 20);
    int bufferBytes = (int) options.bytes(BUFFER, 128 << 10, 256, 16 << 20);
    return new MemoryTransport(
        MemorySpace.enter(options.text(SPACE, "default").trim()), socketCount, bufferBytes);
  }
}
