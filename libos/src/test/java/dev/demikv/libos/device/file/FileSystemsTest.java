package dev.demikv.libos.device.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.Availability;
import dev.demikv.libos.device.LogDevice;
import dev.demikv.libos.time.SystemClock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The file log device on full, read-only and unusual file systems. Those that must be mounted are
/// skipped by name without the right to mount.
final class FileSystemsTest {
  private final FileLogDeviceProvider provider = new FileLogDeviceProvider();

  @TempDir Path temporary;
  private boolean mounted;

  @Test
  void fullDiskFailsThePrepareAndLeavesNothing() throws Exception {
    mount("tmpfs", "size=1280k");
    try (LogDevice device = open(options())) {
      assertThat(prepare(device, 0)).isZero();
      assertThat(prepare(device, 1)).isEqualTo(-Errno.ENOSPC);
      assertThat(device.isPrepared(1)).isFalse();
      assertThat(names()).containsExactly("lock", "segment-00000000.log");
      assertThat(write(device, 0)).as("what is prepared still works").isEqualTo(4096);
      assertThat(discard(device, 0)).isZero();
      assertThat(prepare(device, 1)).as("from the spare file").isZero();
      assertThat(write(device, 1 << 20)).isEqualTo(4096);
    }
    Files.write(temporary.resolve("mount/fill"), new byte[200 << 10]);
    try (LogDevice device = open(options())) {
      assertThat(device.isPrepared(1)).as("a full disk can be opened").isTrue();
      assertThat(write(device, 1 << 20)).isEqualTo(4096);
    }
  }

  @Test
  void fileSystemWithoutDirectTransfersFallsBackAndSaysSo() throws Exception {
    mount("ramfs", "mode=0700");
    Availability availability = provider.availability(options());
    assertThat(availability.available()).isTrue();
    assertThat(availability.reason()).contains("O_DIRECT").contains("I/O thread");
    try (LogDevice device = open(options())) {
      assertThat(device.capabilities().toString())
          .contains("one I/O thread")
          .contains("buffered")
          .contains("the file system refuses O_DIRECT");
      assertThat(prepare(device, 0)).isZero();
      assertThat(write(device, 0)).isEqualTo(4096);
    }
    assertThatThrownBy(() -> open(options().with("storage.file.direct", "true")))
        .isInstanceOf(LibOsException.class)
        .hasMessageContaining("refuses O_DIRECT")
        .hasMessageContaining("storage.file.direct=auto");
  }

  @Test
  void readOnlyFileSystemIsRefused() throws Exception {
    mount("tmpfs", "ro");
    assertThatThrownBy(() -> open(options()))
        .isInstanceOfSatisfying(
            LibOsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EROFS));
    assertThat(provider.availability(options()).available()).isFalse();
  }

  @Test
  void readOnlyDirectoryIsRefused() throws IOException {
    assumeFalse(isRoot(), "permissions do not hold for root");
    Path directory = Files.createDirectories(temporary.resolve("mount/log"));
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("r-xr-xr-x"));
    assertThatThrownBy(() -> open(options()))
        .isInstanceOfSatisfying(
            LibOsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EACCES))
        .hasMessageContaining("must be writable");
    assertThat(provider.availability(options()).available()).isFalse();
  }

  @Test
  void fileInTheDirectorysPlaceIsRefused() throws IOException {
    Files.createDirectories(temporary.resolve("mount"));
    Files.write(temporary.resolve("mount/log"), new byte[1]);
    assertThatThrownBy(() -> open(options()))
        .isInstanceOfSatisfying(
            LibOsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOTDIR));
    assertThat(provider.availability(options()).available()).isFalse();
  }

  @Test
  void availabilityLeavesNothingBehind() throws IOException {
    assertThat(provider.availability(options()).available()).isTrue();
    assertThat(provider.capabilities(options())).isNotEmpty();
    try (Stream<Path> files = Files.list(temporary)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void wrongOptionsAreNamed() {
    assertThat(provider.availability(Options.empty()).reason()).contains("storage.file.path");
    Map<String, String> wrong =
        Map.of(
            "storage.file.mechanism", "fast",
            "storage.file.direct", "perhaps",
            "storage.file.segment-bytes", "65537",
            "storage.file.capacity", "1k",
            "storage.file.queue-depth", "0");
    wrong.forEach((key, value) -> {
      Availability availability = provider.availability(options().with(key, value));
      assertThat(availability.available()).isFalse();
      assertThat(availability.reason()).contains(key).contains(value);
      assertThatThrownBy(() -> open(options().with(key, value)))
          .isInstanceOf(IllegalArgumentException.class);
    });
  }

  @AfterEach
  void unmount() throws Exception {
    if (mounted) {
      assertThat(run("umount", temporary.resolve("mount").toString())).isEmpty();
    }
  }

  private void mount(String type, String mountOptions) throws Exception {
    assumeTrue(isRoot(), "mounting a " + type + " needs root");
    Path point = Files.createDirectories(temporary.resolve("mount"));
    String refusal = run("mount", "-t", type, "-o", mountOptions, "none", point.toString());
    assumeTrue(refusal.isEmpty(), () -> "a " + type + " cannot be mounted here: " + refusal);
    mounted = true;
  }

  private static String run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      return "no end";
    }
    return process.exitValue() == 0 ? "" : output + " (exit " + process.exitValue() + ")";
  }

  private static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  private Options options() {
    return Options.of(
        Map.of(
            "storage.file.path", temporary.resolve("mount/log").toString(),
            "storage.file.segment-bytes", "1MiB",
            "storage.file.capacity", "4MiB"));
  }

  private LogDevice open(Options options) {
    return provider.open(options, SystemClock.INSTANCE, new Random(1));
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(temporary.resolve("mount/log"))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static int prepare(LogDevice device, int segment) {
    assertThat(device.prepare(segment, 1)).isZero();
    return result(device);
  }

  private static int discard(LogDevice device, int segment) {
    assertThat(device.discard(segment, 1)).isZero();
    return result(device);
  }

  private static int write(LogDevice device, long position) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(4096, 4096);
      assertThat(device.write(position, memory, 0, 4096, true, 1)).isZero();
      return result(device);
    }
  }

  private static int result(LogDevice device) {
    int[] result = {Integer.MIN_VALUE};
    device.submit();
    while (device.inFlight() > 0) {
      device.await(-1);
      device.poll((userData, r) -> result[0] = r);
    }
    return result[0];
  }
}
