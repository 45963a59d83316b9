package dev.demikv.libos.net.pkt;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;

/// Plays a script against a host: the network and the peer, on time.
final class ScriptRunner {
  private static final int FLOWS = 10;

  private final Script script;
  private final ScriptHost host;
  private final Flow[] flows;
  private final long startNanos;
  private final List<String> trace = new ArrayList<>();
  private long baseNanos;

  private ScriptRunner(Script script, ScriptHost host, Flow[] flows) {
    this.script = script;
    this.host = host;
    this.flows = flows;
    startNanos = host.nowNanos();
    baseNanos = startNanos;
  }

  /// Plays a script.
  ///
  /// @param hosts makes the host for it
  /// @return the trace: everything that happened, a line each
  /// @throws ScriptFailure with the line, the difference and the whole trace
  static List<String> play(Script script, BiFunction<Script, Flow[], ScriptHost> hosts) {
    Flow[] flows = new Flow[FLOWS];
    for (int i = 0; i < FLOWS; i++) {
      flows[i] = new Flow(i);
    }
    try (ScriptHost host = hosts.apply(script, flows)) {
      ScriptRunner runner = new ScriptRunner(script, host, flows);
      runner.play();
      return runner.trace;
    }
  }

  private void play() {
    Statement last = null;
    for (Statement statement : script.statements()) {
      if (statement.isFor(host)) {
        last = statement;
        try {
          play(statement);
        } catch (RuntimeException | AssertionError e) {
          throw failure(statement, e);
        }
      }
    }
    if (last == null) {
      return;
    }
    try {
      nothingMore(host.poll(host.nowNanos()), "the script ends");
    } catch (ScriptFailure e) {
      throw failure(last, e);
    }
  }

  private void play(Statement statement) {
    long target =
        switch (statement.time().kind()) {
          case RELATIVE, ANY -> baseNanos + statement.time().nanos();
          case ABSOLUTE -> startNanos + statement.time().nanos();
        };
    if (statement.action() instanceof Statement.Expect(Segment segment)) {
      expect(statement, segment, target);
      return;
    }
    host.passUntil(target);
    nothingMore(host.poll(host.nowNanos()), statement.toString());
    baseNanos = Math.max(host.nowNanos(), baseNanos);
    note(statement.action() instanceof Statement.Call ? "-" : "<", statement, host.nowNanos());
    Flow flow = flows[statement.flow()];
    switch (statement.action()) {
      case Statement.Inject(Segment segment) ->
          host.inject(flow, SegmentBytes.encode(segment, flow));
      case Statement.Icmp(IcmpError error) -> host.inject(flow, error);
      case Statement.Call(Verb verb, List<String> arguments) -> call(flow, verb, arguments);
      case Statement.Expect _ -> throw new AssertionError("expected above");
    }
  }

  private void call(Flow flow, Verb verb, List<String> arguments) {
    switch (verb) {
      case QUIET -> {
        // Whatever was sent by now was found before the line.
      }
      case REBASE -> flow.rebase(Integer.parseInt(arguments.getFirst()));
      default -> {
        if (!verb.isOurs() || host.name().equals("ours")) {
          host.call(flow, verb, arguments);
        }
      }
    }
  }

  private void nothingMore(ScriptHost.Seen seen, String before) {
    if (seen != null) {
      note(seen);
      throw new ScriptFailure("unexpected, before: " + before + "\n  actual:   " + written(seen));
    }
  }

  private void expect(Statement statement, Segment expected, long targetNanos) {
    boolean isAnyTime = statement.time().kind() == Statement.Time.Kind.ANY;
    long tolerance = statement.time().toleranceNanos() + host.slackNanos();
    long until = isAnyTime ? targetNanos + host.patienceNanos() : targetNanos + tolerance;
    ScriptHost.Seen seen = host.poll(until);
    if (seen == null) {
      throw new ScriptFailure(
          "nothing was sent until " + at(host.nowNanos()) + "\n  expected: " + statement);
    }
    note(seen);
    Flow flow = flows[statement.flow()];
    String difference =
        seen.flow().number != statement.flow()
            ? "flow"
            : expected.difference(seen.segment(), flow.localIsn, flow.peerIsn);
    if (difference == null && !isAnyTime && seen.nanos() < targetNanos - tolerance) {
      difference = "too early";
    }
    if (difference != null) {
      throw new ScriptFailure(
          "the difference is: "
              + difference
              + "\n  expected: "
              + statement
              + "\n  actual:   "
              + written(seen));
    }
    baseNanos = Math.max(seen.nanos(), baseNanos);
  }

  private String written(ScriptHost.Seen seen) {
    String suffix = seen.flow().number == 1 ? "" : "/" + seen.flow().number;
    long micros = (seen.nanos() - baseNanos) / 1_000;
    return "+"
        + micros / 1_000
        + "."
        + micros % 1_000 / 100
        + "ms >"
        + suffix
        + " "
        + seen.segment();
  }

  private void note(ScriptHost.Seen seen) {
    String suffix = seen.flow().number == 1 ? "" : "/" + seen.flow().number;
    trace.add(at(seen.nanos()) + " >" + suffix + " " + seen.segment());
  }

  private void note(String mark, Statement statement, long nanos) {
    String text = statement.toString();
    String what = text.substring(text.indexOf(' ') + 1);
    trace.add(at(nanos) + " " + (mark.equals("-") ? "- " : "") + what);
  }

  private String at(long nanos) {
    return String.format(Locale.ROOT, "%12.3f ms", (nanos - startNanos) / 1e6);
  }

  private ScriptFailure failure(Statement statement, Throwable cause) {
    ScriptFailure failure =
        new ScriptFailure(
            statement.file()
                + ":"
                + statement.line()
                + ": "
                + (cause instanceof ScriptFailure ? cause.getMessage() : cause.toString())
                + "\ntrace of "
                + script.name()
                + " ("
                + host.name()
                + "):\n"
                + String.join("\n", trace)
                + "\n");
    if (!(cause instanceof ScriptFailure)) {
      failure.initCause(cause);
    }
    return failure;
  }
}
