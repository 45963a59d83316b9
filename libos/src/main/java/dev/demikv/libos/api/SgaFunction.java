package dev.demikv.libos.api;

/// Transforms elements for [LibOs#map]. Must not call the LibOs's data path.
@FunctionalInterface
public interface SgaFunction {
  /// Transforms an element.
  ///
  /// Ownership: the function owns what it is given and gives away what it returns. It may change
  /// the element in place and return it, or free it ([ScatterGatherArray#drop]) and return another.
  ScatterGatherArray apply(ScatterGatherArray sga);
}
