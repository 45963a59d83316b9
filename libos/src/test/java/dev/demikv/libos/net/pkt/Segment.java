package dev.demikv.libos.net.pkt;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// A TCP segment in the terms of a script: to be injected, expected, or seen.
///
/// @param flags bits of the header's flags, see [#FIN]
/// @param sequence sequence number of its first octet
/// @param end sequence number behind its data
/// @param ack acknowledgement number; without meaning unless ACK is set
/// @param window the field of the header, not scaled
/// @param urgent urgent pointer
/// @param dataOffset header length in words to write in place of the right one; 0 for the right one
/// @param options options, in the order of the wire
/// @param openOptions whether options that are not listed may be there too
record Segment(
    int flags,
    Field sequence,
    Field end,
    Field ack,
    Field window,
    int urgent,
    int dataOffset,
    List<SegmentOption> options,
    boolean openOptions) {
  static final int FIN = 1;
  static final int SYN = 2;
  static final int RST = 4;
  static final int PSH = 8;
  static final int ACK = 16;
  static final int URG = 32;
  static final int ECE = 64;
  static final int CWR = 128;

  /// The letter of each flag, lowest bit first.
  static final String LETTERS = "FSRP.UEW";

  /// What the written order of flags is, as bits.
  private static final int[] PRINT_ORDER = {SYN, FIN, RST, PSH, ACK, URG, ECE, CWR};

  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /// Bytes of data; of an expected segment only where both ends are numbers.
  int dataBytes() {
    return (int) (end.value() - sequence.value());
  }

  /// Why a segment that was seen is not this one, or `null`.
  ///
  /// @param localBase initial sequence number that its sequence numbers are counted from
  /// @param peerBase the same for acknowledgements
  String difference(Segment actual, int localBase, int peerBase) {
    int compared = has(PSH) ? 0xff : 0xff & ~PSH;
    if ((flags & compared) != (actual.flags & compared)) {
      return "flags";
    }
    if (!sequence.matches(actual.sequence.value(), localBase)) {
      return "sequence number";
    }
    if (sequence.kind() != Field.Kind.ABSOLUTE && !end.matches(actual.end.value(), localBase)) {
      return "length";
    }
    if (has(ACK) && !ack.matches(actual.ack.value(), peerBase)) {
      return "acknowledgement";
    }
    if (!window.matches(actual.window.value(), 0)) {
      return "window";
    }
    return optionsDifference(actual);
  }

  private String optionsDifference(Segment actual) {
    List<SegmentOption> left = new ArrayList<>(actual.options);
    left.removeIf(
        option -> option.kind() == SegmentOption.NOP || option.kind() == SegmentOption.EOL);
    for (SegmentOption wanted : options) {
      SegmentOption found = left.stream().filter(wanted::matches).findFirst().orElse(null);
      if (found == null) {
        return "option " + wanted;
      }
      left.remove(found);
    }
    return openOptions || left.isEmpty() ? null : "option " + left.getFirst();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int flag : PRINT_ORDER) {
      if (has(flag)) {
        text.append(LETTERS.charAt(Integer.numberOfTrailingZeros(flag)));
      }
    }
    if (flags == 0) {
      text.append('-');
    }
    text.append(' ').append(sequence);
    if (!end.equals(sequence)) {
      text.append(':').append(end);
    }
    if (has(ACK)) {
      text.append(" ack ").append(ack);
    }
    if (window.kind() != Field.Kind.ANY) {
      text.append(" win ").append(window);
    }
    if (urgent != 0) {
      text.append(" urg ").append(urgent);
    }
    if (dataOffset != 0) {
      text.append(" doff ").append(dataOffset);
    }
    if (!options.isEmpty() || openOptions) {
      text.append(
          options.stream()
              .map(SegmentOption::toString)
              .collect(Collectors.joining(",", " <", openOptions ? "" : ">")));
      if (openOptions) {
        text.append(options.isEmpty() ? "...>" : ",...>");
      }
    }
    return text.toString();
  }
}
