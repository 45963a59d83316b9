package dev.demikv.libos.device;

/// Where a log device reports completions.
@FunctionalInterface
public interface LogDeviceSink {
  /// An operation is done.
  ///
  /// @param userData as given when it was started
  /// @param result ≥ 0 or `-errno`; a transfer is whole or an error, never short
  void completed(long userData, int result);
}
