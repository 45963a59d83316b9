package dev.demikv.libos.ffi;

import static dev.demikv.libos.ffi.LibCConstants.MAP_POPULATE;
import static dev.demikv.libos.ffi.LibCConstants.MAP_SHARED;
import static dev.demikv.libos.ffi.LibCConstants.PROT_READ;
import static dev.demikv.libos.ffi.LibCConstants.PROT_WRITE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.demikv.libos.ffi.struct.IoUringCqe;
import dev.demikv.libos.ffi.struct.IoUringParams;
import dev.demikv.libos.ffi.struct.IoUringSqe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// The two rings that an io_uring shares with the kernel, and its submission queue entries. Belongs
/// to one thread.
///
/// ```
///   sqes[]  ◀─ push ─ this thread          cqes[] ─ peek, advance ─▶ this thread
///   sq tail ── release ─▶ kernel           cq tail ◀─ release ── kernel
///   sq head ◀─ acquire ── kernel           cq head ── release ─▶ kernel
/// ```
///
/// Entries are used in ring order, so the indirection array is filled in once. Without
/// IORING_SETUP_SQPOLL the kernel reads entries only within [#submit].
public final class IoUringRing implements AutoCloseable {
  private static final VarHandle U32 = JAVA_INT.varHandle();
  private static final int INT_BYTES = 4;
  private static final int ENOSYS = 38;

  private final CallState state;
  private final Arena arena;
  private final int fd;
  private final MemorySegment ring;
  private final MemorySegment sqes;
  private final int sqMask;
  private final int cqMask;
  private final int cqEntries;
  private final long sqHeadOffset;
  private final long sqTailOffset;
  private final long sqFlagsOffset;
  private final long cqHeadOffset;
  private final long cqTailOffset;
  private final long cqesOffset;

  /// Entries filled in, ahead of the tail that the kernel knows; both wrap.
  private int localTail;

  private int localHead;

  /// io_uring refused to be set up.
  public static final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;
    private final int errno;

    RefusedException(String operation, int errno) {
      super(operation + " gives errno " + errno);
      this.errno = errno;
    }

