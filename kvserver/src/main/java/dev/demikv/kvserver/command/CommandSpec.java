package dev.demikv.kvserver.command;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// Everything about a command, or about a subcommand of a container.
///
/// @param id place in statistics, from 0, without gaps
/// @param name lower case; `config|get` for a subcommand
/// @param arity arguments with the name, exact when positive, at least `-arity` when negative; of a
///   subcommand with both names
/// @param flags what is special
/// @param flagBits the same as bits, see [CommandFlag#bit]
/// @param keys where keys are; empty for none
/// @param categories of access control beyond those that follow from flags
/// @param tips for clients, as COMMAND INFO lists them
/// @param group what it is about
/// @param since version of Redis that has it, or of this server
/// @param complexity of time
/// @param summary a sentence without a full stop
/// @param syntax of the arguments, as documentation shows it
/// @param subcommands of a container; empty for a plain command
/// @param handler its code; of a container: what answers when there is no subcommand
public record CommandSpec(
    int id,
    String name,
    int arity,
    Set<CommandFlag> flags,
    int flagBits,
    List<KeyRange> keys,
    List<String> categories,
    List<String> tips,
    CommandGroup group,
    String since,
    String complexity,
    String summary,
    String syntax,
    List<CommandSpec> subcommands,
    CommandHandler handler) {
  private static final int WRITE = CommandFlag.WRITE.bit();

  /// Whether it goes through the log.
  public boolean isWrite() {
    return (flagBits & WRITE) != 0;
  }

  /// Whether it has a flag.
  public boolean has(CommandFlag flag) {
    return (flagBits & flag.bit()) != 0;
  }

  /// Whether it may be called with so many arguments, its name included.
  public boolean allows(int argumentCount) {
    return arity >= 0 ? argumentCount == arity : argumentCount >= -arity;
  }

  /// Whether it is a subcommand.
  public boolean isSubcommand() {
    return name.indexOf('|') >= 0;
  }

  /// The name without the container's.
  public String ownName() {
    return name.substring(name.indexOf('|') + 1);
  }

  @Override
  public String toString() {
    return name;
  }

  /// Begins the description of a command.
  static Builder command(String name, int arity, CommandHandler handler) {
    return new Builder(name, arity, handler);
  }

  /// Describes a command, piece by piece. Used when the table is made.
  static final class Builder {
    private final String name;
    private final int arity;
    private final CommandHandler handler;
    private final EnumSet<CommandFlag> flags = EnumSet.noneOf(CommandFlag.class);
    private final List<KeyRange> keys = new ArrayList<>();
    private final List<Builder> subcommands = new ArrayList<>();
    private List<String> categories = List.of();
    private List<String> tips = List.of();
    private CommandGroup group = CommandGroup.SERVER;
    private String since = "";
    private String complexity = "O(1)";
    private String summary = "";
    private String syntax = "";

    private Builder(String name, int arity, CommandHandler handler) {
      this.name = name;
      this.arity = arity;
      this.handler = handler;
    }

    /// Flags by name, separated by spaces.
    Builder flags(String names) {
      for (String flag : names.split(" ", -1)) {
        flags.add(CommandFlag.of(flag));
      }
      return this;
    }

    Builder keys(String keyFlags, int first, int last, int step) {
      keys.add(new KeyRange(keyFlags, first, last, step));
      return this;
    }

    Builder categories(String... names) {
      categories = List.of(names);
      return this;
    }

    Builder tips(String... newTips) {
      tips = List.of(newTips);
      return this;
    }

    Builder about(CommandGroup newGroup, String newSince, String newSummary) {
      group = newGroup;
      since = newSince;
      summary = newSummary;
      return this;
    }

    Builder complexity(String newComplexity) {
      complexity = newComplexity;
      return this;
    }

    Builder syntax(String newSyntax) {
      syntax = newSyntax;
      return this;
    }

    /// Adds a subcommand, whose name is without the container's.
    Builder sub(Builder subcommand) {
      subcommands.add(subcommand);
      return this;
    }

    /// Makes the command and its subcommands, numbered on from the size of `all`, which they join.
    CommandSpec build(String container, List<CommandSpec> all) {
      int id = all.size();
      all.add(null);
      String fullName = container.isEmpty() ? name : container + "|" + name;
      List<CommandSpec> built = new ArrayList<>();
      for (Builder subcommand : subcommands) {
        built.add(subcommand.build(name, all));
      }
      int bits = 0;
      for (CommandFlag flag : flags) {
        bits |= flag.bit();
      }
      CommandSpec spec =
          new CommandSpec(
              id,
              fullName,
              arity,
              Collections.unmodifiableSet(flags),
              bits,
              List.copyOf(keys),
              categories,
              tips,
              group,
              since,
              complexity,
              summary,
              syntax,
              List.copyOf(built),
              handler);
      all.set(id, spec);
      return spec;
    }
  }
}
