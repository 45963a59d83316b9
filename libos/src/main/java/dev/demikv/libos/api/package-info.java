/// PDPIX: the queue interface that applications program against.
///
/// An application opens a [LibOs], makes queues ([LibOs#socket], [LibOs#queue], [LibOs#open]),
/// starts operations ([LibOs#push], [LibOs#pop], [LibOs#accept], [LibOs#connect]) and waits for
/// their completions ([LibOs#waitNext]). Queue descriptors are `int qd`, operations in flight are
/// `long qtoken`; both are primitives and have these names everywhere.
///
/// Control path calls throw [LibOsException]; data path calls return a token or `-errno` ([Errno]).
///
/// Source: Zhang et al., "The Demikernel Datapath OS Architecture for Microsecond-scale Datacenter
/// Systems", SOSP 2021, §4; "I'm Not Dead Yet! The Role of the Operating System in a Kernel-Bypass
/// Era", HotOS 2019, for the queue algebra.
package dev.demikv.libos.api;
