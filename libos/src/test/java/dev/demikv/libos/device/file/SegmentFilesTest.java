package dev.demikv.libos.device.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibC;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which files are open, prepared, and in need of a flush.
final class SegmentFilesTest {
  @TempDir Path directory;
  private final Arena arena = Arena.ofShared();
  private CallState state;
  private int dirFd;
  private SegmentFiles files;

  @BeforeEach
  void fourSegmentsAndTwoEntries() throws IOException {
    for (int i = 0; i < 4; i++) {
      Files.write(directory.resolve(SegmentFile.SEGMENT.name(i)), new byte[4096]);
    }
    state = new CallState(arena);
    dirFd = SegmentDirectory.openDirectory(arena, state, directory);
    boolean[] prepared = {true, true, true, true, false};
    files = new SegmentFiles(new FileCalls(arena, dirFd), false, prepared, 2);
  }

  @AfterEach
  void closeAll() {
    files.closeAll();
    LibC.close(state, dirFd);
    arena.close();
  }

  @Test
  void leastRecentlyUsedFileGivesWay() {
    int first = files.acquire(0);
    files.release(first);
    files.release(files.acquire(1));
    files.release(files.acquire(0));
    files.release(files.acquire(2));
    assertThat(files.openCount()).isEqualTo(3);
    files.release(files.acquire(0));
    assertThat(files.openCount()).as("segment 0 stayed open").isEqualTo(3);
    files.release(files.acquire(1));
    assertThat(files.openCount()).isEqualTo(4);
  }

  @Test
  void fileInUseOrUnflushedStaysOpen() {
    int busy = files.acquire(0);
    int dirty = files.acquire(1);
    files.written(dirty);
    files.release(dirty);
    assertThat(files.acquire(2)).isEqualTo(-Errno.EAGAIN);
    files.flushed(dirty, files.mark(dirty), 0);
    assertThat(files.acquire(2)).isEqualTo(dirty);
    assertThat(files.discarding(0)).isFalse();
    files.release(busy);
    assertThat(files.discarding(0)).isTrue();
  }

  @Test
  void flushCoversTheWritesBeforeItOnly() {
    int entry = files.acquire(0);
    assertThat(files.nextToFlush(-1)).isEqualTo(-1);
    files.written(entry);
    long early = files.mark(entry);
    files.written(entry);
    long late = files.mark(entry);
    files.flushed(entry, early, 0);
    assertThat(files.nextToFlush(-1)).as("a write came after the flush").isEqualTo(entry);
    files.flushed(entry, late, 0);
    assertThat(files.nextToFlush(-1)).isEqualTo(-1);
    files.flushed(entry, early, 0);
    assertThat(files.nextToFlush(-1)).as("flushes completed out of order").isEqualTo(-1);
  }

  @Test
  void failedFlushStaysFailedUntilTheSegmentIsDiscarded() {
    int entry = files.acquire(0);
    files.written(entry);
    files.flushed(entry, files.mark(entry), -Errno.EIO);
    files.flushed(entry, files.mark(entry), 0);
    assertThat(files.nextToFlush(-1)).isEqualTo(entry);
    assertThat(files.flushError(entry)).isEqualTo(-Errno.EIO);
    files.release(entry);
    assertThat(files.discarding(0)).isTrue();
    assertThat(files.nextToFlush(-1)).isEqualTo(-1);
  }

  @Test
  void lastOfPrepareAndDiscardCounts() {
    assertThat(files.isPrepared(4)).isFalse();
    files.preparing(4);
    assertThat(files.isPrepared(4)).isFalse();
    files.preparingDone(4, -Errno.ENOSPC);
    assertThat(files.isPrepared(4)).isFalse();
    files.preparing(4);
    assertThat(files.discarding(4)).isTrue();
    files.preparingDone(4, 0);
    assertThat(files.isPrepared(4)).as("a discard came after it").isFalse();
    files.preparing(4);
    files.discardingDone(4);
    files.preparingDone(4, 0);
    assertThat(files.isPrepared(4)).isTrue();
  }

  @Test
  void namesAreReadAsTheyAreWritten() {
    assertThat(SegmentFile.SEGMENT.name(17)).isEqualTo("segment-00000017.log");
    for (SegmentFile kind : SegmentFile.values()) {
      assertThat(kind.index(kind.name(1_048_575))).isEqualTo(1_048_575);
    }
    assertThat(SegmentFile.SEGMENT.index("segment-00000017.tmp")).isEqualTo(-1);
    assertThat(SegmentFile.SEGMENT.index("segment-0000x017.log")).isEqualTo(-1);
    assertThat(SegmentFile.SEGMENT.index("segment-000000171.log")).isEqualTo(-1);
    assertThat(SegmentFile.SEGMENT.index("segment--0000017.log")).isEqualTo(-1);
  }
}
