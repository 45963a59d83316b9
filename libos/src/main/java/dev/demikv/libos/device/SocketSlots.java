package dev.demikv.libos.device;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.lang.Nullable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;

/// The sockets of a transport by id. Ids are small numbers, given out again first-in first-out.
///
/// For transports that make an object per socket; it allocates when sockets come and go.
public final class SocketSlots<S> {
  private final int countMax;
  private final List<@Nullable S> sockets = new ArrayList<>();
  private final ArrayDeque<Integer> freeSids = new ArrayDeque<>();
  private int count;

  /// @param countMax sockets at a time
  public SocketSlots(int countMax) {
    this.countMax = countMax;
  }

  /// Makes a socket under a free id.
  ///
  /// @param maker is given the id
  /// @return `null` when there are as many as there may be
  public <T extends S> @Nullable T add(IntFunction<T> maker) {
    if (count == countMax) {
      return null;
    }
    Integer free = freeSids.peek();
    int sid = free == null ? sockets.size() : free;
    T socket = maker.apply(sid);
    if (free == null) {
      sockets.add(socket);
    } else {
      freeSids.remove();
      sockets.set(sid, socket);
    }
    count++;
    return socket;
  }

  /// The socket with this id.
  ///
  /// @throws LibOsException EBADF when there is none
  public S get(int sid) {
    S socket = sid >= 0 && sid < sockets.size() ? sockets.get(sid) : null;
    if (socket == null) {
      throw new LibOsException("socket " + sid, Errno.EBADF, "It was closed or never made.");
    }
    return socket;
  }

  /// Takes the socket with this id out, whose id is free from now on.
  ///
  /// @throws LibOsException EBADF when there is none
  public S remove(int sid) {
    S socket = get(sid);
    sockets.set(sid, null);
    freeSids.add(sid);
    count--;
    return socket;
  }

  /// Sockets there are.
  public int count() {
    return count;
  }

  /// Visits the ids of all sockets in ascending order; the visitor may remove the one it is given.
  public void forEachSid(IntConsumer visitor) {
    for (int sid = 0; sid < sockets.size(); sid++) {
      if (sockets.get(sid) != null) {
        visitor.accept(sid);
      }
    }
  }
}
