package dev.demikv.kvserver.engine;

import java.util.ArrayDeque;

/// Keyspaces that have ended and whose memory is given back piece by piece.
final class Graveyard {
  private final ArrayDeque<Keyspace> keyspaces = new ArrayDeque<>();

  boolean isEmpty() {
    return keyspaces.isEmpty();
  }

  /// Takes a keyspace that nothing refers to any more.
  void bury(Keyspace keyspace) {
    keyspaces.add(keyspace);
  }

  /// Gives memory back.
  ///
  /// @param spansMax bound of work
  /// @return how many spans were given back, 0 if there were none left
  int release(int spansMax) {
    int released = 0;
    while (released < spansMax && !keyspaces.isEmpty()) {
      int wanted = spansMax - released;
      int count = keyspaces.element().release(wanted);
      released += count;
      if (count < wanted) {
        keyspaces.remove();
      }
    }
    return released;
  }
}
