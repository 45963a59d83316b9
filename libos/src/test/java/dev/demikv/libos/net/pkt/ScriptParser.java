package dev.demikv.libos.net.pkt;

import dev.demikv.libos.net.tcp.TcpConfig;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads a [Script].
final class ScriptParser {
  private static final int LINES_MAX = 2_000;
  private static final Pattern HEADER =
      Pattern.compile("#\\s*(rfc|oracle|config|family|linux):\\s*(.*)");
  private static final Pattern LINE =
      Pattern.compile("(?:(ours|linux):\\s*)?(\\S+)\\s+(\\S.*?)(?:\\s+#\\s*(.*))?");
  private static final Pattern INCLUDE = Pattern.compile("include\\s+([\\w-]+)");
  private static final Pattern TIME =
      Pattern.compile("(?:([+@])(\\d+)(s|ms|us)?)?(?:~(\\d+)(s|ms|us))?");
  private static final Pattern WHAT = Pattern.compile("([<>]|[a-z]+)(?:/(\\d))?(?:\\s+(.*))?");
  private static final Pattern CLAUSE = Pattern.compile("(\\d{3,4})(?:\\s+([A-Z]?[\\d.]+))?");
  private static final Pattern ICMP =
      Pattern.compile("icmp ([a-z-]+)(?: mtu (\\d+))? seq (-?\\d+)");

  private final String name;
  private final Function<String, List<String>> includes;
  private final List<Statement> statements = new ArrayList<>();
  private final List<Script.Clause> clauses = new ArrayList<>();
  private final Map<String, Long> settings = new LinkedHashMap<>();
  private final Map<String, String> sysctls = new LinkedHashMap<>();
  private String title;
  private String oracle;
  private boolean ipv6;

  private ScriptParser(String name, Function<String, List<String>> includes) {
    this.name = name;
    this.includes = includes;
  }

  /// Reads a script.
  ///
  /// @param name its name, for messages
  /// @param includes gives the lines of an included file; `null` when there is none
  /// @throws ScriptSyntaxException naming file, line and reason
  static Script parse(String name, List<String> lines, Function<String, List<String>> includes) {
    return new ScriptParser(name, includes).script(lines);
  }

  private Script script(List<String> lines) {
    String file = name + ".pkt";
    read(file, lines, true);
    if (title == null || clauses.isEmpty() || oracle == null) {
      throw new ScriptSyntaxException(
          file, 1, "a script begins with a title, '# rfc: …' and '# oracle: linux | no (reason)'");
    }
    TcpConfig config;
    try {
      config = config();
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new ScriptSyntaxException(file, 1, String.valueOf(e.getMessage()));
    }
    return new Script(
        name,
        title,
        List.copyOf(clauses),
        oracle,
        ipv6,
        config,
        settings,
        sysctls,
        List.copyOf(statements));
  }

