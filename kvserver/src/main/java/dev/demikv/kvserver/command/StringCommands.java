package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.engine.Slice;
import dev.demikv.kvserver.engine.ValueType;

/// GET, SET and their kin: whole values.
final class StringCommands {
  private static final int STRING = ValueType.STRING.code();

  private StringCommands() {}

  static void get(CommandContext c) {
    if (!c.lookup(c.args().slice(1))) {
      c.reply().nullBulk();
    } else if (c.requireString()) {
      c.reply().bulk(c.entry().value);
    }
  }

  static void set(CommandContext c) {
    SetOptions options = c.setOptions();
    if (options.parse(c, 3, true) && options.readExpiry(c)) {
      store(c, c.args().slice(2), options);
    }
  }

  static void setex(CommandContext c) {
    setWithExpiry(c, SetOptions.EX);
  }

  static void psetex(CommandContext c) {
    setWithExpiry(c, SetOptions.PX);
  }

  private static void setWithExpiry(CommandContext c, int unit) {
    SetOptions options = c.setOptions();
    options.only(unit, 2);
    if (options.readExpiry(c)) {
      store(c, c.args().slice(3), options);
    }
  }

  static void setnx(CommandContext c) {
    Slice key = c.args().slice(1);
    if (c.lookupForWrite(key)) {
      c.reply().integer(0);
    } else if (c.put(key, STRING, c.args().slice(2), Engine.NO_EXPIRY)) {
      c.reply().integer(1);
    }
  }

  static void getset(CommandContext c) {
    SetOptions options = c.setOptions();
    options.only(SetOptions.GET, 0);
    store(c, c.args().slice(2), options);
  }

  /// Stores a value under the first key if the options allow it.
  private static void store(CommandContext c, Slice value, SetOptions options) {
    Slice key = c.args().slice(1);
    boolean get = options.has(SetOptions.GET);
    if (!get && !options.has(SetOptions.NX | SetOptions.XX | SetOptions.KEEPTTL)) {
      // What was there, expired or not, makes no difference.
      if (c.put(key, STRING, value, options.expireAtMillis())) {
        c.reply().ok();
      }
      return;
    }
    boolean found = c.lookupForWrite(key);
    if (get) {
      c.statistics().looked(found);
      if (found && !c.requireString()) {
        return;
      }
    }
    boolean stores = !(found ? options.has(SetOptions.NX) : options.has(SetOptions.XX));
    if (!get) {
      if (!stores) {
        c.reply().nullBulk();
      } else if (c.put(key, STRING, value, options.expireAtMillis())) {
        c.reply().ok();
      }
      return;
    }
    if (!stores) {
      replyOld(c, found, c.entry().value);
      return;
    }
    // The old value is answered after the new one is stored: only then is it sure that it was.
    Slice old = found ? c.copy().take(c.entry().value) : c.scratch();
    if (c.put(key, STRING, value, options.expireAtMillis())) {
      replyOld(c, found, old);
    }
    c.copy().release();
  }

  private static void replyOld(CommandContext c, boolean found, Slice old) {
    if (found) {
      c.reply().bulk(old);
    } else {
      c.reply().nullBulk();
    }
  }

  static void getdel(CommandContext c) {
    Slice key = c.args().slice(1);
    boolean found = c.lookupForWrite(key);
    c.statistics().looked(found);
    if (!found) {
      c.reply().nullBulk();
    } else if (c.requireString()) {
      c.reply().bulk(c.entry().value);
      c.engine().delete(c.db(), key);
    }
  }

  static void getex(CommandContext c) {
    SetOptions options = c.setOptions();
    if (!options.parse(c, 2, false)) {
      return;
    }
    Slice key = c.args().slice(1);
    boolean found = c.lookupForWrite(key);
    c.statistics().looked(found);
    if (!found) {
      c.reply().nullBulk();
      return;
    }
    if (!c.requireString() || !options.readExpiry(c)) {
      return;
    }
    if (options.hasExpiry() && options.expireAtMillis() <= c.nowMillis()) {
      c.reply().bulk(c.entry().value);
      c.engine().delete(c.db(), key);
      return;
    }
    // The expiry first, as only then it is sure that it was set.
    if (options.hasExpiry()
        && !c.requireOk(c.engine().expire(c.db(), key, options.expireAtMillis()))) {
      return;
    }
    if (options.has(SetOptions.PERSIST)) {
      c.engine().expire(c.db(), key, Engine.NO_EXPIRY);
    }
    c.engine().get(c.db(), key, c.entry());
    c.reply().bulk(c.entry().value);
  }
}
