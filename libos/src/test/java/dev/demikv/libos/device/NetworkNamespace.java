package dev.demikv.libos.device;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.LibCConstants;
import dev.demikv.libos.ffi.LibCFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A network of the test's own: a new namespace for the calling thread, network_namespaces(7), with
/// nothing in it but a loopback interface.
///
/// It has no name, so that nothing is left behind: it goes with the last thread, process, and
/// descriptor in it. What the thread opens or runs, is in it; other threads [#join].
public final class NetworkNamespace implements AutoCloseable {
  private static final int CLONE_NEWNET = 0x4000_0000;
  private static final Path OF_THIS_THREAD = Path.of("/proc/thread-self/ns/net");

  private static final MethodHandle UNSHARE =
      handle("unshare", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle SETNS =
      handle("setns", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));

  private final int outer;
  private final int own;

  private NetworkNamespace(int outer, int own) {
    this.outer = outer;
    this.own = own;
  }

  /// Enters a new one; skips the test where that is not possible.
  public static NetworkNamespace enter() {
    assumeTrue(Files.exists(OF_THIS_THREAD), "no network namespaces here");
    assumeTrue(canRun("ip", "-V"), "no program `ip` here (package iproute2)");
    int outer = openOwn();
    int code = call(UNSHARE, CLONE_NEWNET);
    if (code != 0) {
      close(outer);
      assumeTrue(false, "unshare(CLONE_NEWNET) is refused: needs CAP_SYS_ADMIN");
    }
    NetworkNamespace namespace = new NetworkNamespace(outer, openOwn());
    namespace.ip("link", "set", "lo", "up");
    return namespace;
  }

  /// Moves the calling thread into it, for good.
  public void join() {
    assertThat(call2(SETNS, own, CLONE_NEWNET)).as("setns").isZero();
  }

  /// Runs `ip` in it.
  public void ip(String... arguments) {
    String[] command = new String[arguments.length + 1];
    command[0] = "ip";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    run(command);
  }

  /// Switches IPv6 off for interfaces to come, which else talk by themselves.
  public void disableIpv6() {
    try {
      Files.writeString(Path.of("/proc/sys/net/ipv6/conf/default/disable_ipv6"), "1");
    } catch (IOException e) {
      assumeTrue(!Files.exists(Path.of("/proc/sys/net/ipv6")), e.toString());
    }
  }

  /// Runs a command in it, which must succeed.
  ///
  /// @return what it printed
  public String run(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), UTF_8);
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("ends").isTrue();
      assertThat(process.exitValue()).as(List.of(command) + ": " + output).isZero();
      return output;
    } catch (IOException e) {
      throw new AssertionError(List.of(command) + ": " + e, e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /// Whether a program is there.
  public static boolean canRun(String... command) {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /// Leaves it: back to where the thread was.
  @Override
  public void close() {
    int code = call2(SETNS, outer, CLONE_NEWNET);
    close(outer);
    close(own);
    assertThat(code).as("setns back").isZero();
  }

  private static int openOwn() {
    try (Arena arena = Arena.ofConfined()) {
      int flags = LibCConstants.O_RDONLY | LibCConstants.O_CLOEXEC;
      long path = arena.allocateFrom(OF_THIS_THREAD.toString()).address();
      int fd = LibCFile.open(new CallState(arena), path, flags, 0);
      assertThat(fd).as("open " + OF_THIS_THREAD).isNotNegative();
      return fd;
    }
  }

  private static void close(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      LibC.close(new CallState(arena), fd);
    }
  }

  private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
  }

  private static int call(MethodHandle handle, int argument) {
    try {
      return (int) handle.invokeExact(argument);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  private static int call2(MethodHandle handle, int first, int second) {
    try {
      return (int) handle.invokeExact(first, second);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }
}
