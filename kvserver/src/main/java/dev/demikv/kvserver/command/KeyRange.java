package dev.demikv.kvserver.command;

/// Where keys are among the arguments, and what happens to them.
///
/// @param flags as COMMAND INFO lists them, separated by spaces: `RO`, `RW`, `OW` or `RM`, then
///   `access`, `update`, `insert`, `delete`, …
/// @param first index of the first key
/// @param last index of the last key; negative counts from the end, -1 being the last argument
/// @param step distance from one key to the next
public record KeyRange(String flags, int first, int last, int step) {
  /// The index of the last key of a command with so many arguments.
  int lastIndex(int argumentCount) {
    return last < 0 ? argumentCount + last : last;
  }
}
