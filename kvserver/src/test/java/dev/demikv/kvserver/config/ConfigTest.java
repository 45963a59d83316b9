package dev.demikv.kvserver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.demikv.libos.config.OptionSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ConfigTest {
  private final ConfigKeys keys =
      new ConfigKeys(List.of(new OptionSpec("storage.file.path", "", "Folder of the log.")));

  @TempDir Path directory;

  private ServerConfig read(String... settings) {
    return ConfigReader.read(keys, null, List.of(settings));
  }

  private Path file(String text) throws IOException {
    return Files.writeString(directory.resolve("test.conf"), text);
  }

  @Test
  void everyDefaultIsValid() {
    assertThat(keys.all()).allSatisfy(key -> assertThat(key.problem(key.defaultValue())).isNull());
    assertThat(read().fsync()).isTrue();
    assertThat(read().listen()).hasToString("[127.0.0.1:6379]");
  }

  @Test
  void commandLineWinsOverFileAndFileOverDefault() throws IOException {
    Path file = file("durability = memory\nlimits { clients = 7, inline = 8KiB }\n");
    ServerConfig config = ConfigReader.read(keys, file, List.of("limits.clients=9"));
    assertThat(config.fsync()).isFalse();
    assertThat(config.integer(ConfigKeys.CLIENTS)).isEqualTo(9);
    assertThat(config.bytes(ConfigKeys.INLINE)).isEqualTo(8192);
    assertThat(config.integer(ConfigKeys.DATABASES)).isEqualTo(16);
  }

  @Test
  void severalAddressesAsListOrText() throws IOException {
    Path file = file("listen = [\"127.0.0.1:1\", \"[::1]:2\"]");
    assertThat(ConfigReader.read(keys, file, List.of()).listen()).hasSize(2);
    assertThat(read("listen=127.0.0.1:1, [::1]:2").listen()).hasSize(2);
  }

  @Test
  void metricsAreServedWhereToldAndNowhereByDefault() {
    assertThat(read().metricsListen()).isNull();
    assertThat(read("metrics.listen=").metricsListen()).isNull();
    assertThat(read("metrics.listen=127.0.0.1:9121").metricsListen()).hasToString("127.0.0.1:9121");
    for (String wrong : List.of("9121", "127.0.0.1:1,127.0.0.1:2", "localhost:x")) {
      assertThatThrownBy(() -> read("metrics.listen=" + wrong))
          .as(wrong)
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("metrics.listen");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "durabilty,durability",
    "clients,limits.clients",
    "limits.client,limits.clients",
    "datadir,data.dir",
    "storage.file.pat,storage.file.path"
  })
  void unknownKeyNamesTheNearest(String wrong, String nearest) {
    assertThatThrownBy(() -> read(wrong + "=1"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("unknown key '" + wrong + "'")
        .hasMessageContaining("'" + nearest + "'");
  }

  @ParameterizedTest
  @CsvSource({
    "limits.clients=0, a number from 1 to",
    "limits.clients=many, a whole number",
    "limits.bulk=2TiB, from 1KiB to 512MiB",
    "poll.spin=5parsec, a time",
    "durability=perhaps, fsync",
    "listen=127.0.0.1, ADDRESS:PORT",
    "listen=, at least one address",
    "engine=rocks, memory"
  })
  void badValueSaysWhatToWrite(String setting, String advice) {
    assertThatThrownBy(() -> read(setting))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("--set: " + setting.substring(0, setting.indexOf('=')))
        .hasMessageContaining(advice);
  }

  @Test
  void badValueInAFileNamesFileAndLine() throws IOException {
    Path file = file("\n\nlimits.clients = none\n");
    assertThatThrownBy(() -> ConfigReader.read(keys, file, List.of()))
        .hasMessageContaining("test.conf: 3")
        .hasMessageContaining("limits.clients");
  }

  @Test
  void brokenFileAndMissingFileAreExplained() throws IOException {
    Path file = file("listen = 127.0.0.1:6379");
    assertThatThrownBy(() -> ConfigReader.read(keys, file, List.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("quotes");
    assertThatThrownBy(() -> ConfigReader.read(keys, directory.resolve("none"), List.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("cannot be read");
  }

  @Test
  void durableNeedsStorage() {
    assertThatThrownBy(() -> read("storage.backend=none"))
        .hasMessageContaining("durability=memory");
    assertThat(read("storage.backend=none", "durability=memory").fsync()).isFalse();
  }

  @Test
  void onlyLiveKeysChange() {
    ServerConfig config = read();
    assertThat(config.setLive("memory.limit", "2GiB")).isTrue();
    assertThat(config.setLive("maxmemory", "4194304")).isTrue();
    assertThat(config.bytes(ConfigKeys.MEMORY_LIMIT)).isEqualTo(4 << 20);
    assertThat(config.setLive("listen", "127.0.0.1:1")).isFalse();
    assertThat(config.setLive("nonsense", "1")).isFalse();
    assertThat(config.setLive("", "1")).isFalse();
    assertThatThrownBy(() -> config.setLive("memory.limit", "1"))
        .isInstanceOf(ConfigException.class);
  }

  @Test
  void redisNamesAreAnsweredInRedisUnits() {
    assertThat(read("memory.limit=2MiB", "limits.keepalive=60s").asMap())
        .containsEntry("maxmemory", "2097152")
        .containsEntry("tcp-keepalive", "60")
        .containsEntry("memory.limit", "2MiB");
  }

  @Test
  void logLiesBelowTheDataFolderUnlessSaidOtherwise() {
    assertThat(read("data.dir=d").backendOptions().text("storage.file.path", ""))
        .isEqualTo(Path.of("d", "log").toString());
    assertThat(read("storage.file.path=elsewhere").backendOptions().text("storage.file.path", ""))
        .isEqualTo("elsewhere");
  }

  @Test
  void documentReadsBackAsTheDefaults() throws IOException {
    Path file = file(ConfigDocument.file(keys));
    ServerConfig config = ConfigReader.read(keys, file, List.of());
    assertThat(config.asMap()).isEqualTo(new ServerConfig(keys).asMap());
  }
}
