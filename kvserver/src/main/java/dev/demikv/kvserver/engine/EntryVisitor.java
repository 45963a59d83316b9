package dev.demikv.kvserver.engine;

/// Receives entries of a walk. The entry is filled in place and valid during the call. Must not
/// change the engine.
@FunctionalInterface
public interface EntryVisitor {
  /// Takes an entry; returns whether the walk goes on.
  boolean visit(Entry entry);
}
