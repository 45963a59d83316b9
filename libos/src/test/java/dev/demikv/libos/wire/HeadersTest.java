package dev.demikv.libos.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.net.Rfc;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/// Golden bytes: what goes onto the wire, and what is read from it.
final class HeadersTest {
  private static final MemorySegment FRAME = MemorySegment.ofArray(new byte[128]);

  private static MemorySegment bytes(String hex) {
    return MemorySegment.ofArray(HexFormat.of().parseHex(hex.replace(" ", "")));
  }

  private static String hex(int length) {
    byte[] copy = new byte[length];
    MemorySegment.copy(FRAME, 0, MemorySegment.ofArray(copy), 0, length);
    return HexFormat.of().formatHex(copy);
  }

  @Test
  void anEthernetHeaderIsDestinationSourceType() {
    EthernetHeader.set(FRAME, 0, 0x0200_0000_0002L, 0x0200_0000_0001L, EthernetHeader.TYPE_IPV4);
    assertThat(hex(14)).isEqualTo("020000000002" + "020000000001" + "0800");
    assertThat(EthernetHeader.destination(FRAME, 0)).isEqualTo(0x0200_0000_0002L);
    assertThat(EthernetHeader.source(FRAME, 0)).isEqualTo(0x0200_0000_0001L);
  }

  @Test
  void aTagStandsBetweenSourceAndType() {
    EthernetHeader.setTagged(
        FRAME, 0, 0x0200_0000_0002L, 0x0200_0000_0001L, 77, EthernetHeader.TYPE_ARP);
    assertThat(hex(18)).isEqualTo("020000000002" + "020000000001" + "8100" + "004d" + "0806");
    assertThat(EthernetHeader.type(FRAME, 0)).isEqualTo(EthernetHeader.TYPE_VLAN);
    assertThat(EthernetHeader.vlan(FRAME, 0)).isEqualTo(77);
    assertThat(EthernetHeader.taggedType(FRAME, 0)).isEqualTo(EthernetHeader.TYPE_ARP);
  }

  @Test
  void hardwareAddressesAreReadAndWritten() {
    assertThat(MacAddress.parse("02:aB:00:ff:10:01")).isEqualTo(0x02ab_00ff_1001L);
    assertThat(MacAddress.parse("02-ab-00-ff-10-01")).isEqualTo(0x02ab_00ff_1001L);
    assertThat(MacAddress.format(0x02ab_00ff_1001L)).isEqualTo("02:ab:00:ff:10:01");
  }

  @Test
  @Rfc(number = 1112, section = "6.4")
  void anIpv4GroupMapsTo23BitsOfItsAddress() {
    assertThat(MacAddress.ofIpv4Multicast(0xe0ff_0a0b)).isEqualTo(0x0100_5e7f_0a0bL);
  }

  @Test
  @Rfc(number = 2464, section = "7")
  void anIpv6GroupMapsTo32BitsOfItsAddress() {
    assertThat(MacAddress.ofIpv6Multicast(0x1_ff28_9c5aL)).isEqualTo(0x3333_ff28_9c5aL);
  }

  @Test
  @Rfc(number = 826, section = "Packet format")
  void anArpRequestHasTheLayoutOfTheRfc() {
    ArpPacket.set(FRAME, 0, ArpPacket.REQUEST, 0x0200_0000_0001L, 0x0a4d0001, 0, 0x0a4d0002);
    assertThat(hex(28))
        .isEqualTo("0001080006040001" + "0200000000010a4d0001" + "0000000000000a4d0002");
    assertThat(ArpPacket.isIpv4OverEthernet(FRAME, 0)).isTrue();
    assertThat(ArpPacket.targetIp(FRAME, 0)).isEqualTo(0x0a4d0002);
  }

  /// A header whose checksum 0xb861 is computed by hand in many a textbook.
  @Test
  @Rfc(number = 791, section = "3.1")
  void anIpv4HeaderHasItsChecksum() {
    Ipv4Header.set(FRAME, 0, 0x73, 0, Ipv4Header.DONT_FRAGMENT, 64, 17, 0xc0a8_0001, 0xc0a8_00c7);
    assertThat(hex(20)).isEqualTo("4500007300004000" + "4011b861" + "c0a80001" + "c0a800c7");
    assertThat(Ipv4Header.isChecksumGood(FRAME, 0, 20)).isTrue();
    NetworkOrder.setU8(FRAME, 8, 63);
    assertThat(Ipv4Header.isChecksumGood(FRAME, 0, 20)).isFalse();
  }

