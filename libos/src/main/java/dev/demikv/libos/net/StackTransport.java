package dev.demikv.libos.net;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Capability.Performer;
import dev.demikv.libos.api.ConnectionInfo;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.api.Shutdown;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.NetDeviceInfo;
import dev.demikv.libos.device.QueueShare;
import dev.demikv.libos.device.Transport;
import dev.demikv.libos.device.TransportSink;
import dev.demikv.libos.device.Waiter;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.MemorySource;
import dev.demikv.libos.net.tcp.Tcp;
import dev.demikv.libos.net.tcp.TcpConfig;
import dev.demikv.libos.net.tcp.TcpConnection;
import dev.demikv.libos.net.tcp.TcpListener;
import dev.demikv.libos.net.tcp.TcpUser;
import dev.demikv.libos.net.udp.Udp;
import dev.demikv.libos.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ObjLongConsumer;
import java.util.random.RandomGenerator;

/// Sockets over the user-level stack: what makes a device of frames a network backend like any
/// other (Demikernel's catnip).
///
/// A turn: [#flush] sends what was pushed → the loop sleeps → [#poll] takes a burst of frames,
/// whose packets complete pops, accepts and pushes, and runs the timers.
public final class StackTransport implements Transport, TcpUser {
  private static final long LINGER_STEP_NANOS = 1_000_000;

  private final NetDevice device;
  private final QueueShare share;
  private final StackConfig config;
  private final TcpConfig tcpConfig;
  private final RandomGenerator random;
  private final Clock clock;
  private final NetStack stack;
  private final Udp udp;
  private final ArrayList<@Nullable StackSocket> sockets = new ArrayList<>();
  private final ArrayDeque<Integer> freeSids = new ArrayDeque<>();
  private final ArrayList<StackStreamSocket> boundStreams = new ArrayList<>();
  private final ArrayList<StackSocket> starved = new ArrayList<>();
  private final ArrayList<StackSocket> feeding = new ArrayList<>();
  private int socketCount;
  private @Nullable Tcp tcp;
  private @Nullable TransportSink sink;
  private @Nullable SgaPool sgas;
  private long nowNanos;
  private long starvedCount;
  private long flushedFrames;
  private boolean closed;

  /// Puts the stack on a device, which it closes with itself.
  ///
  /// @param clock read here and while [#close()] waits; the turns bring their time with them
  /// @throws IllegalArgumentException when an option of the stack is wrong
  public StackTransport(NetDevice device, Options options, RandomGenerator random, Clock clock) {
    this.device = device;
    this.clock = clock;
    this.config = StackConfig.of(options);
    this.share = device.share();
    this.tcpConfig = TcpOptions.of(options, share);
    this.random = random;
    this.nowNanos = clock.nanoTime();
    NetDeviceInfo info = device.info();
    if (config.mtuBytes() > info.mtuBytes()) {
      throw new IllegalArgumentException(
          "option network.mtu = "
              + config.mtuBytes()
              + " is more than the "
              + info.mtuBytes()
              + " of "
              + info.name()
              + ": lower it, or raise the device's");
    }
    this.stack = new NetStack(device, config, random, nowNanos);
    this.udp = new Udp(stack, config.datagramsMax(), config.datagramBytes(), share, random);
  }

  /// The options of the stack, which every backend that brings frames has.
  public static List<OptionSpec> optionSpecs() {
    List<OptionSpec> all = new ArrayList<>(StackConfig.OPTION_SPECS);
    all.addAll(TcpOptions.OPTION_SPECS);
    return List.copyOf(all);
  }

  /// Reads the options of the stack, so that a mistake in them is told before a device is opened.
  ///
  /// @throws IllegalArgumentException saying which one is wrong and what it should be
  public static void checkOptions(Options options) {
    StackConfig.of(options);
    TcpOptions.of(options, QueueShare.WHOLE);
  }

