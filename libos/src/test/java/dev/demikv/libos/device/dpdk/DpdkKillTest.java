package dev.demikv.libos.device.dpdk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// kill -9 of processes joined by memif: the other side goes on, and nothing is left that hinders
/// the next.
final class DpdkKillTest {
  private final List<Process> started = new ArrayList<>();

  @TempDir private Path folder;

  @BeforeEach
  void assume() {
    DpdkTestPorts.assumeAvailable(DpdkTestPorts.options(""));
  }

  @AfterEach
  void end() throws InterruptedException {
    for (Process process : started) {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  @Timeout(120)
  void theServerSurvivesItsClientsAndTheNextServerTheLast() throws Exception {
    Process server = start("server", "ready");
    for (int i = 0; i < 2; i++) {
      Process client = start("client", "echoed");
      client.destroyForcibly().waitFor(); // SIGKILL.
      assertThat(server.isAlive()).isTrue();
    }
    server.destroyForcibly().waitFor();

    start("server", "ready");
    start("client", "echoed");
  }

  private Process start(String role, String word) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-ea", "-Xmx128m"));
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(MemifPeer.class.getName(), role, folder.resolve("memif").toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    started.add(process);
    StringBuilder said = new StringBuilder();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      said.append(line).append('\n');
      if (line.equals(word)) {
        return process;
      }
    }
    throw new IOException("the " + role + " ended:\n" + said);
  }
}
