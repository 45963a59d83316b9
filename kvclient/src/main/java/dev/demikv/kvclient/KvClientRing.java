package dev.demikv.kvclient;

/// A queue of the clients of one [KvClientGroup], each in it at most once. Of fixed size.
final class KvClientRing {
  private final KvClient[] clients;
  private int head;
  private int count;

  /// @param clientsMax most clients there can be
  KvClientRing(int clientsMax) {
    clients = new KvClient[clientsMax];
  }

  int count() {
    return count;
  }

  void add(KvClient client) {
    assert count < clients.length : count;
    clients[index(count)] = client;
    count++;
  }

  /// Takes the oldest out; there must be one.
  KvClient poll() {
    KvClient client = clients[head];
    head = index(1);
    count--;
    return client;
  }

  /// Takes one out that is in it. O(clients in it).
  void remove(KvClient client) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      KvClient other = clients[index(i)];
      if (other != client) {
        clients[index(kept++)] = other;
      }
    }
    count = kept;
  }

  private int index(int place) {
    int at = head + place;
    return at < clients.length ? at : at - clients.length;
  }
}
