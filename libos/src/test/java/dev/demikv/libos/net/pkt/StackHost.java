package dev.demikv.libos.net.pkt;

import dev.demikv.libos.api.ConnectionInfo;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.PushCompletion;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.TcpState;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.LeakDetector;
import dev.demikv.libos.memory.MemoryRegion;
import dev.demikv.libos.net.Packet;
import dev.demikv.libos.net.tcp.Tcp;
import dev.demikv.libos.net.tcp.TcpConnection;
import dev.demikv.libos.net.tcp.TcpCounter;
import dev.demikv.libos.net.tcp.TcpListener;
import dev.demikv.libos.net.tcp.TcpUser;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Our TCP in virtual time: time passes only from timer to timer and from line to line.
final class StackHost implements ScriptHost, TcpUser {
  private static final long START_NANOS = 1_000_000_000_000L;
  private static final long SLACK_NANOS = 2_000_000;
  private static final long PATIENCE_NANOS = 1_000_000_000_000L;
  private static final int TURNS_MAX = 100_000;
  private static final int HEADROOM_BYTES = 64;
  private static final int DEFAULT_BACKLOG = 16;

  /// What is known of a flow's connection.
  private static final class Socket {
    TcpConnection connection;
    boolean isClosed;
    Integer connected;
    Integer closed;
    final ArrayDeque<Integer> pushed = new ArrayDeque<>();
  }

  private final Arena arena = Arena.ofConfined();
  private final LeakDetector leaks = new LeakDetector();
  private final BufferPools buffers;
  private final SgaPool sgas;
  private final CapturingOutput output;
  private final Tcp tcp;
  private final Packet packet = new Packet();
  private final Map<Integer, Socket> sockets = new HashMap<>();
  private final IdentityHashMap<TcpConnection, Socket> byConnection = new IdentityHashMap<>();
  private final ConnectionInfo statistics = new ConnectionInfo();
  private final Script script;
  private TcpListener listener;
  private long nowNanos = START_NANOS;
  private long nextQtoken = 1;

  StackHost(Script script, Flow[] flows) {
    this.script = script;
    buffers = new BufferPools(pool(2_048, 512), pool(65_536, 32));
    buffers.setLeakDetector(leaks);
    sgas = new SgaPool(buffers, 256);
    output = new CapturingOutput(script.ipv6(), buffers, flows);
    Random random = new Random(script.name().hashCode());
    tcp = new Tcp(script.config(), output, buffers, sgas, random, this, nowNanos);
  }

  private BufferPool pool(int bytes, int count) {
    MemorySegment memory = arena.allocate((long) bytes * count, 64);
    return new BufferPool(new MemoryRegion(memory, 64, 0), bytes, count);
  }

  @Override
  public String name() {
    return "ours";
  }

  @Override
  public long nowNanos() {
    return nowNanos;
  }

  @Override
  public long slackNanos() {
    return SLACK_NANOS;
  }

  @Override
  public long patienceNanos() {
    return PATIENCE_NANOS;
  }

  @Override
  public void passUntil(long nanos) {
    pass(nanos, false);
  }

  @Override
  public Seen poll(long untilNanos) {
    pass(untilNanos, true);
    return output.seen.poll();
  }

  private void pass(long untilNanos, boolean stopsAtSegment) {
    for (int i = 0; i < TURNS_MAX; i++) {
      if (stopsAtSegment && !output.seen.isEmpty()) {
        return;
      }
      long timer = tcp.nextTimerNanos();
      if (timer > untilNanos) {
        nowNanos = Math.max(nowNanos, untilNanos);
        return;
      }
      nowNanos = Math.max(nowNanos, timer);
      tcp.advance(nowNanos);
      flush();
    }
    throw new ScriptFailure("the stack's timers fire for ever at " + nowNanos);
  }

