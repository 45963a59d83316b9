package dev.demikv.libos.device;

/// Whether a backend can be used here and, if not, why and what to do.
///
/// @param available whether an open is expected to work
/// @param reason what was found, a sentence: the mechanism when available, the cause when not
/// @param advice what the user can do; empty when available
public record Availability(boolean available, String reason, String advice) {
  /// It can be used.
  public static Availability yes(String reason) {
    return new Availability(true, reason, "");
  }

  /// It cannot be used.
  public static Availability no(String reason, String advice) {
    return new Availability(false, reason, advice);
  }
}
