package dev.demikv.libos.api;

/// The operation that a completion belongs to.
public enum Opcode {
  /// Nothing: an unused [QResult].
  NONE,
  /// [LibOs#push] or [LibOs#pushTo].
  PUSH,
  /// [LibOs#pop].
  POP,
  /// [LibOs#accept].
  ACCEPT,
  /// [LibOs#connect].
  CONNECT,
  /// [LibOs#truncate].
  TRUNCATE
}
