package dev.demikv.libos.net.pkt;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.net.NetworkPath;
import dev.demikv.libos.net.PacketOutput;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/// The network below [StackHost]: keeps what is sent for the script to look at.
final class CapturingOutput implements PacketOutput {
  private static final int MTU_BYTES = 1_500;
  private static final int HEADROOM_BYTES = 64;

  /// The one path there is.
  static final class Path extends NetworkPath {
    int mtuBytes = MTU_BYTES;

    Path(boolean ipv6) {
      long high = ipv6 ? Addresses.IPV6_HIGH : 0;
      super(ipv6, high, Addresses.localLow(ipv6), high, Addresses.peerLow(ipv6));
    }

    @Override
    public int mtuBytes() {
      return mtuBytes;
    }
  }

  final ArrayDeque<ScriptHost.Seen> seen = new ArrayDeque<>();
  final Path path;
  long nowNanos;

  /// How many packets are refused from now on.
  int refuseCount;

  private final BufferPools buffers;
  private final Flow[] flows;
  private final TxFrame frame = new TxFrame();

  CapturingOutput(boolean ipv6, BufferPools buffers, Flow[] flows) {
    path = new Path(ipv6);
    this.buffers = buffers;
    this.flows = flows;
  }

  @Override
  public NetworkPath path(
      boolean ipv6, long localHigh, long localLow, long remoteHigh, long remoteLow) {
    return path;
  }

  @Override
  public TxFrame begin(NetworkPath to, int bytes) {
    Buffer buffer = buffers.take(HEADROOM_BYTES + bytes);
    if (buffer == null) {
      return null;
    }
    frame.clear();
    frame.add(buffer, HEADROOM_BYTES, bytes);
    return frame;
  }

  @Override
  public int send(NetworkPath to, TxFrame sent, int protocol, long now) {
    if (refuseCount > 0) {
      refuseCount--;
      sent.releaseParts();
      return -Errno.EAGAIN;
    }
    byte[] bytes = new byte[sent.totalBytes()];
    int at = 0;
    for (int i = 0; i < sent.partCount(); i++) {
      MemorySegment.copy(
          sent.buffer(i).segment(),
          sent.offset(i),
          MemorySegment.ofArray(bytes),
          at,
          sent.length(i));
      at += sent.length(i);
    }
    sent.releaseParts();
    if (bytes.length > path.mtuBytes() - path.headerBytes()) {
      throw new ScriptFailure("a segment of " + bytes.length + " B does not fit the MTU");
    }
    int port = (bytes[2] & 0xff) << 8 | bytes[3] & 0xff;
    int number = Flow.numberOf(port);
    if (number < 0 || number >= flows.length) {
      throw new ScriptFailure("the stack sent to port " + port);
    }
    Flow flow = flows[number];
    seen.add(new ScriptHost.Seen(flow, SegmentBytes.decode(bytes, flow), now));
    return 0;
  }

  @Override
  public void drop(TxFrame given) {
    given.releaseParts();
  }
}
