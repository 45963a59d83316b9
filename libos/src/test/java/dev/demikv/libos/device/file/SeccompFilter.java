package dev.demikv.libos.device.file;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;

/// Makes a system call fail in this process for good, as the filter of a container does: seccomp(2)
/// with a program in classic BPF.
public final class SeccompFilter {
  private static final int PR_SET_NO_NEW_PRIVS = 38;
  private static final long SECCOMP_SET_MODE_FILTER = 1;

  /// The filter is for all threads, also those of the JVM that run already.
  private static final long SECCOMP_FILTER_FLAG_TSYNC = 1;

  private static final int SECCOMP_RET_ALLOW = 0x7fff_0000;
  private static final int SECCOMP_RET_ERRNO = 0x0005_0000;

  // linux/bpf_common.h
  private static final int BPF_LD_W_ABS = 0x20;
  private static final int BPF_JMP_JEQ_K = 0x15;
  private static final int BPF_RET_K = 0x06;

  /// `nr` is the first member of struct seccomp_data.
  private static final int NR_OFFSET = 0;

  private static final int SOCK_FILTER_BYTES = 8;

  private SeccompFilter() {}

  /// Refuses a system call with an error from now on.
  ///
  /// @param number of the system call, on this machine
  /// @return why there is no filter; empty when there is
  public static String refuse(int number, int errno) throws Throwable {
    Linker linker = Linker.nativeLinker();
    StructLayout state = Linker.Option.captureStateLayout();
    Linker.Option[] variadic = {
      Linker.Option.firstVariadicArg(1), Linker.Option.captureCallState("errno")
    };
    MethodHandle prctl =
        linker.downcallHandle(
            linker.defaultLookup().find("prctl").orElseThrow(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            variadic);
    MethodHandle syscall =
        linker.downcallHandle(
            linker.defaultLookup().find("syscall").orElseThrow(),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS),
            variadic);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment saved = arena.allocate(state);
      int denied = (int) prctl.invokeExact(saved, PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
      if (denied != 0) {
        return "prctl(PR_SET_NO_NEW_PRIVS) fails with errno " + errno(state, saved);
      }
      long failed =
          (long)
              syscall.invokeExact(
                  saved,
                  seccompNumber(),
                  SECCOMP_SET_MODE_FILTER,
                  SECCOMP_FILTER_FLAG_TSYNC,
                  program(arena, number, errno));
      // A positive number is the thread that cannot be given the filter.
      return failed == 0
          ? ""
          : "seccomp fails with " + (failed > 0 ? "thread " + failed : errno(state, saved));
    }
  }

  private static String errno(StructLayout state, MemorySegment saved) {
    long offset = state.byteOffset(PathElement.groupElement("errno"));
    return "errno " + saved.get(JAVA_INT, offset);
  }

  private static long seccompNumber() {
    return System.getProperty("os.arch").equals("aarch64") ? 277 : 317;
  }

  /// A struct sock_fprog: returns the error for the one system call, allows all others.
  private static MemorySegment program(Arena arena, int number, int errno) {
    MemorySegment filter = arena.allocate(4 * SOCK_FILTER_BYTES, 4);
    statement(filter, 0, BPF_LD_W_ABS, 0, NR_OFFSET);
    statement(filter, 1, BPF_JMP_JEQ_K, 1, number);
    statement(filter, 2, BPF_RET_K, 0, SECCOMP_RET_ALLOW);
    statement(filter, 3, BPF_RET_K, 0, SECCOMP_RET_ERRNO | errno);
    MemorySegment program = arena.allocate(16, 8);
    program.set(JAVA_SHORT, 0, (short) 4);
    program.set(ADDRESS, 8, filter);
    return program;
  }

  /// Struct sock_filter: code, how far to jump when true and when false, operand.
  private static void statement(MemorySegment filter, int index, int code, int jumpTrue, int k) {
    long offset = (long) index * SOCK_FILTER_BYTES;
    filter.set(JAVA_SHORT, offset, (short) code);
    filter.set(JAVA_BYTE, offset + 2, (byte) jumpTrue);
    filter.set(JAVA_BYTE, offset + 3, (byte) 0);
    filter.set(JAVA_INT, offset + 4, k);
  }
}
