package dev.demikv.libos.device.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.config.OptionSpec;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.Availability;
import dev.demikv.libos.device.Transport;
import dev.demikv.libos.device.TransportProvider;
import dev.demikv.libos.time.SystemClock;
import java.util.Random;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

final class KernelTransportProviderTest {
  private final TransportProvider provider =
      ServiceLoader.load(TransportProvider.class).stream()
          .map(ServiceLoader.Provider::get)
          .filter(found -> found.name().equals("kernel"))
          .findFirst()
          .orElseThrow();

  @Test
  void isAvailableOnLinux() {
    Availability availability = provider.availability(Options.empty());

    assertThat(availability.available())
        .as(availability.reason() + " " + availability.advice())
        .isEqualTo(System.getProperty("os.name").equals("Linux"));
    assertThat(availability.reason()).isNotEmpty();
  }

  @Test
  void saysWhoDoesWhat() {
    assertThat(provider.capabilities(Options.empty()))
        .anySatisfy(capability -> {
          assertThat(capability.function()).isEqualTo("tcp");
          assertThat(capability.performer()).isEqualTo(Capability.Performer.KERNEL);
        })
        .anySatisfy(capability ->
            assertThat(capability.performer()).isEqualTo(Capability.Performer.LIBRARY));
  }

  @Test
  void everyOptionBearsTheNameOfTheBackend() {
    assertThat(provider.options())
        .isNotEmpty()
        .extracting(OptionSpec::key)
        .allMatch(key -> key.startsWith("network.kernel."));
  }

  @Test
  void badOptionFailsBeforeAnythingIsOpened() {
    Options options = Options.empty().with("network.kernel.events-max", "many");

    assertThatThrownBy(() -> provider.open(options, SystemClock.INSTANCE, new Random(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("network.kernel.events-max");
  }

  @Test
  void closeTwiceIsOnce() {
    Transport transport = provider.open(Options.empty(), SystemClock.INSTANCE, new Random(1));
    transport.close();
    transport.close();
    assertThat(transport.capabilities()).isNotEmpty();
  }
}
