package dev.demikv.libos.net.pkt;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.LibCConstants;
import dev.demikv.libos.ffi.LibCFile;
import dev.demikv.libos.ffi.NamespaceCalls;
import dev.demikv.libos.ffi.NetConstants;
import dev.demikv.libos.ffi.struct.Ifreq;
import dev.demikv.libos.ffi.struct.Pollfd;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/// A network namespace of the calling thread, with nothing in it but a TAP device whose other end
/// is ours. Belongs to the thread that made it, and ends with it.
final class TapNamespace implements AutoCloseable {
  private static final String PEER_MAC = "02:00:00:00:00:02";
  private static final byte[] PEER_MAC_BYTES = {2, 0, 0, 0, 0, 2};
  private static final byte[] LOCAL_MAC_BYTES = {2, 0, 0, 0, 0, 1};
  private static final int ETHERNET_BYTES = 14;
  private static final int FRAME_BYTES_MAX = 2_048;
  private static final int ROUTE_POLLS_MAX = 3_000;
  private static final int ETHERTYPE_IPV4 = 0x0800;
  private static final int ETHERTYPE_IPV6 = 0x86dd;

  private final Arena arena = Arena.ofConfined();
  private final CallState calls = new CallState(arena);
  private final MemorySegment frame = arena.allocate(FRAME_BYTES_MAX, 8);
  private final MemorySegment pollfd = arena.allocate(Pollfd.BYTES, 8);
  private final boolean ipv6;
  private final int fd;

  TapNamespace(boolean ipv6, Map<String, String> sysctls) throws IOException {
    this.ipv6 = ipv6;
    check("unshare", NamespaceCalls.unshare(calls, NamespaceCalls.CLONE_NEWNET));
    MemorySegment path = arena.allocateFrom("/dev/net/tun");
    fd =
        check(
            "open /dev/net/tun",
            LibCFile.open(
                calls, path.address(), LibCConstants.O_RDWR | LibCConstants.O_NONBLOCK, 0));
    MemorySegment request = arena.allocate(Ifreq.BYTES, 8);
    Ifreq.setName(request, "tap0");
    Ifreq.setFlags(request, NetConstants.IFF_TAP | NetConstants.IFF_NO_PI);
    check(
        "TUNSETIFF",
        LibC.ioctl(calls, fd, LibC.request(NetConstants.TUNSETIFF), request.address()));
    if (!ipv6) {
      sysctl("net/ipv6/conf/tap0/disable_ipv6", "1");
    }
    for (Map.Entry<String, String> entry : sysctls.entrySet()) {
      sysctl("net/ipv4/" + entry.getKey(), entry.getValue());
    }
    String local = ipv6 ? "2001:db8::1/64 nodad" : "192.0.2.1/24";
    String peer = ipv6 ? "2001:db8::2" : "192.0.2.2";
    ip(
        "link set tap0 address 02:00:00:00:00:01 up\n"
            + ("addr add " + local + " dev tap0\n")
            + ("neigh add " + peer + " lladdr " + PEER_MAC + " dev tap0 nud permanent\n"));
    if (ipv6) {
      awaitLocalRoute();
    }
  }

  /// The kernel makes a route to its own IPv6 address by and by.
  private static void awaitLocalRoute() throws IOException {
    Path routes = Path.of("/proc/thread-self/net/ipv6_route");
    for (int i = 0; i < ROUTE_POLLS_MAX; i++) {
      if (Files.readString(routes).contains("20010db8000000000000000000000001 80 ")) {
        return;
      }
      LockSupport.parkNanos(1_000_000);
    }
    throw new IOException("the kernel makes no route to 2001:db8::1");
  }

  /// Why this machine cannot make one; empty if it can.
  static String unavailability() {
    if (!Files.isWritable(Path.of("/dev/net/tun"))) {
      return "/dev/net/tun is not there or not writable";
    }
    if (!Files.isExecutable(Path.of("/usr/sbin/ip")) && !Files.isExecutable(Path.of("/sbin/ip"))) {
      return "there is no ip(8)";
    }
    String[] reason = {""};
    Thread thread =
        Thread.ofPlatform()
            .start(() -> {
              try (TapNamespace namespace = new TapNamespace(false, Map.of())) {
                reason[0] = namespace.fd < 0 ? "no descriptor" : "";
              } catch (IOException | RuntimeException e) {
                reason[0] = String.valueOf(e.getMessage());
              }
            });
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return reason[0];
  }

  private static int check(String what, int result) throws IOException {
    if (result < 0) {
      throw new IOException(what + ": errno " + -result);
    }
    return result;
  }

  private static void sysctl(String name, String value) throws IOException {
    Path file = Path.of("/proc/sys").resolve(name);
    if (Files.exists(file)) {
      Files.writeString(file, value);
    }
  }

  private static void ip(String batch) throws IOException {
    Process process = new ProcessBuilder("ip", "-batch", "-").redirectErrorStream(true).start();
    try (var in = process.getOutputStream()) {
      in.write(batch.getBytes(StandardCharsets.US_ASCII));
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    try {
      if (process.waitFor() != 0) {
        throw new IOException("ip: " + output);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Gives the kernel an IP packet.
  void send(byte[] packet) {
    MemorySegment.copy(LOCAL_MAC_BYTES, 0, frame, JAVA_BYTE, 0, 6);
    MemorySegment.copy(PEER_MAC_BYTES, 0, frame, JAVA_BYTE, 6, 6);
    int type = ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
    frame.set(JAVA_BYTE, 12, (byte) (type >> 8));
    frame.set(JAVA_BYTE, 13, (byte) type);
    MemorySegment.copy(packet, 0, frame, JAVA_BYTE, ETHERNET_BYTES, packet.length);
    long sent = LibC.write(calls, fd, frame.address(), ETHERNET_BYTES + packet.length);
    if (sent < 0) {
      throw new IllegalStateException("the TAP takes no frame: errno " + -sent);
    }
  }

  /// The next IP packet of the family from the kernel; `null` after the time.
  byte[] receive(long waitNanos) {
    long deadline = System.nanoTime() + waitNanos;
    while (true) {
      long length = LibC.read(calls, fd, frame.address(), FRAME_BYTES_MAX);
      if (length > ETHERNET_BYTES) {
        int type = (frame.get(JAVA_BYTE, 12) & 0xff) << 8 | frame.get(JAVA_BYTE, 13) & 0xff;
        if (type == (ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4)) {
          return frame.asSlice(ETHERNET_BYTES, length - ETHERNET_BYTES).toArray(JAVA_BYTE);
        }
        continue;
      }
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        return null;
      }
      Pollfd.set(pollfd, 0, fd, NamespaceCalls.POLLIN);
      NamespaceCalls.poll(calls, pollfd.address(), 1, (int) (left / 1_000_000) + 1);
    }
  }

  @Override
  public void close() {
    LibC.close(calls, fd);
    arena.close();
  }
}
