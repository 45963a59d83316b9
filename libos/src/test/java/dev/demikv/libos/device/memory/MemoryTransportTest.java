package dev.demikv.libos.device.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/// What is particular to sockets in memory; the conformance suite has the rest.
final class MemoryTransportTest {
  private static final LibOsConfig.Limits LIMITS = new LibOsConfig.Limits(64, 256, 256, 64, 16, 4);

  private static LibOs open(String space) {
    Options options = Options.empty().with("network.memory.space", space);
    return LibOses.open(new LibOsConfig("memory", "none", options, LIMITS, LibOsConfig.Idle.BLOCK));
  }

  @Test
  void anotherThreadIsRefusedUntilTheSpaceIsEmpty() throws Exception {
    FutureTask<Integer> refused = new FutureTask<>(() -> openAndClose("threads"));
    FutureTask<Integer> taken = new FutureTask<>(() -> openAndClose("threads"));
    try (LibOs libos = open("threads")) {
      assertThat(libos.socket(SocketType.STREAM)).isPositive();
      run(refused);
      assertThatThrownBy(refused::get)
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOfSatisfying(
              LibOsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY))
          .hasMessageContaining(Thread.currentThread().getName())
          .hasMessageContaining("network.memory.space");
    }
    run(taken);
    assertThat(taken.get()).isPositive();
  }

  private static int openAndClose(String space) {
    try (LibOs libos = open(space)) {
      return libos.socket(SocketType.STREAM);
    }
  }

  private static void run(FutureTask<Integer> task) throws InterruptedException {
    Thread thread = new Thread(task, "other");
    thread.start();
    thread.join();
  }

  @Test
  void spacesAreApart() {
    try (LibOs here = open("here");
        LibOs there = open("there")) {
      int listening = there.socket(SocketType.STREAM);
      there.bind(listening, Endpoint.loopback(AddressFamily.INET, 7000));
      there.listen(listening, 1);
      int client = here.socket(SocketType.STREAM);
      QResult result = new QResult();
      long connect = here.connect(client, Endpoint.loopback(AddressFamily.INET, 7000));
      here.wait(connect, 1_000_000_000, result);
      assertThat(result.result).isEqualTo(-Errno.ECONNREFUSED);
      int own = here.socket(SocketType.STREAM);
      here.bind(own, Endpoint.loopback(AddressFamily.INET, 7000));
      assertThat(here.getsockname(own).port()).isEqualTo(7000);
    }
  }

  @Test
  void datagramsThatDoNotFitAreCounted() {
    try (LibOs libos = open("drops")) {
      int to = libos.socket(SocketType.DATAGRAM);
      libos.setsockopt(to, SocketOption.RECEIVE_BUFFER_BYTES, 1_000);
      libos.bind(to, Endpoint.loopback(AddressFamily.INET, 0));
      int from = libos.socket(SocketType.DATAGRAM);
      QResult result = new QResult();
      for (int i = 0; i < 5; i++) {
        ScatterGatherArray sga = libos.sgaAlloc(300);
        assertThat(sga).isNotNull();
        long push = libos.pushTo(from, sga, libos.getsockname(to));
        libos.sgaFree(sga);
        libos.wait(push, 1_000_000_000, result);
        assertThat(result.result).isEqualTo(300);
      }
      assertThat(libos.report().counters()).containsEntry("network.memory.datagrams_dropped", 2L);
    }
  }
}
