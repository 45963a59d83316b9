package dev.demikv.libos.device.memory;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.device.LogDeviceGeometry;
import java.util.concurrent.ConcurrentHashMap;

/// The named contents of memory log devices in this process: `storage.memory.name`. Any thread.
///
/// They stay until they are freed or the process ends, so that a LibOs that is opened again finds
/// its logs.
public final class MemoryMedia {
  private static final ConcurrentHashMap<String, MemoryMedium> BY_NAME = new ConcurrentHashMap<>();

  private MemoryMedia() {}

  /// Takes the content of a name, which is made if absent.
  ///
  /// @throws LibOsException EBUSY when it is open, EINVAL when it was made with other sizes
  static MemoryMedium acquire(String name, LogDeviceGeometry geometry) {
    MemoryMedium medium = BY_NAME.computeIfAbsent(name, key -> new MemoryMedium(geometry));
    if (!medium.geometry().equals(geometry)) {
      throw new LibOsException(
          "open the memory '" + name + "'",
          Errno.EINVAL,
          "It was made with segments of %d B and %d B in all; open it so, or free it first."
              .formatted(medium.geometry().segmentBytes(), medium.geometry().capacityBytes()));
    }
    if (!medium.acquire()) {
      throw new LibOsException(
          "open the memory '" + name + "'",
          Errno.EBUSY,
          "A LibOs of this process has it open; close that, or set another storage.memory.name.");
    }
    return medium;
  }

  /// Frees a content for good.
  ///
  /// @return whether there was one
  /// @throws LibOsException EBUSY when it is open
  public static boolean free(String name) {
    MemoryMedium medium = BY_NAME.get(name);
    if (medium == null) {
      return false;
    }
    if (!medium.acquire()) {
      throw new LibOsException(
          "free the memory '" + name + "'", Errno.EBUSY, "Close the LibOs that has it open.");
    }
    BY_NAME.remove(name, medium);
    medium.discardAll();
    return true;
  }
}
