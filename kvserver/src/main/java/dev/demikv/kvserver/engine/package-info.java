/// Engines: where keys and values live.
///
/// An engine is a map per database from key to (type, value, expiry), with a hash index for point
/// access and an ordered index for ranges. It knows nothing of commands, clients, time or
/// durability: expiry is stored here and judged by the caller, who has the time. One thread.
package dev.demikv.kvserver.engine;
