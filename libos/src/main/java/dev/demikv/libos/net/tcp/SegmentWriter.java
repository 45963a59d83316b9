package dev.demikv.libos.net.tcp;

import static dev.demikv.libos.wire.TcpHeader.ACK;
import static dev.demikv.libos.wire.TcpHeader.BYTES_MIN;
import static dev.demikv.libos.wire.TcpHeader.RST;
import static dev.demikv.libos.wire.TcpHeader.SYN;
import static java.util.Objects.requireNonNull;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.TcpState;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.net.NetworkPath;
import dev.demikv.libos.net.PacketOutput;
import dev.demikv.libos.wire.TcpHeader;
import dev.demikv.libos.wire.TcpOption;
import java.lang.foreign.MemorySegment;

/// Builds segments and gives them to the network layer. Knows the format and nothing about when.
final class SegmentWriter {
  /// RFC 9293 §3.7.1: when the peer does not say.
  static final int MSS_DEFAULT_IPV4 = 536;

  static final int MSS_DEFAULT_IPV6 = 1_220;

  /// Whatever peer and path say, a segment carries this much.
  private static final int MSS_LEAST = 32;

  /// Payloads up to this length are copied behind the header: a second piece would cost more.
  private static final int COPY_BYTES_MAX = 256;

  /// Most pieces of buffers in one segment.
  private static final int PARTS_MAX = TxFrame.PARTS_MAX - 2;

  private static final int WINDOW_FIELD_MAX = 65_535;
  private static final int SYN_OPTIONS_BYTES_MAX = 20;

  private final TcpShared shared;

  SegmentWriter(TcpShared shared) {
    this.shared = shared;
  }

  /// Eff.snd.MSS of RFC 9293 §3.7.1: the largest payload, with timestamps but without SACK blocks
  /// in the header.
  static int mss(TcpConnection c) {
    NetworkPath path = c.path();
    int fits = path.mtuBytes() - path.headerBytes() - BYTES_MIN;
    int options = c.timestampsOk ? TcpOption.TIMESTAMPS_ALIGNED_BYTES : 0;
    return Math.max(Math.min(fits, c.peerMss) - options, MSS_LEAST);
  }

  /// Largest payload of a segment that also carries what has to be SACKed.
  static int mssWithSack(TcpConnection c) {
    return mss(c) - sackBytes(c);
  }

  /// Room that the SACK option takes.
  private static int sackBytes(TcpConnection c) {
    int blocks = sackBlocks(c);
    return blocks == 0 ? 0 : 4 + blocks * TcpOption.SACK_BLOCK_BYTES;
  }

  private static int sackBlocks(TcpConnection c) {
    if (!c.sackOk) {
      return 0;
    }
    Reassembler reassembler = c.reassembler;
    int blocks = (reassembler == null ? 0 : reassembler.rangeCount()) + (c.dsackDue ? 1 : 0);
    return Math.min(blocks, c.timestampsOk ? 3 : 4);
  }

  /// Sends data, and the acknowledgement that goes with everything.
  ///
  /// @param chunk where the first byte lies; may be `null` when `length` is 0
  /// @param mss what header options and payload must fit together with
  /// @return 0 or `-errno`: then it counts as not sent
  int data(
      TcpConnection c,
      int sequence,
      int flags,
      @Nullable SendChunk chunk,
      int chunkOffset,
      int length,
      int mss) {
    int sackBytes = sackBytes(c);
    if (length + sackBytes > mss) {
      sackBytes = 0;
    }
    int headerBytes =
        BYTES_MIN + (c.timestampsOk ? TcpOption.TIMESTAMPS_ALIGNED_BYTES : 0) + sackBytes;
    boolean copy = length <= COPY_BYTES_MAX;
    NetworkPath path = c.path();
    TxFrame frame = shared.output.begin(path, copy ? headerBytes + length : headerBytes);
    if (frame == null) {
      return failed();
    }
    MemorySegment memory = frame.buffer(0).segment();
    int at = frame.offset(0);
    header(c, memory, at, sequence, headerBytes, flags);
    int optionAt = at + BYTES_MIN;
    if (c.timestampsOk) {
      timestamps(memory, optionAt, c.timestamp(shared.nowNanos), c.tsRecent);
      optionAt += TcpOption.TIMESTAMPS_ALIGNED_BYTES;
    }
    if (sackBytes > 0) {
      sack(c, memory, optionAt);
    }
    if (length > 0) {
      if (copy) {
        copy(chunk, chunkOffset, length, memory, at + headerBytes);
      } else {
        refer(chunk, chunkOffset, length, frame);
      }
    }
    int result = send(c, path, frame);
    if (result == 0) {
      acknowledged(c, sackBytes > 0);
    }
    return result;
  }

  /// Sends an acknowledgement without data.
  ///
  /// @param sequence SND.NXT, or less for a probe
  int ack(TcpConnection c, int sequence) {
    int result = data(c, sequence, ACK, null, 0, 0, Integer.MAX_VALUE);
    if (result == 0) {
      shared.count(TcpCounter.ACKS_OUT);
    }
    return result;
  }

