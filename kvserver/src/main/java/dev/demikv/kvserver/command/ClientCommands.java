package dev.demikv.kvserver.command;

import dev.demikv.kvserver.resp.CommandArgs;
import dev.demikv.libos.api.ConnectionInfo;
import dev.demikv.libos.lang.Nullable;
import java.util.ArrayList;
import java.util.List;

/// CLIENT: connections, one's own and others'.
final class ClientCommands {
  static final String BAD_NAME =
      "ERR Client names cannot contain spaces, newlines or special characters.";

  private static final String NO_SUCH_CLIENT = "ERR No such client";
  private static final String BAD_ID = "ERR client-id should be greater than 0";

  private ClientCommands() {}

  static void id(CommandContext c) {
    c.reply().integer(c.session().id());
  }

  static void getname(CommandContext c) {
    if (c.session().name().isEmpty()) {
      c.reply().nullBulk();
    } else {
      c.reply().bulk(c.session().name());
    }
  }

  static void setname(CommandContext c) {
    if (!isName(c.args(), 2)) {
      c.reply().error(BAD_NAME);
      return;
    }
    c.session().setName(c.args().text(2));
    c.reply().ok();
  }

  /// Whether an argument is made of printable characters only; an empty one takes a name away.
  static boolean isName(CommandArgs args, int index) {
    return args.text(index).chars().allMatch(b -> b >= '!' && b <= '~');
  }

  static void setinfo(CommandContext c) {
    CommandArgs args = c.args();
    boolean library = args.is(2, "lib-name");
    if (!library && !args.is(2, "lib-ver")) {
      c.reply().error("ERR Unrecognized option '" + args.quoted(2) + "'");
      return;
    }
    if (!isName(args, 3)) {
      c.reply()
          .error(
              "ERR "
                  + (library ? "lib-name" : "lib-ver")
                  + " cannot contain spaces, newlines or special characters.");
      return;
    }
    if (library) {
      c.session().setLibraryName(args.text(3));
    } else {
      c.session().setLibraryVersion(args.text(3));
    }
    c.reply().ok();
  }

  static void noEvict(CommandContext c) {
    if (c.args().is(2, "on")) {
      c.session().setNoEvict(true);
      c.reply().ok();
    } else if (c.args().is(2, "off")) {
      c.session().setNoEvict(false);
      c.reply().ok();
    } else {
      c.reply().error(Errors.SYNTAX);
    }
  }

  static void reply(CommandContext c) {
    Session session = c.session();
    if (c.args().is(2, "on")) {
      session.setReplyMode(Session.ReplyMode.ON);
      c.reply().setMuted(false);
      c.reply().ok();
    } else if (c.args().is(2, "off")) {
      session.setReplyMode(Session.ReplyMode.OFF);
    } else if (c.args().is(2, "skip")) {
      if (session.replyMode() != Session.ReplyMode.OFF) {
        session.setReplyMode(Session.ReplyMode.SKIP_NEXT);
      }
    } else {
      c.reply().error(Errors.SYNTAX);
    }
  }

  static void pause(CommandContext c) {
    CommandArgs args = c.args();
    boolean writesOnly = false;
    if (args.count() == 4) {
      writesOnly = args.is(3, "write");
      if (!writesOnly && !args.is(3, "all")) {
        c.reply().error("ERR CLIENT PAUSE mode must be WRITE or ALL");
        return;
      }
    } else if (args.count() > 4) {
      c.reply().error(Errors.SYNTAX);
      return;
    }
    if (!c.readLong(2) || c.number() > Long.MAX_VALUE - c.nowMillis()) {
      c.reply().error("ERR timeout is not an integer or out of range");
    } else if (c.number() < 0) {
      c.reply().error("ERR timeout is negative");
    } else {
      c.server().pause(c.nowMillis() + c.number(), writesOnly);
      c.reply().ok();
    }
  }

  static void unpause(CommandContext c) {
    c.server().unpause();
    c.reply().ok();
  }

  static void info(CommandContext c) {
    StringBuilder text = new StringBuilder();
    c.server()
        .clients(client -> {
          if (client.session() == c.session()) {
            describe(client, text);
          }
        });
    c.reply().verbatim("txt", text.toString());
  }

  /// What the transport knows of a connection: one's own, or that of a client. Lines as of INFO.
  static void tcpinfo(CommandContext c) {
    long id = c.session().id();
    if (c.args().count() > 3) {
      c.reply().error(Errors.SYNTAX);
      return;
    }
    if (c.args().count() == 3) {
      if (!c.readLong(2) || c.number() < 1) {
        c.reply().error(BAD_ID);
        return;
      }
      id = c.number();
    }
    ClientInfo found = find(c, id);
    ConnectionInfo info = new ConnectionInfo();
    if (found == null) {
      c.reply().error(NO_SUCH_CLIENT);
    } else if (!found.connectionInfo(info)) {
      c.reply().error("ERR The network backend tells nothing about connections");
    } else {
      InfoWriter out = new InfoWriter();
      out.field("id", id);
      out.field("addr", found.address());
      out.field("laddr", found.localAddress());
      out.field("state", info.state.text());
      out.field("congestion_control", info.congestionControl);
      info.forEach((name, value) -> {
        if (value != ConnectionInfo.UNKNOWN) {
          out.field(name.replace('-', '_'), value);
        }
      });
      c.reply().verbatim("txt", out.text());
    }
  }

