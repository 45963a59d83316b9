package dev.demikv.libos.device.kernel;

import static dev.demikv.libos.device.kernel.OperationTable.NONE;

/// The operations of one direction of one socket, first-in first-out, linked through the rows of
/// the [OperationTable].
final class OperationQueue {
  private int head = NONE;
  private int tail = NONE;
  private int count;

  /// The oldest row, or [OperationTable#NONE].
  int head() {
    return head;
  }

  int count() {
    return count;
  }

  boolean isEmpty() {
    return head == NONE;
  }

  void add(OperationTable table, int row) {
    if (tail == NONE) {
      head = row;
    } else {
      table.setNext(tail, row);
    }
    table.setNext(row, NONE);
    tail = row;
    count++;
  }

  /// Takes the oldest row out and frees it.
  void removeHead(OperationTable table) {
    int row = head;
    head = table.next(row);
    if (head == NONE) {
      tail = NONE;
    }
    count--;
    table.release(row);
  }

  /// The row of a token, or [OperationTable#NONE]. O(count).
  int find(OperationTable table, long qtoken) {
    int row = head;
    while (row != NONE && table.qtoken(row) != qtoken) {
      row = table.next(row);
    }
    return row;
  }

  /// Takes any row out and frees it. O(count).
  void remove(OperationTable table, int row) {
    if (row == head) {
      removeHead(table);
      return;
    }
    int before = head;
    while (table.next(before) != row) {
      before = table.next(before);
    }
    table.setNext(before, table.next(row));
    if (tail == row) {
      tail = before;
    }
    count--;
    table.release(row);
  }
}
