package dev.demikv.kvserver.command;

import java.util.Locale;

/// The table as a document for people: `kvserver/COMMANDS.md`.
final class CommandDocument {
  private static final String HEAD =
      """
      # Commands

      Made from the command table by `CommandTableTest`; do not edit.

      Commands, options, replies and errors are those of Redis REDIS_VERSION, with RESP2 and
      RESP3. What is different:

      - **KRANGE start end [REV] [LIMIT count] [KEYS | VALUES]** is not a command of Redis: it
        walks over keys in order, bytewise unsigned. Bounds are written as in ZRANGE BYLEX: `[key`
        with the key, `(key` without it, `-` before all, `+` behind all. With REV the order is
        descending and start is the higher bound. It answers with an array of key, value, key,
        value, …, or with keys or values alone: at most LIMIT entries, 1000 unless told, 100,000
        at most. To go on, start at `(` and the last key. The value of what is no string is null.
      - A string is at most 512 MiB, whatever `proto-max-bulk-len` is now.
      - LCS needs a table of (length + 1) · (length + 1) · 4 bytes, and refuses more than 64 MiB.
      - MSET stores its pairs one after the other: if memory runs out in between, the first ones
        stay and the error says so. A crash never leaves half of it.
      - OBJECT ENCODING and REFCOUNT say what Redis would have chosen; OBJECT IDLETIME is always
        0, as nothing is evicted by it.
      - Reads never remove what has expired; writes and the active expiry do. DBSIZE counts it
        until then.
      - **CLIENT TCPINFO [client-id]** is not a command of Redis: it tells state and statistics of
        the client's own connection, or of another one, in lines as those of INFO: id, addr,
        laddr, state, congestion_control, then what `ConnectionInfo` of libos has, with its units
        (srtt_nanos, cwnd_bytes, retransmissions, …), as TCP_INFO of tcp(7) does. What the network
        backend does not know is left out; the backends memory and sim know nothing.
      - CLIENT LIST and CLIENT INFO end with tot-net-in, tot-net-out and tot-cmds, as in Redis 8.
      - INFO has a section Connections, which is shown by `INFO connections`, `all` and
        `everything`: connections by state, and sums over those that are open of segments sent
        again, time-outs, D-SACKs, bytes in flight, unsent and not yet read, and round-trip times.
        It looks at each connection.
      - INFO persistence has log_commits and log_commit_usec: batches that became durable, and
        the time that took, in sum.
      - INFO commandstats has calls, rejected_calls and failed_calls, no times.
      - WAIT answers 0 at once, CONFIG REWRITE with an error, FUNCTION FLUSH with OK: there are no
        replicas of that kind, no rewritten files, no functions.
      - DEBUG has SET-ACTIVE-EXPIRE only. Users other than `default` do not exist.
      - Errors quote at most 1024 bytes of an argument.

      Flags: those that COMMAND INFO lists. A command that writes goes through the log; one that
      is marked `denyoom` is refused when memory is at its limit.
      """;

  private CommandDocument() {}

  static String of(CommandTable table) {
    StringBuilder out =
        new StringBuilder(HEAD.replace("REDIS_VERSION", CommandTable.REDIS_VERSION));
    for (CommandGroup group : CommandGroup.values()) {
      String name = group.redisName();
      out.append("\n## ").append(name.substring(0, 1).toUpperCase(Locale.ROOT));
      out.append(name.substring(1)).append("\n\n");
      out.append("| command | summary | since | flags | time |\n|---|---|---|---|---|\n");
      for (CommandSpec spec : table.commands()) {
        if (spec.group() != group) {
          continue;
        }
        if (spec.subcommands().isEmpty() || spec.arity() == -1) {
          row(out, spec);
        }
        spec.subcommands().forEach(subcommand -> row(out, subcommand));
      }
    }
    return out.toString();
  }

  private static void row(StringBuilder out, CommandSpec spec) {
    String usage = spec.name().replace('|', ' ').toUpperCase(Locale.ROOT) + " " + spec.syntax();
    out.append("| `").append(usage.strip().replace("|", "\\|")).append("` | ");
    out.append(spec.summary()).append(" | ").append(spec.since()).append(" | ");
    out.append(String.join(" ", spec.flags().stream().map(CommandFlag::redisName).toList()));
    out.append(" | ").append(spec.complexity()).append(" |\n");
  }
}
