package dev.demikv.libos.net.pkt;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// Segments as bytes of the wire, from the TCP header on, without a checksum.
final class SegmentBytes {
  private static final int HEADER_BYTES = 20;
  private static final int OPTIONS_BYTES_MAX = 40;

  private SegmentBytes() {}

  /// Writes an injected segment.
  static byte[] encode(Segment segment, Flow flow) {
    byte[] options = options(segment, flow);
    int length = segment.dataBytes();
    ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES + options.length + length);
    int words = (HEADER_BYTES + options.length) / 4;
    out.putShort((short) flow.peerPort)
        .putShort((short) flow.localPort)
        .putInt(number(segment.sequence(), flow.peerIsn))
        .putInt(segment.has(Segment.ACK) ? number(segment.ack(), flow.localIsn) : 0)
        .put((byte) ((segment.dataOffset() == 0 ? words : segment.dataOffset()) << 4))
        .put((byte) segment.flags())
        .putShort((short) segment.window().value())
        .putShort((short) 0)
        .putShort((short) segment.urgent())
        .put(options);
    for (int i = 0; i < length; i++) {
      out.put(Flow.poppedByte(segment.sequence().value() + i));
    }
    return out.array();
  }

  private static int number(Field field, int base) {
    return field.kind() == Field.Kind.ABSOLUTE ? (int) field.value() : base + (int) field.value();
  }

  private static byte[] options(Segment segment, Flow flow) {
    ByteBuffer out = ByteBuffer.allocate(OPTIONS_BYTES_MAX);
    for (SegmentOption option : segment.options()) {
      List<Field> fields = option.fields();
      switch (option.kind()) {
        case SegmentOption.EOL, SegmentOption.NOP -> out.put((byte) option.kind());
        case SegmentOption.MSS ->
            out.put((byte) 2).put((byte) 4).putShort((short) fields.getFirst().value());
        case SegmentOption.WSCALE ->
            out.put((byte) 3).put((byte) 3).put((byte) fields.getFirst().value());
        case SegmentOption.SACK_OK -> out.put((byte) 4).put((byte) 2);
        case SegmentOption.SACK -> {
          out.put((byte) 5).put((byte) (2 + 4 * fields.size()));
          for (Field edge : fields) {
            out.putInt(number(edge, flow.localIsn));
          }
        }
        case SegmentOption.TIMESTAMPS -> {
          Field echo = fields.getLast();
          out.put((byte) 8).put((byte) 10).putInt((int) fields.getFirst().value());
          out.putInt(
              echo.kind() == Field.Kind.LAST
                  ? flow.lastTimestamp - (int) echo.value()
                  : (int) echo.value());
        }
        default -> out.put(HexFormat.of().parseHex(option.raw()));
      }
    }
    while (out.position() % 4 != 0) {
      out.put((byte) SegmentOption.NOP);
    }
    byte[] bytes = new byte[out.position()];
    out.flip().get(bytes);
    return bytes;
  }

  /// Reads a segment that the stack sent. Learns the flow's numbers from it.
  ///
  /// @throws ScriptFailure if it is not well-formed, or its data is not what was pushed
  static Segment decode(byte[] bytes, Flow flow) {
    if (bytes.length < HEADER_BYTES) {
      throw new ScriptFailure("the stack sent a TCP segment of " + bytes.length + " bytes");
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    int sequence = in.getInt(4);
    int headerBytes = (in.get(12) >> 4 & 0xf) * 4;
    int flags = in.get(13) & 0xff;
    if (headerBytes < HEADER_BYTES || headerBytes > bytes.length) {
      throw new ScriptFailure("the stack sent a TCP header of " + headerBytes + " bytes");
    }
    if ((flags & Segment.SYN) != 0 && !flow.localIsnKnown) {
      flow.localIsn = sequence;
      flow.localIsnKnown = true;
    }
    flow.localPort = in.getShort(0) & 0xffff;
    List<SegmentOption> options = decodeOptions(in, headerBytes, flow);
    long relative = relative(sequence, flow.localIsnKnown, flow.localIsn);
    int length = bytes.length - headerBytes;
    for (int i = 0; i < length && relative >= 1; i++) {
      if (bytes[headerBytes + i] != Flow.pushedByte(relative + i)) {
        throw new ScriptFailure(
            "the byte at sequence number " + (relative + i) + " is not the one that was pushed");
      }
    }
    return new Segment(
        flags,
        Field.of(relative),
        Field.of(relative + length),
        Field.of(relative(in.getInt(8), true, flow.peerIsn)),
        Field.of(in.getShort(14) & 0xffff),
        in.getShort(18) & 0xffff,
        0,
        options,
        false);
  }

  private static long relative(int number, boolean known, int base) {
    return known ? number - base : Integer.toUnsignedLong(number);
  }

  private static List<SegmentOption> decodeOptions(ByteBuffer in, int end, Flow flow) {
    List<SegmentOption> options = new ArrayList<>();
    int at = HEADER_BYTES;
    while (at < end) {
      int kind = in.get(at) & 0xff;
      if (kind == SegmentOption.EOL) {
        break;
      }
      if (kind == SegmentOption.NOP) {
        options.add(SegmentOption.of(kind));
        at++;
        continue;
      }
      int length = at + 1 < end ? in.get(at + 1) & 0xff : 0;
      if (length < 2 || at + length > end) {
        throw new ScriptFailure("the stack sent a malformed option of kind " + kind);
      }
      options.add(decodeOption(in, at, kind, length, flow));
      at += length;
    }
    return options;
  }

  private static SegmentOption decodeOption(
      ByteBuffer in, int at, int kind, int length, Flow flow) {
    return switch (kind) {
      case SegmentOption.MSS -> SegmentOption.of(kind, Field.of(in.getShort(at + 2) & 0xffff));
      case SegmentOption.WSCALE -> SegmentOption.of(kind, Field.of(in.get(at + 2) & 0xff));
      case SegmentOption.SACK -> {
        List<Field> edges = new ArrayList<>();
        for (int i = at + 2; i + 4 <= at + length; i += 4) {
          edges.add(Field.of(in.getInt(i) - flow.peerIsn));
        }
        yield new SegmentOption(kind, edges, "");
      }
      case SegmentOption.TIMESTAMPS -> {
        flow.lastTimestamp = in.getInt(at + 2);
        yield SegmentOption.of(
            kind,
            Field.of(Integer.toUnsignedLong(flow.lastTimestamp)),
            Field.of(Integer.toUnsignedLong(in.getInt(at + 6))));
      }
      default -> SegmentOption.of(kind);
    };
  }
}
