package dev.demikv.libos.device;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.InterfaceQuery;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.LibCConstants;
import dev.demikv.libos.ffi.LibCSocket;
import dev.demikv.libos.ffi.NetConstants;
import dev.demikv.libos.ffi.struct.SockaddrLl;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The plainest way to send and receive frames on an interface, packet(7): the peer of devices
/// under test. Sees what comes in through the interface, not what goes out.
public final class RawSocket implements AutoCloseable {
  private static final int FRAME_BYTES_MAX = 65_550;

  private final Arena arena = Arena.ofShared();
  private final CallState calls = new CallState(arena);
  private final MemorySegment memory = arena.allocate(FRAME_BYTES_MAX, 8);
  private final int fd;

  /// Opens it in the network namespace of the calling thread.
  public RawSocket(String interfaceName) {
    int protocol = Short.reverseBytes((short) NetConstants.ETH_P_ALL);
    fd =
        LibCSocket.socket(
            calls,
            NetConstants.AF_PACKET,
            NetConstants.SOCK_RAW | LibCConstants.SOCK_NONBLOCK | LibCConstants.SOCK_CLOEXEC,
            protocol & 0xffff);
    assertThat(fd).as("socket(AF_PACKET): " + Errno.describe(fd)).isNotNegative();
    MemorySegment argument = arena.allocate(SockaddrLl.BYTES, 8);
    argument.set(JAVA_INT, 0, 1);
    LibCSocket.setsockopt(
        calls,
        fd,
        NetConstants.SOL_PACKET,
        NetConstants.PACKET_IGNORE_OUTGOING,
        argument.address(),
        4);
    try (InterfaceQuery query = new InterfaceQuery(calls, arena, interfaceName)) {
      SockaddrLl.set(argument, NetConstants.AF_PACKET, NetConstants.ETH_P_ALL, query.index());
    }
    assertThat(LibCSocket.bind(calls, fd, argument.address(), SockaddrLl.BYTES)).isZero();
  }

  /// Sends a frame.
  public void send(byte[] frame) {
    MemorySegment.copy(frame, 0, memory, JAVA_BYTE, 0, frame.length);
    long code = LibCSocket.send(calls, fd, memory.address(), frame.length, 0);
    assertThat(code).as(Errno.describe((int) code)).isEqualTo(frame.length);
  }

  /// The next frame, or `null` when there is none.
  public byte @Nullable [] receive() {
    long length = LibCSocket.recv(calls, fd, memory.address(), FRAME_BYTES_MAX, 0);
    return length < 0 ? null : memory.asSlice(0, length).toArray(JAVA_BYTE);
  }

  @Override
  public void close() {
    LibC.close(calls, fd);
    arena.close();
  }
}
