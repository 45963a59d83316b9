package dev.demikv.libos.peer;

import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.peer.StackServer.Connection;
import dev.demikv.libos.peer.StackServer.Session;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;

/// Sends many bytes and receives as many at the same time; both sides know what they must be.
final class Bulk implements Session {
  /// No multiple of anything that is used elsewhere, so that bytes at a wrong place are found out.
  private static final int PATTERN_BYTES = 1_000_003;

  private static final int PUSH_BYTES = 16 << 10;
  private static final int PUSHES_MAX = 32;
  private static final byte[] PATTERN = new byte[PATTERN_BYTES];

  static {
    new SplittableRandom(20_251_128).nextBytes(PATTERN);
  }

  private final LibOs libos;
  private final long bytes;
  private long sent;
  private long received;
  private boolean isShutDown;
  private final CRC32C crc = new CRC32C();

  /// The peer has ended and all was sent.
  boolean done;

  Bulk(LibOs libos, long bytes) {
    this.libos = libos;
    this.bytes = bytes;
  }

  @Override
  public void opened(Connection connection) {
    fill(connection);
  }

  @Override
  public void sent(Connection connection) {
    fill(connection);
  }

  private void fill(Connection connection) {
    while (sent < bytes && connection.pushes() < PUSHES_MAX) {
      int length = (int) Math.min(PUSH_BYTES, bytes - sent);
      ScatterGatherArray sga = libos.sgaAlloc(length);
      if (sga == null) {
        break;
      }
      int place = (int) (sent % PATTERN_BYTES);
      int first = Math.min(length, PATTERN_BYTES - place);
      sga.copyFrom(0, MemorySegment.ofArray(PATTERN), place, first);
      sga.copyFrom(first, MemorySegment.ofArray(PATTERN), 0, length - first);
      boolean pushed = connection.push(sga);
      libos.sgaFree(sga);
      if (!pushed) {
        break;
      }
      sent += length;
    }
    if (sent == bytes && !isShutDown) {
      isShutDown = true;
      connection.shutdown();
    }
  }

  @Override
  public void received(Connection connection, ScatterGatherArray sga) {
    for (int i = 0; i < sga.segmentCount(); i++) {
      MemorySegment segment = sga.memory(i).asSlice(sga.offset(i), sga.length(i));
      crc.update(segment.asByteBuffer());
      received += sga.length(i);
    }
    fill(connection);
  }

  @Override
  public void ended(Connection connection) {
    if (received != bytes || crc.getValue() != expectedCrc(bytes)) {
      throw new AssertionError("received " + received + " bytes, crc " + crc.getValue());
    }
    done = true;
    if (sent == bytes && connection.pushes() == 0) {
      connection.close();
    }
  }

  static long expectedCrc(long bytes) {
    CRC32C crc = new CRC32C();
    for (long left = bytes; left > 0; left -= PATTERN_BYTES) {
      crc.update(PATTERN, 0, (int) Math.min(left, PATTERN_BYTES));
    }
    return crc.getValue();
  }

  /// The kernel's side: sends the bytes.
  static void write(OutputStream out, long bytes) throws IOException {
    for (long left = bytes; left > 0; left -= PATTERN_BYTES) {
      out.write(PATTERN, 0, (int) Math.min(left, PATTERN_BYTES));
    }
  }

  /// The kernel's side: receives until the end.
  static void read(InputStream in, long bytes) throws IOException {
    byte[] buffer = new byte[1 << 16];
    CRC32C crc = new CRC32C();
    long received = 0;
    int count;
    while ((count = in.read(buffer)) >= 0) {
      crc.update(buffer, 0, count);
      received += count;
    }
    if (received != bytes || crc.getValue() != expectedCrc(bytes)) {
      throw new AssertionError("received " + received + " bytes, crc " + crc.getValue());
    }
  }
}
