import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;

/// Both ends of an echo of 64 B messages on a connection of a LibOs, one in flight.
final class TcpEcho {
  static final int MESSAGE_BYTES = 64;

  private TcpEcho() {}

  /// Where results are filled in.
  static QResult[] results() {
    QResult[] results = new QResult[64];
    for (int i = 0; i < results.length; i++) {
      results[i] = new QResult();
    }
    return results;
  }

  /// Echoes what comes on any connection, by reference.
  static final class Server {
    private final LibOs libos;
    private final QResult[] results = results();
    private final int listener;

    Server(LibOs libos, String endpoint) {
      this.libos = libos;
      listener = libos.socket(SocketType.STREAM);
      libos.bind(listener, Endpoint.parse(endpoint));
      libos.listen(listener, 128);
      libos.accept(listener);
    }

    /// Echoes until the parent ends the process.
    void echo() {
      echo(Long.MAX_VALUE);
    }

    void echo(long count) {
      for (long echoes = 0; echoes < count; ) {
        int n = libos.waitNext(results, -1);
        for (int i = 0; i < n; i++) {
          QResult result = results[i];
          if (result.opcode == Opcode.ACCEPT) {
            libos.setsockopt(result.result, SocketOption.PUSH_QUIET, 1);
            libos.pop(result.result);
            libos.accept(listener);
          } else if (result.sga == null) {
            libos.close(result.qd);
          } else {
            if (libos.push(result.qd, result.sga) < 0) {
              throw new IllegalStateException("push refused");
            }
            libos.sgaFree(result.sga);
            libos.pop(result.qd);
            echoes++;
          }
        }
      }
      for (int i = 0; i < 4; i++) {
        libos.waitNext(results, 0); // Sends the last one.
      }
    }
  }

  /// Sends a message and waits for its echo.
  static final class Client {
    private final LibOs libos;
    private final int qd;
    private final QResult result = new QResult();
    private final ScatterGatherArray message;

    Client(LibOs libos, String endpoint) {
      this.libos = libos;
      qd = libos.socket(SocketType.STREAM, AddressFamily.INET);
      libos.wait(libos.connect(qd, Endpoint.parse(endpoint)), -1, result);
      if (result.result < 0) {
        throw new IllegalStateException("connect: " + result.result);
      }
      libos.setsockopt(qd, SocketOption.PUSH_QUIET, 1);
      message = libos.sgaAlloc(MESSAGE_BYTES);
    }

    long[] roundTrips(int count) {
      long[] nanos = new long[count];
      for (int i = 0; i < count; i++) {
        long begin = System.nanoTime();
        libos.push(qd, message);
        int missing = MESSAGE_BYTES;
        while (missing > 0) {
          libos.wait(libos.pop(qd), -1, result);
          if (result.result <= 0 || result.sga == null) {
            throw new IllegalStateException("pop: " + result.result);
          }
          missing -= result.result;
          libos.sgaFree(result.sga);
        }
        nanos[i] = System.nanoTime() - begin;
      }
      return nanos;
    }
  }
}
