package dev.demikv.libos.device.kernel;

import dev.demikv.libos.lang.Nullable;

/// Sockets by id. Ids are given out again last-in first-out, under a new generation.
final class SocketTable {
  private final @Nullable KernelSocket[] sockets;
  private final int[] freeSids;
  private int freeCount;

  SocketTable(int socketsMax) {
    sockets = new @Nullable KernelSocket[socketsMax];
    freeSids = new int[socketsMax];
    for (int i = 0; i < socketsMax; i++) {
      freeSids[i] = socketsMax - 1 - i;
    }
    freeCount = socketsMax;
  }

  /// A socket to be [KernelSocket#opened], or `null` when all are in use.
  @Nullable
  KernelSocket take() {
    if (freeCount == 0) {
      return null;
    }
    int sid = freeSids[--freeCount];
    KernelSocket socket = sockets[sid];
    if (socket == null) {
      socket = new KernelSocket(sid);
      sockets[sid] = socket;
    }
    return socket;
  }

  /// Gives an id back.
  void release(KernelSocket socket) {
    socket.state = KernelSocket.State.FREE;
    socket.fd = -1;
    socket.generation = (socket.generation + 1) & Integer.MAX_VALUE;
    freeSids[freeCount++] = socket.sid;
  }

  /// The open socket with this id, or `null`.
  @Nullable
  KernelSocket get(int sid) {
    if (sid < 0 || sid >= sockets.length) {
      return null;
    }
    KernelSocket socket = sockets[sid];
    return socket == null || socket.state == KernelSocket.State.FREE ? null : socket;
  }

  /// The open socket that an event was registered by, or `null` when it is closed since.
  @Nullable
  KernelSocket ofEvent(long epollData) {
    KernelSocket socket = get((int) epollData);
    return socket == null || socket.generation != (int) (epollData >>> 32) ? null : socket;
  }

  boolean isFull() {
    return freeCount == 0;
  }

  int inUse() {
    return sockets.length - freeCount;
  }

  int capacity() {
    return sockets.length;
  }
}
