package dev.demikv.kvserver.resp;

import java.lang.foreign.MemorySegment;

/// Where the replies of one connection go: a chain of pieces of memory, the last of which has room.
/// Bounded: when it says there is no more, the connection is to be closed.
///
/// The writer asks for the room once at [RespWriter#begin], writes without asking, tells at
/// [RespWriter#end] or before [#more] how far it came.
public interface ReplySink {
  /// Least room of a fresh piece.
  int ROOM_LEAST_BYTES = 64;

  /// The memory of the piece that has room.
  MemorySegment memory();

  /// Where the room starts in [#memory], in bytes.
  long offset();

  /// Where the room ends in [#memory], in bytes; may equal [#offset] when it is full.
  long limit();

  /// Takes over what was written: the room starts at `offset` now.
  void written(long offset);

  /// Chains another piece with at least [#ROOM_LEAST_BYTES] of room behind the one in use; what is
  /// left of the one in use stays unused. After it, memory, offset and limit are of the new piece.
  ///
  /// @return false when the connection's output is at its limit: the reply is cut, whatever follows
  ///   is dropped, and the connection must be closed
  boolean more();
}
