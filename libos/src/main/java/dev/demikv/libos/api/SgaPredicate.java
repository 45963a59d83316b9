package dev.demikv.libos.api;

/// Chooses elements for [LibOs#filter]. Must not keep or free the array, nor call the LibOs.
@FunctionalInterface
public interface SgaPredicate {
  /// Whether the element passes.
  boolean test(ScatterGatherArray sga);
}
