package dev.demikv.libos.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketType;
import java.lang.foreign.MemorySegment;
import java.util.random.RandomGenerator;

/// Datagrams beside the connections: they may be lost, doubled and overtaken, but what arrives is
/// what was sent. Some are so long that they travel in fragments.
final class SimulationDatagrams {
  private static final int PORT = 7;
  private static final long WITHIN_NANOS = 3_000_000_000L;

  private final SimulationHost host;
  private final LibOs libos;
  private final Endpoint to;
  private final int bytesMax;
  private final RandomGenerator random;
  private final int qd;
  private boolean closed;

  SimulationDatagrams(SimulationHost host, SimulationHost peer, AddressFamily family, int mtu) {
    this.host = host;
    this.libos = host.libos;
    this.to = peer.endpoint(family, PORT);
    this.bytesMax = 3 * mtu;
    this.random = host.world.random("datagrams " + host.name);
    qd = libos.socket(SocketType.DATAGRAM, family);
    libos.bind(qd, host.endpoint(family, PORT));
    pop();
  }

  void send(int count) {
    for (int i = 0; i < count; i++) {
      host.after(random.nextLong(WITHIN_NANOS), this::send);
    }
  }

  private void send() {
    if (closed) {
      return;
    }
    int salt = random.nextInt();
    int length = random.nextInt(bytesMax + 1);
    ScatterGatherArray sga = libos.sgaAlloc(length);
    if (sga == null) {
      return;
    }
    byte[] bytes = content(salt, length);
    sga.copyFrom(0, MemorySegment.ofArray(bytes), 0, length);
    long qtoken = libos.pushTo(qd, sga, to);
    libos.sgaFree(sga);
    if (qtoken == -Errno.EAGAIN) {
      return;
    }
    host.await(
        qtoken,
        result -> {
          // One that finds no neighbour or buffer is lost like others.
          if (result.result >= 0) {
            assertThat(result.result).as("bytes of a datagram pushed").isEqualTo(length);
          }
        });
  }

  private void pop() {
    host.await(libos.pop(qd), this::popped);
  }

  private void popped(QResult result) {
    if (result.result == -Errno.ECANCELED) {
      return;
    }
    ScatterGatherArray sga = result.sga;
    assertThat(result.result).as("pop of a datagram").isNotNegative();
    byte[] bytes = sga == null ? new byte[0] : sga.toByteArray();
    if (sga != null) {
      libos.sgaFree(sga);
    }
    int salt = 0;
    for (int i = 0; i < Math.min(Integer.BYTES, bytes.length); i++) {
      salt |= (bytes[i] & 0xff) << 8 * i;
    }
    assertThat(bytes).as("datagram").isEqualTo(content(salt, bytes.length));
    if (!closed) {
      pop();
    }
  }

  /// Bytes that follow from the first four and the length.
  private static byte[] content(int salt, int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      int h = (salt + i * 0x9e37_79b9 ^ length) * 0x85eb_ca6b;
      bytes[i] = i < Integer.BYTES ? (byte) (salt >>> 8 * i) : (byte) (h ^ h >>> 15);
    }
    return bytes;
  }

  void close() {
    closed = true;
    libos.close(qd);
  }
}
