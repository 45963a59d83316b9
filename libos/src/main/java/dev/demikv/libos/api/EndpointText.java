package dev.demikv.libos.api;

/// Text form of endpoints: RFC 3986 host and port, RFC 4291 §2.2 and RFC 5952 for IPv6.
final class EndpointText {
  private EndpointText() {}

  static Endpoint parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 0 || colon == text.length() - 1) {
      throw bad(text, "expected ADDRESS:PORT, as 127.0.0.1:6379 or [::1]:6379");
    }
    int port = parsePort(text, text.substring(colon + 1));
    String host = text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      return parseIpv6(text, host.substring(1, host.length() - 1), port);
    }
    if (host.equals("*")) {
      return Endpoint.ipv4(0, port);
    }
    if (host.equals("localhost")) {
      return Endpoint.loopback(AddressFamily.INET, port);
    }
    if (host.indexOf(':') >= 0) {
      throw bad(text, "write an IPv6 address in brackets, as [::1]:6379");
    }
    return Endpoint.ipv4(parseIpv4(text, host), port);
  }

  private static int parsePort(String text, String digits) {
    int port = 0;
    for (int i = 0; i < digits.length(); i++) {
      char c = digits.charAt(i);
      if (c < '0' || c > '9' || i >= 5) {
        throw bad(text, "the port must be a number from 0 to 65535");
      }
      port = port * 10 + (c - '0');
    }
    if (port > 65535) {
      throw bad(text, "the port must be a number from 0 to 65535");
    }
    return port;
  }

  private static int parseIpv4(String text, String host) {
    String[] parts = host.split("\\.", -1);
    if (parts.length != 4) {
      throw bad(text, "expected four decimal numbers, as 127.0.0.1 (names are not resolved)");
    }
    int address = 0;
    for (String part : parts) {
      if (part.isEmpty()
          || part.length() > 3
          || !part.chars().allMatch(c -> c >= '0' && c <= '9')) {
        throw bad(text, "expected four decimal numbers, as 127.0.0.1 (names are not resolved)");
      }
      int value = Integer.parseInt(part);
      if (value > 255) {
        throw bad(text, value + " is not within 0 to 255");
      }
      address = address << 8 | value;
    }
    return address;
  }

  private static Endpoint parseIpv6(String text, String host, int port) {
    int scope = 0;
    int percent = host.indexOf('%');
    String address = host;
    if (percent >= 0) {
      address = host.substring(0, percent);
      try {
        scope = Integer.parseUnsignedInt(host.substring(percent + 1));
      } catch (NumberFormatException e) {
        throw bad(text, "the scope must be an interface index");
      }
    }
    int gap = address.indexOf("::");
    short[] groups = new short[8];
    if (gap >= 0) {
      if (address.indexOf("::", gap + 1) >= 0) {
        throw bad(text, ":: may stand once");
      }
      short[] head = parseGroups(text, address.substring(0, gap));
      short[] tail = parseGroups(text, address.substring(gap + 2));
      if (head.length + tail.length > 7) {
        throw bad(text, "too many groups");
      }
      System.arraycopy(head, 0, groups, 0, head.length);
      System.arraycopy(tail, 0, groups, 8 - tail.length, tail.length);
    } else {
      short[] all = parseGroups(text, address);
      if (all.length != 8) {
        throw bad(text, "an IPv6 address has eight groups");
      }
      groups = all;
    }
    long high = 0;
    long low = 0;
    for (int i = 0; i < 4; i++) {
      high = high << 16 | groups[i] & 0xffffL;
      low = low << 16 | groups[i + 4] & 0xffffL;
    }
    return Endpoint.ipv6(high, low, scope, port);
  }

  private static short[] parseGroups(String text, String part) {
    if (part.isEmpty()) {
      return new short[0];
    }
    String[] words = part.split(":", -1);
    boolean dotted = words[words.length - 1].indexOf('.') >= 0;
    int count = words.length + (dotted ? 1 : 0);
    if (count > 8) {
      throw bad(text, "too many groups");
    }
    short[] groups = new short[count];
    for (int i = 0; i < words.length; i++) {
      if (dotted && i == words.length - 1) {
        int v4 = parseIpv4(text, words[i]);
        groups[i] = (short) (v4 >>> 16);
        groups[i + 1] = (short) v4;
        break;
      }
      String word = words[i];
      if (word.isEmpty() || word.length() > 4) {
        throw bad(text, "a group has one to four hexadecimal digits");
      }
      try {
        groups[i] = (short) Integer.parseUnsignedInt(word, 16);
      } catch (NumberFormatException e) {
        throw bad(text, "a group has one to four hexadecimal digits");
      }
    }
    return groups;
  }

  private static IllegalArgumentException bad(String text, String why) {
    return new IllegalArgumentException("address '" + text + "': " + why);
  }

  static String format(Endpoint e) {
    if (e.family() == AddressFamily.INET) {
      int a = e.ipv4Address();
      return (a >>> 24)
          + "."
          + (a >>> 16 & 255)
          + "."
          + (a >>> 8 & 255)
          + "."
          + (a & 255)
          + ":"
          + e.port();
    }
    StringBuilder out = new StringBuilder("[");
    int bestAt = -1;
    int bestLength = 1; // RFC 5952 §4.2.2: one group alone is not shortened.
    for (int i = 0; i < 8; ) {
      int j = i;
      while (j < 8 && group(e, j) == 0) {
        j++;
      }
      if (j - i > bestLength) {
        bestAt = i;
        bestLength = j - i;
      }
      i = j == i ? i + 1 : j;
    }
    for (int i = 0; i < 8; i++) {
      if (i == bestAt) {
        out.append("::");
        i += bestLength - 1;
        continue;
      }
      if (i > 0 && out.charAt(out.length() - 1) != ':') {
        out.append(':');
      }
      out.append(Integer.toHexString(group(e, i)));
    }
    if (e.scope() != 0) {
      out.append('%').append(e.scope());
    }
    return out.append("]:").append(e.port()).toString();
  }

  private static int group(Endpoint e, int index) {
    long half = index < 4 ? e.addressHigh() : e.addressLow();
    return (int) (half >>> 48 - 16 * (index & 3)) & 0xffff;
  }
}