  private void flush() {
    output.nowNanos = nowNanos;
    for (int i = 0; i < TURNS_MAX; i++) {
      if (tcp.flush(nowNanos) == 0 && !tcp.wantsFlush()) {
        return;
      }
    }
    throw new ScriptFailure("the stack's flush never ends");
  }

  @Override
  public void inject(Flow flow, byte[] segment) {
    Buffer buffer = buffers.take(HEADROOM_BYTES + segment.length);
    MemorySegment.copy(
        MemorySegment.ofArray(segment), 0, buffer.segment(), HEADROOM_BYTES, segment.length);
    packet.set(buffer, HEADROOM_BYTES, segment.length);
    if (script.ipv6()) {
      packet
          .setIpv6Source(Addresses.IPV6_HIGH, Addresses.IPV6_PEER_LOW)
          .setIpv6Destination(Addresses.IPV6_HIGH, Addresses.IPV6_LOCAL_LOW, 0, 64);
    } else {
      packet.setIpv4(Addresses.IPV4_PEER, Addresses.IPV4_LOCAL, 0, 64);
    }
    tcp.advance(nowNanos);
    output.nowNanos = nowNanos;
    tcp.receive(packet, nowNanos);
    buffer.release();
    flush();
  }

  @Override
  public void inject(Flow flow, IcmpError error) {
    int sequence = flow.localIsn + (int) error.sequence().value();
    boolean ipv6 = script.ipv6();
    long high = ipv6 ? Addresses.IPV6_HIGH : 0;
    long local = Addresses.localLow(ipv6);
    long remote = Addresses.peerLow(ipv6);
    tcp.advance(nowNanos);
    output.nowNanos = nowNanos;
    if (error.kind() == IcmpError.Kind.FRAG_NEEDED) {
      // The network layer learns only what TCP believes.
      int before = output.path.mtuBytes;
      output.path.mtuBytes = Math.min(before, Math.max(error.mtuBytes(), ipv6 ? 1280 : 68));
      if (!tcp.pathMtu(
          ipv6,
          high,
          local,
          flow.localPort,
          high,
          remote,
          flow.peerPort,
          sequence,
          error.mtuBytes(),
          nowNanos)) {
        output.path.mtuBytes = before;
      }
    } else {
      tcp.icmpError(
          ipv6,
          high,
          local,
          flow.localPort,
          high,
          remote,
          flow.peerPort,
          sequence,
          error.kind().errno,
          error.kind().hard,
          nowNanos);
    }
    flush();
  }

  @Override
  public void call(Flow flow, Verb verb, List<String> arguments) {
    tcp.advance(nowNanos);
    Socket socket = sockets.computeIfAbsent(flow.number, _ -> new Socket());
    String first = arguments.isEmpty() ? "" : arguments.getFirst();
    switch (verb) {
      case LISTEN -> listen(first.isEmpty() ? DEFAULT_BACKLOG : Integer.parseInt(first));
      case UNLISTEN -> listener.close();
      case ACCEPT -> accept(flow, socket, first);
      case CONNECT -> connect(flow, socket);
      case CONNECTED -> same("connected", errno(first), socket.connected);
      case PUSH -> push(flow, socket, arguments);
      case PUSHED -> pushed(socket, first);
      case POP -> pop(flow, socket, first);
      case SHUTDOWN -> {
        if (first.equals("write")) {
          open(socket).shutdownWrite();
        } else {
          open(socket).shutdownRead();
        }
      }
      case CLOSE -> {
        open(socket).close();
        socket.isClosed = true;
      }
      case ABORT -> {
        open(socket).abort();
        socket.isClosed = true;
      }
      case OPTION -> option(socket, SocketOption.valueOf(first), arguments.get(1));
      case STATE -> same("state", first, state(socket));
      case STAT -> stat(open(socket), arguments);
      case COUNTER -> compare(arguments, Long.toString(tcp.counter(TcpCounter.valueOf(first))));
      case CONNECTIONS -> same("connections", Integer.parseInt(first), tcp.connectionCount());
      case CLOSED ->
          same("closed", first.equals("none") ? null : (Integer) errno(first), socket.closed);
      case REFUSE -> output.refuseCount = Integer.parseInt(first);
      case QUIET, REBASE -> throw new AssertionError("the runner does " + verb);
    }
    flush();
  }

