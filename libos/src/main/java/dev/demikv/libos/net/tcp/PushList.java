package dev.demikv.libos.net.tcp;

import static java.util.Objects.requireNonNull;

import dev.demikv.libos.lang.Nullable;

/// Pushes of one connection that wait for the same kind of completion, oldest first.
final class PushList {
  private @Nullable PushRecord head;
  private @Nullable PushRecord tail;

  @Nullable
  PushRecord head() {
    return head;
  }

  @Nullable
  PushRecord tail() {
    return tail;
  }

  void add(PushRecord push) {
    push.next = null;
    if (tail == null) {
      head = push;
    } else {
      tail.next = push;
    }
    tail = push;
  }

  /// Takes the oldest out.
  void removeHead() {
    PushRecord first = requireNonNull(head, "empty");
    head = first.next;
    if (head == null) {
      tail = null;
    }
    first.next = null;
  }

  /// Takes the newest out. O(count).
  void removeTail() {
    PushRecord last = tail;
    if (head == last) {
      head = null;
      tail = null;
      return;
    }
    PushRecord before = head;
    while (before != null && before.next != last) {
      before = before.next;
    }
    requireNonNull(before, "broken list").next = null;
    tail = before;
  }
}
