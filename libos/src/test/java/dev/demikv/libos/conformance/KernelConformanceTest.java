package dev.demikv.libos.conformance;

import org.junit.jupiter.api.Nested;

/// The suite on kernel sockets and files.
final class KernelConformanceTest {
  @Nested
  final class Wait extends WaitConformance {
    @Override
    ConformanceBackend newBackend() {
      return new KernelBackend("none");
    }
  }

  @Nested
  final class MemoryQueue extends MemoryQueueConformance {
    @Override
    ConformanceBackend newBackend() {
      return new KernelBackend("none");
    }
  }

  @Nested
  final class Algebra extends AlgebraConformance {
    @Override
    ConformanceBackend newBackend() {
      return new KernelBackend("none");
    }
  }

  @Nested
  final class Connection extends ConnectionConformance {
    @Override
    ConformanceBackend newBackend() {
      return new KernelBackend("none");
    }
  }

  @Nested
  final class Stream extends StreamConformance {
    @Override
    ConformanceBackend newBackend() {
      return new KernelBackend("none");
    }
  }

  @Nested
  final class Datagram extends DatagramConformance {
    @Override
    ConformanceBackend newBackend() {
      return new KernelBackend("none");
    }
  }

  @Nested
  final class StorageByThread extends StorageConformance {
    @Override
    ConformanceBackend newBackend() {
      return new KernelBackend("thread");
    }
  }

  @Nested
  final class StorageByDefault extends StorageConformance {
    @Override
    ConformanceBackend newBackend() {
      return new KernelBackend("auto");
    }
  }
}
