package dev.demikv.libos.net;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.TransportSink;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.MemoryRegion;
import dev.demikv.libos.time.Clock;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;

/// A stack on a [SegmentDevice] with one connection, and what the loop above it would do.
final class SegmentEnd implements TransportSink, Clock {
  private static final long POP = 1;
  private static final long PUSH = 2;
  private static final int POP_BYTES_MAX = 1 << 20;

  /// What a turn of a loop that spins takes, so that timers are run as often as they would.
  private static final long TURN_NANOS = 500;

  private static final int FULL_SEGMENT_BYTES = 1448;
  private static final int HANDSHAKE_TURNS_MAX = 100;

  final SegmentDevice device;
  final StackTransport transport;
  private final int number;
  private final SgaPool sgas;
  private final ScatterGatherArray message;
  private int sid = -1;
  private boolean connected;
  private boolean echoes;
  private long poppedBytes;
  private long nowNanos = 1_000_000_000L;

  SegmentEnd(Arena arena, int number, boolean deviceChecksums, int messageBytes) {
    this.number = number;
    device = new SegmentDevice(0x0200_0000_0000L + number, deviceChecksums);
    BufferPools buffers = new BufferPools(pool(arena, 2 << 10, 256), pool(arena, 16 << 10, 16));
    sgas = new SgaPool(buffers, 64);
    Options options =
        Options.empty()
            .with("network.address", "10.77.0." + number + "/24")
            .with("network.close-linger", "0");
    transport = new StackTransport(device, options, new SplittableRandom(number), this);
    transport.start(this, sgas);
    message = sgas.allocate(messageBytes);
  }

  private static BufferPool pool(Arena arena, int bytes, int count) {
    return new BufferPool(
        new MemoryRegion(arena.allocate((long) bytes * count, 64), 64, 0), bytes, count);
  }

  /// Connects to a peer, lets it send a full segment, by which the receiver knows how long they can
  /// be, and then a message, which becomes the pattern of what arrives.
  ///
  /// @return the sequence number that we expect next, and the one that we send next
  int[] connect(SegmentEnd peer) {
    device.join(peer.device);
    int listening = peer.transport.socket(SocketType.STREAM, AddressFamily.INET);
    peer.transport.bind(listening, Endpoint.ipv4(0x0a4d_0000 | peer.number, 7000));
    peer.transport.listen(listening, 1);
    peer.transport.accept(listening, 3);
    sid = transport.socket(SocketType.STREAM, AddressFamily.INET);
    transport.connect(sid, Endpoint.ipv4(0x0a4d_0000 | peer.number, 7000), 4);
    for (int i = 0; i < HANDSHAKE_TURNS_MAX && !(connected && peer.sid >= 0); i++) {
      turn(peer);
    }
    ScatterGatherArray full = peer.sgas.allocate(FULL_SEGMENT_BYTES);
    peer.transport.push(peer.sid, full, null, PUSH);
    pop();
    for (int i = 0; i < 4; i++) {
      turn(peer);
    }
    full.drop();
    if (!connected || poppedBytes != FULL_SEGMENT_BYTES) {
      throw new IllegalStateException("connected " + connected + ", popped " + poppedBytes);
    }
    poppedBytes = 0;
    flush(); // The acknowledgement that is still due.
    peer.push();
    peer.transport.flush(nowNanos);
    int[] next = {SegmentDevice.sequence(device), SegmentDevice.acknowledgement(device)};
    device.record();
    return next;
  }

  private void turn(SegmentEnd peer) {
    transport.flush(nowNanos);
    peer.transport.poll(nowNanos);
    peer.transport.flush(nowNanos);
    transport.poll(nowNanos);
    tick();
    peer.nowNanos = nowNanos;
  }

  /// Echoes what is popped from now on.
  void echo() {
    echoes = true;
  }

  void tick() {
    nowNanos += TURN_NANOS;
  }

  void pop() {
    transport.pop(sid, POP_BYTES_MAX, POP);
  }

  void push() {
    transport.push(sid, message, null, PUSH);
  }

  void flush() {
    transport.flush(nowNanos);
  }

  void poll() {
    transport.poll(nowNanos);
  }

  /// Bytes that pops have brought.
  long poppedBytes() {
    return poppedBytes;
  }

  @Override
  public void pushed(long qtoken, int result) {}

  @Override
  public void popped(long qtoken, int result, ScatterGatherArray sga, Endpoint remote) {
    if (sga == null) {
      return;
    }
    poppedBytes += result;
    if (echoes) {
      transport.push(sid, sga, null, PUSH);
    }
    sga.drop();
  }

  @Override
  public void accepted(long qtoken, int result, Endpoint remote) {
    sid = result;
  }

  @Override
  public void connected(long qtoken, int result) {
    connected = result == 0;
  }

  @Override
  public long nanoTime() {
    return nowNanos;
  }

  @Override
  public long wallMillis() {
    return 0;
  }
}
