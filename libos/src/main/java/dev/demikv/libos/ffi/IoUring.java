package dev.demikv.libos.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;

/// io_uring(7) by its system calls, linux/io_uring.h: the C library has no wrappers. Conventions as
/// in [LibC]. [IoUringRing] is the shared memory.
public final class IoUring {
  // The numbers of system calls made since 2019 are the same on every machine.
  private static final long SYS_IO_URING_SETUP = 425;
  private static final long SYS_IO_URING_ENTER = 426;
  private static final long SYS_IO_URING_REGISTER = 427;

  /// Does nothing, completes with 0.
  public static final int IORING_OP_NOP = 0;

  /// fsync(2) or fdatasync(2).
  public static final int IORING_OP_FSYNC = 3;

  /// pread(2).
  public static final int IORING_OP_READ = 22;

  /// pwrite(2).
  public static final int IORING_OP_WRITE = 23;

  /// Of IORING_OP_FSYNC: fdatasync(2).
  public static final int IORING_FSYNC_DATASYNC = 1;

  /// Completions do not interrupt the submitting thread while it runs; they are posted at its next
  /// system call. Since Linux 5.19.
  public static final int IORING_SETUP_COOP_TASKRUN = 1 << 8;

  /// With COOP_TASKRUN: [#IORING_SQ_TASKRUN] tells that a completion waits for a system call.
  public static final int IORING_SETUP_TASKRUN_FLAG = 1 << 9;

  /// Both rings are one mapping. Since Linux 5.4.
  public static final int IORING_FEAT_SINGLE_MMAP = 1;

  /// Came with IORING_OP_READ and IORING_OP_WRITE. Since Linux 5.6.
  public static final int IORING_FEAT_RW_CUR_POS = 1 << 3;

  /// In the flags of the submission ring: completions did not fit; an enter fetches them.
  public static final int IORING_SQ_CQ_OVERFLOW = 1 << 1;

  /// In the flags of the submission ring: an enter posts completions.
  public static final int IORING_SQ_TASKRUN = 1 << 2;

  /// Of [#io_uring_enter]: runs and waits for completions.
  public static final int IORING_ENTER_GETEVENTS = 1;

  /// Offset for mmap(2) of the rings.
  public static final long IORING_OFF_SQ_RING = 0L;

  /// Offset for mmap(2) of the submission queue entries.
  public static final long IORING_OFF_SQES = 0x10000000L;

  private IoUring() {}

  /// io_uring_setup(2). Does not block. ENOSYS (old kernel, or refused by a container's filter),
  /// EPERM (refused by kernel.io_uring_disabled or a filter), EINVAL (unknown flag), EMFILE,
  /// ENOMEM.
  ///
  /// @param entries submission queue entries, at most 32,768; rounded up to a power of two
  /// @param params address of a [dev.demikv.libos.ffi.struct.IoUringParams]
  /// @return a descriptor, with close-on-exec
  public static int io_uring_setup(CallState state, int entries, long params) {
    try {
      return (int)
          state.result(
              (long) Setup.HANDLE.invokeExact(state.segment, SYS_IO_URING_SETUP, entries, params));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Setup {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "syscall",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG),
            Linker.Option.firstVariadicArg(1));
  }

  /// io_uring_enter(2). Blocks only for `minComplete` > 0. EAGAIN (no memory now), EBUSY
  /// (completions overflow), EINTR.
  ///
  /// @return entries taken from the submission queue
  public static int io_uring_enter(
      CallState state, int fd, int toSubmit, int minComplete, int flags) {
    try {
      return (int)
          state.result(
              (long)
                  Enter.HANDLE.invokeExact(
                      state.segment, SYS_IO_URING_ENTER, fd, toSubmit, minComplete, flags, 0L, 0L));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Enter {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "syscall",
            FunctionDescriptor.of(
                JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG),
            Linker.Option.firstVariadicArg(1));
  }

  /// io_uring_register(2). Does not block for the operations in use. EBUSY, EINVAL, ENOMEM.
  ///
  /// @param opcode IORING_REGISTER_*
  /// @param arg address of what the operation wants
  public static int io_uring_register(CallState state, int fd, int opcode, long arg, int nrArgs) {
    try {
      return (int)
          state.result(
              (long)
                  Register.HANDLE.invokeExact(
                      state.segment, SYS_IO_URING_REGISTER, fd, opcode, arg, nrArgs));
    } catch (Throwable t) {
      throw Downcalls.unexpected(t);
    }
  }

  private static final class Register {
    static final MethodHandle HANDLE =
        Downcalls.capturing(
            "syscall",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT),
            Linker.Option.firstVariadicArg(1));
  }
}
