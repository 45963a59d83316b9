package dev.demikv.libos.conformance;

import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/// The suite on the user-level stack over a simulated Ethernet.
final class StackConformanceTest {
  @Nested
  final class Wait extends WaitConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackBackend("software");
    }
  }

  @Nested
  final class MemoryQueue extends MemoryQueueConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackBackend("software");
    }
  }

  @Nested
  final class Algebra extends AlgebraConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackBackend("software");
    }
  }

  @Nested
  final class Connection extends ConnectionConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackBackend("software");
    }
  }

  @Nested
  final class Stream extends StreamConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackBackend("software");
    }
  }

  @Nested
  final class Datagram extends DatagramConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackBackend("software");
    }
  }

  @Nested
  final class OffloadedStream extends StreamConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackBackend("offload");
    }
  }

  @Nested
  final class OffloadedDatagram extends DatagramConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackBackend("offload");
    }
  }

  @Nested
  final class PartialDatagram extends DatagramConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackBackend("partial");
    }
  }

  @Nested
  final class JumboStream extends StreamConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackBackend("software", 9000);
    }
  }

  @Nested
  final class JumboDatagram extends DatagramConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackBackend("software", 9000);
    }
  }

  @Nested
  final class LossyStream extends StreamConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackBackend("software").lossy();
    }
  }

  @Nested
  final class WaitWithLinux extends WaitConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackOverTapBackend();
    }
  }

  @Nested
  final class AlgebraWithLinux extends AlgebraConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackOverTapBackend();
    }
  }

  @Nested
  final class ConnectionWithLinux extends ConnectionConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackOverTapBackend();
    }
  }

  @Nested
  final class StreamWithLinux extends StreamConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackOverTapBackend();
    }
  }

  @Nested
  final class DatagramWithLinux extends DatagramConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackOverTapBackend();
    }
  }

  @Nested
  final class PacketWait extends WaitConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackOverPacketBackend();
    }
  }

  @Nested
  final class PacketMemoryQueue extends MemoryQueueConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackOverPacketBackend();
    }
  }

  @Nested
  final class PacketAlgebra extends AlgebraConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackOverPacketBackend();
    }
  }

  @Nested
  final class PacketConnection extends ConnectionConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackOverPacketBackend();
    }
  }

  @Nested
  final class PacketStream extends StreamConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackOverPacketBackend();
    }
  }

  @Nested
  final class PacketDatagram extends DatagramConformance {
    @Override
    ConformanceBackend newBackend() {
      return new StackOverPacketBackend();
    }
  }

  @Nested
  final class TracedStream extends StreamConformance {
    @TempDir Path directory;

    @Override
    ConformanceBackend newBackend() {
      return new StackBackend("software").traced(directory);
    }
  }
}
