package dev.demikv.libos.device;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.MemorySource;
import java.util.List;
import java.util.function.ObjLongConsumer;

/// A device that brings frames only: the seam below the user-level TCP/IP stack.
///
/// Frames are Ethernet II from the destination address on, without preamble and frame check
/// sequence. All calls come from the thread of the LibOs. Control calls throw
/// [dev.demikv.libos.api.LibOsException]; data calls return 0 or more, or `-errno`, and allocate
/// nothing.
///
/// The turn of a loop: `transmit()…` → `flush()` → sleep until [#readinessFd] is readable →
/// `receive()`.
public interface NetDevice extends AutoCloseable {
  /// Fixed properties.
  NetDeviceInfo info();

  /// Who does what, with the mechanism chosen.
  List<Capability> capabilities();

  /// Memory that the device can reach, when it needs its own kind; `null` takes any.
  @Nullable
  MemorySource memorySource();

  /// Begins work. Called once, before everything below.
  ///
  /// @param pools where frames are received into, unless the device has buffers of its own, and
  ///   where [#takeFrame] takes from; when it is empty, frames wait in the device or are dropped by
  ///   it, and counted
  void start(BufferPools pools);

  /// Hands over received frames, at most `framesMax`.
  ///
  /// @return how many; 0 means that there was none
  int receive(FrameSink sink, int framesMax);

  /// A buffer to build a frame in, with one reference for the caller: memory that the device sends
  /// without a copy where it can. `null` when there is none at present.
  ///
  /// @param lengthBytes bytes wanted, at most [NetDeviceInfo#frameBytesMax]
  @Nullable
  Buffer takeFrame(int lengthBytes);

  /// Whether [#transmit] would refuse a frame now for want of room, so that nobody fills and sums
  /// one in vain. Hands over to the hardware what waits for that, to find out.
  default boolean isFull() {
    return false;
  }

  /// Takes a frame for sending. On 0 the device takes over one reference on the buffer of each part
  /// and drops it when it no longer needs the bytes; they must not change before that. On a
  /// negative result nothing was taken. The object is the caller's again in either case.
  ///
  /// Frames may wait in the device until [#flush] or until a burst is full.
  ///
  /// @param frame at least the 14 bytes of an Ethernet header; a device may send zeros behind a
  ///   frame that is shorter than its medium allows
  /// @return 0; -EAGAIN when the device is full; -EMSGSIZE for a frame that is too long or has too
  ///   many parts; -ENETDOWN
  int transmit(TxFrame frame);

  /// Hands what was given to [#transmit] to the hardware, and takes back what it has sent.
  ///
  /// @return frames handed over
  int flush();

  /// Whether the link carries frames, as far as is known. May cost a system call.
  boolean isLinkUp();

  /// A descriptor that is readable when [#receive] would find frames, for the loop's waiter
  /// (level-triggered); -1 when there is none and the device must be polled.
  int readinessFd();

  /// How long the loop may sleep before it polls again, asked when it has nothing to do and would
  /// sleep: the device makes sure that its descriptor, if it has one, ends the sleep.
  ///
  /// @return nanoseconds; 0 asks for another turn first; [Long#MAX_VALUE] without limit
  default long idleWaitNanosMax() {
    return Long.MAX_VALUE;
  }

  /// When the device next needs [#receive] and [#flush] for a reason of its own, whatever its
  /// descriptor says: a time of the LibOs's clock. [Long#MAX_VALUE] when there is none.
  default long nextTimerNanos() {
    return Long.MAX_VALUE;
  }

  /// What of the device is ours, where several LibOses share it.
  default QueueShare share() {
    return QueueShare.WHOLE;
  }

  /// A waiter of the device's own, which a LibOs then sleeps on instead of the kernel's: for
  /// devices in virtual time. `null` for all others.
  default @Nullable Waiter waiter() {
    return null;
  }

  /// Reports counters by name: frames and bytes in and out, and every reason for which a frame was
  /// lost in the device.
  void counters(ObjLongConsumer<String> visitor);

  /// Ends work and drops the references on all buffers. Frames not yet sent may be lost.
  @Override
  void close();
}
