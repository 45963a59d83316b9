package dev.demikv.libos.device;

import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.LibCConstants;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.MpscRing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// Frames on their way from the LibOs whose queue they came to, to the LibOs that wants them: one
/// bounded ring per queue of a device. What does not fit is lost, as on any network, and counted by
/// who wanted to hand it over.
///
/// ```
///   loop of queue 0 ─ offer ─▶ ring of queue 1 ─▶ drain ─ loop of queue 1
///                       └── eventfd of queue 1, if its loop says that it sleeps
/// ```
///
/// A loop that is about to sleep says so and then looks at its ring again; who puts a frame in
/// looks whether the loop sleeps after that. Between the two stores and the two loads lie full
/// fences, so that at least one of the two sees the other (Dekker).
public final class QueueHandover implements AutoCloseable {
  private static final VarHandle ASLEEP = MethodHandles.arrayElementVarHandle(int[].class);

  /// Frames on their way to one queue.
  private static final int SLOTS = 256;

  private final Arena arena = Arena.ofShared();
  private final MpscRing[] rings;
  private final int slotBytes;
  private final int[] asleep;
  private final int[] eventFds;
  private final CallState calls = new CallState(arena);

  /// One for the loop of each queue.
  private final CallState[] states;

  private final MemorySegment eight;

  /// Empty rings.
  ///
  /// @param frameBytesMax longest frame
  /// @throws LibOsException EMFILE, ENFILE, ENOMEM
  @SuppressWarnings("MustBeClosedChecker") // Closed by close().
  public QueueHandover(int queues, int frameBytesMax) {
    rings = new MpscRing[queues];
    asleep = new int[queues];
    eventFds = new int[queues];
    states = new CallState[queues];
    eight = arena.allocate(8L * queues, 8);
    slotBytes = frameBytesMax + 63 & -64;
    for (int queue = 0; queue < queues; queue++) {
      states[queue] = new CallState(arena);
      rings[queue] = new MpscRing(arena.allocate((long) slotBytes * SLOTS, 64), slotBytes, SLOTS);
      eventFds[queue] =
          LibC.eventfd(calls, 0, LibCConstants.EFD_CLOEXEC | LibCConstants.EFD_NONBLOCK);
      if (eventFds[queue] < 0) {
        int errno = -eventFds[queue];
        closeDescriptors(queue);
        arena.close();
        throw new LibOsException("eventfd", errno, "Raise the limit of open files (ulimit -n).");
      }
    }
  }

  /// Queues there are.
  public int queues() {
    return rings.length;
  }

  /// Copies a frame into the ring of a queue, and wakes its loop if that sleeps. Any thread.
  ///
  /// @param checksum as in [FrameSink]
  /// @return whether there was room
  public boolean offer(int queue, MemorySegment memory, long offset, int length, int checksum) {
    if (length > slotBytes || !rings[queue].offer(memory, offset, length, checksum)) {
      return false;
    }
    VarHandle.fullFence();
    if ((int) ASLEEP.getOpaque(asleep, queue) != 0) {
      LibC.eventfd_write(eventFds[queue], 1);
    }
    return true;
  }

  /// Hands over what came, each frame in a buffer of these pools; without a free buffer the rest
  /// stays. The loop of the queue.
  ///
  /// @return frames handed over, at most `framesMax`
  public int drain(int queue, FrameSink sink, BufferPools pools, int framesMax) {
    MpscRing ring = rings[queue];
    int done = 0;
    while (done < framesMax) {
      int length = ring.peekLength();
      Buffer buffer = length < 0 ? null : pools.takeWhole(length);
      if (buffer == null) {
        break;
      }
      MemorySegment.copy(ring.memory(), ring.peekOffset(), buffer.segment(), 0, length);
      int checksum = ring.peekTag();
      ring.advance();
      sink.frame(buffer, 0, length, checksum);
      done++;
    }
    return done;
  }

  /// A descriptor that is readable when a frame came after [#sleep].
  public int descriptor(int queue) {
    return eventFds[queue];
  }

  /// The loop of a queue is about to sleep.
  ///
  /// @return whether it may: nothing has come
  public boolean sleep(int queue) {
    ASLEEP.setOpaque(asleep, queue, 1);
    VarHandle.fullFence();
    return rings[queue].peekLength() < 0;
  }

  /// The loop of a queue is awake again.
  public void awake(int queue) {
    ASLEEP.setOpaque(asleep, queue, 0);
    LibC.read(states[queue], eventFds[queue], eight.address() + 8L * queue, Long.BYTES);
  }

  private void closeDescriptors(int count) {
    for (int queue = 0; queue < count; queue++) {
      LibC.close(calls, eventFds[queue]);
    }
  }

  /// Frees everything, when no loop uses it any more.
  @Override
  public void close() {
    closeDescriptors(eventFds.length);
    arena.close();
  }
}
