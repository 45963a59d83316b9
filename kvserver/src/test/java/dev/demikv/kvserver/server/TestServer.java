package dev.demikv.kvserver.server;

import dev.demikv.kvserver.config.ConfigKeys;
import dev.demikv.kvserver.config.ConfigReader;
import dev.demikv.kvserver.config.ServerConfig;
import dev.demikv.libos.LibOses;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.time.SystemClock;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// The real server, in a thread of its own, on a free port.
final class TestServer implements AutoCloseable {
  private static final long SEED = 42;
  private static final long TIMEOUT_SECONDS = 60;

  private final Thread thread;
  private final CompletableFuture<Server> opened = new CompletableFuture<>();
  private final CompletableFuture<Integer> ended = new CompletableFuture<>();
  private @Nullable Server server;

  private TestServer(ServerConfig config) {
    thread = new Thread(() -> serve(config), "server under test");
    thread.setDaemon(true);
    thread.start();
  }

  /// Starts with a folder for its data, and small pools.
  ///
  /// @throws RuntimeException what the server threw when it could not start
  static TestServer start(Path data, String... settings) {
    List<String> all = new ArrayList<>();
    all.add("listen=127.0.0.1:0");
    all.add("data.dir=" + data);
    all.add("memory.buffers.small=512");
    all.add("memory.buffers.medium=512");
    all.add("memory.buffers.large=64");
    all.add("storage.file.segment-bytes=1MiB");
    all.add("storage.file.capacity=64MiB");
    all.addAll(List.of(settings));
    ConfigKeys keys = new ConfigKeys(LibOses.options());
    TestServer test = new TestServer(ConfigReader.read(keys, null, all));
    try {
      test.server = test.opened.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      return test;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new AssertionError(e);
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  /// As [#start], without log and snapshots.
  static TestServer startWithoutStorage(Path data, String... settings) {
    List<String> all = new ArrayList<>(List.of("durability=memory", "storage.backend=none"));
    all.addAll(List.of(settings));
    return start(data, all.toArray(String[]::new));
  }

  private void serve(ServerConfig config) {
    try (Server s = Server.open(config, SystemClock.INSTANCE, new Random(SEED))) {
      opened.complete(s);
      int code = s.run();
      ended.complete(code);
    } catch (RuntimeException | Error e) {
      if (!opened.completeExceptionally(e)) {
        ended.completeExceptionally(e);
      }
    }
  }

  private Server server() {
    Server s = server;
    if (s == null) {
      throw new IllegalStateException("not started");
    }
    return s;
  }

  int port() {
    return server().addresses().get(0).port();
  }

  /// The thread of the loop.
  Thread thread() {
    return thread;
  }

  /// Where it serves metrics.
  String metricsAddress() {
    return server().metricsAddress();
  }

  RawClient connect() {
    return new RawClient(port());
  }

  /// Ends it cleanly, as SIGTERM does.
  ///
  /// @return exit code
  int stop() {
    server().stop();
    return exitCode();
  }

  /// Ends it at once, as a crash does, except that what the process holds is closed.
  void crash() {
    server().abort();
    assert exitCode() == Server.EXIT_ABORTED;
  }

  /// Waits for the end.
  int exitCode() {
    try {
      int code = ended.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      thread.join(TimeUnit.SECONDS.toMillis(TIMEOUT_SECONDS));
      return code;
    } catch (ExecutionException e) {
      throw new AssertionError("the loop threw", e.getCause());
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  /// Ends it if it runs.
  @Override
  public void close() {
    if (!ended.isDone()) {
      crash();
    }
  }
}
