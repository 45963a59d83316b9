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
  static final int PORT = 7000;

  private TcpEcho() {}

  /// Echoes what comes on connections.
  static final class Server {
    private final LibOs libos;
    private final QResult[] results = new QResult[16];

    Server(LibOs libos, String address) {
      this.libos = libos;
      for (int i = 0; i < results.length; i++) {
        results[i] = new QResult();
      }
      int listener = libos.socket(SocketType.STREAM);
      libos.bind(listener, Endpoint.parse(address + ":" + PORT));
      libos.listen(listener, 16);
      libos.accept(listener);
    }

    void echo(int count) {
      for (int echoes = 0; echoes < count; ) {
        int n = libos.waitNext(results, -1);
        for (int i = 0; i < n; i++) {
          QResult result = results[i];
          if (result.opcode == Opcode.ACCEPT) {
            libos.setsockopt(result.result, SocketOption.PUSH_QUIET, 1);
            libos.pop(result.result);
          } else if (result.sga != null) {
            libos.push(result.qd, result.sga);
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

    Client(LibOs libos, String address) {
      this.libos = libos;
      qd = libos.socket(SocketType.STREAM, AddressFamily.INET);
      libos.wait(libos.connect(qd, Endpoint.parse(address + ":" + PORT)), -1, result);
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
