/// The YCSB database binding: YCSB's operations in terms of the key-value client.
///
/// It is not a client of its own; reconnection, time-outs and backends are the client's. Each YCSB
/// thread has a connection, in a loop of its own, or in the process's where a device can be opened
/// only once.
package dev.demikv.ycsb;
