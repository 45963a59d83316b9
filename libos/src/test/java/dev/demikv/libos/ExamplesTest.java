package dev.demikv.libos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The examples do what they say, as programs of their own.
final class ExamplesTest {
  private static final Path EXAMPLES = Path.of("examples").toAbsolutePath();

  @TempDir Path folder;

  private static Process start(String name, String... args) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-ea"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(EXAMPLES.resolve(name + ".java").toString());
    command.addAll(List.of(args));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  private static List<String> run(String name, String... args) throws Exception {
    Process process = start(name, args);
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(out).isZero();
    return out.lines().toList();
  }

  /// Reads the line `ready ADDRESS:PORT`.
  private static int port(Process process) throws IOException {
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String line = out.readLine();
    assertThat(line).startsWith("ready ");
    return Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
  }

  @Test
  void echoReturnsWhatItIsSent() throws Exception {
    Process process = start("Echo", "127.0.0.1:0");
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port(process))) {
      byte[] message = "hello, loop".getBytes(StandardCharsets.US_ASCII);
      socket.getOutputStream().write(message);
      assertThat(socket.getInputStream().readNBytes(message.length)).isEqualTo(message);
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void httpAnswersARequestThatComesInPieces() throws Exception {
    Process process = start("Http", "127.0.0.1:0");
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port(process))) {
      socket.setSoTimeout(10_000);
      for (String piece : List.of("GET / HTTP/1.1\r\nHost: x\r", "\n\r", "\n")) {
        socket.getOutputStream().write(piece.getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
      }
      byte[] reply = socket.getInputStream().readAllBytes();
      assertThat(new String(reply, StandardCharsets.US_ASCII))
          .startsWith("HTTP/1.1 200 OK\r\n")
          .endsWith("\r\n\r\nHello from DemiKV.\n");
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void udpRelayCarriesDatagramsBothWays() throws Exception {
    try (DatagramSocket target = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        DatagramSocket client = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      target.setSoTimeout(10_000);
      client.setSoTimeout(10_000);
      Process process = start("UdpRelay", "127.0.0.1:0", "127.0.0.1:" + target.getLocalPort());
      try {
        int port = port(process);
        byte[] there = "there".getBytes(StandardCharsets.US_ASCII);
        client.send(
            new DatagramPacket(there, there.length, InetAddress.getLoopbackAddress(), port));
        DatagramPacket packet = new DatagramPacket(new byte[100], 100);
        target.receive(packet);
        assertThat(packet.getLength()).isEqualTo(there.length);
        byte[] back = "and back".getBytes(StandardCharsets.US_ASCII);
        target.send(new DatagramPacket(back, back.length, packet.getSocketAddress()));
        client.receive(packet);
        assertThat(new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII))
            .isEqualTo("and back");
      } finally {
        process.destroyForcibly();
      }
    }
  }

  @Test
  void durableLogKeepsRecordsOverRuns() throws Exception {
    String log = folder.resolve("log").toString();
    List<String> first = run("DurableLog", log, "one", "two");
    assertThat(first.stream().filter(line -> line.startsWith("durable at "))).hasSize(2);
    List<String> second = run("DurableLog", log, "three");
    assertThat(second.stream().map(line -> line.replaceAll("^\\d+: ", "")))
        .containsSubsequence("one", "two", "three");
  }

  @Test
  void filterMergePrintsWhatPasses() throws Exception {
    assertThat(run("FilterMerge")).containsExactlyInAnyOrder("PUSH", "POP", "WAIT");
  }

  @Test
  void everyExampleIsUnderAHundredLines() throws IOException {
    try (Stream<Path> files = Files.list(EXAMPLES)) {
      for (Path file : files.toList()) {
        assertThat(Files.readAllLines(file)).as(file.toString()).hasSizeLessThan(100);
      }
    }
  }
}
