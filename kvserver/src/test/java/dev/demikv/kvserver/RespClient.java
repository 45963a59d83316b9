package dev.demikv.kvserver;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// A plain RESP2 client over a blocking socket, for tests that must not depend on our own client.
public final class RespClient implements AutoCloseable {
  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;

  /// Connects to a port of the loopback address; replies must come within ten seconds.
  public RespClient(int port) throws IOException {
    this(port, 10_000);
  }

  /// Connects with a limit on the wait for a reply.
  public RespClient(int port, int timeoutMillis) throws IOException {
    socket = new Socket();
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), timeoutMillis);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(timeoutMillis);
    in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
    out = socket.getOutputStream();
  }

  /// An error reply.
  public record RespError(String message) {}

  /// Sends a command and reads its reply: String (simple), byte[] (bulk), Long, List, RespError or
  /// null.
  public Object call(Object... words) throws IOException {
    send(words);
    return read();
  }

  /// As [#call], with a bulk or simple reply as text.
  public String text(Object... words) throws IOException {
    Object reply = call(words);
    return reply instanceof byte[] bytes
        ? new String(bytes, StandardCharsets.ISO_8859_1)
        : String.valueOf(reply);
  }

  /// Sends a command without waiting.
  public void send(Object... words) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    line.write(("*" + words.length + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    for (Object word : words) {
      byte[] bytes =
          word instanceof byte[] b ? b : String.valueOf(word).getBytes(StandardCharsets.ISO_8859_1);
      line.write(("$" + bytes.length + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
      line.write(bytes);
      line.write('\r');
      line.write('\n');
    }
    out.write(line.toByteArray());
    out.flush();
  }

  /// Sends bytes as they are.
  public void sendRaw(byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  /// Reads one reply.
  public Object read() throws IOException {
    String line = line();
    String rest = line.substring(1);
    switch (line.charAt(0)) {
      case '+':
        return rest;
      case '-':
        return new RespError(rest);
      case ':':
        return Long.parseLong(rest);
      case '$':
        {
          int length = Integer.parseInt(rest);
          if (length < 0) {
            return null;
          }
          byte[] bytes = in.readNBytes(length);
          if (bytes.length < length || in.read() != '\r' || in.read() != '\n') {
            throw new EOFException("in a bulk of " + length);
          }
          return bytes;
        }
      case '*':
        {
          int count = Integer.parseInt(rest);
          if (count < 0) {
            return null;
          }
          List<Object> list = new ArrayList<>();
          for (int i = 0; i < count; i++) {
            list.add(read());
          }
          return list;
        }
      default:
        throw new IOException("not a RESP2 reply: " + line);
    }
  }

  private String line() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int c = in.read(); c != '\r'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("the server closed the connection");
      }
      text.append((char) c);
    }
    if (in.read() != '\n' || text.isEmpty()) {
      throw new IOException("not a RESP line: " + text);
    }
    return text.toString();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