  /// Who does what above any device.
  public static List<Capability> protocolCapabilities() {
    return List.of(
        new Capability("ethernet", Performer.LIBRARY, "802.1Q tags"),
        new Capability("arp", Performer.LIBRARY, "and IPv6 neighbour discovery"),
        new Capability("ip", Performer.LIBRARY, "IPv4, IPv6, fragments, path MTU, gateway"),
        new Capability("icmp", Performer.LIBRARY, "ICMP, ICMPv6"),
        new Capability("datagram", Performer.LIBRARY, "UDP; pops are the device's buffers"),
        new Capability("stream", Performer.LIBRARY, "TCP"));
  }

  private static Capability checksums(String function, boolean byDevice) {
    return new Capability(
        function,
        byDevice ? Performer.DEVICE : Performer.LIBRARY,
        byDevice ? "TCP, UDP; those of IPv4, ICMP and fragments by the library" : "all");
  }

  @Override
  public List<Capability> capabilities() {
    List<Capability> all = new ArrayList<>(device.capabilities());
    NetDeviceInfo info = device.info();
    all.addAll(protocolCapabilities());
    all.add(checksums("checksum transmit", info.checksumTransmit()));
    all.add(checksums("checksum receive", info.checksumReceive()));
    return List.copyOf(all);
  }

  @Override
  public @Nullable MemorySource memorySource() {
    return device.memorySource();
  }

  @Override
  public void start(TransportSink newSink, SgaPool newSgas) {
    sink = newSink;
    sgas = newSgas;
    device.start(newSgas.buffers());
    Tcp made = new Tcp(tcpConfig, stack, newSgas.buffers(), newSgas, random, this, nowNanos);
    tcp = made;
    stack.start(newSgas.buffers(), new TcpInput(made), udp);
  }

  @Override
  public @Nullable Waiter waiter() {
    return device.waiter();
  }

  @Override
  public int readinessFd() {
    return device.readinessFd();
  }

  @Override
  public long idleWaitNanosMax() {
    if (stack.hasOwnPackets() || tcp().wantsFlush()) {
      return 0;
    }
    return device.waiter() != null ? Long.MAX_VALUE : device.idleWaitNanosMax();
  }

  @Override
  public long nextTimerNanos() {
    long next = earlier(stack.nextTimerNanos(), tcp().nextTimerNanos());
    return earlier(next, device.nextTimerNanos());
  }

  /// The earlier of two times, of which [Long#MAX_VALUE] means never.
  private static long earlier(long a, long b) {
    return a == Long.MAX_VALUE || b != Long.MAX_VALUE && b - a < 0 ? b : a;
  }

  // A turn.

  @Override
  public int flush(long now) {
    nowNanos = now;
    feedStarved();
    stack.begin(now);
    int work = tcp().flush(now);
    return work + flushDevice();
  }

  private int flushDevice() {
    long frames = stack.counters().framesOut;
    if (frames == flushedFrames) {
      return 0;
    }
    int sent = (int) (frames - flushedFrames);
    flushedFrames = frames;
    device.flush();
    return sent;
  }

  @Override
  public int poll(long now) {
    nowNanos = now;
    int work = stack.poll(now);
    work += tcp().advance(now);
    feedStarved();
    if (flushDevice() == 0) {
      // Takes back what the device has sent.
      device.flush();
    }
    return work;
  }

  /// A socket's pop waits for an array: it is tried again in each turn.
  void starve(StackSocket socket) {
    starvedCount++;
    if (!socket.starved) {
      socket.starved = true;
      starved.add(socket);
    }
  }

  private void feedStarved() {
    if (starved.isEmpty() || sgas().freeCount() == 0) {
      return;
    }
    feeding.addAll(starved);
    starved.clear();
    for (int i = 0; i < feeding.size(); i++) {
      StackSocket socket = feeding.get(i);
      socket.starved = false;
      socket.progress();
    }
    feeding.clear();
  }

  // Sockets.

  @Override
  public int socket(SocketType type, AddressFamily family) {
    if (isFull()) {
      throw new LibOsException(
          "socket", Errno.EMFILE, "Close sockets, or raise network.sockets-max.");
    }
    boolean ipv6 = family == AddressFamily.INET6;
    if (ipv6 && !config.ipv6()) {
      throw new LibOsException("socket " + family, Errno.EAFNOSUPPORT, "Set network.ipv6 to true.");
    }
    int sid = newSid();
    return put(
        type == SocketType.STREAM
            ? new StackStreamSocket(this, sid, ipv6)
            : new StackDatagramSocket(this, sid, ipv6));
  }

