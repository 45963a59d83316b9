/// Memory straight from the operating system, for what is large: the engine's chunks and the blocks
/// of clients.
///
/// Not for small things: a mapping is whole pages. What the JDK's arenas do not give: memory that
/// costs nothing before it is touched, huge pages, room to grow in place, and an end that comes in
/// steps, so that the loop goes on while a large piece is given back.
package dev.demikv.kvserver.memory;
