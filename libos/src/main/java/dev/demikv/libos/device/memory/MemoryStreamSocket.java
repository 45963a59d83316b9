package dev.demikv.libos.device.memory;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.Shutdown;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.lang.Nullable;
import java.util.ArrayDeque;

/// A stream socket: new, listening, connecting (it waits for a place in the listener's backlog) or
/// connected.
final class MemoryStreamSocket extends MemorySocket {
  private static final int POP_BYTES_MAX = 64 << 10;

  private final MemoryOperations pushes = new MemoryOperations();
  private final MemoryOperations accepts = new MemoryOperations();

  /// As a listener: connections that nobody accepted yet, and sockets that wait for a place.
  private final ArrayDeque<MemoryEnd> established = new ArrayDeque<>(0);

  private final ArrayDeque<MemoryStreamSocket> waiting = new ArrayDeque<>(0);
  private int backlog;

  private long connectQtoken;
  private @Nullable MemoryStreamSocket listener;
  private @Nullable MemoryEnd end;
  private boolean writeEnded;

  MemoryStreamSocket(MemoryTransport transport, int sid) {
    super(transport, sid, SocketType.STREAM);
  }

  @Override
  Endpoint peerName() {
    if (end == null) {
      throw new LibOsException("getpeername", Errno.ENOTCONN, "The socket is not connected.");
    }
    return end.remote().copy();
  }

  // Listening.

  void listen(int newBacklog) {
    if (local().port() == 0 || end != null || listener != null || newBacklog < 1) {
      throw new LibOsException(
          "listen", Errno.EINVAL, "Bind the socket first; the backlog is at least 1.");
    }
    backlog = newBacklog;
    admit();
  }

  int accept(long qtoken) {
    if (backlog == 0) {
      return -Errno.EINVAL;
    }
    if (!accepts.add(qtoken, 0, null)) {
      return -Errno.EAGAIN;
    }
    progressAccepts();
    return 0;
  }

  private void progressAccepts() {
    while (!accepts.isEmpty() && !established.isEmpty()) {
      MemoryEnd accepted = established.remove();
      long qtoken = accepts.remove();
      MemoryStreamSocket socket = transport.newStream();
      if (socket == null) {
        accepted.close(/* reset= */ true);
        sink().accepted(qtoken, -Errno.EMFILE, null);
      } else {
        socket.copyOptions(this);
        socket.connected(accepted);
        sink().accepted(qtoken, socket.sid(), accepted.remote());
      }
      transport.worked();
      admit();
    }
  }

  /// Connects those that wait, as far as the backlog goes.
  private void admit() {
    while (!waiting.isEmpty() && established.size() < backlog) {
      MemoryStreamSocket client = waiting.remove();
      Endpoint from = Endpoint.loopback(AddressFamily.INET, client.local().port());
      Endpoint to = Endpoint.loopback(AddressFamily.INET, local().port());
      MemoryEnd near =
          MemoryEnd.connect(
              from,
              client.option(SocketOption.RECEIVE_BUFFER_BYTES),
              to,
              option(SocketOption.RECEIVE_BUFFER_BYTES));
      client.connected(near);
      client.changed();
      established.add(near.peer());
      changed();
    }
  }

  private void connected(MemoryEnd newEnd) {
    listener = null;
    end = newEnd;
    setLocal(newEnd.local());
    newEnd.setSocket(this);
  }

  // Connecting.

  @Override
  int connect(Endpoint to, long qtoken) {
    if (to.family() != AddressFamily.INET) {
      return -Errno.EAFNOSUPPORT;
    }
    if (connectQtoken != 0) {
      return -Errno.EALREADY;
    }
    if (end != null || backlog > 0) {
      return -Errno.EISCONN;
    }
    if (!MemorySpace.isReachable(to)) {
      return -Errno.ENETUNREACH;
    }
    MemorySocket found = transport.space().find(SocketType.STREAM, to.port());
    if (bindPort(0) < 0) {
      return -Errno.EADDRNOTAVAIL;
    }
    connectQtoken = qtoken;
    if (found instanceof MemoryStreamSocket target && target.backlog > 0) {
      listener = target;
      target.waiting.add(this);
      target.admit();
    }
    progressConnect();
    return 0;
  }

