package dev.demikv.kvserver.server;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// A client of bytes: what is sent and what comes is seen as it is.
final class RawClient implements AutoCloseable {
  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;

  RawClient(int port) {
    try {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(30_000);
      in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
      out = socket.getOutputStream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Sends a text as it is.
  RawClient send(String text) {
    return send(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  RawClient send(byte[] bytes) {
    try {
      out.write(bytes);
      out.flush();
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A command as RESP.
  static byte[] command(Object... words) {
    java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
    bytes.writeBytes(("*" + words.length + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    for (Object word : words) {
      byte[] argument =
          word instanceof byte[] raw ? raw : word.toString().getBytes(StandardCharsets.ISO_8859_1);
      bytes.writeBytes(("$" + argument.length + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
      bytes.writeBytes(argument);
      bytes.writeBytes("\r\n".getBytes(StandardCharsets.ISO_8859_1));
    }
    return bytes.toByteArray();
  }

  /// Sends a command and reads its reply.
  Object call(Object... words) {
    send(command(words));
    return read();
  }

  /// Waits until no snapshot is under way; bounded by the time-out of the test.
  ///
  /// @return INFO persistence
  String awaitEndOfSnapshot() {
    String info = "rdb_bgsave_in_progress:1";
    while (info.contains("rdb_bgsave_in_progress:1")) {
      info = call("INFO", "persistence").toString();
    }
    return info;
  }

  /// A number out of INFO.
  static long number(String info, String field) {
    int at = info.indexOf(field + ":") + field.length() + 1;
    return Long.parseLong(info.substring(at, info.indexOf('\r', at)));
  }

  /// Reads a reply: simple strings as `+OK`, errors as `-ERR …`, integers as Long, bulk strings as
  /// String of bytes, nulls as `null`, arrays and sets as List, maps as flat List.
  Object read() {
    try {
      int type = in.read();
      if (type < 0) {
        throw new EOFException("closed by the server");
      }
      String line = line();
      return switch (type) {
        case '+', '-' -> (char) type + line;
        case ':' -> Long.parseLong(line);
        case '$' -> bulk(Integer.parseInt(line));
        case '_' -> null;
        case '*', '~', '>' -> list(Integer.parseInt(line));
        case '%' -> list(2 * Integer.parseInt(line));
        default -> throw new IOException("reply of type " + (char) type + line);
      };
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Object list(int count) {
    if (count < 0) {
      return null;
    }
    List<Object> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(read());
    }
    return all;
  }

  private Object bulk(int length) throws IOException {
    if (length < 0) {
      return null;
    }
    byte[] bytes = in.readNBytes(length + 2);
    if (bytes.length < length + 2) {
      throw new EOFException("closed by the server within a bulk string");
    }
    return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
  }

  private String line() throws IOException {
    StringBuilder text = new StringBuilder();
    while (true) {
      int c = in.read();
      if (c < 0) {
        throw new EOFException("closed by the server within a line");
      }
      if (c == '\r') {
        in.read();
        return text.toString();
      }
      text.append((char) c);
    }
  }

  /// Everything until the server closes.
  String readToEnd() {
    try {
      return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Reads equal replies until the server closes or resets the connection.
  ///
  /// @return how many
  long countUntilClosed(String reply) {
    long count = 0;
    try {
      while (read().equals(reply)) {
        count++;
      }
    } catch (UncheckedIOException e) {
      return count;
    }
    throw new AssertionError("another reply than " + reply);
  }

  /// Whether the server has closed: waits for it.
  boolean isClosedByServer() {
    try {
      return in.read() < 0;
    } catch (java.net.SocketException e) {
      return true; // Reset.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Sends no more, and goes on reading.
  RawClient endOutput() {
    try {
      socket.shutdownOutput();
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