  private static void same(String what, Object expected, Object actual) {
    if (expected == null ? actual != null : !expected.equals(actual)) {
      throw new ScriptFailure(what + ": expected " + written(expected) + ", is " + written(actual));
    }
  }

  private static String written(Object value) {
    return value instanceof Integer n && n < 0 ? Errno.name(n) : String.valueOf(value);
  }

  /// `-errno` of a name; 0 for an empty one or `ok`.
  static int errno(String name) {
    if (name.isEmpty() || name.equals("ok")) {
      return 0;
    }
    try {
      return -Errno.class.getField(name).getInt(null);
    } catch (ReflectiveOperationException e) {
      throw new ScriptFailure("no error has the name " + name);
    }
  }

  private static TcpConnection open(Socket socket) {
    if (socket.connection == null || socket.isClosed) {
      throw new ScriptFailure("the script has no open connection");
    }
    return socket.connection;
  }

  private void listen(int backlog) {
    boolean ipv6 = script.ipv6();
    listener = tcp.listen(ipv6, false, 0, 0, Flow.LISTEN_PORT, backlog);
    if (listener == null) {
      throw new ScriptFailure("listen: " + Errno.name(tcp.failure()));
    }
  }

  private void accept(Flow flow, Socket socket, String argument) {
    TcpConnection connection = tcp.accept(listener);
    if (argument.equals("none")) {
      if (connection != null) {
        throw new ScriptFailure("a connection waits");
      }
      return;
    }
    if (connection == null) {
      throw new ScriptFailure("no connection waits");
    }
    same("port of the peer", flow.peerPort, connection.remotePort());
    own(socket, connection);
  }

  private void own(Socket socket, TcpConnection connection) {
    socket.connection = connection;
    socket.isClosed = false;
    socket.connected = null;
    socket.closed = null;
    socket.pushed.clear();
    byConnection.put(connection, socket);
  }

  private void connect(Flow flow, Socket socket) {
    boolean ipv6 = script.ipv6();
    TcpConnection connection =
        tcp.connect(
            ipv6, 0, 0, 0, ipv6 ? Addresses.IPV6_HIGH : 0, Addresses.peerLow(ipv6), flow.peerPort);
    if (connection == null) {
      throw new ScriptFailure("connect: " + Errno.name(tcp.failure()));
    }
    own(socket, connection);
  }

