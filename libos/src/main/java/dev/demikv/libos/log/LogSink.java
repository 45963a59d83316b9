package dev.demikv.libos.log;

import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.lang.Nullable;

/// Where a [LogStore] reports completions. Implemented by the runtime; allocates nothing. A token
/// is reported exactly once. May be called from within any method of the store, before the method
/// that was given the token returns included, and never runs application code.
public interface LogSink {
  /// A record is durable, or never will be known to be.
  ///
  /// @param result bytes of the record, or `-errno`
  /// @param position where the record lies; meaningless on an error
  void pushed(long qtoken, int result, long position);

  /// A pop is done.
  ///
  /// @param result bytes of the record; 0 at the tail; or `-errno`
  /// @param sga the record, given away with its one holder; `null` unless `result` > 0
  /// @param position where the record lies; at the tail, where the cursor stands; on an error, the
  ///   place of the damage
  void popped(long qtoken, int result, @Nullable ScatterGatherArray sga, long position);

  /// A truncation is durable.
  ///
  /// @param result 0 or `-errno`
  /// @param position the new first position
  void truncated(long qtoken, int result, long position);
}
