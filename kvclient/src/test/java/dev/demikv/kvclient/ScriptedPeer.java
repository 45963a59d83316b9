package dev.demikv.kvclient;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/// A server over plain sockets that does what a script says, one script per connection, in order. A
/// connection beyond the last script gets the last one again.
public final class ScriptedPeer implements AutoCloseable {
  /// What is done with a connection; it is closed when the script returns.
  @FunctionalInterface
  public interface Script {
    void play(Peer peer) throws IOException, InterruptedException;
  }

  private final ServerSocket listener;
  private final Thread thread;
  private final List<Script> scripts;
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final AtomicInteger acceptedCount = new AtomicInteger();
  private volatile Socket current;

  public ScriptedPeer(Script... scripts) throws IOException {
    this(InetAddress.ofLiteral("127.0.0.1"), 0, scripts);
  }

  ScriptedPeer(InetAddress address, int port, Script... scripts) throws IOException {
    this.scripts = List.of(scripts);
    this.listener = new ServerSocket();
    listener.setReuseAddress(true);
    listener.bind(new InetSocketAddress(address, port));
    this.thread = Thread.ofPlatform().name("scripted-peer").start(this::serve);
  }

  public int port() {
    return listener.getLocalPort();
  }

  int acceptedCount() {
    return acceptedCount.get();
  }

  /// A client configuration for this peer: RESP2 without greeting, and prompt.
  KvClientConfig config() {
    return KvClientConfig.of("127.0.0.1", port()).withProtocol(KvClientConfig.Protocol.RESP2);
  }

  private void serve() {
    while (!listener.isClosed()) {
      try (Socket socket = listener.accept()) {
        current = socket;
        socket.setTcpNoDelay(true);
        Script script = scripts.get(Math.min(acceptedCount.getAndIncrement(), scripts.size() - 1));
        script.play(new Peer(socket));
      } catch (IOException e) {
        // The client hung up, or the test is over: the client's side is what is tested.
        if (closing.getCount() == 0) {
          return;
        }
      } catch (InterruptedException | RuntimeException | AssertionError e) {
        failure.compareAndSet(null, e);
        return;
      }
    }
  }

  @Override
  public void close() throws IOException {
    closing.countDown();
    listener.close();
    Socket socket = current;
    if (socket != null) {
      socket.close();
    }
    boolean ended;
    try {
      ended = thread.join(Duration.ofSeconds(10));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      ended = false;
    }
    if (!ended) {
      throw new AssertionError("the scripted peer does not end");
    }
    Throwable thrown = failure.get();
    if (thrown != null) {
      throw new AssertionError("the scripted peer failed", thrown);
    }
  }

  /// The server's end of a connection.
  public static final class Peer {
    private final Socket socket;
    private final InputStream in;

    Peer(Socket socket) throws IOException {
      this.socket = socket;
      this.in = new BufferedInputStream(socket.getInputStream());
    }

    /// Reads one command; arguments as ISO 8859-1.
    public List<String> command() throws IOException {
      List<String> words = new ArrayList<>();
      int count = Integer.parseInt(line().substring(1));
      for (int i = 0; i < count; i++) {
        int length = Integer.parseInt(line().substring(1));
        words.add(new String(in.readNBytes(length), StandardCharsets.ISO_8859_1));
        line();
      }
      return words;
    }

    private String line() throws IOException {
      StringBuilder line = new StringBuilder();
      for (; ; ) {
        int c = in.read();
        if (c < 0) {
          throw new EOFException();
        }
        if (c == '\n') {
          return line.substring(0, line.length() - 1);
        }
        line.append((char) c);
      }
    }

    public void send(String text) throws IOException {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().flush();
    }

    /// Answers every command by its words until the client hangs up.
    public void serve(Function<List<String>, String> answer) throws IOException {
      for (; ; ) {
        send(answer.apply(command()));
      }
    }

    /// Waits for one byte.
    void readByte() throws IOException {
      if (in.read() < 0) {
        throw new EOFException();
      }
    }

    /// Half-closes.
    void endOutput() throws IOException {
      socket.shutdownOutput();
    }

    /// Closes with a reset.
    void reset() throws IOException {
      socket.setSoLinger(true, 0);
      socket.close();
    }

    /// Does nothing until the client hangs up or the test ends.
    public void stall() throws IOException {
      while (in.read() >= 0) {
        // What it sends is swallowed.
      }
    }
  }
}