  /// A socket for an accepted connection.
  StackStreamSocket newStream(boolean ipv6) {
    StackStreamSocket socket = new StackStreamSocket(this, newSid(), ipv6);
    put(socket);
    return socket;
  }

  /// Whether there are as many sockets as there may be.
  boolean isFull() {
    return socketCount >= config.socketsMax();
  }

  private int newSid() {
    Integer free = freeSids.poll();
    if (free != null) {
      return free;
    }
    sockets.add(null);
    return sockets.size() - 1;
  }

  private int put(StackSocket socket) {
    sockets.set(socket.sid, socket);
    socketCount++;
    return socket.sid;
  }

  private @Nullable StackSocket find(int sid) {
    return sid >= 0 && sid < sockets.size() ? sockets.get(sid) : null;
  }

  private StackSocket require(int sid, String operation) {
    StackSocket socket = find(sid);
    if (socket == null) {
      throw new LibOsException(operation, Errno.EBADF, "The socket was closed or never made.");
    }
    return socket;
  }

  @Override
  public void bind(int sid, Endpoint local) {
    require(sid, "bind").bind(local);
  }

  @Override
  public void listen(int sid, int backlog) {
    if (!(require(sid, "listen") instanceof StackStreamSocket stream)) {
      throw new LibOsException("listen", Errno.EOPNOTSUPP, "Only stream sockets listen.");
    }
    stream.listen(backlog);
  }

  @Override
  public int accept(int sid, long qtoken) {
    return switch (find(sid)) {
      case null -> -Errno.EBADF;
      case StackStreamSocket stream -> stream.accept(qtoken);
      case StackDatagramSocket datagram -> -Errno.EOPNOTSUPP;
    };
  }

  @Override
  public int connect(int sid, Endpoint remote, long qtoken) {
    StackSocket socket = find(sid);
    return socket == null ? -Errno.EBADF : socket.connect(remote, qtoken);
  }

  @Override
  public int push(int sid, ScatterGatherArray sga, @Nullable Endpoint to, long qtoken) {
    StackSocket socket = find(sid);
    return socket == null ? -Errno.EBADF : socket.push(sga, to, qtoken);
  }

  @Override
  public int pop(int sid, int bytesMax, long qtoken) {
    StackSocket socket = find(sid);
    if (socket == null) {
      return -Errno.EBADF;
    }
    return bytesMax <= 0 ? -Errno.EINVAL : socket.pop(bytesMax, qtoken);
  }

  @Override
  public int cancel(int sid, long qtoken) {
    StackSocket socket = find(sid);
    return socket == null ? -Errno.EBADF : socket.cancel(qtoken);
  }

  @Override
  public void shutdown(int sid, Shutdown how) {
    require(sid, "shutdown").shutdown(how);
  }

  @Override
  public void close(int sid) {
    StackSocket socket = require(sid, "close");
    socket.close();
    sockets.set(sid, null);
    socketCount--;
    if (socket.starved) {
      starved.remove(socket);
    }
    freeSids.add(sid);
  }

  @Override
  public Endpoint getsockname(int sid) {
    return require(sid, "getsockname").localName();
  }

  @Override
  public Endpoint getpeername(int sid) {
    return require(sid, "getpeername").remoteName();
  }

  @Override
  public void setsockopt(int sid, SocketOption option, int value) {
    require(sid, "setsockopt").setOption(option, value);
  }

  @Override
  public int getsockopt(int sid, SocketOption option) {
    return require(sid, "getsockopt").getOption(option);
  }

  @Override
  public int connectionInfo(int sid, ConnectionInfo into) {
    return switch (find(sid)) {
      case null -> -Errno.EBADF;
      case StackStreamSocket stream -> stream.connectionInfo(into);
      case StackDatagramSocket datagram -> -Errno.EOPNOTSUPP;
    };
  }

