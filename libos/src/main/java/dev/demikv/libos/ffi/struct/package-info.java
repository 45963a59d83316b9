/// C structures as offsets and accessors over (segment, offset): no view objects on the data path.
///
/// Every offset and size is a named constant that the tests compare with a C compiler's. Fields in
/// network byte order say so; all others are in the machine's order, little-endian on every
/// supported machine. Rank 0.
package dev.demikv.libos.ffi.struct;
