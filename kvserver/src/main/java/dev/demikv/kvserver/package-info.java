/// A replicated, durable key-value server that speaks RESP2 and RESP3 over the queues of a LibOs.
///
/// One loop takes completions through parsing, consensus, log and application to the reply; a
/// standalone server is a cluster of one and takes the same path.
///
/// It is not aware of devices: the same server runs on every backend, chosen by configuration.
package dev.demikv.kvserver;
