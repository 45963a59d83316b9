package dev.demikv.kvserver.command;

import java.util.Locale;

/// The HELP subcommand of any container, from the table.
final class HelpCommand {
  private HelpCommand() {}

  static void help(CommandContext c) {
    String container = c.spec().name().substring(0, c.spec().name().indexOf('|'));
    CommandSpec spec = c.table().find(container);
    if (spec == null) {
      throw new IllegalStateException(container);
    }
    c.reply().array(1 + 2L * spec.subcommands().size());
    c.reply()
        .simple(
            container.toUpperCase(Locale.ROOT)
                + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    for (CommandSpec subcommand : spec.subcommands()) {
      if (!subcommand.name().equals(c.spec().name())) {
        String usage = subcommand.ownName().toUpperCase(Locale.ROOT) + " " + subcommand.syntax();
        c.reply().simple(usage.strip());
        c.reply().simple("    " + subcommand.summary() + ".");
      }
    }
    c.reply().simple("HELP");
    c.reply().simple("    Prints this help.");
  }
}
