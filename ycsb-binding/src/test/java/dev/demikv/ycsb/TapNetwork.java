package dev.demikv.ycsb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A network namespace with one TAP device, whose other end is the kernel's: programs are started
/// in it by [#command]. Gone when it is closed.
final class TapNetwork implements AutoCloseable {
  static final String DEVICE = "dkvtap0";
  static final String KERNEL_ADDRESS = "10.77.0.1";

  private final String name = "dkv-ycsb-" + ProcessHandle.current().pid();

  /// Makes it; skips the test where that is not possible.
  TapNetwork() {
    assumeTrue(Files.exists(Path.of("/dev/net/tun")), "no /dev/net/tun here");
    assumeTrue(has("ip"), "no program `ip` here (package iproute2)");
    assumeTrue(
        run("ip", "netns", "add", name) == 0, "no network namespace can be made: needs root");
    boolean made =
        run(command("ip", "tuntap", "add", DEVICE, "mode", "tap")) == 0
            && run(command("ip", "addr", "add", KERNEL_ADDRESS + "/24", "dev", DEVICE)) == 0
            && run(command("ip", "link", "set", "lo", "up")) == 0
            && run(command("ip", "link", "set", DEVICE, "up")) == 0;
    if (!made) {
      close();
      assumeTrue(false, "no TAP device can be made: needs CAP_NET_ADMIN");
    }
  }

  /// A command that runs in it.
  String[] command(String... words) {
    List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", name));
    all.addAll(List.of(words));
    return all.toArray(String[]::new);
  }

  private static boolean has(String program) {
    try {
      return run(program, "-V") == 0;
    } catch (UncheckedIOException e) {
      return false;
    }
  }

  private static int run(String... words) {
    try {
      Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int code = process.waitFor();
      if (code != 0) {
        System.out.println(String.join(" ", words) + ": " + output);
      }
      return code;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    assertThat(run("ip", "netns", "del", name)).isZero();
  }
}
