package dev.demikv.libos.conformance;

import org.junit.jupiter.api.Nested;

/// The suite on sockets and a log device in memory.
final class MemoryConformanceTest {
  @Nested
  final class Wait extends WaitConformance {
    @Override
    ConformanceBackend newBackend() {
      return new MemoryBackend("none");
    }
  }

  @Nested
  final class MemoryQueue extends MemoryQueueConformance {
    @Override
    ConformanceBackend newBackend() {
      return new MemoryBackend("none");
    }
  }

  @Nested
  final class Algebra extends AlgebraConformance {
    @Override
    ConformanceBackend newBackend() {
      return new MemoryBackend("none");
    }
  }

  @Nested
  final class Connection extends ConnectionConformance {
    @Override
    ConformanceBackend newBackend() {
      return new MemoryBackend("none");
    }
  }

  @Nested
  final class Stream extends StreamConformance {
    @Override
    ConformanceBackend newBackend() {
      return new MemoryBackend("none");
    }
  }

  @Nested
  final class Datagram extends DatagramConformance {
    @Override
    ConformanceBackend newBackend() {
      return new MemoryBackend("none");
    }
  }

  @Nested
  final class Storage extends StorageConformance {
    @Override
    ConformanceBackend newBackend() {
      return new MemoryBackend("memory");
    }
  }
}
