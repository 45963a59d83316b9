package dev.demikv.libos.device;

/// Whether a backend can be used here and, if not, why and what to do.
///
/// @param available whether an open is expected to work
/// @param reason what was found, a sentence: the mechanism when available, the cause when not
/// @param advice what the user can do to use it, or to use more of it; empty when there is nothing
public record Availability(boolean available, String reason, String advice) {
  /// It can be used.
  public static Availability yes(String reason) {
    return new Availability(true, reason, "");
  }

  /// It can be used, by less than it could be.
  public static Availability yes(String reason, String advice) {
    return new Availability(true, reason, advice);
  }

  /// It cannot be used.
  public static Availability no(String reason, String advice) {
    return new Availability(false, reason, advice);
  }
}
