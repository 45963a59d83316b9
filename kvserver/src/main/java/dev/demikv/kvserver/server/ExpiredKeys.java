package dev.demikv.kvserver.server;

import dev.demikv.kvserver.command.Statistics;
import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.engine.Entry;
import dev.demikv.kvserver.engine.Slice;
import dev.demikv.kvserver.resp.CommandArgs;

/// Removes keys whose time has come. The same on every server that applies the same log.
final class ExpiredKeys {
  private final Engine engine;
  private final Statistics statistics;
  private final Slice key = new Slice();
  private final Entry entry = new Entry();

  ExpiredKeys(Engine engine, Statistics statistics) {
    this.engine = engine;
    this.statistics = statistics;
  }

  /// Removes those of the keys whose time has come by a time; others stay.
  void remove(int db, CommandArgs keys, long millis) {
    for (int i = 0; i < keys.count(); i++) {
      keys.slice(i, key);
      if (engine.get(db, key, entry) == Engine.OK
          && entry.expireAtMillis != Engine.NO_EXPIRY
          && entry.expireAtMillis <= millis) {
        engine.delete(db, key);
        statistics.expired(1);
      }
    }
  }
}
