/// The wire: RESP2 and RESP3 of Redis, parsed from and written into memory that others own.
///
/// [RespParser] is a pure state machine: bytes in, one command out, no time, no connection, nothing
/// allocated from a length that a peer sent. [RespWriter] writes replies into a [ReplySink], which
/// is the connection's output and says when there is no more room.
///
/// It knows no command; see `dev.demikv.kvserver.command`.
package dev.demikv.kvserver.resp;
