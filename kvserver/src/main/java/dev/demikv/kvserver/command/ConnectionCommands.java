package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Slice;
import dev.demikv.kvserver.resp.CommandArgs;
import dev.demikv.kvserver.resp.RespWriter;

/// Commands about the connection itself.
final class ConnectionCommands {
  private static final Slice DEFAULT_USER = Slice.of("default");
  private static final String WRONG_PASSWORD =
      "WRONGPASS invalid username-password pair or user is disabled.";

  private ConnectionCommands() {}

  static void ping(CommandContext c) {
    switch (c.args().count()) {
      case 1 -> c.reply().simple("PONG");
      case 2 -> c.reply().bulk(c.args().slice(1));
      default -> c.reply().error(Errors.wrongArity(c.spec()));
    }
  }

  static void echo(CommandContext c) {
    c.reply().bulk(c.args().slice(1));
  }

  static void select(CommandContext c) {
    if (!c.requireInt(1)) {
      return;
    }
    long db = c.number();
    if (db < 0 || db >= c.engine().databases()) {
      c.reply().error(Errors.DB_OUT_OF_RANGE);
    } else {
      c.session().setDb((int) db);
      c.reply().ok();
    }
  }

  static void quit(CommandContext c) {
    c.session().requestClose();
    c.reply().ok();
  }

  static void reset(CommandContext c) {
    Session session = c.session();
    session.setDb(0);
    session.setProtocol(2);
    c.reply().setProtocol(2);
    session.setName("");
    session.setNoEvict(false);
    session.setReplyMode(Session.ReplyMode.ON);
    session.setAuthenticated(!c.server().authRequired());
    c.reply().simple("RESET");
  }

  static void auth(CommandContext c) {
    CommandArgs args = c.args();
    if (args.count() > 3) {
      c.reply().error(Errors.SYNTAX);
      return;
    }
    if (args.count() == 2 && !c.server().authRequired()) {
      c.reply()
          .error(
              "ERR AUTH <password> called without any password configured for the default user."
                  + " Are you sure your configuration is correct?");
      return;
    }
    Slice user = args.count() == 2 ? DEFAULT_USER : args.slice(1);
    if (authenticate(c, user, args.slice(args.count() - 1))) {
      c.reply().ok();
    }
  }

  private static boolean authenticate(CommandContext c, Slice user, Slice password) {
    if (c.server().authenticate(user, password)) {
      c.session().setAuthenticated(true);
      return true;
    }
    c.reply().error(WRONG_PASSWORD);
    return false;
  }

  static void hello(CommandContext c) {
    CommandArgs args = c.args();
    int protocol = c.session().protocol();
    if (args.count() > 1) {
      if (!c.readLong(1)) {
        c.reply().error("ERR Protocol version is not an integer or out of range");
        return;
      }
      if (c.number() < 2 || c.number() > 3) {
        c.reply().error("NOPROTO unsupported protocol version");
        return;
      }
      protocol = (int) c.number();
    }
    int auth = 0;
    int name = 0;
    for (int i = 2; i < args.count(); i++) {
      int more = args.count() - i - 1;
      if (args.is(i, "auth") && more >= 2) {
        auth = i + 1;
        i += 2;
      } else if (args.is(i, "setname") && more >= 1) {
        name = i + 1;
        i++;
      } else {
        c.reply().error("ERR Syntax error in HELLO option '" + args.quoted(i) + "'");
        return;
      }
    }
    if (name != 0 && !ClientCommands.isName(args, name)) {
      c.reply().error(ClientCommands.BAD_NAME);
      return;
    }
    if (auth != 0
        && !authenticate(c, args.slice(auth, c.scratch()), args.slice(auth + 1, new Slice()))) {
      return;
    }
    if (!c.session().authenticated()) {
      c.reply()
          .error(
              "NOAUTH HELLO must be called with the client already authenticated, otherwise the"
                  + " HELLO <proto> AUTH <user> <pass> option can be used to authenticate the"
                  + " client and select the RESP protocol version at the same time");
      return;
    }
    if (name != 0) {
      c.session().setName(args.text(name));
    }
    c.session().setProtocol(protocol);
    c.reply().setProtocol(protocol);
    replyHello(c, protocol);
  }

  private static void replyHello(CommandContext c, int protocol) {
    RespWriter reply = c.reply();
    reply.map(7);
    reply.bulk("server");
    reply.bulk("redis");
    reply.bulk("version");
    reply.bulk(CommandTable.REDIS_VERSION);
    reply.bulk("proto");
    reply.integer(protocol);
    reply.bulk("id");
    reply.integer(c.session().id());
    reply.bulk("mode");
    reply.bulk("standalone");
    reply.bulk("role");
    reply.bulk("master");
    reply.bulk("modules");
    reply.array(0);
  }
}
