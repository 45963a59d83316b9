package dev.demikv.kvserver.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.LibOses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ConfigFileTest {
  private static final String FILE_PATH = "storage.file.path";

  /// Tests start in their module's folder, or in the project's root from an editor.
  private static Path file() {
    Path beside = Path.of("..", "configs", "kvserver.conf");
    return Files.exists(beside) ? beside : Path.of("configs", "kvserver.conf");
  }

  @Test
  void committedFileIsWhatTheTableSays() throws IOException {
    ConfigKeys keys = new ConfigKeys(LibOses.options());
    assertThat(Files.readString(file()))
        .as("write it anew: kvserver/bin/kvserver --help-config > configs/kvserver.conf")
        .isEqualTo(ConfigDocument.file(keys));
    assertThat(ConfigReader.read(keys, file(), List.of()).asMap())
        .isEqualTo(new ServerConfig(keys).asMap());
    // Keys that the file leaves empty are not set: the log lies below data.dir.
    assertThat(ConfigReader.read(keys, file(), List.of()).backendOptions().text(FILE_PATH, ""))
        .isEqualTo(new ServerConfig(keys).backendOptions().text(FILE_PATH, ""))
        .isNotEmpty();
  }
}