  private void read(String file, List<String> lines, boolean mayInclude) {
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      try {
        Matcher include = INCLUDE.matcher(line);
        if (line.startsWith("#")) {
          comment(line, mayInclude);
        } else if (include.matches()) {
          include(include.group(1), mayInclude);
        } else if (!line.isEmpty()) {
          statements.add(statement(file, i + 1, line));
        }
        if (statements.size() > LINES_MAX) {
          throw new IllegalArgumentException("more than " + LINES_MAX + " lines");
        }
      } catch (IllegalArgumentException e) {
        throw new ScriptSyntaxException(file, i + 1, String.valueOf(e.getMessage()));
      }
    }
  }

  private void include(String included, boolean mayInclude) {
    List<String> lines = mayInclude ? includes.apply(included) : null;
    if (lines == null) {
      throw new IllegalArgumentException("nothing to include: " + included);
    }
    read("include/" + included + ".pkt", lines, false);
  }

  private void comment(String line, boolean isScript) {
    Matcher header = HEADER.matcher(line);
    if (!isScript) {
      return;
    }
    if (!header.matches()) {
      if (title == null && statements.isEmpty()) {
        title = line.substring(1).strip();
      }
      return;
    }
    String value = header.group(2).strip();
    switch (header.group(1)) {
      case "rfc" -> clauses(value);
      case "oracle" -> oracle(value);
      case "config" -> settings(value);
      case "linux" -> {
        String[] pair = value.split("=", 2);
        if (pair.length != 2) {
          throw new IllegalArgumentException("not NAME=VALUE: " + value);
        }
        sysctls.put(pair[0].strip(), pair[1].strip());
      }
      default -> {
        if (!value.equals("ipv6") && !value.equals("ipv4")) {
          throw new IllegalArgumentException("family: ipv4 or ipv6");
        }
        ipv6 = value.equals("ipv6");
      }
    }
  }

  private void clauses(String value) {
    for (String part : value.split(";", -1)) {
      Matcher clause = CLAUSE.matcher(part.strip());
      if (!clause.matches()) {
        throw new IllegalArgumentException("not 'NUMBER SECTION': " + part.strip());
      }
      String section = clause.group(2);
      clauses.add(
          new Script.Clause(Integer.parseInt(clause.group(1)), section == null ? "" : section));
    }
  }

  private void oracle(String value) {
    if (value.equals("linux")) {
      oracle = "";
    } else if (value.startsWith("no (") && value.endsWith(")") && value.length() > 5) {
      oracle = value.substring(4, value.length() - 1);
    } else {
      throw new IllegalArgumentException("oracle: linux, or no (reason)");
    }
  }

  private void settings(String value) {
    for (String word : value.split("\\s+", -1)) {
      String[] pair = word.split("=", -1);
      if (pair.length != 2) {
        throw new IllegalArgumentException("not NAME=VALUE: " + word);
      }
      settings.put(pair[0], setting(pair[1]));
    }
  }

  private static long setting(String value) {
    if (value.equals("true") || value.equals("cubic")) {
      return 1;
    }
    if (value.equals("false") || value.equals("newreno")) {
      return 0;
    }
    Matcher time = Pattern.compile("(\\d+)(s|ms|us)?").matcher(value);
    if (!time.matches()) {
      throw new IllegalArgumentException("not a value: " + value);
    }
    return time.group(2) == null
        ? Long.parseLong(time.group(1))
        : nanos(time.group(1), time.group(2));
  }

  /// What scripts start from: the defaults, with a congestion control that is easy to follow.
  private TcpConfig config() {
    TcpConfig.Builder builder =
        TcpConfig.builder()
            .congestionControl("newreno")
            .connectionsMax(16)
            .synQueueMax(8)
            .timeWaitMax(8)
            .segmentsMax(2048)
            .chunksMax(4096)
            .receiveBufferBytes(65_535)
            .receiveBufferBytesMax(65_535);
    for (Map.Entry<String, Long> setting : settings.entrySet()) {
      set(builder, setting.getKey(), setting.getValue());
    }
    return builder.build();
  }

  private static void set(TcpConfig.Builder builder, String key, long value) {
    for (Method method : TcpConfig.Builder.class.getMethods()) {
      if (!method.getName().equals(key) || method.getParameterCount() != 1) {
        continue;
      }
      Class<?> type = method.getParameterTypes()[0];
      Object argument = value;
      if (type == int.class) {
        argument = Math.toIntExact(value);
      } else if (type == boolean.class) {
        argument = value != 0;
      } else if (type == String.class) {
        argument = value != 0 ? "cubic" : "newreno";
      }
      try {
        method.invoke(builder, argument);
      } catch (IllegalAccessException | InvocationTargetException e) {
        throw new IllegalArgumentException(key, e);
      }
      return;
    }
    throw new IllegalArgumentException("TcpConfig has no " + key);
  }

  private static Statement statement(String file, int number, String line) {
    Matcher matcher = LINE.matcher(line);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("a line is a time, then what happens");
    }
    String only = matcher.group(1);
    String comment = matcher.group(4) == null ? "" : matcher.group(4);
    Statement.Time time = time(matcher.group(2));
    Matcher what = WHAT.matcher(matcher.group(3));
    if (!what.matches()) {
      throw new IllegalArgumentException("neither a segment nor a call: " + matcher.group(3));
    }
    int flow = what.group(2) == null ? 1 : Integer.parseInt(what.group(2));
    String rest = what.group(3) == null ? "" : what.group(3).strip();
    Statement.Action action = action(what.group(1), rest);
    if (time.kind() == Statement.Time.Kind.ANY && !(action instanceof Statement.Expect)) {
      throw new IllegalArgumentException("only an expected segment has any time");
    }
    return new Statement(file, number, only, time, flow, action, comment);
  }

  private static Statement.Action action(String word, String rest) {
    if (word.equals(">")) {
      return new Statement.Expect(SegmentParser.parse(rest, false));
    }
    if (word.equals("<")) {
      return rest.startsWith("icmp ")
          ? new Statement.Icmp(icmp(rest))
          : new Statement.Inject(SegmentParser.parse(rest, true));
    }
    for (Verb verb : Verb.values()) {
      if (verb.word().equals(word)) {
        if (!verb.takes(rest)) {
          throw new IllegalArgumentException("it is: " + verb.usage());
        }
        return new Statement.Call(
            verb, rest.isEmpty() ? List.of() : List.of(rest.split("\\s+", -1)));
      }
    }
    throw new IllegalArgumentException("'" + word + "' is not known");
  }

  private static IcmpError icmp(String text) {
    Matcher matcher = ICMP.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("it is: icmp KIND [mtu N] seq N");
    }
    String kind = matcher.group(1).toUpperCase(Locale.ROOT).replace('-', '_');
    int mtu = matcher.group(2) == null ? 0 : Integer.parseInt(matcher.group(2));
    return new IcmpError(
        IcmpError.Kind.valueOf(kind), mtu, Field.of(Long.parseLong(matcher.group(3))));
  }

  private static Statement.Time time(String text) {
    if (text.equals("*")) {
      return new Statement.Time(Statement.Time.Kind.ANY, 0, 0);
    }
    Matcher matcher = TIME.matcher(text);
    if (!matcher.matches() || matcher.group(1) == null) {
      throw new IllegalArgumentException("not a time: " + text + " (+5ms, @1s, +200ms~10ms, *)");
    }
    long tolerance = matcher.group(4) == null ? 0 : nanos(matcher.group(4), matcher.group(5));
    return new Statement.Time(
        matcher.group(1).equals("+") ? Statement.Time.Kind.RELATIVE : Statement.Time.Kind.ABSOLUTE,
        nanos(matcher.group(2), matcher.group(3)),
        tolerance);
  }

  private static long nanos(String digits, String unit) {
    long number = Long.parseLong(digits);
    if (number > 1_000_000) {
      throw new IllegalArgumentException("too long: " + digits);
    }
    if (unit == null) {
      if (number != 0) {
        throw new IllegalArgumentException("a time other than 0 has a unit");
      }
      return 0;
    }
    return switch (unit) {
      case "s" -> number * 1_000_000_000;
      case "ms" -> number * 1_000_000;
      default -> number * 1_000;
    };
  }
}
