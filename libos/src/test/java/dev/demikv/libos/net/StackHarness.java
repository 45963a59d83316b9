package dev.demikv.libos.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.device.QueueShare;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPool;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.MemoryRegion;
import dev.demikv.libos.net.udp.Udp;
import dev.demikv.libos.net.udp.UdpSocket;
import dev.demikv.libos.net.udp.UdpUser;
import dev.demikv.libos.wire.EthernetHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// A network layer with UDP on a device that is the test's. TCP is a list of what came.
final class StackHarness implements AutoCloseable, TransportProtocol {
  static final long SECOND = 1_000_000_000L;

  final TestNetDevice device;
  final NetStack stack;
  final Udp udp;
  final SgaPool sgas;
  final BufferPools buffers;
  final List<byte[]> tcpSegments = new ArrayList<>();
  final List<PathError.Kind> tcpErrors = new ArrayList<>();
  int tcpErrorMtu;
  boolean tcpBelieves = true;
  long now = 5 * SECOND;
  private final Arena arena = Arena.ofConfined();

  static Options options() {
    return Options.empty()
        .with("network.address", "10.77.0.1/24,fd77::1/64")
        .with("network.gateway", "10.77.0.254,fd77::fe");
  }

  StackHarness() {
    this(options(), new TestNetDevice(1500, 20, false));
  }

  StackHarness(Options options, TestNetDevice device) {
    this.device = device;
    buffers = new BufferPools(pool(2 << 10, 512), pool(16 << 10, 16), pool(256 << 10, 8));
    sgas = new SgaPool(buffers, 256);
    device.start(buffers);
    StackConfig config = StackConfig.of(options);
    SplittableRandom random = new SplittableRandom(7);
    stack = new NetStack(device, config, random, now);
    udp = new Udp(stack, config.datagramsMax(), config.datagramBytes(), QueueShare.WHOLE, random);
    stack.start(buffers, this, udp);
    stack.begin(now);
  }

  private BufferPool pool(int bytes, int count) {
    return new BufferPool(
        new MemoryRegion(arena.allocate((long) bytes * count, 4096), 4096, 0), bytes, count);
  }

  /// Lets the announcements and checks of the start pass, and forgets what was sent.
  StackHarness settled() {
    pass(5 * SECOND);
    device.sent.clear();
    device.wantedChecksums.clear();
    return this;
  }

  void pass(long nanos) {
    long end = now + nanos;
    while (stack.nextTimerNanos() - end <= 0 && stack.nextTimerNanos() != Long.MAX_VALUE) {
      now = Math.max(now, stack.nextTimerNanos());
      stack.poll(now);
    }
    now = end;
    stack.poll(now);
  }

  void arrive(byte[] frame) {
    arrive(frame, FrameSink.CHECKSUM_UNKNOWN);
  }

  void arrive(byte[] frame, int checksum) {
    device.arrive(frame, checksum);
    stack.poll(now);
  }

  long drops(DropReason reason) {
    return stack.counters().drops(reason);
  }

  /// What was sent since the last call.
  List<byte[]> takeSent() {
    List<byte[]> taken = List.copyOf(device.sent);
    device.sent.clear();
    device.wantedChecksums.clear();
    return taken;
  }

  /// The one IP packet that was sent since the last call.
  byte[] takePacket() {
    List<byte[]> taken = takeSent();
    assertThat(taken).hasSize(1);
    byte[] frame = taken.get(0);
    byte[] packet = new byte[frame.length - EthernetHeader.BYTES];
    System.arraycopy(frame, EthernetHeader.BYTES, packet, 0, packet.length);
    return packet;
  }

  static MemorySegment view(byte[] bytes) {
    return MemorySegment.ofArray(bytes);
  }

  /// The peer says where it is, so that packets to it leave at once.
  StackHarness knowPeer() {
    UdpSocket probe = udp.open(true, new Receiver());
    push(probe, new byte[1], Endpoint.ipv4(Frames.PEER_IP, 9));
    push(probe, new byte[1], Endpoint.ipv6(Frames.NET6, 2, 0, 9));
    udp.close(probe);
    arrive(Frames.arpReply());
    arrive(Frames.advertisementOfPeer());
    takeSent();
    return this;
  }

  int push(UdpSocket socket, byte[] content, Endpoint to) {
    ScatterGatherArray sga = sgas.allocate(content.length);
    assertThat(sga).isNotNull();
    sga.copyFrom(0, MemorySegment.ofArray(content), 0, content.length);
    int result =
        udp.push(socket, sga, to == null ? null : new StackName().set(to).resolveAny(), now);
    sga.drop();
    return result;
  }

  /// A socket on a port of every address.
  Receiver bound(int port) {
    Receiver receiver = new Receiver();
    receiver.socket = udp.open(true, receiver);
    assertThat(udp.bind(receiver.socket, new StackName().set(Endpoint.ipv6(0, 0, 0, port))))
        .isZero();
    return receiver;
  }

  @Override
  public void receive(Packet packet, long nowNanos) {
    byte[] bytes = new byte[packet.length()];
    MemorySegment.copy(
        packet.memory(), packet.offset(), MemorySegment.ofArray(bytes), 0, bytes.length);
    tcpSegments.add(bytes);
  }

  @Override
  public boolean error(PathError error, long nowNanos) {
    tcpErrors.add(error.kind());
    tcpErrorMtu = error.mtuBytes();
    return tcpBelieves;
  }

  /// Buffers that are out of the pools.
  int buffersOut() {
    int out = 0;
    for (int i = 0; i < buffers.count(); i++) {
      out += buffers.pool(i).count() - buffers.pool(i).freeCount();
    }
    return out;
  }

  @Override
  public void close() {
    stack.close();
    assertThat(buffersOut()).as("buffers that were never released").isZero();
    assertThat(sgas.freeCount()).as("arrays").isEqualTo(sgas.count());
    arena.close();
  }

  /// The owner of a socket.
  static final class Receiver implements UdpUser {
    UdpSocket socket;
    int error;

    @Override
    public boolean isPopWaiting() {
      return false;
    }

    @Override
    public void arrived() {}

    @Override
    public void failed(int errno) {
      error = errno;
    }

    byte[] take() {
      int offset = socket.offset();
      byte[] bytes = new byte[socket.length()];
      Buffer buffer = socket.remove();
      MemorySegment.copy(buffer.segment(), offset, MemorySegment.ofArray(bytes), 0, bytes.length);
      buffer.release();
      return bytes;
    }
  }
}
