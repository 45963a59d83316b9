package dev.demikv.libos.device.file;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.Availability;
import dev.demikv.libos.device.LogDevice;
import dev.demikv.libos.device.LogDeviceProvider;
import dev.demikv.libos.device.file.FileLogDeviceOptions.Direct;
import dev.demikv.libos.device.file.FileLogDeviceOptions.Mechanism;
import dev.demikv.libos.time.Clock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.random.RandomGenerator;

/// The storage backend `file`: preallocated files in a directory of an ordinary file system.
public final class FileLogDeviceProvider implements LogDeviceProvider {
  private static final String IO_URING_ADVICE =
      "For io_uring, permit it: sysctl kernel.io_uring_disabled=0, a seccomp profile that allows"
          + " io_uring_setup and io_uring_enter, or a higher ulimit -l or -n.";

  /// For `ServiceLoader`.
  public FileLogDeviceProvider() {}

  @Override
  public String name() {
    return "file";
  }

  @Override
  public String description() {
    return "preallocated files in a directory, by io_uring and O_DIRECT or by an I/O thread";
  }

  @Override
  public List<OptionSpec> options() {
    return FileLogDeviceOptions.SPECS;
  }

  @Override
  public Availability availability(Options options) {
    if (!System.getProperty("os.name").equals("Linux")) {
      return Availability.no(
          "it is made for Linux and this is " + System.getProperty("os.name"), "Use Linux.");
    }
    FileLogDeviceOptions checked;
    try {
      checked = FileLogDeviceOptions.of(options);
    } catch (IllegalArgumentException e) {
      return Availability.no(String.valueOf(e.getMessage()), "Correct the option.");
    }
    Path existing = existing(checked.path());
    if (!Files.isDirectory(existing) || !Files.isWritable(existing)) {
      return Availability.no(
          existing + " is not a directory that can be written to",
          "Set storage.file.path to a directory of this user on a file system mounted read-write.");
    }
    Choice choice = Choice.of(checked, existing);
    if (!choice.impossible().isEmpty()) {
      return Availability.no(
          choice.impossible(), "Set storage.file.mechanism and storage.file.direct to auto.");
    }
    return Availability.yes(
        (choice.threadReason().isEmpty() ? "io_uring" : "I/O thread: " + choice.threadReason())
            + (choice.pageCacheReason().isEmpty()
                ? "; O_DIRECT"
                : "; page cache: " + choice.pageCacheReason()),
        choice.ioUringRefused() ? IO_URING_ADVICE : "");
  }

  @Override
  public List<Capability> capabilities(Options options) {
    FileLogDeviceOptions checked = FileLogDeviceOptions.of(options);
    Choice choice = Choice.of(checked, existing(checked.path()));
    return FileLogDeviceParts.capabilities(choice.threadReason(), choice.pageCacheReason());
  }

  @Override
  public LogDevice open(Options options, Clock clock, RandomGenerator random) {
    return new FileLogDevice(FileLogDeviceParts.open(FileLogDeviceOptions.of(options)), clock);
  }

  /// The directory itself or the nearest one above that is there.
  private static Path existing(Path path) {
    Path existing = path;
    while (existing.getParent() != null && !Files.exists(existing)) {
      existing = existing.getParent();
    }
    return existing;
  }

  /// What an open would choose.
  ///
  /// @param ioUringRefused whether the kernel's refusal is the reason for the thread
  /// @param impossible why the options cannot be met; empty when they can
  private record Choice(
      String threadReason, String pageCacheReason, boolean ioUringRefused, String impossible) {
    static Choice of(FileLogDeviceOptions options, Path existing) {
      String directRefusal = DirectProbe.directory(existing);
      String pageCacheReason =
          options.direct() == Direct.FALSE ? "storage.file.direct=false" : directRefusal;
      String threadReason =
          FileLogDeviceParts.threadReason(
              options.mechanism(), directRefusal, pageCacheReason.isEmpty());
      String impossible =
          options.direct() == Direct.TRUE && !directRefusal.isEmpty() ? directRefusal : "";
      boolean ioUringRefused = false;
      if (threadReason.isEmpty()) {
        threadReason = DirectProbe.ioUring();
        ioUringRefused = !threadReason.isEmpty();
        if (ioUringRefused && options.mechanism() == Mechanism.IO_URING) {
          impossible = threadReason;
        }
      }
      return new Choice(threadReason, pageCacheReason, ioUringRefused, impossible);
    }
  }
}
