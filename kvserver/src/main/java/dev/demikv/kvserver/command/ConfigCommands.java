package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Slice;
import dev.demikv.kvserver.resp.CommandArgs;
import dev.demikv.libos.lang.Nullable;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// CONFIG: parameters at run time.
final class ConfigCommands {
  private ConfigCommands() {}

  static void get(CommandContext c) {
    CommandArgs args = c.args();
    Map<String, String> found = new TreeMap<>();
    c.server()
        .config()
        .forEach((name, value) -> {
          Slice bytes = Slice.of(name);
          for (int i = 2; i < args.count(); i++) {
            if (GlobPattern.ignoringCase(args.slice(i, c.scratch())).matches(bytes)) {
              found.put(name, value);
            }
          }
        });
    c.reply().map(found.size());
    found.forEach((name, value) -> {
      c.reply().bulk(name);
      c.reply().bulk(value);
    });
  }

  /// All or nothing: what was set before the parameter that is refused is set back.
  static void set(CommandContext c) {
    CommandArgs args = c.args();
    if (args.count() % 2 != 0) {
      c.reply().error(Errors.SYNTAX);
      return;
    }
    Map<String, String> old = c.server().config();
    Map<String, String> wanted = new LinkedHashMap<>();
    for (int i = 2; i < args.count(); i += 2) {
      String name = args.text(i).toLowerCase(Locale.ROOT);
      if (!old.containsKey(name)) {
        c.reply()
            .error(
                "ERR Unknown option or number of arguments for CONFIG SET - '"
                    + args.quoted(i)
                    + "'");
        return;
      }
      if (wanted.put(name, args.text(i + 1)) != null) {
        fail(c, name, "duplicate parameter");
        return;
      }
    }
    Map<String, String> before = new LinkedHashMap<>();
    for (Map.Entry<String, String> one : wanted.entrySet()) {
      @Nullable String reason = c.server().setConfig(one.getKey(), one.getValue());
      if (reason != null) {
        before.forEach((name, value) -> c.server().setConfig(name, value));
        fail(c, one.getKey(), reason);
        return;
      }
      before.put(one.getKey(), old.getOrDefault(one.getKey(), ""));
    }
    c.reply().ok();
  }

  private static void fail(CommandContext c, String name, String reason) {
    c.reply()
        .error("ERR CONFIG SET failed (possibly related to argument '" + name + "') - " + reason);
  }

  static void resetstat(CommandContext c) {
    c.statistics().reset();
    c.server().resetStatistics();
    c.reply().ok();
  }

  /// Configuration files are the administrator's.
  static void rewrite(CommandContext c) {
    c.reply().error("ERR The server is running without a config file");
  }
}
