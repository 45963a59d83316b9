package dev.demikv.libos.device.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.LogDevice;
import dev.demikv.libos.device.LogDeviceContract;
import dev.demikv.libos.time.SystemClock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the file log device does by either mechanism, beyond what every log device does.
abstract class FileLogDeviceContract extends LogDeviceContract {
  private static final int SEGMENT_BYTES = 256 << 10;
  private static final int BLOCK_BYTES = 4096;

  @TempDir Path temporary;

  /// `io_uring` or `thread`.
  abstract String mechanism();

  Path directory() {
    return temporary.resolve("log");
  }

  /// Small segments, in a directory that is not there yet.
  Options options() {
    return Options.of(
        Map.of(
            "storage.file.path", directory().toString(),
            "storage.file.mechanism", mechanism(),
            "storage.file.segment-bytes", "256KiB",
            "storage.file.capacity", "2MiB",
            "storage.file.queue-depth", "16"));
  }

  static LogDevice open(Options options) {
    return new FileLogDeviceProvider().open(options, SystemClock.INSTANCE, new Random(1));
  }

  @Override
  protected LogDevice open() {
    return open(options());
  }

  @Test
  void reportsItsMechanism() {
    assertThat(device.capabilities().toString())
        .contains(mechanism().equals("io_uring") ? "io_uring, RWF_DSYNC" : "one I/O thread");
    assertThat(device.memorySource()).isNull();
  }

