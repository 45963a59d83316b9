/// The command line `kv`: commands from arguments or standard input, replies as redis-cli prints
/// them, exit codes for scripts.
///
/// Built on the library's public classes and on nothing else.
package dev.demikv.kvclient.cli;
