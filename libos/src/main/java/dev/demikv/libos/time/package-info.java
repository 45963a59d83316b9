/// Time as an argument: the clocks that everything else is given.
///
/// Rank 0. Nothing outside this package reads a system clock, so that the whole library runs in
/// simulated time (design principle: time and randomness are arguments).
package dev.demikv.libos.time;
