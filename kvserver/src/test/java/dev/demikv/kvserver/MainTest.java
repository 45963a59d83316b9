package dev.demikv.kvserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.kvserver.config.ConfigDocument;
import dev.demikv.kvserver.config.ConfigKeys;
import dev.demikv.kvserver.config.ConfigReader;
import dev.demikv.libos.LibOses;
import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The program as a process: what it prints, and with which code it ends.
@Timeout(120)
final class MainTest {
  @TempDir Path directory;

  private record Run(int code, String out, String err) {}

  private Process process(String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "-ea",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            "dev.demikv.kvserver.Main"));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).start();
  }

  private Run run(String... arguments) throws Exception {
    Process process = process(arguments);
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), out, err);
  }

  @Test
  void saysReadyOnceAndEndsOnSigterm() throws Exception {
    Process process =
        process(
            "--set",
            "listen=127.0.0.1:0",
            "--set",
            "data.dir=" + directory.resolve("data"),
            "--set",
            "log.format=json");
    StringBuilder line = new StringBuilder();
    for (int c = process.getInputStream().read(); c != '\n'; c = process.getInputStream().read()) {
      assertThat(c).as("end of output behind '%s'", line).isNotNegative();
      line.append((char) c);
    }
    assertThat(line.toString().strip()).matches("ready 127\\.0\\.0\\.1:[1-9][0-9]*");
    process.toHandle().destroy(); // SIGTERM; the process itself would close its streams as well.
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();
    assertThat(process.getInputStream().readAllBytes()).isEmpty();
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    List<String> lines = err.lines().filter(l -> l.startsWith("{")).toList();
    assertThat(lines).anySatisfy(l -> assertThat(l).contains("durability fsync"));
    assertThat(lines)
        .allSatisfy(l -> assertThat(new JSONObject(l).has("formattedMessage")).isTrue());
  }

  @Test
  void wrongConfigurationIsToldWithAdvice() throws Exception {
    Run unknown = run("--set", "durabilty=memory");
    assertThat(unknown.code()).isEqualTo(2);
    assertThat(unknown.err()).contains("unknown key 'durabilty'").contains("'durability'");
    Run address = run("--set", "listen=192.0.2.1:1", "--set", "data.dir=" + directory.resolve("d"));
    assertThat(address.code()).isEqualTo(1);
    assertThat(address.err()).contains("192.0.2.1:1");
    Run backend =
        run("--set", "network.backend=nosuch", "--set", "data.dir=" + directory.resolve("d"));
    assertThat(backend.code()).isEqualTo(1);
    assertThat(backend.err()).contains("nosuch").contains("kernel");
  }

  @Test
  void helpListsExitCodesAndKeys() throws Exception {
    Run help = run("--help");
    assertThat(help.code()).isZero();
    assertThat(help.out()).contains("--set").contains("--doctor").contains("Exit codes");
    assertThat(ConfigDocument.file(new ConfigKeys(LibOses.options())))
        .isEqualTo(run("--help-config").out());
  }

  @Test
  void doctorTellsOfEveryBackend() {
    Options options =
        ConfigReader.read(new ConfigKeys(LibOses.options()), null, List.of()).backendOptions();
    Doctor doctor = new Doctor(LibOses.providers(), options);
    JSONArray backends = new JSONObject(doctor.json()).getJSONArray("backends");
    assertThat(backends.length()).isEqualTo(LibOses.providers().size());
    List<String> names = new ArrayList<>();
    for (int i = 0; i < backends.length(); i++) {
      JSONObject backend = backends.getJSONObject(i);
      names.add(backend.getString("kind") + " " + backend.getString("name"));
      assertThat(backend.getString("reason")).isNotEmpty();
      if (!backend.getBoolean("available")) {
        assertThat(backend.getString("advice")).isNotEmpty();
      }
      assertThat(doctor.text()).contains(names.get(i) + ":");
    }
    assertThat(names).contains("network kernel", "storage file");
    for (OptionSpec option : LibOses.options()) {
      assertThat(doctor.text().lines().filter(l -> l.strip().startsWith(option.key() + " = ")))
          .as(option.key())
          .hasSizeLessThanOrEqualTo(1);
    }
    assertThat(doctor.text()).containsOnlyOnce("    network.tcp.rto-min = 200ms");
  }
}
