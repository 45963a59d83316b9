package dev.demikv.libos.log;

/// What was found where a frame or a group was expected.
enum Verdict {
  VALID("what was expected"),
  EMPTY("zeros: a write that was lost, or nothing was ever written here"),
  LENGTH("a length that no frame has here"),
  CHECKSUM("bytes that do not match their CRC32C: damaged, torn, or data of an earlier use"),
  GENERATION("intact data of an earlier use of the segment: a write that was lost"),
  LOG("intact data of another log: a misdirected write"),
  POSITION("intact data of another position: a misdirected write"),
  EPOCH("intact data of another epoch: a write that was lost"),
  LINK("a group that does not follow the one before it: a write that was lost"),
  TYPE("a frame of another kind"),
  STRUCTURE("frames that do not fill their group"),
  UNREADABLE("a segment that is not there");

  private final String text;

  Verdict(String text) {
    this.text = text;
  }

  /// For people.
  String text() {
    return text;
  }
}
