package dev.demikv.libos.device.file;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/// A program that is refused io_uring_setup(2) and keeps a log all the same, told by what it
/// prints: `RefusedIoUring ERRNO DIRECTORY`.
final class RefusedIoUring {
  static final int EXIT_NO_FILTER = 3;

  private static final int SYS_IO_URING_SETUP = 425;

  private RefusedIoUring() {}

  public static void main(String[] args) throws Throwable {
    String noFilter = SeccompFilter.refuse(SYS_IO_URING_SETUP, Integer.parseInt(args[0]));
    if (!noFilter.isEmpty()) {
      System.out.println(noFilter);
      System.exit(EXIT_NO_FILTER);
    }
    LibOsConfig config =
        LibOsConfig.kernel()
            .withNetwork("none")
            .withStorage("file")
            .withOption("storage.file.path", args[1])
            .withOption("storage.file.segment-bytes", "4MiB")
            .withOption("storage.file.capacity", "16MiB");
    doctor(config.options());
    try (LibOs libos = LibOses.open(config)) {
      libos.report().capabilities().forEach(c -> System.out.println("open: " + c));
      append(libos, "one");
      append(libos, "two");
    }
    try (LibOs libos = LibOses.open(config)) {
      read(libos);
    }
    try {
      LibOses.open(config.withOption("storage.file.mechanism", "io_uring")).close();
    } catch (LibOsException e) {
      System.out.println("forced: " + e.getMessage());
    }
  }

  private static void doctor(Options options) {
    FileLogDeviceProvider provider = new FileLogDeviceProvider();
    System.out.println("doctor: " + provider.availability(options));
    provider.capabilities(options).forEach(c -> System.out.println("doctor: " + c));
    Options forced = options.with("storage.file.mechanism", "io_uring");
    System.out.println("doctor forced: " + provider.availability(forced));
  }

  private static void append(LibOs libos, String text) {
    int log = libos.open("words");
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ScatterGatherArray record = libos.sgaAlloc(bytes.length);
    record.copyFrom(0, MemorySegment.ofArray(bytes), 0, bytes.length);
    QResult result = new QResult();
    libos.wait(libos.push(log, record), -1, result);
    libos.sgaFree(record);
    System.out.println("appended: " + result.result);
    libos.close(log);
  }

  private static void read(LibOs libos) {
    int log = libos.open("words");
    QResult record = new QResult();
    libos.seek(log, libos.logHead(log));
    while (true) {
      libos.wait(libos.pop(log), -1, record);
      if (record.sga == null) {
        break;
      }
      System.out.println("read: " + new String(record.sga.toByteArray(), StandardCharsets.UTF_8));
      libos.sgaFree(record.sga);
    }
  }
}
