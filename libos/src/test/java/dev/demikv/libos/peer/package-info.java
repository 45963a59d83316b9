/// The user-level stack with the Linux kernel as its peer: in a network namespace of the test's
/// own, over tap devices and packet sockets, with and without faults in between.
///
/// The LibOs belongs to the thread of the test; peers are threads, or processes, with the JDK's
/// sockets. Skipped where there are no network namespaces, tap devices or packet sockets.
package dev.demikv.libos.peer;
