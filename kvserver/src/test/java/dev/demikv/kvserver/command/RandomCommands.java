package dev.demikv.kvserver.command;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/// Seeded commands over few keys, most of them sensible, some of them not.
final class RandomCommands {
  /// Keys they are about.
  static final List<String> KEYS = List.of("a", "b", "c", "key:1", "key:2", "", "\u00ff\u0000x");

  private static final List<String> VALUES =
      List.of(
          "",
          "0",
          "1",
          "10",
          "-7",
          "12345",
          "9999",
          "10000",
          "9223372036854775807",
          "-9223372036854775808",
          "9223372036854775808",
          "007",
          "+5",
          "-0",
          " 1",
          "1 ",
          "3.14",
          "-0.5",
          "1e3",
          "1.5e-3",
          "0.1",
          "inf",
          "-inf",
          "nan",
          "0x10",
          "1e400",
          "5.0e3",
          "hello",
          "ohmytext",
          "mynewtext",
          "\r\n",
          "bin\u0000\u00fe\u00ff",
          "x".repeat(44),
          "y".repeat(45),
          "z".repeat(300));

  private static final List<String> OFFSETS =
      List.of(
          "0",
          "1",
          "2",
          "5",
          "-1",
          "-2",
          "-5",
          "-100",
          "100",
          "44",
          "x",
          "",
          "536870911",
          "536870912",
          "9223372036854775807",
          "-9223372036854775808",
          "99999999999999999999");

  private static final List<String> TIMES =
      List.of(
          "0",
          "-1",
          "1000",
          "100000",
          "4102444800",
          "4102444800000",
          "9223372036854775807",
          "-9223372036854775808",
          "9223372036854775",
          "9223372036854776",
          "1",
          "x",
          "");

  private final Random random;

  RandomCommands(long seed) {
    random = new Random(seed);
  }

  String[] next() {
    List<String> command = new ArrayList<>(List.of(command()));
    if (random.nextInt(25) == 0) {
      command.add(pick(VALUES));
    }
    if (random.nextInt(40) == 0 && command.size() > 1) {
      command.removeLast();
    }
    if (random.nextInt(4) == 0) {
      command.set(0, command.getFirst().toUpperCase(Locale.ROOT));
    }
    return command.toArray(String[]::new);
  }

  private String[] command() {
    return switch (random.nextInt(48)) {
      case 0, 1, 2 -> of("set", key(), value());
      case 3, 4, 5 -> set();
      case 6, 7 -> of("get", key());
      case 8 -> of("append", key(), value());
      case 9 -> of("incr", key());
      case 10 -> of("decr", key());
      case 11 -> of("incrby", key(), value());
      case 12 -> of("decrby", key(), value());
      case 13, 14 -> of("incrbyfloat", key(), value());
      case 15 -> of("getrange", key(), pick(OFFSETS), pick(OFFSETS));
      case 16 -> of("substr", key(), pick(OFFSETS), pick(OFFSETS));
      case 17 -> of("setrange", key(), smallOffset(), value());
      case 18 -> of("strlen", key());
      case 19 -> of("getset", key(), value());
      case 20 -> of("getdel", key());
      case 21 -> getex();
      case 22 -> of("mset", key(), value(), key(), value());
      case 23 -> of("msetnx", key(), value(), key(), value());
      case 24 -> of("mget", key(), key(), key());
      case 25 -> of("setnx", key(), value());
      case 26 -> of("setex", key(), pick(TIMES), value());
      case 27 -> of("psetex", key(), bigTime(), value());
      case 28 -> lcs();
      case 29 -> of("del", key(), key());
      case 30 -> of("unlink", key());
      case 31 -> of("exists", key(), key());
      case 32 -> of("touch", key(), key());
      case 33 -> of("type", key());
      case 34 -> of("rename", key(), key());
      case 35 -> of("renamenx", key(), key());
      case 36 -> copy();
      case 37 -> of("move", key(), pick(List.of("0", "1", "2", "99", "x")));
      case 38, 39 -> expire();
      case 40 -> of("persist", key());
      case 41 -> of(pick(List.of("ttl", "pttl", "expiretime", "pexpiretime")), key());
      case 42, 43 -> of("object", pick(List.of("encoding", "encoding", "freq", "nothing")), key());
      case 44 -> of("select", pick(List.of("0", "0", "0", "1", "2", "16", "-1", "x", "")));
      case 45 -> other();
      case 46 -> of("ping", value());
      default -> of("echo", value());
    };
  }

