package dev.demikv.libos.ffi.struct;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// `struct rte_mbuf_ext_shared_info`, rte_mbuf_core.h: the count of those who need memory that is
/// attached to packets. With one reference more than there are packets the callback is never
/// called: the owner polls until that one is left.
public final class RteMbufExtSharedInfo {
  /// Size in bytes.
  public static final int BYTES = 24;

  /// `free_cb`, a function pointer.
  public static final int FREE_CB_OFFSET = 0;

  /// `fcb_opaque`, a pointer.
  public static final int FCB_OPAQUE_OFFSET = 8;

  /// `refcnt`, 2 bytes.
  public static final int REFCNT_OFFSET = 16;

  private static final VarHandle REFCNT = JAVA_SHORT.varHandle();

  private RteMbufExtSharedInfo() {}

  /// Fills it in for one packet and its owner.
  public static void share(MemorySegment s, long offset) {
    s.set(JAVA_LONG, offset + FREE_CB_OFFSET, 0L);
    s.set(JAVA_SHORT, offset + REFCNT_OFFSET, (short) 2);
  }

  /// Whether only the owner is left. Acquire: what the others did to the memory has happened.
  public static boolean isOwnersOnly(MemorySegment s, long offset) {
    return (short) REFCNT.getAcquire(s, offset + REFCNT_OFFSET) == 1;
  }
}