  private static @Nullable ClientInfo find(CommandContext c, long id) {
    List<ClientInfo> found = new ArrayList<>(1);
    c.server()
        .clients(client -> {
          if (client.session().id() == id) {
            found.add(client);
          }
        });
    return found.isEmpty() ? null : found.getFirst();
  }

  static void list(CommandContext c) {
    CommandArgs args = c.args();
    @Nullable List<Long> ids = null;
    boolean none = false;
    if (args.count() == 4 && args.is(2, "type")) {
      String type = knownType(c, 3);
      if (type == null) {
        return;
      }
      none = !type.equals("normal");
    } else if (args.count() > 3 && args.is(2, "id")) {
      ids = new ArrayList<>();
      for (int i = 3; i < args.count(); i++) {
        if (!c.readLong(i)) {
          c.reply().error("ERR Invalid client ID");
          return;
        }
        ids.add(c.number());
      }
    } else if (args.count() != 2) {
      c.reply().error(Errors.SYNTAX);
      return;
    }
    StringBuilder text = new StringBuilder();
    if (!none) {
      List<Long> wanted = ids;
      c.server()
          .clients(client -> {
            if (wanted == null || wanted.contains(client.session().id())) {
              describe(client, text);
            }
          });
    }
    c.reply().verbatim("txt", text.toString());
  }

  private static @Nullable String knownType(CommandContext c, int index) {
    for (String type : List.of("normal", "replica", "slave", "pubsub", "master")) {
      if (c.args().is(index, type)) {
        return type;
      }
    }
    c.reply().error("ERR Unknown client type '" + c.args().quoted(index) + "'");
    return null;
  }

  static void kill(CommandContext c) {
    CommandArgs args = c.args();
    if (args.count() == 3) {
      String address = args.text(2);
      if (killAll(c, client -> client.address().equals(address)) == 0) {
        c.reply().error(NO_SUCH_CLIENT);
      } else {
        c.reply().ok();
      }
      return;
    }
    List<ClientFilter> filters = new ArrayList<>();
    boolean skipMe = true;
    for (int i = 2; i < args.count(); i += 2) {
      if (i + 1 == args.count()) {
        c.reply().error(Errors.SYNTAX);
        return;
      }
      String value = args.text(i + 1);
      if (args.is(i, "id")) {
        if (!c.readLong(i + 1) || c.number() < 1) {
          c.reply().error(BAD_ID);
          return;
        }
        long id = c.number();
        filters.add(client -> client.session().id() == id);
      } else if (args.is(i, "addr")) {
        filters.add(client -> client.address().equals(value));
      } else if (args.is(i, "laddr")) {
        filters.add(client -> client.localAddress().equals(value));
      } else if (args.is(i, "type")) {
        String type = knownType(c, i + 1);
        if (type == null) {
          return;
        }
        filters.add(client -> type.equals("normal"));
      } else if (args.is(i, "user")) {
        if (!value.equals("default")) {
          c.reply().error("ERR No such user '" + value + "'");
          return;
        }
      } else if (args.is(i, "skipme") && (args.is(i + 1, "yes") || args.is(i + 1, "no"))) {
        skipMe = args.is(i + 1, "yes");
      } else {
        c.reply().error(Errors.SYNTAX);
        return;
      }
    }
    boolean spared = skipMe;
    filters.add(client -> !spared || client.session() != c.session());
    c.reply().integer(killAll(c, client -> filters.stream().allMatch(f -> f.accepts(client))));
  }

  private static int killAll(CommandContext c, ClientFilter filter) {
    List<ClientInfo> chosen = new ArrayList<>();
    c.server()
        .clients(client -> {
          if (filter.accepts(client)) {
            chosen.add(client);
          }
        });
    chosen.forEach(ClientInfo::kill);
    return chosen.size();
  }

  private interface ClientFilter {
    boolean accepts(ClientInfo client);
  }

  /// Adds the line that CLIENT LIST has for a connection.
  private static void describe(ClientInfo client, StringBuilder text) {
    Session session = client.session();
    CommandSpec last = session.lastCommand();
    text.append("id=").append(session.id());
    text.append(" addr=").append(client.address());
    text.append(" laddr=").append(client.localAddress());
    text.append(" fd=").append(client.qd());
    text.append(" name=").append(session.name());
    text.append(" age=").append(client.ageSeconds());
    text.append(" idle=").append(client.idleSeconds());
    text.append(" flags=").append(session.noEvict() ? "e" : "N");
    text.append(" db=").append(session.db());
    text.append(" sub=0 psub=0 ssub=0 multi=-1");
    text.append(" qbuf=").append(client.inputBytes()).append(" qbuf-free=0");
    text.append(" argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0");
    text.append(" omem=").append(client.outputBytes());
    text.append(" tot-mem=").append(client.inputBytes() + client.outputBytes());
    text.append(" events=r cmd=").append(last == null ? "NULL" : last.name());
    text.append(" user=default redir=-1 resp=").append(session.protocol());
    text.append(" lib-name=").append(session.libraryName());
    text.append(" lib-ver=").append(session.libraryVersion());
    // As in Redis 8, behind what older clients know.
    text.append(" tot-net-in=").append(client.receivedBytes());
    text.append(" tot-net-out=").append(client.sentBytes());
    text.append(" tot-cmds=").append(session.commands());
    text.append('\n');
  }
}
