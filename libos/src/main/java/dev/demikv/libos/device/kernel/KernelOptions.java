package dev.demikv.libos.device.kernel;

import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import java.util.List;

/// Limits of the kernel transport.
///
/// @param socketsMax sockets at a time
/// @param operationsMax pops, pushes and accepts in flight over all sockets
/// @param sendQueueBytes bytes pushed and not yet taken by the kernel, per socket; a single array
///   may be longer
/// @param sendQueueArrays arrays pushed and not yet taken by the kernel, per socket
/// @param receiveBytes most bytes of one receive on a stream
/// @param eventsMax events gathered by one epoll_wait
record KernelOptions(
    int socketsMax,
    int operationsMax,
    int sendQueueBytes,
    int sendQueueArrays,
    int receiveBytes,
    int eventsMax) {
  private static final String SOCKETS_MAX = "network.kernel.sockets-max";
  private static final String OPERATIONS_MAX = "network.kernel.operations-max";
  private static final String SEND_QUEUE_BYTES = "network.kernel.send-queue-bytes";
  private static final String SEND_QUEUE_ARRAYS = "network.kernel.send-queue-arrays";
  private static final String RECEIVE_BYTES = "network.kernel.receive-bytes";
  private static final String EVENTS_MAX = "network.kernel.events-max";

  static final List<OptionSpec> SPECS =
      List.of(
          new OptionSpec(SOCKETS_MAX, "16384", "Sockets at a time, 1 to 1048576."),
          new OptionSpec(
              OPERATIONS_MAX,
              "65536",
              "Pops, pushes and accepts in flight over all sockets, 16 to 4194304."),
          new OptionSpec(
              SEND_QUEUE_BYTES,
              "16MiB",
              "Bytes pushed and not yet taken by the kernel, per socket, 1 to 1GiB; a push beyond"
                  + " them gets EAGAIN."),
          new OptionSpec(
              SEND_QUEUE_ARRAYS,
              "1024",
              "Arrays pushed and not yet taken by the kernel, per socket, 1 to 65536."),
          new OptionSpec(
              RECEIVE_BYTES, "16KiB", "Most bytes of one receive on a stream, 64 to 1MiB."),
          new OptionSpec(EVENTS_MAX, "512", "Events gathered by one epoll_wait, 1 to 65536."));

  static KernelOptions of(Options options) {
    return new KernelOptions(
        (int) options.integer(SOCKETS_MAX, 16_384, 1, 1 << 20),
        (int) options.integer(OPERATIONS_MAX, 65_536, 16, 1 << 22),
        (int) options.bytes(SEND_QUEUE_BYTES, 16 << 20, 1, 1 << 30),
        (int) options.integer(SEND_QUEUE_ARRAYS, 1_024, 1, 65_536),
        (int) options.bytes(RECEIVE_BYTES, 16 << 10, 64, 1 << 20),
        (int) options.integer(EVENTS_MAX, 512, 1, 65_536));
  }
}
