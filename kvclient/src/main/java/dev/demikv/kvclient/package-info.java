/// A client of the key-value server over the queues of a LibOs: a library, and the command line
/// built on it.
///
/// It is not aware of devices: the same client runs on every backend, chosen by configuration.
package dev.demikv.kvclient;
