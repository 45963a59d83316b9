package dev.demikv.libos.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.PushCompletion;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.Shutdown;
import dev.demikv.libos.api.SocketOption;
import java.lang.foreign.MemorySegment;
import java.util.random.RandomGenerator;

/// One end of a session: pushes its stream, pops the other's, checks every byte, closes.
final class SimulationEnd {
  private static final int PUSHES_MAX = 4;
  private static final long RETRY_NANOS = 1_000_000;

  private final SimulationHost host;
  private final LibOs libos;
  private final SimulationSession session;
  private final boolean isClient;
  private final SimulationSession.Manner manner;
  private final RandomGenerator random;
  private final Runnable whenOver;
  private final int qd;
  private final byte[] scratch = new byte[100_000];
  private long pushed;
  private long received;
  private int pendingPushes;
  private boolean popPending;
  private boolean popPaused;
  private boolean retrying;
  private boolean shut;
  private boolean ended;
  private boolean over;

  /// @param received bytes of the other's stream that were popped before
  SimulationEnd(
      SimulationHost host,
      int qd,
      SimulationSession session,
      boolean isClient,
      long received,
      Runnable whenOver) {
    this.host = host;
    this.libos = host.libos;
    this.qd = qd;
    this.session = session;
    this.isClient = isClient;
    this.manner = isClient ? session.client() : session.server();
    this.received = received;
    this.whenOver = whenOver;
    this.random = host.world.random("end " + session.number() + isClient);
  }

  /// Begins, on a connection that is established.
  void start() {
    if (session.kind() == SimulationSession.Kind.NOTHING) {
      close();
      return;
    }
    PushCompletion level = manner.acked() ? PushCompletion.ACKED : PushCompletion.ACCEPTED;
    libos.setsockopt(qd, SocketOption.PUSH_COMPLETION, level.level());
    host.askWhenSilent(qd);
    go();
  }

  /// Does whatever can be done now.
  private void go() {
    if (!over) {
      push();
    }
    if (!over) {
      pop();
    }
    if (!over && shut && ended) {
      close();
    }
    if (!over && session.aborts(isClient) && pushed + received >= session.abortBytes()) {
      libos.setsockopt(qd, SocketOption.LINGER_SECONDS, 0);
      close();
    }
  }

  private void push() {
    long total = session.bytes(isClient);
    long allowed = session.allowed(isClient, received, ended);
    while (pushed < allowed && pendingPushes < PUSHES_MAX) {
      int most = (int) Math.min(allowed - pushed, manner.pushBytesMax());
      int length = 1 + random.nextInt(most);
      ScatterGatherArray sga = libos.sgaAlloc(length);
      if (sga == null) {
        retry();
        return;
      }
      for (int i = 0; i < length; i++) {
        scratch[i] = session.at(isClient, pushed + i);
      }
      sga.copyFrom(0, MemorySegment.ofArray(scratch), 0, length);
      long qtoken = libos.push(qd, sga);
      libos.sgaFree(sga);
      if (qtoken == -Errno.EAGAIN) {
        retry();
        return;
      }
      if (qtoken < 0) {
        broken((int) qtoken);
        return;
      }
      pushed += length;
      pendingPushes++;
      host.await(qtoken, result -> pushDone(result, length));
    }
    if (pushed == total && pendingPushes == 0 && !shut) {
      shut = true;
      try {
        libos.shutdown(qd, Shutdown.WRITE);
      } catch (LibOsException e) {
        broken(-e.errno());
      }
    }
  }

  private void pushDone(QResult result, int length) {
    pendingPushes--;
    if (over) {
      return;
    }
    if (result.result < 0) {
      broken(result.result);
      return;
    }
    assertThat(result.result).as("%s: bytes of a push", this).isEqualTo(length);
    go();
  }

  private void retry() {
    if (!retrying) {
      retrying = true;
      host.after(
          RETRY_NANOS,
          () -> {
            retrying = false;
            go();
          });
    }
  }

  private void pop() {
    if (popPending || popPaused || ended) {
      return;
    }
    long qtoken = libos.pop(qd, manner.popBytesMax());
    if (qtoken < 0) {
      broken((int) qtoken);
      return;
    }
    popPending = true;
    host.await(qtoken, this::popDone);
  }

  private void popDone(QResult result) {
    popPending = false;
    ScatterGatherArray sga = result.sga;
    if (sga != null) {
      check(sga.toByteArray());
      assertThat(result.result).isEqualTo(sga.totalBytes());
      libos.sgaFree(sga);
    }
    if (over) {
      return;
    }
    if (result.result < 0) {
      broken(result.result);
      return;
    }
    if (sga == null) {
      ended = true;
      assertThat(received).as("%s: end of the stream", this).isEqualTo(session.bytes(!isClient));
    } else if (manner.pauseNanos() > 0) {
      popPaused = true;
      host.after(
          manner.pauseNanos(),
          () -> {
            popPaused = false;
            go();
          });
    }
    go();
  }

  private void check(byte[] bytes) {
    assertThat(received + bytes.length)
        .as("%s: bytes received", this)
        .isLessThanOrEqualTo(session.bytes(!isClient));
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] != session.at(!isClient, received + i)) {
        throw new AssertionError(this + ": byte " + (received + i) + " is wrong");
      }
    }
    received += bytes.length;
  }

  private void broken(int result) {
    boolean plausible =
        result == -Errno.ECONNRESET || result == -Errno.EPIPE || result == -Errno.ETIMEDOUT;
    if (!session.mayBreak() || !plausible) {
      throw new AssertionError(this + " broke: " + Errno.name(-result));
    }
    close();
  }

  private void close() {
    over = true;
    libos.close(qd);
    whenOver.run();
  }

  @Override
  public String toString() {
    return (isClient ? "client" : "server")
        + " of "
        + session
        + " pushed "
        + pushed
        + " received "
        + received
        + " pending "
        + pendingPushes
        + (shut ? " shut" : "")
        + (ended ? " ended" : "")
        + (over ? " over" : "");
  }
}
