package dev.demikv.ycsb;

import dev.demikv.kvclient.KvClientConfig;
import dev.demikv.kvclient.KvCommands;
import dev.demikv.kvclient.SharedLoop;
import dev.demikv.libos.lang.Nullable;

/// The one loop of the process, for YCSB's threads on a device that can be opened only once. Opened
/// with the first client, closed with the last.
final class ProcessLoop {
  private static @Nullable SharedLoop loop;
  private static int users;

  private ProcessLoop() {}

  /// Connects a client; [#close] it afterwards.
  ///
  /// @param threads most clients at a time; only that of the first call counts
  static KvCommands open(KvClientConfig config, int threads) {
    SharedLoop shared = acquire(config, threads);
    try {
      return shared.client(config);
    } catch (RuntimeException e) {
      release();
      throw e;
    }
  }

  /// Closes a client of this loop, and the loop when it was the last.
  static void close(KvCommands client) {
    client.close();
    release();
  }

  private static synchronized SharedLoop acquire(KvClientConfig config, int threads) {
    SharedLoop shared = loop;
    if (shared == null) {
      shared = SharedLoop.open(config.libos().withLimits(SharedLoop.limits(threads)), threads);
      loop = shared;
    }
    users++;
    return shared;
  }

  private static synchronized void release() {
    users--;
    SharedLoop shared = loop;
    if (users == 0 && shared != null) {
      loop = null;
      shared.close();
    }
  }
}
