package dev.demikv.ycsb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// YCSB with many threads on the user-level stack: on a device that a process can open only once.
@Timeout(180)
final class DeviceThreadsTest {
  private static final int THREADS = 8;

  @TempDir Path directory;

  @Test
  void eightThreadsShareATapDevice() throws Exception {
    try (TapNetwork network = new TapNetwork()) {
      Process server = startServer(network);
      try {
        List<String> properties =
            List.of(
                "kv.host=" + TapNetwork.KERNEL_ADDRESS,
                "kv.libos.network.backend=tap",
                "kv.libos.network.interface=" + TapNetwork.DEVICE,
                "kv.libos.network.address=10.77.0.2/24",
                "operationcount=800");
        List<String> prefix = List.of(network.command());
        Map<String, Long> loaded = YcsbProcess.run(prefix, "a", "-load", THREADS, properties);
        assertThat(loaded).containsOnly(Map.entry("INSERT OK", 200L));
        Map<String, Long> run = YcsbProcess.run(prefix, "a", "-t", THREADS, properties);
        assertThat(run.keySet()).allMatch(name -> name.endsWith(" OK"));
        assertThat(run.get("READ OK") + run.get("UPDATE OK")).isEqualTo(800);
        assertThat(run.get("VERIFY OK")).isEqualTo(run.get("READ OK"));
      } finally {
        server.destroy();
        server.waitFor();
      }
    }
  }

  private Process startServer(TapNetwork network) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(network.command(Path.of(System.getProperty("java.home"), "bin", "java") + "")));
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("dev.demikv.kvserver.Main");
    for (String setting :
        List.of(
            "listen=" + TapNetwork.KERNEL_ADDRESS + ":6379",
            "durability=memory",
            "storage.backend=none",
            "memory.limit=64MiB",
            "data.dir=" + directory)) {
      command.addAll(List.of("--set", setting));
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    StringBuilder said = new StringBuilder();
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      said.append(line).append('\n');
      if (line.startsWith("ready")) {
        return process;
      }
    }
    throw new AssertionError("kvserver did not start:\n" + said);
  }
}
