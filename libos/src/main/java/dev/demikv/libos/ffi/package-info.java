/// Bindings of C libraries through the Foreign Function & Memory API: the only place that links.
///
/// One class per C library (the C library itself in parts, by header), one static method per
/// function with C's name, a lazy holder per handle, so that nothing is looked up before it is
/// called. Struct layouts are in `ffi.struct`, constants in [dev.demikv.libos.ffi.LibCConstants];
/// both are compared with a C compiler's in the tests. Rank 0.
package dev.demikv.libos.ffi;