    /// Why, a positive error number.
    public int errno() {
      return errno;
    }
  }

  /// Sets up an io_uring and maps its memory.
  ///
  /// @param state of the thread that the ring will belong to
  /// @param entries submissions between two [#submit] calls, 1 to 32,768; twice as many operations
  ///   may be in flight
  /// @param flags IORING_SETUP_* without those that change the layout
  /// @throws RefusedException if the kernel has no io_uring, or forbids it
  @SuppressWarnings("MustBeClosedChecker") // Closed by close().
  public IoUringRing(CallState state, int entries, int flags) throws RefusedException {
    this.state = state;
    arena = Arena.ofShared();
    MemorySegment params = arena.allocate(IoUringParams.BYTES, 8);
    IoUringParams.setFlags(params, flags);
    fd = IoUring.io_uring_setup(state, entries, params.address());
    if (fd < 0) {
      arena.close();
      throw new RefusedException("io_uring_setup", -fd);
    }
    try {
      int needed = IoUring.IORING_FEAT_SINGLE_MMAP | IoUring.IORING_FEAT_RW_CUR_POS;
      if ((IoUringParams.features(params) & needed) != needed) {
        throw new RefusedException("io_uring before Linux 5.6", ENOSYS);
      }
      int sqEntries = IoUringParams.sqEntries(params);
      cqEntries = IoUringParams.cqEntries(params);
      long sqArrayOffset = IoUringParams.sqOff(params, IoUringParams.SQ_RING_ARRAY_OFFSET);
      cqesOffset = IoUringParams.cqOff(params, IoUringParams.CQ_RING_CQES_OFFSET);
      long ringBytes =
          Math.max(
              sqArrayOffset + (long) sqEntries * INT_BYTES,
              cqesOffset + (long) cqEntries * IoUringCqe.BYTES);
      ring = map(ringBytes, IoUring.IORING_OFF_SQ_RING);
      sqes = map((long) sqEntries * IoUringSqe.BYTES, IoUring.IORING_OFF_SQES);
      sqHeadOffset = IoUringParams.sqOff(params, IoUringParams.RING_HEAD_OFFSET);
      sqTailOffset = IoUringParams.sqOff(params, IoUringParams.RING_TAIL_OFFSET);
      sqFlagsOffset = IoUringParams.sqOff(params, IoUringParams.SQ_RING_FLAGS_OFFSET);
      cqHeadOffset = IoUringParams.cqOff(params, IoUringParams.RING_HEAD_OFFSET);
      cqTailOffset = IoUringParams.cqOff(params, IoUringParams.RING_TAIL_OFFSET);
      sqMask = ring.get(JAVA_INT, IoUringParams.sqOff(params, IoUringParams.RING_MASK_OFFSET));
      cqMask = ring.get(JAVA_INT, IoUringParams.cqOff(params, IoUringParams.RING_MASK_OFFSET));
      for (int i = 0; i < sqEntries; i++) {
        ring.set(JAVA_INT, sqArrayOffset + (long) i * INT_BYTES, i);
      }
    } catch (RefusedException e) {
      close();
      throw e;
    }
  }

  private MemorySegment map(long length, long offset) throws RefusedException {
    long address =
        LibC.mmap(state, 0, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);
    if (address < 0) {
      throw new RefusedException("mmap of an io_uring", (int) -address);
    }
    return MemorySegment.ofAddress(address)
        .reinterpret(length, arena, s -> unmap(s.address(), length));
  }

  private static void unmap(long address, long length) {
    try (Arena call = Arena.ofConfined()) {
      LibC.munmap(new CallState(call), address, length);
    }
  }

  /// The descriptor, which poll(2) and epoll(7) call readable while there are completions.
  public int fd() {
    return fd;
  }

  /// Most operations in flight whose completions surely fit.
  public int cqEntries() {
    return cqEntries;
  }

  /// Entries filled in and not yet taken by the kernel.
  public int unsubmitted() {
    return localTail - (int) U32.getAcquire(ring, sqHeadOffset);
  }

  /// Fills in the next submission queue entry; the arguments are those of [IoUringSqe#set].
  ///
  /// @return false when the queue is full: submit, then again
  public boolean push(
      int opcode, int opFd, long off, long addr, int len, int rwFlags, long userData) {
    if (unsubmitted() > sqMask) {
      return false;
    }
    long offset = (long) (localTail & sqMask) * IoUringSqe.BYTES;
    IoUringSqe.set(sqes, offset, opcode, opFd, off, addr, len, rwFlags, userData);
    localTail++;
    return true;
  }

  /// Gives all entries to the kernel, in one system call.
  ///
  /// @return entries taken, perhaps fewer than there were, or `-errno`
  public int submit() {
    int count = unsubmitted();
    if (count == 0) {
      return 0;
    }
    U32.setRelease(ring, sqTailOffset, localTail);
    return IoUring.io_uring_enter(state, fd, count, 0, 0);
  }

  /// Whether the kernel holds completions back until [#getEvents]. One load.
  public boolean hasHeldBack() {
    int flags = (int) U32.getOpaque(ring, sqFlagsOffset);
    return (flags & (IoUring.IORING_SQ_TASKRUN | IoUring.IORING_SQ_CQ_OVERFLOW)) != 0;
  }

  /// Makes the kernel post what it holds back.
  ///
  /// @param minComplete waits until so many completions are there; 0 does not block
  public int getEvents(int minComplete) {
    return IoUring.io_uring_enter(state, fd, 0, minComplete, IoUring.IORING_ENTER_GETEVENTS);
  }

  /// Whether there is a completion to read with [#userData] and [#result].
  public boolean hasCompletion() {
    return localHead != (int) U32.getAcquire(ring, cqTailOffset);
  }

  /// The first completion's user data.
  public long userData() {
    return IoUringCqe.userData(ring, cqesOffset + (long) (localHead & cqMask) * IoUringCqe.BYTES);
  }

  /// The first completion's result.
  public int result() {
    return IoUringCqe.res(ring, cqesOffset + (long) (localHead & cqMask) * IoUringCqe.BYTES);
  }

  /// Gives the first completion's entry back to the kernel.
  public void advance() {
    localHead++;
    U32.setRelease(ring, cqHeadOffset, localHead);
  }

  /// Closes the descriptor and unmaps. The caller has waited for its operations: the kernel cancels
  /// the rest later, while it may still touch their memory.
  @Override
  public void close() {
    LibC.close(state, fd);
    arena.close();
  }
}