  /// Tells the outcome when there is one.
  private void progressConnect() {
    if (connectQtoken == 0 || listener != null) {
      return;
    }
    long qtoken = connectQtoken;
    connectQtoken = 0;
    sink().connected(qtoken, end != null ? 0 : -Errno.ECONNREFUSED);
    transport.worked();
  }

  private void leaveListener() {
    if (listener != null) {
      listener.waiting.remove(this);
      listener = null;
    }
  }

  // Bytes.

  @Override
  int push(ScatterGatherArray sga, @Nullable Endpoint to, long qtoken) {
    if (end == null) {
      return -Errno.ENOTCONN;
    }
    if (to != null) {
      return -Errno.EISCONN;
    }
    if (writeEnded) {
      return -Errno.EPIPE;
    }
    boolean first = pushes.isEmpty();
    if (!pushes.add(qtoken, 0, sga)) {
      return -Errno.EAGAIN;
    }
    if (first) {
      progressPushes(end);
    }
    return 0;
  }

  private void progressPushes(MemoryEnd to) {
    while (!pushes.isEmpty()) {
      ScatterGatherArray sga = pushes.sga();
      int written = to.write(sga, pushes.bytes());
      int done = written < 0 ? written : pushes.bytes() + written;
      if (done >= 0 && done < sga.totalBytes()) {
        pushes.setBytes(done);
        return;
      }
      sink().pushed(pushes.remove(), done);
      transport.worked();
    }
    if (writeEnded) {
      to.endWrite();
    }
  }

  @Override
  int pop(int bytesMax, long qtoken) {
    return end == null ? -Errno.ENOTCONN : super.pop(bytesMax, qtoken);
  }

  private void progressPops(MemoryEnd from) {
    while (!pops.isEmpty()) {
      int count = Math.min(Math.min(from.unreadBytes(), pops.bytes()), POP_BYTES_MAX);
      if (count > 0) {
        ScatterGatherArray sga = sgas().allocate(count);
        if (sga == null) {
          transport.starved(this);
          return;
        }
        from.read(sga);
        sink().popped(pops.remove(), count, sga, null);
        transport.worked();
      } else if (from.isReadEnded()) {
        answerPop(0);
      } else if (from.error() != 0) {
        answerPop(-from.error());
      } else {
        return;
      }
    }
  }

  void shutdown(Shutdown how) {
    MemoryEnd open = end;
    if (open == null) {
      throw new LibOsException("shutdown", Errno.ENOTCONN, "The socket is not connected.");
    }
    if (how != Shutdown.READ) {
      writeEnded = true;
    }
    if (how != Shutdown.WRITE) {
      open.endRead();
    }
    progress();
  }

  @Override
  void progress() {
    progressConnect();
    progressAccepts();
    if (end != null) {
      progressPushes(end);
      progressPops(end);
    }
  }

  // The end.

  @Override
  int cancel(long qtoken) {
    if (qtoken == connectQtoken) {
      connectQtoken = 0;
      leaveListener();
      if (end != null) {
        end.close(/* reset= */ true);
        end = null;
      }
      sink().connected(qtoken, -Errno.ECANCELED);
      return 0;
    }
    if (accepts.remove(qtoken, /* onlyUntouched= */ false)) {
      sink().accepted(qtoken, -Errno.ECANCELED, null);
      return 0;
    }
    if (pushes.remove(qtoken, /* onlyUntouched= */ true)) {
      sink().pushed(qtoken, -Errno.ECANCELED);
      return 0;
    }
    return super.cancel(qtoken);
  }

  @Override
  void release() {
    if (connectQtoken != 0) {
      long qtoken = connectQtoken;
      connectQtoken = 0;
      leaveListener();
      sink().connected(qtoken, -Errno.ECANCELED);
    }
    while (!accepts.isEmpty()) {
      sink().accepted(accepts.remove(), -Errno.ECANCELED, null);
    }
    while (!pushes.isEmpty()) {
      sink().pushed(pushes.remove(), -Errno.ECANCELED);
    }
    backlog = 0;
    while (!waiting.isEmpty()) {
      MemoryStreamSocket client = waiting.remove();
      client.listener = null;
      client.changed();
    }
    while (!established.isEmpty()) {
      established.remove().close(/* reset= */ true);
    }
    if (end != null) {
      end.close(/* reset= */ option(SocketOption.LINGER_SECONDS) == 0);
      end = null;
    }
  }
}
