package dev.demikv.kvserver.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class PageMemoryTest {
  private static final long MIB = 1 << 20;

  private final PageMemory pages = new PageMemory();

  @AfterEach
  void close() {
    pages.close();
  }

  @Test
  void mapsZerosAlignedToHugePages() {
    List<MemorySegment> all = new ArrayList<>();
    for (long bytes : new long[] {1, 5_000, 2 * MIB, 2 * MIB + 1, 3 * MIB, 2 * MIB, 40 * MIB}) {
      MemorySegment memory = pages.map(bytes);
      all.add(memory);
      assertThat(memory.byteSize()).isEqualTo(PageMemory.rounded(bytes));
      if (bytes >= PageMemory.HUGE_PAGE_BYTES) {
        assertThat(memory.address() % PageMemory.HUGE_PAGE_BYTES).isZero();
      }
      for (long at = 0; at < memory.byteSize(); at += 1021) {
        assertThat(memory.get(ValueLayout.JAVA_BYTE, at)).isZero();
        memory.set(ValueLayout.JAVA_BYTE, at, (byte) 7);
      }
    }
    // None overlaps another: what was written last is zero to nobody.
    for (MemorySegment memory : all) {
      assertThat(memory.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 7);
      pages.retire(memory, memory.byteSize());
    }
  }

  @Test
  void refusesMoreThanThereIsAddressSpace() {
    assertThat(pages.map(1L << 48)).isEqualTo(MemorySegment.NULL);
  }

  @Test
  void givesBackInSteps() {
    MemorySegment memory = pages.map(21 * MIB);
    memory.fill((byte) 1);
    long before = residentBytes();
    pages.retire(memory, memory.byteSize());
    assertThat(pages.retiredBytes()).isEqualTo(21 * MIB);
    int steps = 1;
    while (pages.unmapSome(2 * MIB)) {
      steps++;
      assertThat(pages.retiredBytes() % PageMemory.HUGE_PAGE_BYTES).isZero();
    }
    assertThat(steps).isEqualTo(10);
    assertThat(pages.retiredBytes()).isZero();
    assertThat(before - residentBytes()).isGreaterThan(15 * MIB);
  }

  @Test
  void givesAddressesThatWereNeverTouchedBackAtOnce() {
    MemorySegment memory = pages.map(1024 * MIB);
    memory.set(ValueLayout.JAVA_BYTE, 5_000_000, (byte) 1);
    pages.retire(memory, 5_000_001);
    assertThat(pages.retiredBytes()).isLessThan(6 * MIB);
  }

  @Test
  void survivesManyMappingsInAnyOrder() {
    Random random = new Random(3);
    List<MemorySegment> all = new ArrayList<>();
    for (int i = 0; i < 3_000; i++) {
      if (all.size() < 100 && random.nextBoolean()) {
        MemorySegment memory = pages.map(1 + random.nextInt(6 << 20));
        memory.set(ValueLayout.JAVA_BYTE, memory.byteSize() - 1, (byte) 1);
        all.add(memory);
      } else if (!all.isEmpty()) {
        MemorySegment memory = all.remove(random.nextInt(all.size()));
        assertThat(memory.get(ValueLayout.JAVA_BYTE, memory.byteSize() - 1)).isEqualTo((byte) 1);
        pages.retire(memory, memory.byteSize());
      }
      pages.unmapSome(random.nextInt(8 << 20));
    }
    all.forEach(memory -> pages.retire(memory, memory.byteSize()));
  }

  private static long residentBytes() {
    try {
      String[] words = Files.readString(Path.of("/proc/self/statm")).split(" ", -1);
      return Long.parseLong(words[1]) * 4096;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
