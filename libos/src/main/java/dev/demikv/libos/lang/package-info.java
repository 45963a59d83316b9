/// Annotations for the reader and the null checker. Rank 0; no code.
package dev.demikv.libos.lang;
