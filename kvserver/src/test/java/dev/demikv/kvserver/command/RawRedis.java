package dev.demikv.kvserver.command;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// A redis-server of our own on loopback, and a connection to it that hands replies over as bytes.
final class RawRedis implements AutoCloseable {
  private static final Duration START_MAX = Duration.ofSeconds(20);
  private static final int READ_MILLIS_MAX = 20_000;

  private final Process process;
  private final int port;
  private Socket socket;
  private InputStream in;

  private RawRedis(Process process, int port, Socket socket) throws IOException {
    this.process = process;
    this.port = port;
    this.socket = socket;
    this.in = new BufferedInputStream(socket.getInputStream());
  }

  /// Whether a redis-server is installed.
  static boolean isInstalled() {
    String path = System.getenv().getOrDefault("PATH", "");
    return List.of(path.split(":", -1)).stream()
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, "redis-server")));
  }

  static RawRedis start(Path directory) throws IOException, InterruptedException {
    int port;
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = probe.getLocalPort();
    }
    Process process =
        new ProcessBuilder(
                "redis-server",
                "--port",
                Integer.toString(port),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
                "--enable-debug-command",
                "yes",
                "--dir",
                directory.toString())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("redis.out").toFile())
            .start();
    Instant deadline = Instant.now().plus(START_MAX);
    while (true) {
      try {
        return new RawRedis(process, port, connect(port));
      } catch (IOException e) {
        if (!process.isAlive() || Instant.now().isAfter(deadline)) {
          process.destroyForcibly();
          throw e;
        }
        Thread.onSpinWait();
        if (process.waitFor(Duration.ofMillis(20))) {
          throw e;
        }
      }
    }
  }

  private static Socket connect(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(READ_MILLIS_MAX);
    return socket;
  }

  /// Sends a command and returns its reply as it came over the wire, one char per byte.
  String send(String... arguments) throws IOException {
    StringBuilder command = new StringBuilder("*" + arguments.length + "\r\n");
    for (String argument : arguments) {
      command.append('$').append(argument.length()).append("\r\n");
      command.append(argument).append("\r\n");
    }
    socket.getOutputStream().write(command.toString().getBytes(StandardCharsets.ISO_8859_1));
    ByteArrayOutputStream reply = new ByteArrayOutputStream();
    readReply(reply);
    return reply.toString(StandardCharsets.ISO_8859_1);
  }

  /// Sends bytes over a connection of their own and returns everything until the server closes it.
  String sendRaw(String bytes) throws IOException {
    try (Socket other = connect(port)) {
      other.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
      other.shutdownOutput();
      return new String(other.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  /// Opens a new connection in place of the old one.
  void reconnect() throws IOException {
    socket.close();
    socket = connect(port);
    in = new BufferedInputStream(socket.getInputStream());
  }

  private void readReply(ByteArrayOutputStream out) throws IOException {
    String line = readLine(out);
    char type = line.charAt(0);
    String rest = line.substring(1);
    switch (type) {
      case '+', '-', ':', ',', '#', '(', '_' -> {
        // The line is all.
      }
      case '$', '=' -> {
        int length = Integer.parseInt(rest);
        if (length >= 0) {
          out.write(in.readNBytes(length + 2));
        }
      }
      case '*', '~', '>' -> readReplies(out, Integer.parseInt(rest));
      case '%' -> readReplies(out, 2 * Integer.parseInt(rest));
      default -> throw new IOException("reply type " + type);
    }
  }

  private void readReplies(ByteArrayOutputStream out, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      readReply(out);
    }
  }

  private String readLine(ByteArrayOutputStream out) throws IOException {
    StringBuilder line = new StringBuilder();
    while (true) {
      int b = in.read();
      if (b < 0) {
        throw new EOFException("after " + line);
      }
      out.write(b);
      if (b == '\n') {
        return line.substring(0, line.length() - 1);
      }
      line.append((char) b);
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
    process.destroyForcibly();
    process.onExit().join();
  }
}
