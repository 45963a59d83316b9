package dev.demikv.libos.device.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.AddressFamily;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.device.kernel.TransportLoop.Pair;
import dev.demikv.libos.ffi.CallState;
import dev.demikv.libos.ffi.LibC;
import dev.demikv.libos.ffi.LibCConstants;
import java.lang.foreign.Arena;
import java.util.concurrent.SynchronousQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Sleeping and waking.
final class EpollWaiterTest {
  private static final long LONG_NANOS = 10_000_000_000L;

  private final TransportLoop loop = new TransportLoop();
  private final EpollWaiter waiter = (EpollWaiter) loop.transport.waiter();

  @AfterEach
  void nothingLeaks() {
    loop.close();
  }

  @Test
  void noWakeOfAnotherThreadIsLost() throws InterruptedException {
    int rounds = 5_000;
    SynchronousQueue<Integer> ball = new SynchronousQueue<>();
    Thread waker =
        Thread.ofPlatform()
            .start(() -> {
              try {
                for (int i = 0; i < rounds; i++) {
                  ball.take();
                  waiter.wake();
                }
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    for (int i = 0; i < rounds; i++) {
      ball.put(i);
      assertThat(waiter.await(LONG_NANOS)).as("await of round " + i).isPositive();
      loop.transport.poll(0);
    }
    waker.join();
  }

  @Test
  void wakeOfALoopThatIsAwakeMakesNoSystemCallAndEndsTheNextAwait() {
    waiter.wake();
    waiter.wake();

    assertThat(waiter.wakeWrites()).isZero();
    assertThat(waiter.await(LONG_NANOS)).isPositive();
    assertThat(waiter.await(1_000_000)).as("one wake, one return").isZero();
  }

  @Test
  void timeoutsAreNotEarlyAndNotMuchLate() {
    long start = System.nanoTime();
    assertThat(waiter.await(300_000)).isZero();
    long nanos = System.nanoTime() - start;

    assertThat(nanos).isGreaterThanOrEqualTo(300_000).isLessThan(LONG_NANOS);
  }

  @Test
  void watchedDescriptorEndsAwaitUntilItIsRead() {
    try (Arena arena = Arena.ofConfined()) {
      CallState state = new CallState(arena);
      int fd = LibC.eventfd(state, 0, LibCConstants.EFD_NONBLOCK | LibCConstants.EFD_CLOEXEC);
      waiter.watch(fd);
      assertThat(waiter.await(0)).isZero();
      LibC.eventfd_write(fd, 1);
      for (int i = 0; i < 2; i++) {
        assertThat(waiter.await(LONG_NANOS)).as("level-triggered").isEqualTo(1);
        loop.transport.poll(0);
      }
      LibC.read(state, fd, arena.allocate(8).address(), 8);
      assertThat(waiter.await(0)).isZero();
      LibC.eventfd_write(fd, 1);
      waiter.unwatch(fd);
      assertThat(waiter.await(0)).isZero();
      LibC.close(state, fd);
    }
  }

  @Test
  void awaitDoesNotSleepWhileDataWaitsForAPop() {
    Pair pair = loop.pair();
    loop.await(loop.push(pair.client(), new byte[10]));
    loop.turn(0); // Hears that the server's socket is readable; nobody pops yet.
    long popping = loop.pop(pair.server());

    assertThat(waiter.await(LONG_NANOS)).isPositive();
    loop.transport.poll(0);
    assertThat(loop.sink.take(popping).result()).isEqualTo(10);
  }

  @Test
  void eventsOfAClosedSocketDoNotReachTheNextOneWithItsId() {
    Pair pair = loop.pair();
    while (waiter.await(0) > 0) {
      loop.transport.poll(0);
    }
    loop.push(pair.client(), new byte[10]);
    loop.transport.flush(0);
    assertThat(waiter.await(LONG_NANOS)).isPositive();
    loop.transport.close(pair.server());
    int next = loop.socket(SocketType.STREAM, AddressFamily.INET);
    assertThat(next).as("the id is used again").isEqualTo(pair.server());
    loop.transport.poll(0);

    assertThat(loop.counter("stale-events")).isEqualTo(1);
  }

  @Test
  void wakeAfterCloseIsHarmless() {
    try (TransportLoop other = new TransportLoop()) {
      EpollWaiter closed = (EpollWaiter) other.transport.waiter();
      other.transport.close();
      closed.wake();
      assertThat(closed.wakeWrites()).isZero();
    }
  }
}
