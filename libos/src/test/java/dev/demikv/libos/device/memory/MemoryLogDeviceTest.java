package dev.demikv.libos.device.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.LogDevice;
import dev.demikv.libos.device.LogDeviceContract;
import dev.demikv.libos.time.SystemClock;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The log device in memory.
final class MemoryLogDeviceTest extends LogDeviceContract {
  private static final String NAME = "memory log device test";
  private static final Options OPTIONS =
      Options.empty()
          .with("storage.memory.name", NAME)
          .with("storage.memory.segment-bytes", "64KiB")
          .with("storage.memory.capacity", "256KiB");

  @Override
  protected LogDevice open() {
    return open(OPTIONS);
  }

  private static LogDevice open(Options options) {
    return new MemoryLogDeviceProvider().open(options, SystemClock.INSTANCE, new Random(1));
  }

  @AfterEach
  void freeContent() {
    device.close();
    MemoryMedia.free(NAME);
  }

  @Test
  void aNameIsOpenOnce() {
    assertErrno(Errno.EBUSY, () -> open(OPTIONS));
    assertErrno(Errno.EBUSY, () -> MemoryMedia.free(NAME));
    device.close();
    device = open();
  }

  @Test
  void aNameKeepsItsSizes() {
    device.close();
    assertErrno(Errno.EINVAL, () -> open(OPTIONS.with("storage.memory.capacity", "512KiB")));
  }

  @Test
  void aFreedNameIsEmpty() {
    prepare(0);
    device.close();
    assertThat(MemoryMedia.free(NAME)).isTrue();
    assertThat(MemoryMedia.free(NAME)).isFalse();
    device = open();
    assertThat(device.isPrepared(0)).isFalse();
  }

  @Test
  void withoutANameContentsAreApart() {
    Options options = OPTIONS.with("storage.memory.name", "");
    try (LogDevice one = open(options);
        LogDevice two = open(options)) {
      assertThat(one.prepare(0, next())).isZero();
      assertThat(one.isPrepared(0)).isTrue();
      assertThat(two.isPrepared(0)).isFalse();
    }
  }

  @Test
  void onlyPreparedSegmentsHaveMemory() {
    prepare(0);
    prepare(1);
    assertThat(counter("storage.memory.segments_prepared")).isEqualTo(2);
    assertThat(device.discard(1, next())).isZero();
    assertThat(counter("storage.memory.segments_prepared")).isEqualTo(1);
  }

  @Test
  void aLoopDoesNotSleepOnCompletions() {
    assertThat(device.idleWaitNanosMax()).isEqualTo(Long.MAX_VALUE);
    assertThat(device.flush(next())).isZero();
    assertThat(device.idleWaitNanosMax()).isZero();
    drain();
    assertThat(device.idleWaitNanosMax()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void nobodyMakesItDurable() {
    assertThat(device.capabilities())
        .contains(
            new Capability("durable write", Capability.Performer.NOBODY, "memory is volatile"));
  }

  private long counter(String name) {
    Map<String, Long> counters = new HashMap<>();
    device.counters(counters::put);
    return counters.getOrDefault(name, -1L);
  }

  private static void assertErrno(int errno, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(LibOsException.class, e -> assertThat(e.errno()).isEqualTo(errno));
  }
}
