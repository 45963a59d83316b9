package dev.demikv.libos.device.kernel;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.LibCConstants;
import dev.demikv.libos.memory.MemoryRegion;
import dev.demikv.libos.memory.MemorySource;
import java.lang.foreign.Arena;

/// Anonymous pages, mmap(2): zeroed by the kernel when first touched, so that a pool costs only
/// what was used of it. For backends that take any memory. All regions are unmapped by [#close].
public final class KernelMemory implements MemorySource, AutoCloseable {
  private static final long PAGE_BYTES = 4096;

  private final Arena arena = Arena.ofShared();
  private final CallState calls = new CallState(arena);

  /// Nothing is mapped yet.
  public KernelMemory() {}

  @Override
  public MemoryRegion allocate(long lengthBytes, long alignmentBytes) {
    if (alignmentBytes > PAGE_BYTES) {
      throw new IllegalArgumentException("pages are aligned to " + PAGE_BYTES + " B, not more");
    }
    long address =
        LibC.mmap(
            calls,
            0,
            lengthBytes,
            LibCConstants.PROT_READ | LibCConstants.PROT_WRITE,
            LibCConstants.MAP_PRIVATE | LibCConstants.MAP_ANONYMOUS,
            -1,
            0);
    if (address < 0) {
      throw new LibOsException(
          "mmap " + lengthBytes + " B",
          (int) -address,
          address == -Errno.ENOMEM
              ? "Lower the limits of the buffer pools or raise ulimit -v"
              : "");
    }
    return new MemoryRegion(
        LibC.mapped(address, lengthBytes, arena), Math.max(1, alignmentBytes), 0);
  }

  /// Unmaps everything. Whoever still uses a region gets an exception, not a crash.
  @Override
  public void close() {
    arena.close();
  }
}
