/// The YCSB database binding: YCSB's operations in terms of the key-value client.
///
/// It is not a client of its own; routing, retries and backends are the client's.
package dev.demikv.ycsb;