  @Test
  @Rfc(number = 791, section = "3.1")
  void ipv4FragmentsAreCountedInUnitsOfEightBytes() {
    MemorySegment header = bytes("4500 0073 0001 20b9 4011 0000 c0a80001 c0a800c7");
    assertThat(Ipv4Header.isFragment(header, 0)).isTrue();
    assertThat(Ipv4Header.hasMoreFragments(header, 0)).isTrue();
    assertThat(Ipv4Header.isDontFragment(header, 0)).isFalse();
    assertThat(Ipv4Header.fragmentOffsetBytes(header, 0)).isEqualTo(1480);
  }

  @Test
  @Rfc(number = 8200, section = "3")
  void anIpv6HeaderHasTheLayoutOfTheRfc() {
    Ipv6Header.set(FRAME, 0, 8, 17, 64);
    Ipv6Header.setAddresses(FRAME, 0, 0xfd77_0000_0000_0000L, 1, 0xfd77_0000_0000_0000L, 0xabcdL);
    assertThat(hex(40))
        .isEqualTo(
            "6000000000081140"
                + "fd770000000000000000000000000001"
                + "fd77000000000000000000000000abcd");
  }

  @Test
  @Rfc(number = 8200, section = "4.5")
  void anIpv6FragmentHeaderHasTheLayoutOfTheRfc() {
    Ipv6Header.setFragment(FRAME, 0, 17, 1448, true, 0x1234_5678);
    assertThat(hex(8)).isEqualTo("110005a912345678");
    assertThat(Ipv6Header.fragmentOffsetBytes(FRAME, 0)).isEqualTo(1448);
    assertThat(Ipv6Header.hasMoreFragments(FRAME, 0)).isTrue();
  }

  @Test
  @Rfc(number = 768, section = "Format")
  void aUdpHeaderHasTheLayoutOfTheRfc() {
    UdpHeader.set(FRAME, 0, 53, 4000, 20);
    assertThat(hex(8)).isEqualTo("00350fa000140000");
  }

  @Test
  @Rfc(number = 4291, section = "A")
  void anInterfaceIdentifierIsMadeOfTheHardwareAddress() {
    assertThat(IpAddress.interfaceIdentifier(0x3456_789a_bcdeL)).isEqualTo(0x3656_78ff_fe9a_bcdeL);
  }

  @Test
  @Rfc(number = 4291, section = "2.7.1")
  void aSolicitedNodeAddressHas24BitsOfTheAddress() {
    long low = IpAddress.solicitedNodeLow(0x0800_200c_417aL << 8 | 0x0eL);
    assertThat(IpAddress.isSolicitedNode(IpAddress.LINK_MULTICAST_HIGH, low)).isTrue();
    assertThat(low).isEqualTo(0x1_ff41_7a0eL);
  }

  @Test
  @Rfc(number = 4861, section = "4.6")
  void optionsOfNeighbourDiscoveryAreFoundAndCheckedForSense() {
    MemorySegment two = bytes("0501000005dc0000 0101020000000001");
    assertThat(NdpOptions.linkAddress(two, 0, 16, NdpOptions.SOURCE_LINK_ADDRESS))
        .isEqualTo(0x0200_0000_0001L);
    assertThat(NdpOptions.linkAddress(two, 0, 16, NdpOptions.TARGET_LINK_ADDRESS))
        .isEqualTo(NdpOptions.ABSENT);
    assertThat(NdpOptions.linkAddress(bytes("0100020000000001"), 0, 8, 1))
        .as("length 0")
        .isEqualTo(NdpOptions.MALFORMED);
    assertThat(NdpOptions.linkAddress(bytes("0102020000000001"), 0, 8, 1))
        .as("beyond the end")
        .isEqualTo(NdpOptions.MALFORMED);
  }
}
