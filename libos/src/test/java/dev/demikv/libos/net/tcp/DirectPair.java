package dev.demikv.libos.net.tcp;

import dev.demikv.libos.api.PushCompletion;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.MemoryRegion;
import dev.demikv.libos.net.NetworkPath;
import dev.demikv.libos.net.Packet;
import dev.demikv.libos.net.PacketOutput;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/// Two stacks that hand each other their frames without a wire between them and without garbage:
/// what TCP alone costs.
final class DirectPair {
  private static final int RING = 4_096;
  private static final int HEADROOM = 64;
  private static final long TURN_NANOS = 10_000;

  final End client;
  final End server;
  TcpConnection clientConnection;
  TcpConnection serverConnection;
  private final BufferPools buffers;
  private final SgaPool sgas;
  private long nowNanos = 1_000_000_000_000L;
  long segments;

  DirectPair(Arena arena, TcpConfig config) {
    buffers =
        new BufferPools(
            new BufferPool(
                new MemoryRegion(arena.allocate(2_048L * 8_192, 64), 64, 0), 2_048, 8_192));
    sgas = new SgaPool(buffers, 256);
    client = new End(1, config);
    server = new End(2, config);
    client.other = server;
    server.other = client;
    server.tcp.listen(false, false, 0, 0, 80, 8);
    clientConnection = client.tcp.connect(false, 0, 0, 0, 0, 2, 80);
    while (serverConnection == null || !client.isConnected) {
      turn();
    }
  }

  /// One turn of both loops.
  void turn() {
    nowNanos += TURN_NANOS;
    client.turn();
    server.turn();
  }

  /// Sends requests and echoes them.
  void echo(int count, ScatterGatherArray request) {
    for (int i = 0; i < count; i++) {
      push(clientConnection, request);
      ScatterGatherArray got = null;
      while (got == null) {
        turn();
        got = serverConnection.pop(4_096);
      }
      push(serverConnection, got);
      got.drop();
      got = null;
      while (got == null) {
        turn();
        got = clientConnection.pop(4_096);
      }
      got.drop();
    }
  }

  /// Sends data one way.
  void bulk(long bytes, ScatterGatherArray piece) {
    long sent = 0;
    long received = 0;
    while (received < bytes) {
      while (sent < bytes && clientConnection.push(piece, 1, PushCompletion.ACCEPTED) == 0) {
        sent += piece.totalBytes();
      }
      turn();
      ScatterGatherArray got = serverConnection.pop(1 << 20);
      while (got != null) {
        received += got.totalBytes();
        got.drop();
        got = serverConnection.pop(1 << 20);
      }
    }
  }

  private static void push(TcpConnection c, ScatterGatherArray sga) {
    if (c.push(sga, 1, PushCompletion.ACCEPTED) != 0) {
      throw new AssertionError("refused");
    }
  }

  ScatterGatherArray array(int bytes) {
    return sgas.allocate(bytes);
  }

  /// A stack with the end of a wire that has no length.
  final class End implements PacketOutput, TcpUser {
    final Tcp tcp;
    private final int address;
    private End other;
    private boolean isConnected;
    private final Buffer[] ring = new Buffer[RING];
    private final int[] offsets = new int[RING];
    private final int[] lengths = new int[RING];
    private int head;
    private int tail;
    private final TxFrame frame = new TxFrame();
    private final Packet packet = new Packet();

    End(int address, TcpConfig config) {
      this.address = address;
      tcp = new Tcp(config, this, buffers, sgas, new Random(address), this, nowNanos);
    }

    void turn() {
      int end = tail;
      while (head != end) {
        int at = head++ & RING - 1;
        packet.set(ring[at], offsets[at], lengths[at]);
        packet.setIpv4(other.address, address, 0, 64);
        tcp.receive(packet, nowNanos);
        ring[at].release();
        ring[at] = null;
        segments++;
      }
      tcp.advance(nowNanos);
      tcp.flush(nowNanos);
    }

    @Override
    public NetworkPath path(boolean ipv6, long lh, long ll, long rh, long rl) {
      return new NetworkPath(false, 0, address, 0, rl) {
        @Override
        public int mtuBytes() {
          return 1_500;
        }
      };
    }

    @Override
    public TxFrame begin(NetworkPath path, int bytes) {
      Buffer buffer = buffers.take(HEADROOM + bytes);
      if (buffer == null) {
        return null;
      }
      frame.clear();
      frame.add(buffer, HEADROOM, bytes);
      return frame;
    }

    @Override
    public int send(NetworkPath path, TxFrame sent, int protocol, long now) {
      int at = other.tail & RING - 1;
      if (other.tail - other.head == RING) {
        sent.releaseParts();
        return -11;
      }
      Buffer first = sent.buffer(0);
      int end = sent.offset(0) + sent.length(0);
      for (int i = 1; i < sent.partCount(); i++) {
        // What a device's gathering would do.
        MemorySegment.copy(
            sent.buffer(i).segment(), sent.offset(i), first.segment(), end, sent.length(i));
        end += sent.length(i);
        sent.buffer(i).release();
      }
      other.ring[at] = first;
      other.offsets[at] = sent.offset(0);
      other.lengths[at] = end - sent.offset(0);
      other.tail++;
      return 0;
    }

    @Override
    public void drop(TxFrame dropped) {
      dropped.releaseParts();
    }

    @Override
    public void acceptable(TcpListener listener) {
      serverConnection = tcp.accept(listener);
    }

    @Override
    public void connected(TcpConnection connection, int result) {
      isConnected = true;
    }

    @Override
    public void readable(TcpConnection connection) {}

    @Override
    public void pushed(TcpConnection connection, long qtoken, int result) {}

    @Override
    public void closed(TcpConnection connection, int result) {}
  }
}
