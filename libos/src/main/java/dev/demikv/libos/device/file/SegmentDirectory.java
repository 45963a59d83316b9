package dev.demikv.libos.device.file;

import static dev.demikv.libos.ffi.LibCConstants.O_CLOEXEC;
import static dev.demikv.libos.ffi.LibCConstants.O_CREAT;
import static dev.demikv.libos.ffi.LibCConstants.O_DIRECT;
import static dev.demikv.libos.ffi.LibCConstants.O_DIRECTORY;
import static dev.demikv.libos.ffi.LibCConstants.O_RDONLY;
import static dev.demikv.libos.ffi.LibCConstants.O_RDWR;
import static dev.demikv.libos.ffi.LibCConstants.O_TRUNC;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.LibCConstants;
import dev.demikv.libos.ffi.LibCFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The directory of a log device: opened and locked by one process, and what was found in it.
/// Control path only.
final class SegmentDirectory implements AutoCloseable {
  private static final String LOCK_NAME = "lock";
  private static final int PID_BYTES = 20;

  private final Path path;
  private final CallState state;
  private final int dirFd;
  private int lockFd = -1;
  private final FileCalls calls;
  private final boolean[] prepared;
  private final boolean[] spares = new boolean[SegmentPreparer.SPARES_MAX];

  /// Why O_DIRECT cannot be used, or empty when it can.
  private String directRefusal = "";

