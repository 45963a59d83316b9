package dev.demikv.libos.net.pkt;

import dev.demikv.libos.api.SocketOption;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jdk.net.ExtendedSocketOptions;

/// The kernel's TCP behind a TAP device, in real time: the oracle. Belongs to a thread that ends
/// with it.
final class LinuxHost implements ScriptHost {
  private static final long SLACK_NANOS = 60_000_000;
  private static final long PATIENCE_NANOS = 2_500_000_000L;
  private static final long CALL_NANOS = 200_000_000;
  private static final long RETRY_NANOS = 1_000_000;
  private static final int DEFAULT_BACKLOG = 16;

  /// States as /proc/net/tcp writes them, from 1.
  private static final List<String> STATES =
      List.of(
          "ESTABLISHED",
          "SYN_SENT",
          "SYN_RECEIVED",
          "FIN_WAIT_1",
          "FIN_WAIT_2",
          "TIME_WAIT",
          "CLOSED",
          "CLOSE_WAIT",
          "LAST_ACK",
          "LISTEN",
          "CLOSING",
          "SYN_RECEIVED");

  private final Script script;
  private final Flow[] flows;
  private final TapNamespace tap;
  private final ArrayDeque<Seen> seen = new ArrayDeque<>();
  private final Map<Integer, SocketChannel> channels = new HashMap<>();
  private ServerSocketChannel listener;

