package dev.demikv.libos.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.Shutdown;
import dev.demikv.libos.api.SocketType;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/// Connections of a LibOs with what each does, driven by completions.
final class StackServer implements AutoCloseable {
  private static final long TURN_NANOS = 50_000_000;

  /// What a connection does.
  interface Session {
    /// It is there.
    void opened(Connection connection);

    /// Bytes came; freed after this.
    void received(Connection connection, ScatterGatherArray sga);

    /// The peer sends no more.
    void ended(Connection connection);

    /// A push has completed: there is room for another.
    default void sent(Connection connection) {}
  }

  private final LibOs libos;
  private final QResult[] results = new QResult[64];
  private final Map<Integer, Supplier<Session>> listeners = new HashMap<>();
  private final Map<Integer, Connection> connections = new HashMap<>();

  /// Errors that ended connections, by number.
  final Map<Integer, Integer> errors = new HashMap<>();

  /// Connections that ended.
  int closedCount;

  StackServer(LibOs libos) {
    this.libos = libos;
    for (int i = 0; i < results.length; i++) {
      results[i] = new QResult();
    }
  }

  LibOs libos() {
    return libos;
  }

  /// A connection of the LibOs.
  final class Connection {
    final int qd;
    private final Session session;
    private int pushes;

    Connection(int qd, Session session) {
      this.qd = qd;
      this.session = session;
    }

    /// Pushes an array, which stays the caller's to free.
    ///
    /// @return false when there is no room now
    boolean push(ScatterGatherArray sga) {
      long qtoken = libos.push(qd, sga);
      pushes += qtoken > 0 ? 1 : 0;
      return qtoken > 0;
    }

    /// Pushes under way.
    int pushes() {
      return pushes;
    }

    /// Sends the end of the stream.
    void shutdown() {
      libos.shutdown(qd, Shutdown.WRITE);
    }

    void close() {
      if (connections.remove(qd) != null) {
        libos.close(qd);
        closedCount++;
      }
    }
  }

  void listen(int port, Supplier<Session> sessions) {
    Endpoint address = Endpoint.parse("[::]:" + port);
    int listener = libos.socket(SocketType.STREAM, address.family());
    libos.bind(listener, address);
    libos.listen(listener, 256);
    listeners.put(listener, sessions);
    for (int i = 0; i < 32; i++) {
      assertThat(libos.accept(listener)).isPositive();
    }
  }

  /// Connects; an error is counted.
  void connect(String address, Session session) {
    Endpoint remote = Endpoint.parse(address);
    int qd = libos.socket(SocketType.STREAM, remote.family());
    connections.put(qd, new Connection(qd, session));
    assertThat(libos.connect(qd, remote)).isPositive();
  }

  /// One turn.
  void turn() {
    int count = libos.waitNext(results, TURN_NANOS);
    for (int i = 0; i < count; i++) {
      handle(results[i]);
      results[i].clear();
    }
  }

  private void handle(QResult result) {
    if (result.opcode == Opcode.ACCEPT) {
      Supplier<Session> sessions = listeners.get(result.qd);
      if (!result.failed()) {
        Connection connection = new Connection(result.result, sessions.get());
        connections.put(result.result, connection);
        open(connection);
      }
      assertThat(libos.accept(result.qd)).isPositive();
      return;
    }
    ScatterGatherArray sga = result.sga;
    Connection connection = connections.get(result.qd);
    if (connection == null) {
      if (sga != null) {
        libos.sgaFree(sga);
      }
      return;
    }
    if (result.failed()) {
      errors.merge(-result.result, 1, Integer::sum);
      connection.close();
      return;
    }
    switch (result.opcode) {
      case CONNECT -> open(connection);
      case PUSH -> {
        connection.pushes--;
        connection.session.sent(connection);
      }
      case POP -> {
        if (sga == null) {
          connection.session.ended(connection);
        } else {
          connection.session.received(connection, sga);
          libos.sgaFree(sga);
          pop(connection);
        }
      }
      default -> throw new AssertionError(result.opcode);
    }
  }

  private void open(Connection connection) {
    connection.session.opened(connection);
    pop(connection);
  }

  private void pop(Connection connection) {
    if (connections.containsKey(connection.qd)) {
      assertThat(libos.pop(connection.qd)).isPositive();
    }
  }

  @Override
  public void close() {
    libos.close();
  }

  /// Sends back what comes; ends when the peer ends.
  static final class Echo implements Session {
    @Override
    public void opened(Connection connection) {}

    @Override
    public void received(Connection connection, ScatterGatherArray sga) {
      assertThat(connection.push(sga)).isTrue();
    }

    @Override
    public void ended(Connection connection) {
      connection.close();
    }
  }
}