  /// Most bytes, at most `length`, whose pieces fit one segment.
  static int fit(SendChunk chunk, int chunkOffset, int length) {
    int taken = 0;
    int parts = 0;
    SendChunk at = chunk;
    int offset = chunkOffset;
    while (at != null && taken < length && parts < PARTS_MAX) {
      taken += at.length - offset;
      offset = 0;
      parts++;
      at = at.next;
    }
    return Math.min(taken, length);
  }

  private static void copy(
      @Nullable SendChunk chunk,
      int chunkOffset,
      int length,
      MemorySegment target,
      long targetOffset) {
    int left = length;
    int offset = chunkOffset;
    long to = targetOffset;
    for (SendChunk at = chunk; left > 0; offset = 0) {
      SendChunk c = requireNonNull(at, "less data than counted");
      at = c.next;
      int n = Math.min(left, c.length - offset);
      MemorySegment.copy(c.buffer().segment(), (long) c.offset + offset, target, to, n);
      to += n;
      left -= n;
    }
  }

  private static void refer(@Nullable SendChunk chunk, int chunkOffset, int length, TxFrame frame) {
    int left = length;
    int offset = chunkOffset;
    for (SendChunk at = chunk; left > 0; offset = 0) {
      SendChunk c = requireNonNull(at, "less data than counted");
      at = c.next;
      int n = Math.min(left, c.length - offset);
      if (n == 0) {
        continue;
      }
      Buffer buffer = c.buffer();
      buffer.retain();
      boolean added = frame.add(buffer, c.offset + offset, n);
      assert added : "more pieces than fit";
      left -= n;
    }
  }

  private void header(
      TcpConnection c, MemorySegment memory, int at, int sequence, int headerBytes, int flags) {
    int window = shared.receiver.offer(c);
    TcpHeader.write(
        memory, at, c.localPort, c.remotePort, sequence, c.rcvNxt, headerBytes, flags, window);
  }

  /// What every segment with an ACK settles.
  private void acknowledged(TcpConnection c, boolean withSack) {
    c.lastAckSent = c.rcvNxt;
    c.unackedBytes = 0;
    if (c.ackDue != TcpConnection.ACK_NONE) {
      c.ackDue = TcpConnection.ACK_NONE;
      shared.cancelTimer(c, TcpTimers.DELAYED_ACK);
    }
    if (withSack) {
      c.dsackDue = false;
    }
  }

  private int send(TcpConnection c, NetworkPath path, TxFrame frame) {
    int result = shared.output.send(path, frame, PacketOutput.PROTOCOL_TCP, shared.nowNanos);
    if (result == -Errno.EHOSTUNREACH || result == -Errno.ENETUNREACH) {
      // As if it were lost on the way: the timeouts try again, and give up in their time.
      shared.count(TcpCounter.SEND_FAILURES);
      c.softError = result;
    } else if (result < 0) {
      shared.count(TcpCounter.SEND_FAILURES);
      return result;
    }
    c.segmentsOut++;
    shared.count(TcpCounter.SEGMENTS_OUT);
    return 0;
  }

  private int failed() {
    shared.count(TcpCounter.SEND_FAILURES);
    return -Errno.EAGAIN;
  }

  /// Sends our SYN, with ACK once we have the peer's.
  int syn(TcpConnection c) {
    TcpConfig config = shared.config;
    boolean isReply = c.state == TcpState.SYN_RECEIVED;
    int window = Math.min(c.receiveBufferBytes, WINDOW_FIELD_MAX);
    // RFC 7323 §1.3, RFC 2018 §2: a reply offers only what the SYN offered.
    int result =
        handshake(
            c.path(),
            c.localPort,
            c.remotePort,
            c.iss,
            c.rcvNxt,
            isReply ? SYN | ACK : SYN,
            window,
            isReply
                ? (c.windowScaling ? c.rcvShift : -1)
                : config.windowScaling() ? c.rcvShift : -1,
            isReply ? c.sackOk : config.sack(),
            isReply ? c.timestampsOk : config.timestamps(),
            c.timestamp(shared.nowNanos),
            isReply ? c.tsRecent : 0);
    if (result == 0) {
      c.segmentsOut++;
      c.rcvAdv = c.rcvNxt + window;
      if (isReply) {
        acknowledged(c, false);
      }
    }
    return result;
  }