  private SegmentDirectory(Arena arena, Path path, int segmentCount) {
    this.path = path;
    state = new CallState(arena);
    prepared = new boolean[segmentCount];
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw new LibOsException(
          "create log directory " + path, errno(e), "Check its permissions and its parents'.", e);
    }
    dirFd = openDirectory(arena, state, path);
    if (dirFd < 0) {
      throw new LibOsException(
          "open log directory " + path, -dirFd, "It must be a directory that can be read.");
    }
    calls = new FileCalls(arena, dirFd);
  }

  /// Opens, locks and reads a directory; makes it if it is absent.
  ///
  /// @param arena whose end is after the end of this
  /// @throws LibOsException when it cannot be used as it is
  static SegmentDirectory open(Arena arena, FileLogDeviceOptions options) {
    SegmentDirectory directory =
        new SegmentDirectory(arena, options.path(), options.segmentCount());
    boolean opened = false;
    try {
      directory.lock(arena);
      directory.scan(options.segmentBytes());
      directory.probeDirect(arena);
      opened = true;
      return directory;
    } finally {
      if (!opened) {
        directory.close();
      }
    }
  }

  /// A descriptor of a directory, or `-errno`.
  static int openDirectory(Arena arena, CallState state, Path path) {
    // As the JVM itself encodes file names; all other names in use are ASCII.
    Charset charset = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
    byte[] bytes = path.toString().getBytes(charset);
    MemorySegment name = arena.allocate(bytes.length + 1L);
    MemorySegment.copy(bytes, 0, name, ValueLayout.JAVA_BYTE, 0, bytes.length);
    return LibCFile.open(state, name.address(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  }

  int dirFd() {
    return dirFd;
  }

  /// By segment: whether it is there.
  boolean[] prepared() {
    return prepared;
  }

  /// By spare: whether it is there.
  boolean[] spares() {
    return spares;
  }

  String directRefusal() {
    return directRefusal;
  }

  private void lock(Arena arena) {
    MemorySegment name = arena.allocateFrom(LOCK_NAME, StandardCharsets.US_ASCII);
    lockFd = LibCFile.openat(state, dirFd, name.address(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lockFd < 0) {
      throw new LibOsException(
          "open " + path.resolve(LOCK_NAME),
          -lockFd,
          "The log directory must be writable: check its owner, its permissions and whether its"
              + " file system is mounted read-only.");
    }
    MemorySegment pid = arena.allocate(PID_BYTES);
    int locked = LibCFile.flock(state, lockFd, LibCConstants.LOCK_EX | LibCConstants.LOCK_NB);
    if (locked == -Errno.EAGAIN) {
      long length = LibCFile.pread(state, lockFd, pid.address(), PID_BYTES - 1, 0);
      String holder = length > 0 ? " (process " + pid.getString(0).trim() + ")" : "";
      throw new LibOsException(
          "lock log directory " + path,
          Errno.EBUSY,
          "It is in use" + holder + ": stop that one, or name another directory.");
    }
    if (locked < 0) {
      throw new LibOsException(
          "lock log directory " + path, -locked, "Its file system must support flock(2).");
    }
    pid.setString(0, LibC.getpid() + "\n");
    LibCFile.ftruncate(state, lockFd, 0);
    LibCFile.pwrite(state, lockFd, pid.address(), pid.getString(0).length(), 0);
  }

  private void scan(long segmentBytes) {
    List<String> names;
    try (Stream<Path> files = Files.list(path)) {
      names = files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new LibOsException("list log directory " + path, errno(e), "", e);
    }
    for (String name : names) {
      int segment = SegmentFile.SEGMENT.index(name);
      if (segment >= 0) {
        checkSegment(name, segment, segmentBytes);
        prepared[segment] = true;
      }
      // What an earlier process did not finish holds nothing.
      remove(SegmentFile.UNFINISHED, name);
      remove(SegmentFile.PROBE, name);
      int spare = SegmentFile.SPARE.index(name);
      if (spare >= 0) {
        if (spare < spares.length && calls.size(SegmentFile.SPARE, spare) == segmentBytes) {
          spares[spare] = true;
        } else {
          calls.unlink(SegmentFile.SPARE, spare);
        }
      }
    }
  }

  private void checkSegment(String name, int segment, long segmentBytes) {
    if (segment >= prepared.length) {
      throw new LibOsException(
          "open " + path.resolve(name),
          Errno.EBADMSG,
          "It lies beyond the capacity of %d segments: set storage.file.capacity to what it was."
              .formatted(prepared.length));
    }
    long size = calls.size(SegmentFile.SEGMENT, segment);
    if (size != segmentBytes) {
      throw new LibOsException(
          "open " + path.resolve(name),
          size < 0 ? (int) -size : Errno.EBADMSG,
          ("It has %d bytes where a segment has %d: set storage.file.segment-bytes to what it was,"
                  + " or restore the file.")
              .formatted(size, segmentBytes));
    }
  }

  private void remove(SegmentFile kind, String name) {
    int index = kind.index(name);
    if (index >= 0) {
      calls.unlink(kind, index);
    }
  }

  private void probeDirect(Arena arena) {
    int fd = calls.open(SegmentFile.PROBE, 0, O_RDWR | O_CREAT | O_TRUNC | O_DIRECT);
    if (fd == -Errno.EINVAL) {
      calls.unlink(SegmentFile.PROBE, 0); // Some file systems make it before they refuse.
      directRefusal = "the file system refuses O_DIRECT";
      return;
    }
    if (fd < 0) {
      throw new LibOsException(
          "create " + path.resolve(SegmentFile.PROBE.name(0)),
          -fd,
          "The log directory must be writable.");
    }
    directRefusal = DirectProbe.write(arena, state, fd);
    calls.close(fd);
    calls.unlink(SegmentFile.PROBE, 0);
  }

  private static int errno(IOException e) {
    if (e instanceof AccessDeniedException) {
      return Errno.EACCES;
    }
    if (e instanceof FileAlreadyExistsException) {
      return Errno.ENOTDIR;
    }
    String reason = e instanceof FileSystemException f ? String.valueOf(f.getReason()) : "";
    if (reason.contains("Read-only")) {
      return Errno.EROFS;
    }
    return reason.contains("No space") ? Errno.ENOSPC : Errno.EIO;
  }

  /// Gives up the lock.
  @Override
  public void close() {
    if (lockFd >= 0) {
      LibC.close(state, lockFd);
    }
    LibC.close(state, dirFd);
  }
}
