package dev.demikv.kvserver.persist;

import dev.demikv.libos.lang.Nullable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;

/// The data folder: says what it is in the file `kvserver.identity`, and is open in one server at a
/// time.
///
/// ```
///   format = 1
///   engine = memory
/// ```
public final class DataDirectory implements AutoCloseable {
  /// Version of everything below the folder.
  public static final int FORMAT = 1;

  private static final String FILE = "kvserver.identity";

  private final Path path;
  private final FileChannel channel;
  private final FileLock lock;

  private DataDirectory(Path path, FileChannel channel, FileLock lock) {
    this.path = path;
    this.channel = channel;
    this.lock = lock;
  }

  /// Opens the folder, or makes it.
  ///
  /// @throws DataException another version, another engine, in use, or not writable
  public static DataDirectory open(Path path, String engine) {
    Path file = path.resolve(FILE);
    FileChannel channel;
    try {
      Files.createDirectories(path);
      channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new DataException(
          path.toAbsolutePath()
              + ": the data folder cannot be used ("
              + e
              + "). Make it writable for this user, or set data.dir to another folder.",
          e);
    }
    try {
      FileLock lock = lock(channel);
      if (lock == null) {
        throw new DataException(
            path.toAbsolutePath()
                + ": the data folder is in use by another server. Stop it, or set data.dir to"
                + " another folder.");
      }
      checkOrWrite(path, file, engine);
      return new DataDirectory(path, channel, lock);
    } catch (IOException e) {
      closeQuietly(channel);
      throw new DataException(file + ": " + e, e);
    } catch (DataException e) {
      closeQuietly(channel);
      throw e;
    }
  }

  private static @Nullable FileLock lock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // Another server of this process.
    }
  }

  private static void checkOrWrite(Path path, Path file, String engine) throws IOException {
    List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
    String format = value(lines, "format");
    String found = value(lines, "engine");
    if (lines.isEmpty()) {
      Files.writeString(
          file, String.format(Locale.ROOT, "format = %d%nengine = %s%n", FORMAT, engine));
      return;
    }
    if (!format.equals(Integer.toString(FORMAT))) {
      throw new DataException(
          path.toAbsolutePath()
              + ": the data folder has format '"
              + format
              + "', this server reads format "
              + FORMAT
              + ". Use the version of the server that wrote it, or another data.dir. Nothing was"
              + " changed.");
    }
    if (!found.equals(engine)) {
      throw new DataException(
          path.toAbsolutePath()
              + ": the data folder belongs to engine '"
              + found
              + "', and engine = "
              + engine
              + " is configured. Set engine="
              + found
              + ", or another data.dir. Nothing was changed.");
    }
  }

  private static String value(List<String> lines, String key) {
    for (String line : lines) {
      int equals = line.indexOf('=');
      if (equals > 0 && line.substring(0, equals).strip().equals(key)) {
        return line.substring(equals + 1).strip();
      }
    }
    return "";
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // The first error is the one to tell.
      return;
    }
  }

  /// The folder.
  public Path path() {
    return path;
  }

  /// Lets another server open the folder.
  @Override
  public void close() {
    try {
      lock.release();
      channel.close();
    } catch (IOException e) {
      throw new DataException(path.toAbsolutePath() + ": " + e, e);
    }
  }
}