  private void push(Flow flow, Socket socket, List<String> arguments) {
    int length = Integer.parseInt(arguments.getFirst());
    boolean acked = arguments.contains("acked");
    int expected = arguments.contains("->") ? errno(arguments.getLast()) : 0;
    ScatterGatherArray sga = sgas.allocate(length);
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = Flow.pushedByte(flow.pushNext + i);
    }
    sga.copyFrom(0, MemorySegment.ofArray(bytes), 0, length);
    // A completion of another level is of no interest: its token is 0.
    int result =
        open(socket)
            .push(
                sga,
                acked ? nextQtoken++ : 0,
                acked ? PushCompletion.ACKED : PushCompletion.ACCEPTED);
    sga.drop();
    same("push", expected, result);
    if (result == 0) {
      flow.pushNext += length;
    }
  }

  private static void pushed(Socket socket, String argument) {
    Integer result = socket.pushed.poll();
    same(
        "pushed",
        argument.equals("none")
            ? null
            : (Integer) (argument.startsWith("E") ? errno(argument) : Integer.parseInt(argument)),
        result);
  }

  private void pop(Flow flow, Socket socket, String argument) {
    TcpConnection connection = open(socket);
    boolean isData = Character.isDigit(argument.charAt(0));
    int wanted = isData ? Integer.parseInt(argument) : 1;
    int got = 0;
    while (got < wanted) {
      ScatterGatherArray sga = connection.pop(wanted - got);
      if (sga == null) {
        break;
      }
      checkBytes(flow, sga.toByteArray());
      got += sga.totalBytes();
      sga.drop();
    }
    if (isData) {
      if (got < wanted) {
        throw new ScriptFailure(
            "popped " + got + " bytes, then " + written(connection.popResult()));
      }
    } else {
      same("pop", argument.equals("eof") ? 0 : errno(argument), connection.popResult());
    }
  }

  /// Checks bytes that were popped.
  static void checkBytes(Flow flow, byte[] bytes) {
    for (byte b : bytes) {
      if (b != Flow.poppedByte(flow.popNext)) {
        throw new ScriptFailure(
            "the byte popped at sequence number " + flow.popNext + " is not the one received");
      }
      flow.popNext++;
    }
  }

  private void option(Socket socket, SocketOption option, String value) {
    int number = Integer.parseInt(value);
    same(
        "option",
        0,
        socket.connection == null
            ? listener.setOption(option, number)
            : open(socket).setOption(option, number));
  }

  /// The state, as far as it can be seen: a connection that its user has closed is peeked at, and
  /// the table of TIME-WAIT is asked when it has none.
  private String state(Socket socket) {
    TcpState state = socket.connection == null ? TcpState.CLOSED : socket.connection.state();
    if (state != TcpState.CLOSED) {
      return state.name();
    }
    long[] timeWait = {0};
    tcp.counters((name, value) -> {
      if (name.contains("time-wait") && !name.contains("reused") && !name.contains("drop")) {
        timeWait[0] = value;
      }
    });
    return timeWait[0] > 0 ? TcpState.TIME_WAIT.name() : TcpState.CLOSED.name();
  }

  private void stat(TcpConnection connection, List<String> arguments) {
    connection.statistics(statistics);
    try {
      Object value = ConnectionInfo.class.getField(arguments.getFirst()).get(statistics);
      compare(arguments, String.valueOf(value));
    } catch (ReflectiveOperationException e) {
      throw new ScriptFailure("ConnectionInfo has no " + arguments.getFirst());
    }
  }

  private static void compare(List<String> arguments, String actual) {
    String expected = arguments.get(2);
    boolean holds =
        switch (arguments.get(1)) {
          case "==" -> actual.equals(expected);
          case "!=" -> !actual.equals(expected);
          case "<" -> Long.parseLong(actual) < Long.parseLong(expected);
          case "<=" -> Long.parseLong(actual) <= Long.parseLong(expected);
          case ">" -> Long.parseLong(actual) > Long.parseLong(expected);
          default -> Long.parseLong(actual) >= Long.parseLong(expected);
        };
    if (!holds) {
      throw new ScriptFailure("expected " + String.join(" ", arguments) + ", is " + actual);
    }
  }

  @Override
  public void close() {
    for (Socket socket : sockets.values()) {
      if (socket.connection != null && !socket.isClosed) {
        socket.connection.abort();
      }
    }
    tcp.close();
    output.seen.clear();
    boolean arraysLeft = sgas.freeCount() != sgas.count();
    leaks.assertNoLeaks();
    arena.close();
    if (arraysLeft) {
      throw new ScriptFailure("arrays were never freed");
    }
  }

  @Override
  public void acceptable(TcpListener l) {}

  @Override
  public void readable(TcpConnection connection) {}

  @Override
  public void connected(TcpConnection connection, int result) {
    byConnection.get(connection).connected = result;
  }

  @Override
  public void pushed(TcpConnection connection, long qtoken, int result) {
    Socket socket = byConnection.get(connection);
    if (qtoken != 0 && socket != null) {
      socket.pushed.add(result);
    }
  }

  @Override
  public void closed(TcpConnection connection, int result) {
    Socket socket = byConnection.get(connection);
    if (socket != null) {
      socket.closed = result;
    }
  }
}
