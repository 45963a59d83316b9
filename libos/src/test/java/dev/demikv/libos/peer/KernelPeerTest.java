package dev.demikv.libos.peer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.device.FrameEmulator;
import dev.demikv.libos.device.NetworkNamespace;
import dev.demikv.libos.peer.StackServer.Connection;
import dev.demikv.libos.peer.StackServer.Echo;
import dev.demikv.libos.peer.StackServer.Session;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.foreign.MemorySegment;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/// TCP and ICMP between the user-level stack and the kernel.
final class KernelPeerTest {
  private static final int PORT = 7000;
  private static final long MIB = 1 << 20;
  private static final long PATIENCE_NANOS = 300_000_000_000L;
  private static final long SEED = 20_251_128;

  /// A cable that does everything to frames.
  private static final String BAD =
      "delay=1ms,jitter=200us,loss=1%,reorder=1%,reorder-by=2ms,dup=1%,corrupt=0.2%";

  private static final Duration JOIN_PATIENCE = Duration.ofSeconds(60);

  /// For each device that the stack can be on.
  @Target(ElementType.METHOD)
  @Retention(RetentionPolicy.RUNTIME)
  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "EMULATED")
  private @interface OnEveryDevice {}

  private NetworkNamespace namespace;
  private StackServer server;
  private final List<Thread> threads = new ArrayList<>();

  @BeforeEach
  void enter() {
    namespace = NetworkNamespace.enter();
  }

  @AfterEach
  void leave() throws InterruptedException {
    if (server != null) {
      server.close();
    }
    for (Thread thread : threads) {
      thread.interrupt();
      assertThat(thread.join(JOIN_PATIENCE)).as("%s has ended", thread.getName()).isTrue();
    }
    if (namespace != null) {
      namespace.close();
    }
  }

  private void open(Lan lan) {
    lan.build(namespace);
    server = new StackServer(LibOses.open(lan.config()));
  }

  @OnEveryDevice
  void answersPing(Lan lan) throws Exception {
    assumeTrue(NetworkNamespace.canRun("ping", "-V"), "no program `ping` here");
    open(lan);
    FutureTask<String> ping = peer(() -> namespace.run("ping", "-c3", "-i0.2", Lan.OURS));
    assertThat(await(ping)).contains("3 received");
    FutureTask<String> large =
        peer(() -> namespace.run("ping", "-c3", "-i0.2", "-s1400", Lan.OURS));
    assertThat(await(large)).contains("3 received");
    FutureTask<String> ping6 = peer(() -> namespace.run("ping", "-6", "-c3", "-i0.2", Lan.OURS6));
    assertThat(await(ping6)).contains("3 received");
  }

  @OnEveryDevice
  void echoesToAKernelClient(Lan lan) throws Exception {
    open(lan);
    server.listen(PORT, Echo::new);
    for (String address : List.of(Lan.OURS, Lan.OURS6)) {
      await(peer(() -> echo(address, new int[] {1, 2, 100, 1460, 5000, 16_000})));
    }
  }

  @OnEveryDevice
  void isEchoedByAKernelServer(Lan lan) throws Exception {
    open(lan);
    try (ServerSocket listener = new ServerSocket(PORT)) {
      FutureTask<Void> kernel = peer(() -> serveEchoes(listener, 2));
      Echoed four = new Echoed();
      server.connect(Lan.KERNELS + ":" + PORT, four);
      run(() -> four.done);
      Echoed six = new Echoed();
      server.connect("[" + Lan.KERNELS6 + "]:" + PORT, six);
      run(() -> six.done);
      await(kernel);
    }
  }

  @OnEveryDevice
  void transfersBothWaysAtOnce(Lan lan) throws Exception {
    transfer(lan, 64 * MIB);
  }

  @OnEveryDevice
  @Tag("slow")
  void transfersAGibibyteBothWaysAtOnce(Lan lan) throws Exception {
    transfer(lan, 1024 * MIB);
  }

  private void transfer(Lan lan, long bytes) throws Exception {
    open(lan);
    long before = System.nanoTime();
    bulk(bytes);
    double seconds = (System.nanoTime() - before) / 1e9;
    System.out.printf(
        "%s: %d MiB each way at once in %.2f s, %.0f Mbit/s each way%n",
        lan, bytes / MIB, seconds, bytes * 8 / 1e6 / seconds);
  }

  @OnEveryDevice
  void transfersBothWaysAtOnceWithAKernelServer(Lan lan) throws Exception {
    transferWithServer(lan, 32 * MIB);
  }

  @OnEveryDevice
  @Tag("slow")
  void transfersAGibibyteBothWaysAtOnceWithAKernelServer(Lan lan) throws Exception {
    transferWithServer(lan, 1024 * MIB);
  }

  private void transferWithServer(Lan lan, long bytes) throws Exception {
    open(lan);
    try (ServerSocket listener = new ServerSocket(PORT)) {
      FutureTask<Void> kernel =
          peer(() -> {
            try (Socket socket = listener.accept()) {
              return exchange(socket, bytes);
            }
          });
      Bulk session = new Bulk(server.libos(), bytes);
      server.connect(Lan.KERNELS + ":" + PORT, session);
      await(kernel);
      run(() -> session.done);
    }
    assertThat(server.errors).isEmpty();
  }

  /// The kernel's side of a transfer.
  private Void exchange(Socket socket, long bytes) throws Exception {
    FutureTask<Void> writer =
        peer(() -> {
          Bulk.write(socket.getOutputStream(), bytes);
          socket.shutdownOutput();
          return null;
        });
    Bulk.read(socket.getInputStream(), bytes);
    return writer.get();
  }

  private void bulk(long bytes) throws Exception {
    Bulk session = new Bulk(server.libos(), bytes);
    server.listen(PORT, () -> session);
    FutureTask<Void> kernel =
        peer(() -> {
          try (Socket socket = new Socket(Lan.OURS, PORT)) {
            return exchange(socket, bytes);
          }
        });
    await(kernel);
    run(() -> session.done);
    assertThat(server.errors).isEmpty();
  }

  @OnEveryDevice
  void takesManyShortConnections(Lan lan) throws Exception {
    shortConnections(lan, 1_000);
  }

  @OnEveryDevice
  @Tag("slow")
  void takesVeryManyShortConnections(Lan lan) throws Exception {
    shortConnections(lan, 10_000);
  }

  private void shortConnections(Lan lan, int count) throws Exception {
    open(lan);
    server.listen(PORT, Echo::new);
    long before = System.nanoTime();
    await(
        peer(() -> {
          for (int i = 0; i < count; i++) {
            echo(Lan.OURS, new int[] {64});
          }
          return null;
        }));
    run(() -> server.closedCount == count);
    assertThat(server.errors).isEmpty();
    double seconds = (System.nanoTime() - before) / 1e9;
    System.out.printf("%s: %.0f short connections per second%n", lan, count / seconds);
  }

  @OnEveryDevice
  void aPeerThatSendsNoMoreStillReceives(Lan lan) throws Exception {
    open(lan);
    server.listen(PORT, () -> new AtTheEnd(server));
    byte[] answer =
        await(
            peer(() -> {
              try (Socket socket = new Socket(Lan.OURS, PORT)) {
                socket.getOutputStream().write("half".getBytes(UTF_8));
                socket.shutdownOutput();
                return socket.getInputStream().readAllBytes();
              }
            }));
    assertThat(new String(answer, UTF_8)).isEqualTo("all of 4 bytes");
  }

  @OnEveryDevice
  void whereNobodyListensConnectionsAreRefused(Lan lan) throws Exception {
    open(lan);
    FutureTask<Void> kernel =
        peer(() -> {
          assertThatThrownBy(() -> new Socket(Lan.OURS, 9).close())
              .isInstanceOf(ConnectException.class)
              .hasMessageContaining("refused");
          return null;
        });
    await(kernel);
    server.connect(Lan.KERNELS + ":9", new Echo());
    run(() -> !server.errors.isEmpty());
    assertThat(server.errors).isEqualTo(Map.of(Errno.ECONNREFUSED, 1));
  }

  @OnEveryDevice
  void aServerThatIsKilledLeavesPeerAndDeviceUsable(Lan lan) throws Exception {
    lan.build(namespace);
    FutureTask<Void> traffic;
    Process killed = echoProgram(lan);
    Socket old = new Socket();
    try {
      BufferedReader output =
          new BufferedReader(new InputStreamReader(killed.getInputStream(), UTF_8));
      assertThat(output.readLine()).isEqualTo("ready");
      old.connect(new InetSocketAddress(Lan.OURS, PORT), 10_000);
      old.getOutputStream().write(new byte[100]);
      old.getInputStream().readNBytes(100);
      traffic = peer(() -> echoForEver(old));
      echo(Lan.OURS, new int[] {1000, 10_000});
    } finally {
      killed.destroyForcibly().waitFor();
    }
    server = new StackServer(LibOses.open(lan.config()));
    server.listen(PORT, Echo::new);
    await(peer(() -> echo(Lan.OURS, new int[] {1, 1000, 10_000})));
    // The new stack knows nothing of the old connection, and resets it.
    assertThatThrownBy(() -> await(traffic)).hasRootCauseInstanceOf(IOException.class);
    old.close();
    await(peer(() -> echo(Lan.OURS6, new int[] {1, 1000})));
  }

  /// Ends with the connection. When an answer does not come it sends again: a kernel that has
  /// nothing to send never learns that its peer is gone.
  private static Void echoForEver(Socket socket) throws IOException {
    byte[] bytes = new byte[10_000];
    socket.setSoTimeout(500);
    while (true) {
      socket.getOutputStream().write(bytes);
      if (hasEnded(socket, bytes.length)) {
        throw new IOException("the stream has ended");
      }
    }
  }

  private static boolean hasEnded(Socket socket, int bytes) throws IOException {
    try {
      return socket.getInputStream().readNBytes(bytes).length < bytes;
    } catch (SocketTimeoutException silence) {
      return false;
    }
  }

  private static Process echoProgram(Lan lan) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            EchoProgram.class.getName(),
            lan.name(),
            Integer.toString(PORT))
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  @Test
  void transfersOverABadCable() throws Exception {
    Lan.EMULATED.build(namespace);
    Map<String, Long> counters = emulated(BAD, () -> bulk(4 * MIB));
    for (String fault : List.of("lost", "reordered", "duplicated", "corrupted")) {
      assertThat(counters.get("faults.rx-" + fault)).as(fault).isPositive();
    }
  }

  @Test
  void transfersOverAGoodCable() throws Exception {
    Lan.EMULATED.build(namespace);
    emulated("loss=0", () -> bulk(32 * MIB));
  }

  @Test
  void takesShortConnectionsOverABadCable() throws Exception {
    Lan.EMULATED.build(namespace);
    int count = 100;
    emulated(
        BAD,
        () -> {
          server.listen(PORT, Echo::new);
          await(
              peer(() -> {
                for (int i = 0; i < count; i++) {
                  echo(Lan.OURS, new int[] {64});
                }
                return null;
              }));
          run(() -> server.closedCount == count);
          assertThat(server.errors).isEmpty();
        });
  }

  @Test
  void echoesToAThousandConnectionsAtOnceOverABadCable() throws Exception {
    Lan.EMULATED.build(namespace);
    emulated(
        BAD,
        () -> {
          server.listen(PORT, Echo::new);
          await(peer(() -> echoAtOnce(1_000, new byte[2_000])));
          run(() -> server.closedCount == 1_000);
          assertThat(server.errors).isEmpty();
        });
  }

  /// Connects that many times, and when all are there, has each echo the bytes.
  private static Void echoAtOnce(int count, byte[] bytes) throws IOException {
    new Random(SEED).nextBytes(bytes);
    List<Socket> sockets = new ArrayList<>();
    List<SocketChannel> opening = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      SocketChannel channel = SocketChannel.open();
      channel.configureBlocking(false);
      channel.connect(new InetSocketAddress(Lan.OURS, PORT));
      opening.add(channel);
    }
    try {
      for (SocketChannel channel : opening) {
        while (!channel.finishConnect()) {
          LockSupport.parkNanos(1_000_000);
        }
        channel.configureBlocking(true);
        channel.socket().setSoTimeout(60_000);
        sockets.add(channel.socket());
      }
      for (Socket socket : sockets) {
        socket.getOutputStream().write(bytes);
      }
      for (Socket socket : sockets) {
        assertThat(socket.getInputStream().readNBytes(bytes.length)).isEqualTo(bytes);
      }
    } finally {
      for (SocketChannel channel : opening) {
        channel.close();
      }
    }
    return null;
  }

  /// What happens over the cable.
  @FunctionalInterface
  private interface Traffic {
    void run() throws Exception;
  }

  private Map<String, Long> emulated(String faults, Traffic traffic) throws Exception {
    FutureTask<Map<String, Long>> emulator =
        peer(() -> {
          try (FrameEmulator cable = new FrameEmulator(Lan.INTERFACE, Lan.PEER, faults, SEED)) {
            while (!Thread.currentThread().isInterrupted()) {
              cable.turn();
            }
            return cable.counters();
          }
        });
    Thread cable = threads.getLast();
    server = new StackServer(LibOses.open(Lan.EMULATED.config()));
    long before = System.nanoTime();
    traffic.run();
    double seconds = (System.nanoTime() - before) / 1e9;
    System.out.printf("%s (seed %d): %.2f s%n", faults, SEED, seconds);
    cable.interrupt();
    return emulator.get();
  }

  // The kernel's side.

  /// Starts a thread in the namespace.
  private <T> FutureTask<T> peer(Callable<T> work) {
    FutureTask<T> task =
        new FutureTask<>(() -> {
          namespace.join();
          return work.call();
        });
    Thread thread = new Thread(task, "peer");
    thread.setDaemon(true);
    synchronized (threads) {
      threads.add(thread);
    }
    thread.start();
    return task;
  }

  /// A connection that sends, and receives the same.
  private static Void echo(String address, int[] lengths) throws IOException {
    Random random = new Random(SEED);
    try (Socket socket = new Socket(InetAddress.getByName(address), PORT)) {
      socket.setSoTimeout(30_000);
      for (int length : lengths) {
        byte[] sent = new byte[length];
        random.nextBytes(sent);
        socket.getOutputStream().write(sent);
        assertThat(socket.getInputStream().readNBytes(length)).isEqualTo(sent);
      }
    }
    return null;
  }

  private static Void serveEchoes(ServerSocket listener, int connections) throws IOException {
    for (int i = 0; i < connections; i++) {
      try (Socket socket = listener.accept()) {
        socket.getInputStream().transferTo(socket.getOutputStream());
      }
    }
    return null;
  }

  // Our side.

  private <T> T await(FutureTask<T> peer) throws Exception {
    run(peer::isDone);
    try {
      return peer.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw e;
    }
  }

  private void run(BooleanSupplier until) {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (!until.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("took too long; " + server.libos().report());
      }
      server.turn();
    }
  }

  private ScatterGatherArray array(byte[] bytes) {
    return array(server, bytes);
  }

  private static ScatterGatherArray array(StackServer server, byte[] bytes) {
    ScatterGatherArray sga = server.libos().sgaAlloc(bytes.length);
    sga.copyFrom(0, MemorySegment.ofArray(bytes), 0, bytes.length);
    return sga;
  }

  /// A client of ours that sends a request, and is content with the same as answer.
  private final class Echoed implements Session {
    private final byte[] request = new byte[10_000];
    private int received;
    boolean done;

    @Override
    public void opened(Connection connection) {
      Arrays.fill(request, (byte) 7);
      ScatterGatherArray sga = array(request);
      assertThat(connection.push(sga)).isTrue();
      server.libos().sgaFree(sga);
    }

    @Override
    public void received(Connection connection, ScatterGatherArray sga) {
      for (byte b : sga.toByteArray()) {
        assertThat(b).isEqualTo((byte) 7);
      }
      received += sga.totalBytes();
      if (received == request.length) {
        connection.shutdown();
      }
    }

    @Override
    public void ended(Connection connection) {
      assertThat(received).isEqualTo(request.length);
      done = true;
      connection.close();
    }
  }

  /// Answers when the peer has ended.
  private static final class AtTheEnd implements Session {
    private final StackServer server;
    private int received;

    AtTheEnd(StackServer server) {
      this.server = server;
    }

    @Override
    public void opened(Connection connection) {}

    @Override
    public void received(Connection connection, ScatterGatherArray sga) {
      received += sga.totalBytes();
    }

    @Override
    public void ended(Connection connection) {
      ScatterGatherArray sga = array(server, ("all of " + received + " bytes").getBytes(UTF_8));
      assertThat(connection.push(sga)).isTrue();
      server.libos().sgaFree(sga);
      connection.shutdown();
    }

    @Override
    public void sent(Connection connection) {
      connection.close();
    }
  }
}
