package dev.demikv.ycsb;

import dev.demikv.kvserver.config.ConfigKeys;
import dev.demikv.kvserver.config.ConfigReader;
import dev.demikv.kvserver.config.ServerConfig;
import dev.demikv.kvserver.server.Server;
import dev.demikv.libos.LibOses;
import dev.demikv.libos.time.SystemClock;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// The key-value server in a thread of the test, in memory, on a free port.
final class InProcessServer implements AutoCloseable {
  private final CompletableFuture<Server> started = new CompletableFuture<>();
  private final CompletableFuture<Integer> ended = new CompletableFuture<>();

  InProcessServer(Path directory) {
    ServerConfig config =
        ConfigReader.read(
            new ConfigKeys(LibOses.options()),
            null,
            List.of(
                "listen=127.0.0.1:0",
                "durability=memory",
                "storage.backend=none",
                "memory.limit=64MiB",
                "data.dir=" + directory));
    Thread.ofPlatform().name("server").start(() -> serve(config));
  }

  /// A server belongs to the thread that opens it.
  private void serve(ServerConfig config) {
    try (Server server = Server.open(config, SystemClock.INSTANCE, new SplittableRandom(1))) {
      started.complete(server);
      ended.complete(server.run());
    } catch (RuntimeException e) {
      started.completeExceptionally(e);
      ended.completeExceptionally(e);
    }
  }

  int port() {
    String address = started.orTimeout(30, TimeUnit.SECONDS).join().addressText();
    return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
  }

  @Override
  public void close() {
    started.join().stop();
    ended.orTimeout(30, TimeUnit.SECONDS).join();
  }
}