  @Test
  void secondOpenOfADirectoryIsBusy() {
    assertThatThrownBy(this::open)
        .isInstanceOfSatisfying(
            LibOsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY))
        .hasMessageContaining(directory().toString())
        .hasMessageContaining("process " + ProcessHandle.current().pid());
    device.close();
    device = open();
  }

  @Test
  void segmentOfAnotherSizeIsRefused() throws IOException {
    prepare(1);
    device.close();
    Options larger = options().with("storage.file.segment-bytes", "512KiB");
    assertThatThrownBy(() -> open(larger))
        .isInstanceOfSatisfying(
            LibOsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBADMSG))
        .hasMessageContaining("segment-00000001.log")
        .hasMessageContaining("262144")
        .hasMessageContaining("524288");
    Files.write(directory().resolve("segment-00000001.log"), new byte[100]);
    assertThatThrownBy(this::open).hasMessageContaining("It has 100 bytes");
    Files.delete(directory().resolve("segment-00000001.log"));
    device = open();
    assertThat(device.isPrepared(1)).isFalse();
  }

  @Test
  void segmentBeyondTheCapacityIsRefused() {
    prepare(7);
    device.close();
    Options smaller = options().with("storage.file.capacity", "1MiB");
    assertThatThrownBy(() -> open(smaller))
        .isInstanceOf(LibOsException.class)
        .hasMessageContaining("segment-00000007.log")
        .hasMessageContaining("storage.file.capacity");
    device = open();
    assertThat(device.isPrepared(7)).isTrue();
  }

  @Test
  void whatWasNotFinishedIsRemovedAtOpen() throws IOException {
    device.close();
    Files.write(directory().resolve("segment-00000003.tmp"), new byte[100]);
    Files.write(directory().resolve("probe-00000000.tmp"), new byte[100]);
    Files.write(directory().resolve("spare-00000000.free"), new byte[100]);
    Files.write(directory().resolve("spare-00000017.free"), new byte[SEGMENT_BYTES]);
    Files.write(directory().resolve("a file of the user"), new byte[100]);
    device = open();
    assertThat(device.isPrepared(3)).isFalse();
    assertThat(names()).containsExactly("a file of the user", "lock");
  }

  @Test
  void discardedFilesBecomeSparesThatTheNextSegmentsUse() throws IOException {
    for (int i = 0; i < 5; i++) {
      prepare(i);
    }
    for (int i = 0; i < 5; i++) {
      discard(i);
    }
    assertThat(names()).containsExactly("lock", "spare-00000000.free", "spare-00000001.free");
    device.close();
    device = open();
    for (int i = 5; i < 8; i++) {
      prepare(i);
    }
    assertThat(counter("storage.file.segments_recycled")).isEqualTo(2);
    assertThat(counter("storage.file.segments_new")).isEqualTo(1);
    assertThat(names())
        .containsExactly(
            "lock", "segment-00000005.log", "segment-00000006.log", "segment-00000007.log");
    assertThat(Files.size(directory().resolve("segment-00000007.log"))).isEqualTo(SEGMENT_BYTES);
  }

  @Test
  void discardWithOperationsInFlightMustBeTriedAgain() {
    prepare(0);
    MemorySegment memory = memory(BLOCK_BYTES);
    long written = next();
    assertThat(device.write(0, memory, 0, BLOCK_BYTES, true, written)).isZero();
    assertThat(device.discard(0, next())).isEqualTo(-Errno.EAGAIN);
    assertThat(device.isPrepared(0)).isTrue();
    assertThat(result(written)).isEqualTo(BLOCK_BYTES);
    discard(0);
  }

  @Test
  void closeGivesUpASegmentThatIsBeingMade() throws IOException {
    device.close();
    Options large =
        options().with("storage.file.segment-bytes", "1GiB").with("storage.file.capacity", "2GiB");
    device = open(large);
    assertThat(device.prepare(0, next())).isZero();
    device.submit();
    device.close();
    assertThat(names()).containsExactly("lock");
    device = open();
  }

  @Test
  void fileThatWasCutIsAnError() throws IOException {
    prepare(0);
    Path file = directory().resolve("segment-00000000.log");
    Files.write(file, new byte[0]);
    assertThat(read(0, memory(BLOCK_BYTES), BLOCK_BYTES)).isEqualTo(-Errno.EIO);
    Files.delete(file);
  }

  @Test
  void fileThatIsGoneIsTheOperationsError() throws IOException {
    prepare(0);
    device.close();
    device = open();
    Files.delete(directory().resolve("segment-00000000.log"));
    assertThat(read(0, memory(BLOCK_BYTES), BLOCK_BYTES)).isEqualTo(-Errno.ENOENT);
    assertThat(device.isPrepared(0)).isTrue();
  }

  @Test
  void moreSegmentsThanOpenFilesWork() {
    device.close();
    Options many =
        options()
            .with("storage.file.segment-bytes", "64KiB")
            .with("storage.file.capacity", "6400KiB");
    device = open(many);
    assertThat(device.geometry().segmentCount()).isEqualTo(100);
    MemorySegment out = memory(BLOCK_BYTES);
    MemorySegment in = memory(BLOCK_BYTES);
    for (int i = 0; i < 100; i++) {
      prepare(i);
      fill(out, BLOCK_BYTES, i);
      assertThat(write(i * (64L << 10), out, BLOCK_BYTES, true)).isEqualTo(BLOCK_BYTES);
    }
    for (int i = 0; i < 100; i++) {
      fill(out, BLOCK_BYTES, i);
      assertThat(read(i * (64L << 10), in, BLOCK_BYTES)).isEqualTo(BLOCK_BYTES);
      assertThat(in.mismatch(out)).isEqualTo(-1);
    }
    assertThat(counter("storage.file.opened")).isGreaterThan(100);
  }

  @Test
  void pageCacheIsUsedWhenToldTo() {
    device.close();
    device = open(options().with("storage.file.direct", "false"));
    assertThat(device.capabilities().toString()).contains("storage.file.direct=false");
    prepare(0);
    MemorySegment out = memory(64 << 10);
    fill(out, 64 << 10, 5);
    assertThat(write(0, out, 64 << 10, true)).isEqualTo(64 << 10);
    assertThat(write(64 << 10, out, 64 << 10, false)).isEqualTo(64 << 10);
    assertThat(flush()).isZero();
    MemorySegment in = memory(64 << 10);
    assertThat(read(64 << 10, in, 64 << 10)).isEqualTo(64 << 10);
    assertThat(in.mismatch(out)).isEqualTo(-1);
  }

  void discard(int segment) {
    long userData = next();
    assertThat(device.discard(segment, userData)).isZero();
    assertThat(result(userData)).isZero();
  }

  long counter(String name) {
    Map<String, Long> counters = new HashMap<>();
    device.counters(counters::put);
    return counters.get(name);
  }

  List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(directory())) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
