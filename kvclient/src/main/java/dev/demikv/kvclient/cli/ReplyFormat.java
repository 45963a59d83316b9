package dev.demikv.kvclient.cli;

/// How replies are printed.
enum ReplyFormat {
  /// For people: quoted, typed, numbered.
  STANDARD,
  /// For scripts: the bytes and a line feed.
  RAW,
  /// As JSON.
  JSON
}