  private String[] set() {
    List<String> command = new ArrayList<>(List.of("set", key(), value()));
    for (int i = random.nextInt(4); i > 0; i--) {
      String option =
          pick(List.of("NX", "xx", "GET", "keepttl", "EX", "px", "EXAT", "pxat", "foo"));
      command.add(option);
      if (option.equalsIgnoreCase("px")) {
        command.add(bigTime());
      } else if (option.toLowerCase(Locale.ROOT).startsWith("ex") || option.equals("pxat")) {
        command.add(pick(TIMES));
      }
    }
    return command.toArray(String[]::new);
  }

  private String[] getex() {
    return switch (random.nextInt(6)) {
      case 0 -> of("getex", key());
      case 1 -> of("getex", key(), "persist");
      case 2 -> of("getex", key(), "ex", pick(TIMES));
      case 3 -> of("getex", key(), "px", bigTime());
      case 4 -> of("getex", key(), "pxat", pick(TIMES));
      default -> of("getex", key(), "exat", pick(TIMES), "persist");
    };
  }

  private String[] expire() {
    String name = pick(List.of("expire", "pexpire", "expireat", "pexpireat"));
    String time = name.equals("pexpire") ? bigTime() : pick(TIMES);
    return switch (random.nextInt(4)) {
      case 0 -> of(name, key(), time, pick(List.of("NX", "xx", "GT", "lt", "foo")));
      case 1 -> of(name, key(), time, pick(List.of("nx", "xx")), pick(List.of("gt", "lt", "xx")));
      default -> of(name, key(), time);
    };
  }

  private String[] copy() {
    return switch (random.nextInt(4)) {
      case 0 -> of("copy", key(), key(), "REPLACE");
      case 1 -> of("copy", key(), key(), "db", pick(List.of("0", "1", "16", "x")));
      case 2 -> of("copy", key(), key(), "db", "1", "replace");
      default -> of("copy", key(), key());
    };
  }

  private String[] lcs() {
    return switch (random.nextInt(5)) {
      case 0 -> of("lcs", key(), key(), "LEN");
      case 1 -> of("lcs", key(), key(), "idx", "withmatchlen");
      case 2 -> of("lcs", key(), key(), "IDX", "MINMATCHLEN", pick(List.of("2", "-1", "x")));
      case 3 -> of("lcs", key(), key(), "idx", "len");
      default -> of("lcs", key(), key());
    };
  }

  private String[] other() {
    return switch (random.nextInt(14)) {
      case 0 -> of("swapdb", "0", pick(List.of("1", "0", "99", "x")));
      case 1 -> of("client", "setname", pick(List.of("me", "", "a b")));
      case 2 -> of("client", "getname");
      case 3 -> of("nosuchcommand", key(), value(), "x".repeat(200), value());
      case 4 -> of("config", "nosuch");
      case 5 -> of("config", "set", "nosuch", "1");
      case 6 -> of("config", "set", "maxmemory", "0", "maxmemory", "0");
      case 7 -> of("command", "getkeys", "mset", key(), value(), key(), value());
      case 8 -> of("command", "getkeysandflags", "rename", key(), key());
      case 9 -> of("command", "getkeys", pick(List.of("ping", "get", "nosuch")), key());
      case 10 -> of("wait", pick(List.of("0", "x")), pick(List.of("0", "-1", "x")));
      case 11 -> of("flushdb", pick(List.of("sync", "async", "foo")));
      case 12 -> of("scan", pick(List.of("x", "-", "")), "count", "0");
      default -> of("scan", "0", pick(List.of("count", "foo")), "x");
    };
  }

  private String key() {
    return pick(KEYS);
  }

  private String value() {
    return pick(VALUES);
  }

  /// Relative times that end long after the test, or make no sense.
  private String bigTime() {
    return pick(List.of("100000000", "0", "-5", "9223372036854775807", "x"));
  }

  private String smallOffset() {
    return pick(
        List.of("0", "1", "3", "40", "44", "50", "-1", "536870912", "9223372036854775807", "x"));
  }

  private String pick(List<String> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  private static String[] of(String... words) {
    return words;
  }
}