  // Ports of streams from bind on. Control path.

  /// RFC 6056 §3.3.1: from a random port on, the first that is free; 0 when there is none.
  int freeStreamPort(StackStreamSocket socket, StackName name) {
    int count = share.portMax() - share.portMin() + 1;
    int first = random.nextInt(count);
    for (int i = 0; i < count; i++) {
      int port = share.portMin() + (first + i) % count;
      if (!isStreamPortTaken(socket, name, port)) {
        return port;
      }
    }
    return 0;
  }

  boolean isStreamPortTaken(StackStreamSocket socket, StackName name, int port) {
    for (int i = 0; i < boundStreams.size(); i++) {
      if (boundStreams.get(i).conflicts(socket, name, port)) {
        return true;
      }
    }
    return false;
  }

  void streamBound(StackStreamSocket socket) {
    boundStreams.add(socket);
  }

  void streamUnbound(StackStreamSocket socket) {
    boundStreams.remove(socket);
  }

  // From TCP.

  private @Nullable StackStreamSocket stream(int sid) {
    return find(sid) instanceof StackStreamSocket stream ? stream : null;
  }

  @Override
  public void acceptable(TcpListener listener) {
    StackStreamSocket socket = stream(listener.attachment());
    if (socket != null) {
      socket.progressAccepts();
    }
  }

  @Override
  public void connected(TcpConnection connection, int result) {
    StackStreamSocket socket = stream(connection.attachment());
    if (socket != null) {
      socket.connected(result);
    }
  }

  @Override
  public void readable(TcpConnection connection) {
    StackStreamSocket socket = stream(connection.attachment());
    if (socket != null) {
      socket.progress();
    }
  }

  @Override
  public void pushed(TcpConnection connection, long qtoken, int result) {
    sink().pushed(qtoken, result);
  }

  @Override
  public void closed(TcpConnection connection, int result) {
    StackStreamSocket socket = stream(connection.attachment());
    if (socket != null) {
      socket.progress();
    }
  }

  // The rest.

  /// What of the device is ours.
  QueueShare share() {
    return share;
  }

  StackConfig config() {
    return config;
  }

  TcpConfig tcpConfig() {
    return tcpConfig;
  }

  /// The network layer below the sockets.
  public NetStack stack() {
    return stack;
  }

  Udp udp() {
    return udp;
  }

  Tcp tcp() {
    Tcp started = tcp;
    if (started == null) {
      throw new IllegalStateException("not started");
    }
    return started;
  }

  long nowNanos() {
    return nowNanos;
  }

  TransportSink sink() {
    TransportSink started = sink;
    if (started == null) {
      throw new IllegalStateException("not started");
    }
    return started;
  }

  SgaPool sgas() {
    SgaPool started = sgas;
    if (started == null) {
      throw new IllegalStateException("not started");
    }
    return started;
  }

  @Override
  public void counters(ObjLongConsumer<String> visitor) {
    visitor.accept("net.sockets", socketCount);
    visitor.accept("net.starved", starvedCount);
    stack.counters().report(visitor);
    if (tcp != null) {
      tcp.counters(visitor);
    }
    device.counters(visitor);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    Tcp started = tcp;
    if (started != null) {
      for (int sid = 0; sid < sockets.size(); sid++) {
        if (sockets.get(sid) != null) {
          close(sid);
        }
      }
      linger(started);
      started.close();
      device.flush();
      stack.close();
    }
    device.close();
  }

  /// Gives what was pushed and the ends of streams time to reach the peers.
  private void linger(Tcp started) {
    long end = clock.nanoTime() + config.lingerNanos();
    for (long now = clock.nanoTime(); ; now = clock.nanoTime()) {
      poll(now);
      flush(now);
      if (started.connectionCount() == 0 || now - end >= 0) {
        return;
      }
      Waiter waiter = device.waiter();
      if (waiter != null) {
        waiter.await(Math.min(LINGER_STEP_NANOS, end - now));
      } else {
        LockSupport.parkNanos(LINGER_STEP_NANOS / 10);
      }
    }
  }
}