  LinuxHost(Script script, Flow[] flows) {
    this.script = script;
    this.flows = flows;
    try {
      tap = new TapNamespace(script.ipv6(), sysctls(script));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /// The script's configuration in the kernel's words.
  private static Map<String, String> sysctls(Script script) {
    Map<String, String> sysctls = new LinkedHashMap<>();
    sysctls.put("tcp_congestion_control", "reno");
    sysctls.put("tcp_no_metrics_save", "1");
    sysctls.put("tcp_invalid_ratelimit", "0");
    sysctls.put("tcp_ecn", "0");
    // No tail loss probes unless a script wants them: they come as soon as the machine stumbles.
    sysctls.put("tcp_early_retrans", "0");
    sysctls.put("tcp_sack", script.config().sack() ? "1" : "0");
    sysctls.put("tcp_timestamps", script.config().timestamps() ? "1" : "0");
    sysctls.put("tcp_window_scaling", script.config().windowScaling() ? "1" : "0");
    sysctls.putAll(script.sysctls());
    return sysctls;
  }

  @Override
  public String name() {
    return "linux";
  }

  @Override
  public long nowNanos() {
    return System.nanoTime();
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
    do {
      receive(nanos);
    } while (System.nanoTime() < nanos);
  }

  @Override
  public Seen poll(long untilNanos) {
    while (seen.isEmpty()) {
      if (!receive(untilNanos)) {
        return null;
      }
    }
    return seen.poll();
  }

  /// Waits for a packet. Whether there was one.
  private boolean receive(long untilNanos) {
    byte[] packet = tap.receive(Math.max(untilNanos - System.nanoTime(), 0));
    if (packet == null) {
      return false;
    }
    long nanos = System.nanoTime();
    byte[] segment = IpPackets.segmentOf(packet, script.ipv6());
    if (segment != null) {
      int number = Flow.numberOf((segment[2] & 0xff) << 8 | segment[3] & 0xff);
      if (number >= 0 && number < flows.length) {
        Flow flow = flows[number];
        seen.add(new Seen(flow, SegmentBytes.decode(segment, flow), nanos));
      }
    }
    return true;
  }

  @Override
  public void inject(Flow flow, byte[] segment) {
    tap.send(IpPackets.fromPeer(script.ipv6(), segment));
  }

  @Override
  public void inject(Flow flow, IcmpError error) {
    tap.send(IpPackets.error(error, flow));
  }

  @Override
  public void call(Flow flow, Verb verb, List<String> arguments) {
    String first = arguments.isEmpty() ? "" : arguments.getFirst();
    try {
      switch (verb) {
        case LISTEN -> listen(first.isEmpty() ? DEFAULT_BACKLOG : Integer.parseInt(first));
        case UNLISTEN -> listener.close();
        case ACCEPT -> accept(flow, first);
        case CONNECT -> connect(flow);
        case CONNECTED -> connected(flow, first);
        case PUSH -> push(flow, arguments);
        case POP -> pop(flow, first);
        case SHUTDOWN -> {
          if (first.equals("write")) {
            channel(flow).shutdownOutput();
          } else {
            channel(flow).shutdownInput();
          }
        }
        case CLOSE -> channel(flow).close();
        case ABORT -> {
          channel(flow).setOption(StandardSocketOptions.SO_LINGER, 0);
          channel(flow).close();
        }
        case OPTION -> option(flow, SocketOption.valueOf(first), arguments.get(1));
        case STATE -> state(flow, first);
        case PUSHED, STAT, COUNTER, CONNECTIONS, CLOSED, REFUSE, QUIET, REBASE ->
            throw new AssertionError("not for a kernel: " + verb);
      }
    } catch (IOException e) {
      throw new ScriptFailure(verb.word() + ": " + e);
    }
  }

  private SocketChannel channel(Flow flow) {
    SocketChannel channel = channels.get(flow.number);
    if (channel == null) {
      throw new ScriptFailure("the script has no open connection");
    }
    return channel;
  }

  private StandardProtocolFamily family() {
    return script.ipv6() ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET;
  }

  private SocketAddress address(boolean local, int port) throws IOException {
    byte[] bytes =
        script.ipv6()
            ? ByteBuffer.allocate(16)
                .putLong(Addresses.IPV6_HIGH)
                .putLong(local ? Addresses.IPV6_LOCAL_LOW : Addresses.IPV6_PEER_LOW)
                .array()
            : ByteBuffer.allocate(4)
                .putInt(local ? Addresses.IPV4_LOCAL : Addresses.IPV4_PEER)
                .array();
    return new InetSocketAddress(InetAddress.getByAddress(bytes), port);
  }

  private void listen(int backlog) throws IOException {
    listener = ServerSocketChannel.open(family());
    listener.configureBlocking(false);
    // What accepted connections inherit of what decides the window of their SYN,ACK.
    if (script.settings().containsKey("receiveBufferBytes")) {
      listener.setOption(StandardSocketOptions.SO_RCVBUF, script.config().receiveBufferBytes());
    }
    listener.bind(address(true, Flow.LISTEN_PORT), backlog);
  }

  private void accept(Flow flow, String argument) throws IOException {
    SocketChannel channel = listener.accept();
    if (argument.equals("none")) {
      if (channel != null) {
        throw new ScriptFailure("a connection waits");
      }
      return;
    }
    for (long end = System.nanoTime() + CALL_NANOS;
        channel == null && System.nanoTime() < end;
        channel = listener.accept()) {
      passUntil(System.nanoTime() + RETRY_NANOS);
    }
    if (channel == null) {
      throw new ScriptFailure("no connection waits");
    }
    own(flow, channel);
  }

  private void own(Flow flow, SocketChannel channel) throws IOException {
    channel.configureBlocking(false);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, script.config().nodelay());
    channels.put(flow.number, channel);
  }

  private void connect(Flow flow) throws IOException {
    SocketChannel channel = SocketChannel.open(family());
    if (script.settings().containsKey("receiveBufferBytes")) {
      channel.setOption(StandardSocketOptions.SO_RCVBUF, script.config().receiveBufferBytes());
    }
    own(flow, channel);
    channel.connect(address(false, flow.peerPort));
  }

  private void connected(Flow flow, String expected) {
    String actual = "EINPROGRESS";
    for (long end = System.nanoTime() + CALL_NANOS;
        actual.equals("EINPROGRESS") && System.nanoTime() < end; ) {
      try {
        actual = channel(flow).finishConnect() ? "" : "EINPROGRESS";
      } catch (IOException e) {
        actual = errno(e);
      }
      passUntil(System.nanoTime() + RETRY_NANOS);
    }
    same("connected", expected, actual);
  }

  private static void same(String what, String expected, String actual) {
    if (!expected.equals(actual)) {
      throw new ScriptFailure(what + ": expected '" + expected + "', is '" + actual + "'");
    }
  }

  private void push(Flow flow, List<String> arguments) {
    int length = Integer.parseInt(arguments.getFirst());
    ByteBuffer bytes = ByteBuffer.allocate(length);
    for (int i = 0; i < length; i++) {
      bytes.put(Flow.pushedByte(flow.pushNext + i));
    }
    bytes.flip();
    String actual = "";
    try {
      while (bytes.hasRemaining()) {
        if (channel(flow).write(bytes) == 0) {
          throw new ScriptFailure("the kernel took " + bytes.position() + " bytes only");
        }
      }
      flow.pushNext += length;
    } catch (IOException e) {
      actual = errno(e);
    }
    same("push", arguments.contains("->") ? arguments.getLast() : "", actual);
  }

  private void pop(Flow flow, String argument) {
    boolean isData = Character.isDigit(argument.charAt(0));
    int wanted = isData ? Integer.parseInt(argument) : 1;
    ByteBuffer bytes = ByteBuffer.allocate(wanted);
    String last = "EAGAIN";
    for (long end = System.nanoTime() + CALL_NANOS; System.nanoTime() < end; ) {
      try {
        int read = channel(flow).read(bytes);
        last = read < 0 ? "eof" : "EAGAIN";
      } catch (IOException e) {
        last = errno(e);
      }
      if (!bytes.hasRemaining() || !last.equals("EAGAIN") || argument.equals("EAGAIN")) {
        break;
      }
      passUntil(System.nanoTime() + RETRY_NANOS);
    }
    byte[] popped = new byte[bytes.position()];
    bytes.flip().get(popped);
    StackHost.checkBytes(flow, popped);
    if (isData ? popped.length < wanted : !last.equals(argument) || popped.length > 0) {
      throw new ScriptFailure("popped " + popped.length + " bytes, then " + last);
    }
  }

  private static String errno(IOException e) {
    if (e instanceof ClosedChannelException) {
      return "EPIPE";
    }
    String message = String.valueOf(e.getMessage());
    return switch (message.replaceAll(":.*", "")) {
      case "Connection refused" -> "ECONNREFUSED";
      case "Connection reset", "Connection reset by peer" -> "ECONNRESET";
      case "Broken pipe" -> "EPIPE";
      case "Connection timed out" -> "ETIMEDOUT";
      case "No route to host" -> "EHOSTUNREACH";
      case "Network is unreachable" -> "ENETUNREACH";
      case "Protocol not available" -> "ENOPROTOOPT";
      default -> message;
    };
  }

  private void option(Flow flow, SocketOption option, String value) throws IOException {
    NetworkChannel channel = channels.get(flow.number);
    if (channel == null) {
      channel = listener;
    }
    int number = Integer.parseInt(value);
    switch (option) {
      case NODELAY -> channel.setOption(StandardSocketOptions.TCP_NODELAY, number != 0);
      case KEEPALIVE -> channel.setOption(StandardSocketOptions.SO_KEEPALIVE, number != 0);
      case KEEPALIVE_IDLE_SECONDS -> channel.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, number);
      case KEEPALIVE_INTERVAL_SECONDS ->
          channel.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, number);
      case KEEPALIVE_COUNT -> channel.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, number);
      case LINGER_SECONDS -> channel.setOption(StandardSocketOptions.SO_LINGER, number);
      case RECEIVE_BUFFER_BYTES -> channel.setOption(StandardSocketOptions.SO_RCVBUF, number);
      case SEND_BUFFER_BYTES -> channel.setOption(StandardSocketOptions.SO_SNDBUF, number);
      case REUSEADDR, REUSEPORT, V6ONLY, PUSH_COMPLETION, PUSH_QUIET ->
          throw new ScriptFailure("no option of a connection: " + option);
    }
  }

  private void state(Flow flow, String expected) throws IOException {
    String actual = "";
    for (long end = System.nanoTime() + CALL_NANOS; System.nanoTime() < end; ) {
      actual = state(flow);
      if (actual.equals(expected)) {
        return;
      }
      passUntil(System.nanoTime() + RETRY_NANOS);
    }
    same("state", expected, actual);
  }

  private String state(Flow flow) throws IOException {
    Path table = Path.of("/proc/thread-self/net/tcp" + (script.ipv6() ? "6" : ""));
    String port = String.format(":%04X", flow.peerPort);
    for (String line : Files.readAllLines(table)) {
      String[] words = line.strip().split("\\s+", -1);
      if (words.length > 3 && words[2].endsWith(port)) {
        return STATES.get(Integer.parseInt(words[3], 16) - 1);
      }
    }
    return "CLOSED";
  }

  @Override
  public void close() {
    try {
      for (SocketChannel channel : channels.values()) {
        channel.close();
      }
      if (listener != null) {
        listener.close();
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } finally {
      tap.close();
    }
  }
}
