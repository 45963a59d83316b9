package dev.demikv.kvserver.command;

import dev.demikv.kvserver.resp.CommandArgs;
import dev.demikv.libos.lang.Nullable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// All commands of the server: the one place from which lookup, arity, flags, key positions, the
/// COMMAND command and `COMMANDS.md` come.
public final class CommandTable {
  /// Version of Redis whose commands, replies and errors these are.
  public static final String REDIS_VERSION = "7.0.15";

  private final List<CommandSpec> commands;
  private final List<CommandSpec> all;
  private final CommandIndex index;
  private final @Nullable CommandIndex[] subcommandIndexes;

  private CommandTable(List<CommandSpec.Builder> builders) {
    List<CommandSpec> numbered = new ArrayList<>();
    List<CommandSpec> top = new ArrayList<>();
    for (CommandSpec.Builder builder : builders) {
      top.add(builder.build("", numbered));
    }
    top.sort(Comparator.comparing(CommandSpec::name));
    commands = List.copyOf(top);
    all = List.copyOf(numbered);
    index = new CommandIndex(commands);
    subcommandIndexes = new CommandIndex[all.size()];
    for (CommandSpec spec : commands) {
      if (!spec.subcommands().isEmpty()) {
        subcommandIndexes[spec.id()] = new CommandIndex(spec.subcommands());
      }
    }
  }

  /// The server's table.
  public static CommandTable standard() {
    List<CommandSpec.Builder> builders = new ArrayList<>();
    builders.addAll(ConnectionCatalog.COMMANDS);
    builders.addAll(StringCatalog.COMMANDS);
    builders.addAll(GenericCatalog.COMMANDS);
    builders.addAll(ServerCatalog.COMMANDS);
    return new CommandTable(builders);
  }

  /// Commands in order of name, without subcommands.
  public List<CommandSpec> commands() {
    return commands;
  }

  /// Commands and subcommands, by [CommandSpec#id].
  public List<CommandSpec> all() {
    return all;
  }

  /// Finds what arguments call: a command, a subcommand, or a container whose subcommand is missing
  /// or unknown. O(1), allocates nothing.
  ///
  /// @return `null` for an unknown command
  public @Nullable CommandSpec find(CommandArgs args) {
    return find(args, 0);
  }

  /// Finds what the arguments from an index on call.
  @Nullable
  CommandSpec find(CommandArgs args, int first) {
    CommandSpec spec = index.find(args.memory(), args.offset(first), args.length(first));
    if (spec == null || args.count() == first + 1) {
      return spec;
    }
    CommandIndex subcommands = subcommandIndexes[spec.id()];
    if (subcommands == null) {
      return spec;
    }
    CommandSpec subcommand =
        subcommands.find(args.memory(), args.offset(first + 1), args.length(first + 1));
    return subcommand == null ? spec : subcommand;
  }

  /// Finds by full name, `get` or `config|get`, in whatever case.
  public @Nullable CommandSpec find(String name) {
    String wanted = name.toLowerCase(Locale.ROOT);
    for (CommandSpec spec : all) {
      if (spec.name().equals(wanted)) {
        return spec;
      }
    }
    return null;
  }
}
