package dev.demikv.libos.device.trace;

import dev.demikv.libos.config.Options;
import dev.demikv.libos.lang.Nullable;
import java.util.Locale;

/// Faults of one direction.
///
/// @param loss how often a frame is lost, 0 to 1
/// @param duplicate how often it comes twice
/// @param corrupt how often one of its bits is flipped
/// @param reorder how often it is delayed by `reorderNanos` more than others
/// @param reorderNanos how much more
/// @param delayNanos delay of every frame
/// @param jitterNanos most that is added to it, drawn evenly
record FaultSpec(
    double loss,
    double duplicate,
    double corrupt,
    double reorder,
    long reorderNanos,
    long delayNanos,
    long jitterNanos) {
  /// No faults.
  static final FaultSpec NONE = new FaultSpec(0, 0, 0, 0, 1_000_000, 0, 0);

  /// For messages.
  static final String SYNTAX =
      "loss=1%,dup=0.1%,corrupt=0.1%,reorder=1%,reorder-by=1ms,delay=2ms,jitter=500us; rx. or tx."
          + " in front of a name means one direction";

  /// Both directions.
  record Pair(FaultSpec rx, FaultSpec tx) {}

  /// Reads settings with commas between them.
  ///
  /// @param key of the option, for messages
  /// @throws IllegalArgumentException saying what is wrong
  static Pair parse(String key, String text) {
    FaultSpec rx = NONE;
    FaultSpec tx = NONE;
    for (String setting : text.split(",", -1)) {
      int equals = setting.indexOf('=');
      if (equals < 0) {
        throw new IllegalArgumentException(
            "option " + key + ": '" + setting + "' is not a setting, as " + SYNTAX);
      }
      String name = setting.substring(0, equals).trim().toLowerCase(Locale.ROOT);
      String value = setting.substring(equals + 1).trim();
      boolean onlyRx = name.startsWith("rx.");
      boolean onlyTx = name.startsWith("tx.");
      String plain = onlyRx || onlyTx ? name.substring(3) : name;
      rx = onlyTx ? rx : rx.with(key, plain, value);
      tx = onlyRx ? tx : tx.with(key, plain, value);
    }
    return new Pair(rx, tx);
  }

  private FaultSpec with(String key, String name, String value) {
    return switch (name) {
      case "loss" ->
          new FaultSpec(
              share(key, name, value),
              duplicate,
              corrupt,
              reorder,
              reorderNanos,
              delayNanos,
              jitterNanos);
      case "dup" ->
          new FaultSpec(
              loss,
              share(key, name, value),
              corrupt,
              reorder,
              reorderNanos,
              delayNanos,
              jitterNanos);
      case "corrupt" ->
          new FaultSpec(
              loss,
              duplicate,
              share(key, name, value),
              reorder,
              reorderNanos,
              delayNanos,
              jitterNanos);
      case "reorder" ->
          new FaultSpec(
              loss,
              duplicate,
              corrupt,
              share(key, name, value),
              reorderNanos,
              delayNanos,
              jitterNanos);
      case "reorder-by" ->
          new FaultSpec(
              loss,
              duplicate,
              corrupt,
              reorder,
              Options.parseNanos(key, value),
              delayNanos,
              jitterNanos);
      case "delay" ->
          new FaultSpec(
              loss,
              duplicate,
              corrupt,
              reorder,
              reorderNanos,
              Options.parseNanos(key, value),
              jitterNanos);
      case "jitter" ->
          new FaultSpec(
              loss,
              duplicate,
              corrupt,
              reorder,
              reorderNanos,
              delayNanos,
              Options.parseNanos(key, value));
      default ->
          throw new IllegalArgumentException(
              "option " + key + ": there is no fault '" + name + "'; settings are as " + SYNTAX);
    };
  }

  private static double share(String key, String name, String value) {
    try {
      boolean percent = value.endsWith("%");
      String digits = percent ? value.substring(0, value.length() - 1) : value;
      double share = Double.parseDouble(digits) / (percent ? 100 : 1);
      if (share >= 0 && share <= 1) {
        return share;
      }
    } catch (NumberFormatException e) {
      throw notAShare(key, name, value, e);
    }
    throw notAShare(key, name, value, null);
  }

  private static IllegalArgumentException notAShare(
      String key, String name, String value, @Nullable Throwable cause) {
    return new IllegalArgumentException(
        "option " + key + ": " + name + " = '" + value + "' is not a share, as 1% or 0.01", cause);
  }
}
