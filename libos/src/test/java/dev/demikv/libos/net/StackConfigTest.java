package dev.demikv.libos.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.QueueShare;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The options of the stack.
final class StackConfigTest {
  @Test
  void addressesGatewaysAndStaticNeighboursAreRead() {
    StackConfig config =
        StackConfig.of(
            Options.empty()
                .with("network.address", "10.77.0.2/24, fd77::2/64,192.0.2.1/32")
                .with("network.gateway", "10.77.0.1,fd77::1")
                .with("network.arp", "10.77.0.9=02:00:00:00:00:09,fd77::9=02:00:00:00:00:09")
                .with("network.mtu", "9000"));
    assertThat(config.addresses()).hasSize(3);
    assertThat(config.addresses().get(1))
        .isEqualTo(new StackConfig.Prefix(true, 0xfd77_0000_0000_0000L, 2, 64));
    assertThat(config.gateways()).hasSize(2);
    assertThat(config.statics()).hasSize(2);
    assertThat(config.mtuBytes()).isEqualTo(9000);
  }

  @Test
  void everyOptionIsDocumentedWithADefaultThatIsValid() {
    Options options = Options.empty().with("network.address", "10.77.0.2/24");
    for (var spec : StackTransport.optionSpecs()) {
      if (!spec.defaultValue().isEmpty()) {
        options = options.with(spec.key(), spec.defaultValue());
      }
      assertThat(spec.description()).endsWith(".");
    }
    assertThat(StackConfig.of(options))
        .isEqualTo(StackConfig.of(Options.empty().with("network.address", "10.77.0.2/24")));
    assertThat(TcpOptions.of(options, QueueShare.WHOLE))
        .isEqualTo(TcpOptions.of(Options.empty(), QueueShare.WHOLE));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "network.address | '' | is needed",
        "network.address | 10.77.0.2 | needs its prefix",
        "network.address | 10.77.0.2/33 | needs its prefix",
        "network.address | 10.77.0.0/24 | give the host's",
        "network.address | 10.77.0.255/24 | give the host's",
        "network.address | 127.0.0.1/8 | not an address that a host can have",
        "network.address | ff02::1/64 | not an address that a host can have",
        "network.address | nonsense/24 | is not an address",
        "network.gateway | 10.77.0.1,10.77.0.3 | give one",
        "network.arp | 10.77.0.1 | is not address=hardware address",
        "network.arp | 10.77.0.1=ff:ff:ff:ff:ff:ff | names a group",
        "network.mac | 01:00:00:00:00:01 | names a group",
        "network.mac | zz | is not a hardware address",
        "network.mtu | 100 | is not within",
        "network.mtu | 9001 | is not within",
        "network.vlan | 4095 | is not within",
      })
  void aMistakeIsToldWithWhatToDo(String key, String value, String message) {
    Options options = Options.empty().with("network.address", "10.77.0.2/24").with(key, value);
    assertThatThrownBy(() -> StackConfig.of(options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(key)
        .hasMessageContaining(message);
  }

  @Test
  void ipv6NeedsItsLeastMtu() {
    Options options = Options.empty().with("network.mtu", "1000");
    assertThatThrownBy(() -> StackConfig.of(options.with("network.address", "fd77::2/64")))
        .hasMessageContaining("1280");
    assertThat(StackConfig.of(options.with("network.address", "10.77.0.2/24")).mtuBytes())
        .isEqualTo(1000);
  }
}
