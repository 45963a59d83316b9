package dev.demikv.kvserver.engine;

/// What a lookup found: a view into the engine, filled in place, valid until the next call that
/// changes the engine.
public final class Entry {
  /// The stored key.
  public final Slice key = new Slice();

  /// The stored value.
  public final Slice value = new Slice();

  /// Code of its [ValueType].
  public int type;

  /// When it expires in milliseconds since the Unix epoch; [Engine#NO_EXPIRY] if never.
  public long expireAtMillis;

  /// An unused entry.
  public Entry() {}
}
