package dev.demikv.libos.conformance;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/// The suite on the user-level stack over DPDK ports.
final class DpdkConformanceTest {
  @Nested
  final class MemifWait extends WaitConformance {
    @Override
    ConformanceBackend newBackend() {
      return DpdkBackend.memif();
    }
  }

  @Nested
  final class MemifAlgebra extends AlgebraConformance {
    @Override
    ConformanceBackend newBackend() {
      return DpdkBackend.memif();
    }
  }

  @Nested
  final class MemifConnection extends ConnectionConformance {
    @Test
    @Override
    void theCloseOfALibOsEndsItsConnections() {
      assumeTrue(false, "what a peer has not taken when we leave is gone with the shared memory");
    }

    @Override
    ConformanceBackend newBackend() {
      return DpdkBackend.memif();
    }
  }

  @Nested
  final class MemifStream extends StreamConformance {
    @Override
    ConformanceBackend newBackend() {
      return DpdkBackend.memif();
    }
  }

  @Nested
  final class MemifDatagram extends DatagramConformance {
    @Override
    ConformanceBackend newBackend() {
      return DpdkBackend.memif();
    }
  }

  @Nested
  final class AfPacketConnection extends ConnectionConformance {
    @Override
    ConformanceBackend newBackend() {
      return DpdkBackend.onInterfaces("net_af_packet");
    }
  }

  @Nested
  final class AfPacketStream extends StreamConformance {
    @Override
    ConformanceBackend newBackend() {
      return DpdkBackend.onInterfaces("net_af_packet");
    }
  }

  @Nested
  final class AfPacketDatagram extends DatagramConformance {
    @Override
    ConformanceBackend newBackend() {
      return DpdkBackend.onInterfaces("net_af_packet");
    }
  }

  @Nested
  final class AfXdpConnection extends ConnectionConformance {
    @Override
    ConformanceBackend newBackend() {
      return DpdkBackend.onInterfaces("net_af_xdp");
    }
  }

  @Nested
  final class AfXdpStream extends StreamConformance {
    @Override
    ConformanceBackend newBackend() {
      return DpdkBackend.onInterfaces("net_af_xdp");
    }
  }

  @Nested
  final class AfXdpDatagram extends DatagramConformance {
    @Override
    ConformanceBackend newBackend() {
      return DpdkBackend.onInterfaces("net_af_xdp");
    }
  }
}
