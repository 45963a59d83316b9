package dev.demikv.kvserver.memory;

import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.LibCConstants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Anonymous mappings, mmap(2): zeros that cost nothing until they are touched, on huge pages where
/// the kernel has them ([HUGE_PAGE_BYTES] and more), given back in steps.
///
/// A mapping may be larger than what will be used of it: address space is all that this costs. What
/// is mapped belongs to the caller until [#retire]; whoever touches it later than that crashes the
/// process, so no view of it may be left. One thread.
public final class PageMemory implements AutoCloseable {
  /// A huge page of x86-64.
  public static final long HUGE_PAGE_BYTES = 2L << 20;

  private static final long PAGE_BYTES = 4096;

  /// Shared, as whoever closes the server in a test may be another thread.
  private final Arena arena = Arena.ofShared();

  private final CallState calls = new CallState(arena);

  /// What is to be unmapped: the last is cut from its end.
  private long[] retiredAddresses = new long[16];

  private long[] retiredLengths = new long[16];
  private int retiredCount;
  private long retiredBytes;

  /// Nothing is mapped yet.
  public PageMemory() {}

  /// What a mapping of so many bytes takes.
  public static long rounded(long bytes) {
    return (bytes + PAGE_BYTES - 1) & -PAGE_BYTES;
  }

  /// Maps zeros.
  ///
  /// @param bytes > 0; rounded up to whole pages
  /// @return the memory, aligned to huge pages if it is as large as one; [MemorySegment#NULL] when
  ///   the operating system refuses
  public MemorySegment map(long bytes) {
    long length = rounded(bytes);
    long address = mmap(length);
    if (length < HUGE_PAGE_BYTES) {
      return address < 0 ? MemorySegment.NULL : LibC.segment(address, length, arena);
    }
    if (address > 0 && address % HUGE_PAGE_BYTES != 0) {
      unmap(address, length);
      address = mmapAligned(length);
    }
    if (address < 0) {
      return MemorySegment.NULL;
    }
    // Only advice: without huge pages it is slower, not wrong.
    LibC.madvise(calls, address, length, LibCConstants.MADV_HUGEPAGE);
    return LibC.segment(address, length, arena);
  }

  private long mmapAligned(long length) {
    long address = mmap(length + HUGE_PAGE_BYTES);
    if (address < 0) {
      return address;
    }
    long aligned = (address + HUGE_PAGE_BYTES - 1) & -HUGE_PAGE_BYTES;
    if (aligned > address) {
      unmap(address, aligned - address);
    }
    unmap(aligned + length, address + HUGE_PAGE_BYTES - aligned);
    return aligned;
  }

  private long mmap(long length) {
    return LibC.mmap(
        calls,
        0,
        length,
        LibCConstants.PROT_READ | LibCConstants.PROT_WRITE,
        LibCConstants.MAP_PRIVATE | LibCConstants.MAP_ANONYMOUS | LibCConstants.MAP_NORESERVE,
        -1,
        0);
  }

  /// Takes a mapping back, to be unmapped by [#unmapSome]. Takes ownership: nobody may touch it any
  /// more.
  ///
  /// @param memory as [#map] returned it
  /// @param touchedBytes how much of it may have been touched; the rest is unmapped at once
  public void retire(MemorySegment memory, long touchedBytes) {
    long touched = Math.min(rounded(touchedBytes), memory.byteSize());
    if (touched < memory.byteSize()) {
      unmap(memory.address() + touched, memory.byteSize() - touched);
    }
    if (touched == 0) {
      return;
    }
    if (retiredCount == retiredAddresses.length) {
      retiredAddresses = Arrays.copyOf(retiredAddresses, retiredCount * 2);
      retiredLengths = Arrays.copyOf(retiredLengths, retiredCount * 2);
    }
    retiredAddresses[retiredCount] = memory.address();
    retiredLengths[retiredCount] = touched;
    retiredCount++;
    retiredBytes += touched;
  }

  /// Gives retired memory back to the operating system.
  ///
  /// @param bytesMax bound of work: a little more may be unmapped, but no more than a huge page; a
  ///   huge page takes some 10 µs, the same in small pages some 100 µs
  /// @return whether there is more
  public boolean unmapSome(long bytesMax) {
    long left = bytesMax;
    while (retiredCount > 0 && left > 0) {
      int last = retiredCount - 1;
      long length = retiredLengths[last];
      // From the end, at borders of huge pages, so that none is torn.
      long keep = Math.max(0, length - left) & -HUGE_PAGE_BYTES;
      unmap(retiredAddresses[last] + keep, length - keep);
      left -= length - keep;
      retiredBytes -= length - keep;
      retiredLengths[last] = keep;
      if (keep == 0) {
        retiredCount--;
      }
    }
    return retiredCount > 0;
  }

  /// Bytes that are retired but not yet unmapped.
  public long retiredBytes() {
    return retiredBytes;
  }

  private void unmap(long address, long length) {
    if (LibC.munmap(calls, address, length) < 0) {
      // ENOMEM: cutting a mapping in two would exceed vm.max_map_count. The pages go all the same,
      // only the addresses stay taken.
      int code = LibC.madvise(calls, address, length, LibCConstants.MADV_DONTNEED);
      assert code == 0 : "pages at " + Long.toHexString(address) + " not given back: " + code;
    }
  }

  /// Unmaps what is retired. What was not retired stays mapped, out of reach.
  @Override
  public void close() {
    unmapSome(Long.MAX_VALUE);
    arena.close();
  }
}
