package dev.demikv.libos.log;

import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.LogDevice;
import dev.demikv.libos.time.Clock;
import java.util.List;
import java.util.function.ObjLongConsumer;

/// Named logs on one device.
@SuppressWarnings("DoNotCallSuggester")
public final class LogStore implements AutoCloseable {
  /// The options it reads.
  public static final List<OptionSpec> OPTION_SPECS = List.of();

  private LogStore() {}

  /// Opens the store; the device is the store's from here on, and closed with it.
  public static LogStore open(
      LogDevice device, SgaPool sgas, LogSink sink, Clock clock, Options options) {
    throw new UnsupportedOperationException();
  }

  /// Opens a log, made if absent; recovers it. The cursor stands at the first record.
  public int openLog(String name) {
    throw new UnsupportedOperationException();
  }

  /// Longest record in bytes.
  public int recordBytesMax() {
    throw new UnsupportedOperationException();
  }

  /// Appends a record; 0 or -errno.
  public int append(int log, ScatterGatherArray sga, long qtoken) {
    throw new UnsupportedOperationException();
  }

  /// Reads the next record at the cursor; 0 or -errno.
  public int read(int log, int bytesMax, long qtoken) {
    throw new UnsupportedOperationException();
  }

  /// Moves the cursor; throws LibOsException EINVAL outside of head..tail.
  public void seek(int log, long position) {
    throw new UnsupportedOperationException();
  }

  /// Frees everything before a position; 0 or -errno.
  public int truncate(int log, long position, long qtoken) {
    throw new UnsupportedOperationException();
  }

  /// First position.
  public long head(int log) {
    throw new UnsupportedOperationException();
  }

  /// A position behind every record so far and not behind any later one.
  public long tail(int log) {
    throw new UnsupportedOperationException();
  }

  /// 0 (reported with -ECANCELED), -EALREADY, -EINVAL (no such operation).
  public int cancel(int log, long qtoken) {
    throw new UnsupportedOperationException();
  }

  /// Closes a log; pending tokens are reported with -ECANCELED before this returns.
  public void closeLog(int log) {
    throw new UnsupportedOperationException();
  }

  /// End of turn: group commit. Returns the amount of work done.
  public int flush(long nowNanos) {
    throw new UnsupportedOperationException();
  }

  /// Device completions. Returns the amount of work done.
  public int poll(long nowNanos) {
    throw new UnsupportedOperationException();
  }

  /// See [LogDevice#readinessFd].
  public int readinessFd() {
    throw new UnsupportedOperationException();
  }

  /// How long the loop may sleep; [Long#MAX_VALUE] when the readiness descriptor covers everything.
  public long idleWaitNanosMax() {
    throw new UnsupportedOperationException();
  }

  /// Reports counters by name.
  public void counters(ObjLongConsumer<String> visitor) {
    throw new UnsupportedOperationException();
  }

  /// Waits for what is in flight, notes the clean end, closes the device. Idempotent.
  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
