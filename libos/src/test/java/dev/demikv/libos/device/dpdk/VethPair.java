package dev.demikv.libos.device.dpdk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// Two network interfaces joined by a virtual cable, without addresses; removed at the close.
public final class VethPair implements AutoCloseable {
  private static final AtomicInteger PAIRS = new AtomicInteger();

  private final String near;
  private final String far;

  private VethPair(String name) {
    near = name + "a";
    far = name + "b";
  }

  /// Makes a pair.
  ///
  /// @throws IOException if it may not or cannot be made here
  public static VethPair make() throws IOException, InterruptedException {
    long process = ProcessHandle.current().pid() % 100_000;
    VethPair pair = new VethPair("dk" + process + "x" + PAIRS.incrementAndGet());
    if (!run("ip", "link", "add", pair.near, "type", "veth", "peer", "name", pair.far)) {
      throw new IOException("no veth pair can be made: not root, or no iproute2");
    }
    for (String name : List.of(pair.near, pair.far)) {
      Path quiet = Path.of("/proc/sys/net/ipv6/conf", name, "disable_ipv6");
      if (Files.exists(quiet)) {
        Files.writeString(quiet, "1"); // The kernel has nothing to say on it.
      }
      run("ip", "link", "set", name, "up");
    }
    return pair;
  }

  /// Name of one end.
  public String near() {
    return near;
  }

  /// Name of the other end.
  public String far() {
    return far;
  }

  @Override
  public void close() {
    try {
      run("ip", "link", "del", near);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean run(String... command) throws InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    try {
      Process process = builder.start();
      return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    }
  }
}
