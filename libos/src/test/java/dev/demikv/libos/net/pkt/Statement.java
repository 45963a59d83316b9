package dev.demikv.libos.net.pkt;

import java.util.List;

/// A line of a script.
///
/// @param file where it stands, below the folder of the scripts
/// @param line its number, from 1
/// @param only the one host it is for; `null` for all
/// @param time when
/// @param flow which flow, from 1
/// @param action what
/// @param comment what stands behind `#`; empty where nothing does
record Statement(
    String file, int line, String only, Time time, int flow, Action action, String comment) {

  /// When a line happens.
  ///
  /// @param kind what `nanos` counts from
  /// @param toleranceNanos how much earlier or later an expected segment may come
  record Time(Kind kind, long nanos, long toleranceNanos) {
    enum Kind {
      /// From the line before.
      RELATIVE,
      /// From the start of the script.
      ABSOLUTE,
      /// Whenever it happens.
      ANY
    }

    @Override
    public String toString() {
      String text =
          switch (kind) {
            case RELATIVE -> "+" + duration(nanos);
            case ABSOLUTE -> "@" + duration(nanos);
            case ANY -> "*";
          };
      return toleranceNanos == 0 ? text : text + "~" + duration(toleranceNanos);
    }

    static String duration(long nanos) {
      if (nanos == 0) {
        return "0";
      }
      if (nanos % 1_000_000_000 == 0) {
        return nanos / 1_000_000_000 + "s";
      }
      return nanos % 1_000_000 == 0 ? nanos / 1_000_000 + "ms" : nanos / 1_000 + "us";
    }
  }

  /// What a line does.
  sealed interface Action {}

  /// The peer sends a segment.
  record Inject(Segment segment) implements Action {}

  /// The stack sends a segment.
  record Expect(Segment segment) implements Action {}

  /// The network sends an ICMP error.
  record Icmp(IcmpError error) implements Action {}

  /// A call of the sockets, or an assertion.
  record Call(Verb verb, List<String> arguments) implements Action {}

  /// Whether the host plays it.
  boolean isFor(ScriptHost host) {
    return only == null || only.equals(host.name());
  }

  @Override
  public String toString() {
    String suffix = flow == 1 ? "" : "/" + flow;
    return time
        + " "
        + switch (action) {
          case Inject(Segment segment) -> "<" + suffix + " " + segment;
          case Expect(Segment segment) -> ">" + suffix + " " + segment;
          case Icmp(IcmpError error) -> "<" + suffix + " " + error;
          case Call(Verb verb, List<String> arguments) ->
              (verb.word() + suffix + " " + String.join(" ", arguments)).strip();
        };
  }
}