  /// Sends a SYN or SYN-ACK.
  ///
  /// @param windowShift -1 to leave the option out
  int handshake(
      NetworkPath path,
      int localPort,
      int remotePort,
      int sequence,
      int ack,
      int flags,
      int window,
      int windowShift,
      boolean sackPermitted,
      boolean timestamps,
      int tsVal,
      int tsEcr) {
    TxFrame frame = shared.output.begin(path, BYTES_MIN + SYN_OPTIONS_BYTES_MAX);
    if (frame == null) {
      return failed();
    }
    MemorySegment memory = frame.buffer(0).segment();
    int at = frame.offset(0);
    int optionAt = at + BYTES_MIN;
    int mss = Math.min(path.mtuBytes() - path.headerBytes() - BYTES_MIN, WINDOW_FIELD_MAX);
    TcpHeader.setOptionInt(memory, optionAt, TcpOption.MSS << 24 | TcpOption.MSS_BYTES << 16 | mss);
    optionAt += TcpOption.MSS_BYTES;
    if (sackPermitted) {
      int pair = TcpOption.SACK_PERMITTED << 8 | TcpOption.SACK_PERMITTED_BYTES;
      TcpHeader.setOptionInt(memory, optionAt, TcpOption.NOP << 24 | TcpOption.NOP << 16 | pair);
      optionAt += 4;
    }
    if (timestamps) {
      timestamps(memory, optionAt, tsVal, tsEcr);
      if (sackPermitted) {
        // Where the two NOPs would be is room for the pair.
        optionAt -= 4;
        TcpHeader.setOptionInt(
            memory,
            optionAt,
            TcpOption.SACK_PERMITTED << 24
                | TcpOption.SACK_PERMITTED_BYTES << 16
                | TcpOption.TIMESTAMPS << 8
                | TcpOption.TIMESTAMPS_BYTES);
        TcpHeader.setOptionInt(memory, optionAt + 4L, tsVal);
        TcpHeader.setOptionInt(memory, optionAt + 8L, tsEcr);
      }
      optionAt += TcpOption.TIMESTAMPS_ALIGNED_BYTES;
    }
    if (windowShift >= 0) {
      TcpHeader.setOptionInt(
          memory,
          optionAt,
          TcpOption.NOP << 24
              | TcpOption.WINDOW_SCALE << 16
              | TcpOption.WINDOW_SCALE_BYTES << 8
              | windowShift);
      optionAt += 4;
    }
    int headerBytes = optionAt - at;
    TcpHeader.write(memory, at, localPort, remotePort, sequence, ack, headerBytes, flags, window);
    frame.setRange(0, at, headerBytes);
    return finish(path, frame);
  }

  /// Resets a connection whose next octet is SND.NXT.
  void reset(TcpConnection c) {
    c.segmentsOut++;
    bare(c.path(), c.localPort, c.remotePort, c.sndNxt, c.rcvNxt, RST | ACK, 0, false, 0, 0);
  }

  /// Sends a segment of a connection that has no object: a RST, or the ACK of TIME-WAIT.
  int bare(
      NetworkPath path,
      int localPort,
      int remotePort,
      int sequence,
      int ack,
      int flags,
      int window,
      boolean timestamps,
      int tsVal,
      int tsEcr) {
    int headerBytes = BYTES_MIN + (timestamps ? TcpOption.TIMESTAMPS_ALIGNED_BYTES : 0);
    TxFrame frame = shared.output.begin(path, headerBytes);
    if (frame == null) {
      return failed();
    }
    MemorySegment memory = frame.buffer(0).segment();
    int at = frame.offset(0);
    TcpHeader.write(memory, at, localPort, remotePort, sequence, ack, headerBytes, flags, window);
    if (timestamps) {
      timestamps(memory, at + BYTES_MIN, tsVal, tsEcr);
    }
    if ((flags & RST) != 0) {
      shared.count(TcpCounter.RESETS_OUT);
    }
    return finish(path, frame);
  }

  private int finish(NetworkPath path, TxFrame frame) {
    int result = shared.output.send(path, frame, PacketOutput.PROTOCOL_TCP, shared.nowNanos);
    if (result < 0) {
      shared.count(TcpCounter.SEND_FAILURES);
      return result;
    }
    shared.count(TcpCounter.SEGMENTS_OUT);
    return 0;
  }

  private static void timestamps(MemorySegment memory, long at, int tsVal, int tsEcr) {
    TcpHeader.setOptionInts(memory, at, TcpOption.TIMESTAMPS_PREFIX, tsVal);
    TcpHeader.setOptionInt(memory, at + 8, tsEcr);
  }

  /// RFC 2018 §4 and RFC 2883 §4: a duplicate first, then the latest ranges.
  private static void sack(TcpConnection c, MemorySegment memory, long at) {
    int blocks = sackBlocks(c);
    int bytes = 2 + blocks * TcpOption.SACK_BLOCK_BYTES;
    TcpHeader.setOptionInt(
        memory, at, TcpOption.NOP << 24 | TcpOption.NOP << 16 | TcpOption.SACK << 8 | bytes);
    long to = at + 4;
    int range = 0;
    for (int i = 0; i < blocks; i++) {
      Reassembler reassembler = c.reassembler;
      if (i == 0 && c.dsackDue) {
        TcpHeader.setOptionInt(memory, to, c.dsackStart);
        TcpHeader.setOptionInt(memory, to + 4, c.dsackEnd);
      } else if (reassembler != null) {
        TcpHeader.setOptionInt(memory, to, reassembler.rangeStart(range));
        TcpHeader.setOptionInt(memory, to + 4, reassembler.rangeEnd(range));
        range++;
      }
      to += TcpOption.SACK_BLOCK_BYTES;
    }
  }
}
