package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Slice;
import dev.demikv.kvserver.resp.CommandArgs;
import dev.demikv.libos.lang.Nullable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/// COMMAND: the table as clients see it.
final class CommandCommands {
  private CommandCommands() {}

  static void all(CommandContext c) {
    c.reply().array(c.table().commands().size());
    for (CommandSpec spec : c.table().commands()) {
      CommandReply.describe(c.reply(), spec);
    }
  }

  static void count(CommandContext c) {
    c.reply().integer(c.table().commands().size());
  }

  static void info(CommandContext c) {
    CommandArgs args = c.args();
    if (args.count() == 2) {
      all(c);
      return;
    }
    c.reply().array(args.count() - 2L);
    for (int i = 2; i < args.count(); i++) {
      @Nullable CommandSpec spec = c.table().find(args.text(i));
      if (spec == null) {
        c.reply().nullBulk();
      } else {
        CommandReply.describe(c.reply(), spec);
      }
    }
  }

  static void docs(CommandContext c) {
    CommandArgs args = c.args();
    List<CommandSpec> wanted = new ArrayList<>();
    if (args.count() == 2) {
      wanted.addAll(c.table().commands());
    }
    for (int i = 2; i < args.count(); i++) {
      @Nullable CommandSpec spec = c.table().find(args.text(i));
      if (spec != null) {
        wanted.add(spec);
      }
    }
    c.reply().map(wanted.size());
    for (CommandSpec spec : wanted) {
      CommandReply.document(c.reply(), spec);
    }
  }

  static void list(CommandContext c) {
    CommandArgs args = c.args();
    Predicate<CommandSpec> filter = spec -> true;
    if (args.count() == 5 && args.is(2, "filterby")) {
      String value = args.text(4).toLowerCase(Locale.ROOT);
      if (args.is(3, "module")) {
        filter = spec -> false;
      } else if (args.is(3, "aclcat")) {
        filter = spec -> CommandReply.categories(spec).contains(value);
      } else if (args.is(3, "pattern")) {
        GlobPattern pattern = GlobPattern.ignoringCase(args.slice(4));
        filter = spec -> pattern.matches(Slice.of(spec.name()));
      } else {
        c.reply().error(Errors.SYNTAX);
        return;
      }
    } else if (args.count() != 2) {
      c.reply().error(Errors.SYNTAX);
      return;
    }
    List<CommandSpec> wanted = c.table().all().stream().filter(filter).toList();
    c.reply().set(wanted.size());
    for (CommandSpec spec : wanted) {
      c.reply().bulk(spec.name());
    }
  }

  static void getkeys(CommandContext c) {
    @Nullable CommandSpec spec = requireKeys(c);
    if (spec == null) {
      return;
    }
    int count = c.args().count() - 2;
    c.reply().array(keyCount(spec, count));
    for (KeyRange range : spec.keys()) {
      for (int i = range.first(); i <= range.lastIndex(count); i += range.step()) {
        c.reply().bulk(c.args().slice(i + 2, c.scratch()));
      }
    }
  }

  static void getkeysandflags(CommandContext c) {
    @Nullable CommandSpec spec = requireKeys(c);
    if (spec == null) {
      return;
    }
    int count = c.args().count() - 2;
    c.reply().array(keyCount(spec, count));
    for (KeyRange range : spec.keys()) {
      for (int i = range.first(); i <= range.lastIndex(count); i += range.step()) {
        c.reply().array(2);
        c.reply().bulk(c.args().slice(i + 2, c.scratch()));
        CommandReply.words(c.reply(), keyFlags(c.args(), range));
      }
    }
  }

  /// What is done to the keys of a range by the command that follows `COMMAND GETKEYSANDFLAGS`.
  private static List<String> keyFlags(CommandArgs args, KeyRange range) {
    List<String> flags = CommandReply.keyFlags(range);
    if (!flags.contains("variable_flags")) {
      return flags;
    }
    // SET, alone of its kind, reads the key when an option behind key and value says GET.
    for (int i = 5; i < args.count(); i++) {
      if (args.is(i, "get")) {
        return List.of("RW", "access", "update");
      }
    }
    return List.of("OW", "update");
  }

  private static long keyCount(CommandSpec spec, int argumentCount) {
    long keys = 0;
    for (KeyRange range : spec.keys()) {
      keys += (range.lastIndex(argumentCount) - range.first()) / range.step() + 1L;
    }
    return keys;
  }

  private static @Nullable CommandSpec requireKeys(CommandContext c) {
    @Nullable CommandSpec spec = c.table().find(c.args(), 2);
    if (spec == null) {
      c.reply().error("ERR Invalid command specified");
    } else if (spec.keys().isEmpty()) {
      c.reply().error("ERR The command has no key arguments");
    } else if (!spec.allows(c.args().count() - 2)) {
      c.reply().error("ERR Invalid number of arguments specified for command");
    } else {
      return spec;
    }
    return null;
  }
}
