package dev.demikv.libos.device.trace;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.time.Clock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.LockSupport;

/// A recording of frames in the pcap format with nanoseconds, as Wireshark and tcpdump read it
/// (draft-ietf-opsawg-pcap; magic 0xa1b23c4d, LINKTYPE_ETHERNET).
///
/// The thread of the LibOs copies a frame into a ring; a thread of the recording's own writes the
/// file. When the disk is too slow, frames are missing from the recording, and counted, and never
/// wait.
final class PcapFile implements AutoCloseable {
  private static final int MAGIC_NANOS = 0xa1b2_3c4d;
  private static final short VERSION_MAJOR = 2;
  private static final short VERSION_MINOR = 4;
  private static final int SNAPLEN = 262_144;
  private static final int LINKTYPE_ETHERNET = 1;
  static final int FILE_HEADER_BYTES = 24;
  static final int RECORD_HEADER_BYTES = 16;

  private static final int RING_BYTES = 4 << 20;
  private static final int STAGE_BYTES = 256 << 10;
  private static final long PARK_NANOS = 20_000_000;
  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final long NANOS_PER_MILLI = 1_000_000L;

  private final System.Logger logger = System.getLogger(PcapFile.class.getName());
  private final Path path;
  private final long bytesMax;
  private final boolean rotates;
  private final Clock clock;

  /// Wall-clock time minus the clock's, in nanoseconds.
  private final long wallOffsetNanos;

  private final RecordRing ring = new RecordRing(RING_BYTES);
  private final Thread writer;
  private long recorded;
  private long dropped;

  // Of the writer's thread.
  private final ByteBuffer stage =
      ByteBuffer.allocateDirect(STAGE_BYTES).order(ByteOrder.nativeOrder());
  private FileChannel channel;
  private long fileBytes;

  /// The end has come; written by the thread of the LibOs, once.
  private volatile boolean ending;

  /// No more is written: the file is as long as it may be, or the disk failed.
  private volatile boolean stopped;

  /// @param bytesMax most bytes of the file
  /// @param rotates whether a full file is renamed to `….1` and begun anew, rather than ended
  /// @throws LibOsException when the file cannot be made
  PcapFile(Path path, long bytesMax, boolean rotates, Clock clock) {
    this.path = path;
    this.bytesMax = bytesMax;
    this.rotates = rotates;
    this.clock = clock;
    wallOffsetNanos = clock.wallMillis() * NANOS_PER_MILLI - clock.nanoTime();
    try {
      channel = open();
    } catch (IOException e) {
      ring.close();
      throw new LibOsException(
          "open the recording " + path,
          Errno.EIO,
          e + ". Name a file that can be written, which no other LibOs records to: network.pcap.",
          e);
    }
    writer = new Thread(this::write, "pcap");
    writer.setDaemon(true);
    writer.start();
  }

  private FileChannel open() throws IOException {
    FileChannel opened =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (opened.tryLock() == null) {
        throw new IOException("another process writes it");
      }
      opened.truncate(0);
      stage.putInt(MAGIC_NANOS).putShort(VERSION_MAJOR).putShort(VERSION_MINOR);
      stage.putInt(0).putInt(0).putInt(SNAPLEN).putInt(LINKTYPE_ETHERNET);
      fileBytes = FILE_HEADER_BYTES;
      return opened;
    } catch (OverlappingFileLockException e) {
      opened.close();
      throw new IOException("this process writes it already", e);
    } catch (IOException e) {
      opened.close();
      throw e;
    }
  }

  // The thread of the LibOs.

  /// Records a received frame.
  void record(MemorySegment memory, long offset, int length) {
    if (begin(length)) {
      ring.put(memory, offset, length);
      ring.commit();
      recorded++;
    }
  }

  /// Begins to record a frame that is about to be sent; [#commit] when it was.
  ///
  /// @return whether there was room
  boolean begin(TxFrame frame) {
    if (!begin(frame.totalBytes())) {
      return false;
    }
    for (int i = 0; i < frame.partCount(); i++) {
      ring.put(frame.buffer(i).segment(), frame.offset(i), frame.length(i));
    }
    return true;
  }

  void commit() {
    ring.commit();
    recorded++;
  }

  private boolean begin(int length) {
    if (stopped || !ring.begin(RECORD_HEADER_BYTES + length)) {
      dropped++;
      return false;
    }
    long nanos = clock.nanoTime() + wallOffsetNanos;
    ring.putInt((int) (nanos / NANOS_PER_SECOND));
    ring.putInt((int) (nanos % NANOS_PER_SECOND));
    ring.putInt(length);
    ring.putInt(length);
    return true;
  }

  long recorded() {
    return recorded;
  }

  long dropped() {
    return dropped;
  }

  /// Writes what was recorded and ends. Waits for the disk.
  @Override
  public void close() {
    ending = true;
    LockSupport.unpark(writer);
    boolean interrupted = false;
    while (writer.isAlive()) {
      try {
        writer.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    ring.close();
  }

  // The writer's thread.

  private void write() {
    try (FileChannel last = writeAll()) {
      assert last.isOpen() : "closed here";
    } catch (IOException e) {
      stopped = true;
      logger.log(System.Logger.Level.WARNING, "the recording " + path + " ends: " + e, e);
    }
  }

  /// @return the file to close
  private FileChannel writeAll() throws IOException {
    MemorySegment staged = MemorySegment.ofBuffer(stage.duplicate().clear());
    while (true) {
      boolean last = ending; // Read before the ring: what comes after it is not ours to wait for.
      long end = ring.readEnd();
      while (!stopped && ring.readAt() < end) {
        stageRecord(staged);
      }
      drain();
      if (stopped || last) {
        return channel;
      }
      LockSupport.parkNanos(this, PARK_NANOS);
    }
  }

  private void stageRecord(MemorySegment staged) throws IOException {
    long at = ring.readAt();
    int bytes = RECORD_HEADER_BYTES + ring.getInt(at + 2L * Integer.BYTES);
    if (fileBytes + bytes > bytesMax) {
      drain();
      if (!rotates) {
        logger.log(
            System.Logger.Level.INFO,
            "the recording {0} is full after {1} bytes (network.pcap.max-bytes)",
            path,
            fileBytes);
        stopped = true;
        return;
      }
      rotate();
    }
    if (stage.remaining() < bytes) {
      drain();
    }
    ring.get(at, staged, stage.position(), bytes);
    stage.position(stage.position() + bytes);
    fileBytes += bytes;
    ring.release(bytes);
  }

  private void rotate() throws IOException {
    channel.close();
    Files.move(
        path, path.resolveSibling(path.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
    channel = open();
  }

  private void drain() throws IOException {
    stage.flip();
    while (stage.hasRemaining()) {
      channel.write(stage);
    }
    stage.clear();
  }
}
