package dev.demikv.libos.runtime;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.log.LogStore;

/// A named log of the storage backend.
final class StorageQueue extends IoQueue {
  private final LogStore store;
  private final int log;

  StorageQueue(EventLoop loop, int qd, LogStore store, int log) {
    super(loop, qd);
    this.store = store;
    this.log = log;
  }

  @Override
  String kind() {
    return "storage";
  }

  @Override
  int push(ScatterGatherArray sga, @Nullable Endpoint to, long qtoken) {
    return to != null ? -Errno.EOPNOTSUPP : store.append(log, sga, qtoken);
  }

  @Override
  int pop(int bytesMax, long qtoken) {
    return store.read(log, bytesMax, qtoken);
  }

  @Override
  int truncate(long position, long qtoken) {
    return store.truncate(log, position, qtoken);
  }

  @Override
  int cancel(long qtoken) {
    return store.cancel(log, qtoken);
  }

  @Override
  void close() {
    store.closeLog(log);
  }

  void seek(long position) {
    store.seek(log, position);
  }

  long head() {
    return store.head(log);
  }

  long tail() {
    return store.tail(log);
  }
}
