package dev.demikv.kvserver;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.Capability;
import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.Availability;
import dev.demikv.libos.device.BackendProvider;
import dev.demikv.libos.device.LogDeviceProvider;
import dev.demikv.libos.device.NetDeviceProvider;
import dev.demikv.libos.device.TransportProvider;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// What `--doctor` prints: each backend of the library OS, whether it can be used here and, if not,
/// why and what to do, who does what, and its options.
final class Doctor {
  private final List<BackendProvider> providers;
  private final Options options;

  /// @param options as configured
  Doctor(List<BackendProvider> providers, Options options) {
    this.providers = providers;
    this.options = options;
  }

  private static String kind(BackendProvider provider) {
    return switch (provider) {
      case TransportProvider t -> "network";
      case NetDeviceProvider d -> "network";
      case LogDeviceProvider d -> "storage";
    };
  }

  /// For people.
  String text() {
    StringBuilder out = new StringBuilder();
    Set<OptionSpec> shared = optionsOfSeveral();
    for (BackendProvider provider : providers) {
      Availability found = provider.availability(options);
      out.append(
          String.format(
              Locale.ROOT,
              "%s %s: %s%n  %s%n  %s%n",
              kind(provider),
              provider.name(),
              found.available() ? "available" : "NOT available",
              provider.description(),
              found.reason()));
      if (!found.advice().isEmpty()) {
        out.append("  What to do: ").append(found.advice()).append(System.lineSeparator());
      }
      for (Capability capability : LibOses.capabilities(provider, options)) {
        out.append(
            String.format(
                Locale.ROOT,
                "    %-24s %-8s %s%n",
                capability.function(),
                capability.performer().name().toLowerCase(Locale.ROOT),
                capability.detail()));
      }
      List<OptionSpec> all = LibOses.options(provider);
      List<OptionSpec> own = all.stream().filter(option -> !shared.contains(option)).toList();
      own.forEach(option -> append(out, option));
      if (own.size() < all.size()) {
        out.append(
            String.format(
                Locale.ROOT,
                "    and %d keys of several backends, below%n",
                all.size() - own.size()));
      }
      out.append(System.lineSeparator());
    }
    out.append(String.format(Locale.ROOT, "keys of several backends%n"));
    shared.forEach(option -> append(out, option));
    return out.toString();
  }

  /// The options of two backends or more: those of the user-level stack, for the most part.
  private Set<OptionSpec> optionsOfSeveral() {
    Set<OptionSpec> seen = new HashSet<>();
    Set<OptionSpec> several = new LinkedHashSet<>();
    for (BackendProvider provider : providers) {
      for (OptionSpec option : LibOses.options(provider)) {
        if (!seen.add(option)) {
          several.add(option);
        }
      }
    }
    return several;
  }

  private void append(StringBuilder out, OptionSpec option) {
    out.append(
        String.format(
            Locale.ROOT,
            "    %s = %s%n        %s%n",
            option.key(),
            options.text(option.key(), option.defaultValue()),
            option.description()));
  }

  /// For programs: an object with the list `backends`.
  String json() {
    Json out = new Json();
    out.beginObject().name("backends").beginArray();
    for (BackendProvider provider : providers) {
      Availability found = provider.availability(options);
      out.beginObject();
      out.name("kind").value(kind(provider));
      out.name("name").value(provider.name());
      out.name("description").value(provider.description());
      out.name("available").value(found.available());
      out.name("reason").value(found.reason());
      out.name("advice").value(found.advice());
      out.name("capabilities").beginArray();
      for (Capability capability : LibOses.capabilities(provider, options)) {
        out.beginObject();
        out.name("function").value(capability.function());
        out.name("performer").value(capability.performer().name().toLowerCase(Locale.ROOT));
        out.name("detail").value(capability.detail());
        out.endObject();
      }
      out.endArray();
      out.name("options").beginArray();
      for (OptionSpec option : LibOses.options(provider)) {
        out.beginObject();
        out.name("key").value(option.key());
        out.name("default").value(option.defaultValue());
        out.name("value").value(options.text(option.key(), option.defaultValue()));
        out.name("description").value(option.description());
        out.endObject();
      }
      out.endArray();
      out.endObject();
    }
    out.endArray().endObject();
    return out.text() + System.lineSeparator();
  }
}
