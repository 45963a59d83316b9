/// The YCSB database binding: YCSB's operations in terms of the key-value client.
///
/// It is not a client of its own; reconnection, time-outs and backends are the client's. Each YCSB
/// thread has a client with a loop of its own.
package dev.demikv.ycsb;
