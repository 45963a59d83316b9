package dev.demikv.libos.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.ffi.struct.Iovec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The bindings behave as the manual pages say.
final class LibCTest {
  private static final int EBADF = 9;
  private static final int EAGAIN = 11;

  private final Arena arena = Arena.ofConfined();
  private final CallState state = new CallState(arena);

  @AfterEach
  void free() {
    arena.close();
  }

  @Test
  void failureIsTheNegativeErrorNumber() {
    assertThat(LibC.close(state, -1)).isEqualTo(-EBADF);
    assertThat(state.errno()).isEqualTo(EBADF);
    assertThat(LibC.read(state, -1, 0, 0)).isEqualTo(-EBADF);
    assertThat(LibCSocket.recv(state, -1, 0, 0, 0)).isEqualTo(-EBADF);
    assertThat(LibCSocket.socket(state, -1, -1, -1)).isNegative();
  }

  @Test
  void eventfdCountsWhatIsWritten() {
    int fd = LibC.eventfd(state, 0, LibCConstants.EFD_NONBLOCK | LibCConstants.EFD_CLOEXEC);
    MemorySegment counter = arena.allocate(JAVA_LONG);
    assertThat(LibC.read(state, fd, counter.address(), 8)).isEqualTo(-EAGAIN);

    counter.set(JAVA_LONG, 0, 40);
    assertThat(LibC.write(state, fd, counter.address(), 8)).isEqualTo(8);
    assertThat(LibC.eventfd_write(fd, 1)).isZero();
    MemorySegment vector = arena.allocate(Iovec.BYTES, 8);
    Iovec.set(vector, 0, counter.address(), 8);
    counter.set(JAVA_LONG, 0, 1);
    assertThat(LibC.writev(state, fd, vector.address(), 1)).isEqualTo(8);
    assertThat(LibC.read(state, fd, counter.address(), 8)).isEqualTo(8);
    assertThat(counter.get(JAVA_LONG, 0)).isEqualTo(42);
    assertThat(LibC.close(state, fd)).isZero();
  }

  @Test
  void mappedPagesAreZeroAndWritable() {
    long pageBytes = LibC.sysconf(state, LibCConstants._SC_PAGESIZE);
    assertThat(Long.bitCount(pageBytes)).isEqualTo(1);
    long address =
        LibC.mmap(
            state,
            0,
            2 * pageBytes,
            LibCConstants.PROT_READ | LibCConstants.PROT_WRITE,
            LibCConstants.MAP_PRIVATE | LibCConstants.MAP_ANONYMOUS,
            -1,
            0);
    assertThat(address).isPositive();
    MemorySegment pages = LibC.mapped(address, 2 * pageBytes, arena);
    pages.fill((byte) 1);

    int rc = LibC.madvise(state, address, pageBytes, LibCConstants.MADV_DONTNEED);
    assertThat(rc).isZero();
    assertThat(pages.get(JAVA_BYTE, 0)).isZero();
    assertThat(pages.get(JAVA_BYTE, pageBytes)).isEqualTo((byte) 1);
    assertThat(LibC.munmap(state, address, 2 * pageBytes)).isZero();
  }

  @Test
  void theProcessIsThisOne() {
    assertThat(LibC.getpid()).isEqualTo((int) ProcessHandle.current().pid());
    assertThat(LibC.sysconf(state, LibCConstants._SC_NPROCESSORS_ONLN)).isPositive();
  }

  @Test
  void anOptionReadsBackAsSet() {
    int fd =
        LibCSocket.socket(
            state,
            LibCConstants.AF_INET,
            LibCConstants.SOCK_STREAM | LibCConstants.SOCK_CLOEXEC,
            LibCConstants.IPPROTO_TCP);
    MemorySegment value = arena.allocate(JAVA_INT);
    MemorySegment length = arena.allocate(JAVA_INT);
    value.set(JAVA_INT, 0, 7);
    length.set(JAVA_INT, 0, 4);
    int level = LibCConstants.IPPROTO_TCP;
    int name = LibCConstants.TCP_KEEPCNT;
    assertThat(LibCSocket.setsockopt(state, fd, level, name, value.address(), 4)).isZero();
    value.set(JAVA_INT, 0, 0);

    int rc = LibCSocket.getsockopt(state, fd, level, name, value.address(), length.address());
    assertThat(rc).isZero();
    assertThat(value.get(JAVA_INT, 0)).isEqualTo(7);
    LibC.close(state, fd);
  }
}
