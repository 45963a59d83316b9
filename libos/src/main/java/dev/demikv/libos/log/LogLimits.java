package dev.demikv.libos.log;

import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import java.util.List;

/// The options of a [LogStore], checked.
///
/// @param stagingBytes memory for records on their way to the device
/// @param groupBytes longest device write of records
/// @param groupsInFlight rounds of writes that the device works on at a time
/// @param recordBytesMax longest record
/// @param recordsStaged records on their way to the device
/// @param segmentsAhead segments kept prepared beyond those in use
/// @param verifyAll whether an open checks every record or only those behind the last mark
/// @param ioTimeoutNanos how long an open or a close waits for one device operation
record LogLimits(
    int stagingBytes,
    int groupBytes,
    int groupsInFlight,
    int recordBytesMax,
    int recordsStaged,
    int segmentsAhead,
    boolean verifyAll,
    long ioTimeoutNanos) {
  static final List<OptionSpec> SPECS =
      List.of(
          new OptionSpec(
              "storage.log.staging-bytes",
              "16MiB",
              "Memory for records on their way to the device, 64 KiB to 1 GiB; when it is full,"
                  + " push answers -EAGAIN."),
          new OptionSpec(
              "storage.log.group-bytes",
              "256KiB",
              "Longest single write of records, 4 KiB to 1 MiB; also limited by the device."),
          new OptionSpec(
              "storage.log.groups-in-flight",
              "2",
              "Group commits the device works on at a time, 1 to 64; records pushed meanwhile"
                  + " gather in the next one."),
          new OptionSpec(
              "storage.log.record-bytes-max",
              "4MiB",
              "Longest record, 1 B to 256 MiB; also limited by a segment, by half of the staging"
                  + " memory, and by 16 of the largest buffers."),
          new OptionSpec(
              "storage.log.records-staged",
              "65536",
              "Most records on their way to the device, 16 to 16777216, rounded up to a power of"
                  + " two; when reached, push answers -EAGAIN."),
          new OptionSpec(
              "storage.log.segments-ahead",
              "1",
              "Segments kept prepared beyond those in use, 0 to 1024, so that a push never waits"
                  + " for one."),
          new OptionSpec(
              "storage.log.verify-on-open",
              "all",
              "all: opening a log checks every record in it; tail: only those behind the last mark,"
                  + " which are at most about one segment, and the rest when they are read."),
          new OptionSpec(
              "storage.log.io-timeout",
              "30s",
              "How long opening and closing wait for one device operation, 1ms to 1h."));

  static LogLimits of(Options options) {
    String verify = options.text("storage.log.verify-on-open", "all").trim();
    if (!verify.equals("all") && !verify.equals("tail")) {
      throw new IllegalArgumentException(
          "option storage.log.verify-on-open: '" + verify + "' is not all or tail");
    }
    return new LogLimits(
        (int) options.bytes("storage.log.staging-bytes", 16 << 20, 64 << 10, 1 << 30),
        (int) options.bytes("storage.log.group-bytes", 256 << 10, 4 << 10, 1 << 20),
        (int) options.integer("storage.log.groups-in-flight", 2, 1, 64),
        (int) options.bytes("storage.log.record-bytes-max", 4 << 20, 1, 256 << 20),
        (int) options.integer("storage.log.records-staged", 65_536, 16, 1 << 24),
        (int) options.integer("storage.log.segments-ahead", 1, 0, 1024),
        verify.equals("all"),
        options.nanos("storage.log.io-timeout", 30_000_000_000L, 1_000_000L, 3_600_000_000_000L));
  }
}
