package dev.demikv.libos.device.kernel;

import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.Waiter;
import dev.demikv.libos.ffi.CallState;
import java.lang.foreign.Arena;

/// The kernel's epoll as a waiter for a LibOs without kernel sockets: it covers descriptors of
/// storage devices and [#wake].
public final class KernelWaiter implements Waiter {
  private final Arena arena = Arena.ofConfined();
  private final EpollWaiter epoll;

  /// A waiter of the calling thread.
  ///
  /// @throws dev.demikv.libos.api.LibOsException EMFILE, ENFILE, ENOMEM
  public KernelWaiter() {
    KernelOptions options =
        KernelOptions.of(
            Options.empty()
                .with("network.kernel.sockets-max", "1")
                .with("network.kernel.operations-max", "16"));
    epoll = new EpollWaiter(new KernelState(options, new CallState(arena), arena), arena);
  }

  @Override
  public void watch(int fd) {
    epoll.watch(fd);
  }

  @Override
  public void unwatch(int fd) {
    epoll.unwatch(fd);
  }

  @Override
  public int await(long timeoutNanos) {
    int count = epoll.await(timeoutNanos);
    epoll.consumed();
    return count;
  }

  @Override
  public void wake() {
    epoll.wake();
  }

  @Override
  public void close() {
    epoll.close();
    arena.close();
  }
}
