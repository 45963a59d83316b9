package dev.demikv.libos.net.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.PushCompletion;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.net.Rfc;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Users that do anything at any time, on a wire that does the same, in little memory: every push
/// is answered once, every stream is a prefix of what was pushed, and in the end nothing is left.
final class TcpChaosTest {
  private static final int SEEDS = 50;

  /// Seeds that once failed, each with the reason.
  private static final int[] REGRESSION_SEEDS = {
    101, // A push from the callback of a push that close had cancelled was taken and never
    // answered.
  };

  private static Stream<Integer> seeds() {
    String chosen = System.getProperty("tcp.seed");
    if (chosen != null) {
      return Stream.of(Integer.parseInt(chosen));
    }
    return IntStream.concat(IntStream.range(0, SEEDS), IntStream.of(REGRESSION_SEEDS)).boxed();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void nothingIsLeftWhateverUsersDo(int seed) {
    try {
      chaos(seed);
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError(
          "repeat with: mvn -o -pl libos test -Dtest=TcpChaosTest -Dtcp.seed=" + seed, e);
    }
  }

  /// One end of a connection with a user who acts at random.
  private static final class Rambler implements TestHost.App {
    private final TestHost host;
    private final TcpConnection c;
    private final SplittableRandom random;
    private final Set<Long> pending = new HashSet<>();
    private long nextToken = 1;
    private int sent;
    private int received;
    private boolean gone;
    private boolean usable;
    private boolean pushing;
    private int lastLength;

    Rambler(TestHost host, TcpConnection c, SplittableRandom random, boolean usable) {
      this.host = host;
      this.c = c;
      this.random = random;
      this.usable = usable;
    }

    void act() {
      if (gone) {
        return;
      }
      switch (random.nextInt(16)) {
        case 0, 1, 2, 3, 4 -> push();
        case 5, 6, 7, 8, 9 -> pop();
        case 10 -> {
          if (random.nextInt(8) == 0) {
            c.shutdownWrite();
          }
        }
        case 11 -> {
          if (random.nextInt(20) == 0) {
            c.shutdownRead();
          }
        }
        case 12 -> {
          if (random.nextInt(10) == 0) {
            leave(random.nextInt(3) == 0);
          }
        }
        case 13 -> c.cancelPush(nextToken - 1);
        case 14 -> c.setOption(SocketOption.NODELAY, random.nextInt(2));
        default -> c.setOption(SocketOption.RECEIVE_BUFFER_BYTES, 2_048 + random.nextInt(30_000));
      }
    }

    void leave(boolean abort) {
      if (gone) {
        return;
      }
      if (abort) {
        c.abort();
      } else {
        c.close();
      }
      gone = true;
      assertThat(pending).isEmpty();
    }

    private void push() {
      if (!usable) {
        return;
      }
      byte[] bytes = new byte[random.nextInt(random.nextBoolean() ? 100 : 9_000)];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) (sent + i);
      }
      long token = nextToken;
      pending.add(token);
      PushCompletion level = random.nextBoolean() ? PushCompletion.ACKED : PushCompletion.ACCEPTED;
      pushing = true;
      int result = host.push(c, bytes, token, level);
      pushing = false;
      if (result == 0) {
        nextToken++;
        sent += bytes.length;
        lastLength = bytes.length;
      } else {
        pending.remove(token);
      }
    }

    private void pop() {
      byte[] bytes = host.pop(c, 1 + random.nextInt(10_000));
      if (bytes != null) {
        for (int i = 0; i < bytes.length; i++) {
          assertThat(bytes[i]).isEqualTo((byte) (received + i));
        }
        received += bytes.length;
      }
    }

    @Override
    public void connected(int result) {
      usable = result == 0;
    }

    @Override
    public void readable() {
      assertThat(gone).isFalse();
      if (random.nextInt(4) == 0) {
        pop();
      }
    }

    @Override
    public void pushed(long qtoken, int result) {
      assertThat(gone).isFalse();
      assertThat(pending.remove(qtoken)).as("token " + qtoken).isTrue();
      if (result == -125 && qtoken == nextToken - 1 && c.error() == 0) {
        sent -= lastLength; // Taken back, or the connection is being closed.
      }
      if (!pushing && random.nextInt(8) == 0) {
        act();
      }
    }

    @Override
    public void closed(int result) {
      assertThat(gone).isFalse();
      if (random.nextInt(2) == 0) {
        leave(false);
      }
    }
  }

  private static void chaos(int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    TestWire wire = new TestWire(seed);
    wire.delayNanos = 1_000L * (1 + random.nextInt(3_000));
    wire.loss = random.nextInt(2) * random.nextDouble() * 0.1;
    wire.jitterNanos = random.nextInt(2) * wire.delayNanos + 1;
    wire.duplicate = random.nextInt(2) * 0.05;
    List<Rambler> users = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      TestHost host = wire.host(config(random));
      host.listen(80, 1 + random.nextInt(5));
      host.onAccept =
          c -> {
            Rambler user = new Rambler(host, c, random, true);
            users.add(user);
            return user;
          };
    }
    for (int round = 0; round < 2_000; round++) {
      if (random.nextInt(60) == 0) {
        TestHost from = wire.hosts.get(random.nextInt(3));
        TestHost to = wire.hosts.get(random.nextInt(3));
        TcpConnection c = from == to ? null : from.tcp.connect(false, 0, 0, 0, 0, to.address, 80);
        if (c != null) {
          Rambler user = new Rambler(from, c, random, false);
          from.apps.put(c, user);
          users.add(user);
        }
      }
      if (random.nextInt(300) == 0) {
        int cutOff = 1 + random.nextInt(4);
        wire.cut = s -> s.from() == cutOff;
      }
      TestHost short1 = wire.hosts.get(random.nextInt(3));
      short1.outOfFrames = random.nextInt(50) == 0;
      if (!users.isEmpty()) {
        users.get(random.nextInt(users.size())).act();
      }
      wire.run(random.nextLong(2 * TestWire.MILLISECOND));
    }
    wire.cut = s -> false;
    wire.hosts.forEach(host -> host.outOfFrames = false);
    wire.run(10 * TestWire.SECOND);
    for (Rambler user : List.copyOf(users)) {
      user.leave(false);
    }
    wire.run(1_000 * TestWire.SECOND);
    for (Rambler user : List.copyOf(users)) {
      user.leave(false);
    }
    wire.run(1_000 * TestWire.SECOND);
    for (TestHost host : wire.hosts) {
      assertThat(host.tcp.connectionObjectCount()).as(wire.describe()).isZero();
      assertThat(host.buffersOut()).isZero();
      host.closeAndCheck();
    }
  }

  private static TcpConfig config(SplittableRandom random) {
    return TcpConfig.builder()
        .connectionsMax(8 + random.nextInt(60))
        .synQueueMax(random.nextInt(5))
        .timeWaitMax(1 + random.nextInt(10))
        .segmentsMax(64 + random.nextInt(200))
        .chunksMax(64 + random.nextInt(400))
        .pushesMax(1 + random.nextInt(30))
        .sendBufferBytes(2_000 + random.nextInt(20_000))
        .receiveBufferBytes(2_000 + random.nextInt(20_000))
        .receiveMemoryBytesMax(20_000 + random.nextInt(200_000))
        .zeroCopyBytes(random.nextInt(3_000))
        .copyBreakBytes(random.nextInt(500))
        .sack(random.nextInt(4) != 0)
        .timestamps(random.nextInt(4) != 0)
        .windowScaling(random.nextInt(4) != 0)
        .congestionControl(random.nextBoolean() ? "cubic" : "newreno")
        .build();
  }

  /// Segments that no correct peer sends, around the numbers that count, in every state.
  @ParameterizedTest
  @MethodSource("seeds")
  @Rfc(number = 9293, section = "3.10.7")
  void noSegmentIsTooStrange(int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    RawPeer peer = new RawPeer(config(random));
    peer.wire.traceMax = 30;
    for (int episode = 0; episode < 20; episode++) {
      peer.port = 5_000 + episode;
      peer.hostPort = 80;
      byte[] options = randomOptions(random);
      if (episode == 0) {
        peer.host.listen(80, 3);
        peer.host.onAccept =
            c ->
                new TestHost.App() {
                  @Override
                  public void readable() {
                    if (random.nextInt(3) > 0) {
                      peer.host.pop(c, 3_000);
                    }
                  }

                  @Override
                  public void closed(int result) {
                    c.close();
                  }
                };
      }
      peer.send(RawPeer.SYN, peer.seq, 0, options, RawPeer.NONE);
      peer.seq++;
      int known = peer.host.accepted.size();
      for (int i = 0; i < 300; i++) {
        while (!peer.wire.strays.isEmpty()) {
          TestSegment got = peer.wire.strays.pollFirst();
          peer.ack = random.nextInt(3) > 0 ? got.sequence() + got.payloadBytes() : peer.ack;
          if (got.has(RawPeer.SYN)) {
            peer.ack = got.sequence() + 1;
          }
        }
        int flags = random.nextInt(3) > 0 ? RawPeer.ACK : random.nextInt(64);
        if (random.nextInt(30) == 0) {
          flags |= RawPeer.FIN;
        }
        int sequence = peer.seq + (random.nextInt(3) == 0 ? random.nextInt(6_000) - 3_000 : 0);
        int ack = peer.ack + (random.nextInt(4) == 0 ? random.nextInt(4_000) - 2_000 : 0);
        peer.window = random.nextInt(5) == 0 ? random.nextInt(65_536) : peer.window;
        byte[] payload = new byte[random.nextInt(2) * random.nextInt(1_400)];
        peer.send(flags, sequence, ack, randomOptions(peer, random), payload);
        if (sequence == peer.seq && random.nextBoolean()) {
          peer.seq += payload.length;
        }
        if (random.nextInt(4) == 0 && peer.host.accepted.size() > known) {
          TcpConnection c = peer.host.accepted.getLast();
          if (c.path != null && !c.detached) {
            peer.host.push(c, new byte[random.nextInt(5_000)], 1, PushCompletion.ACKED);
          }
        }
        if (random.nextInt(20) == 0) {
          peer.wire.run(random.nextLong(2 * TestWire.SECOND));
        }
      }
    }
    for (TcpConnection c : peer.host.accepted) {
      if (c.path != null && !c.detached) {
        c.close();
      }
    }
    peer.wire.run(4_000 * TestWire.SECOND);
    assertThat(peer.host.tcp.connectionObjectCount()).as(peer.wire.describe()).isZero();
    peer.host.closeAndCheck();
  }

  private static byte[] randomOptions(SplittableRandom random) {
    return switch (random.nextInt(4)) {
      case 0 -> RawPeer.NONE;
      case 1 -> RawPeer.join(RawPeer.mss(random.nextInt(2_000)), RawPeer.sackPermitted());
      case 2 -> RawPeer.join(RawPeer.mss(1_460), RawPeer.sackPermitted(), RawPeer.timestamps(1, 0));
      default -> RawPeer.join(RawPeer.mss(500), RawPeer.windowShift(random.nextInt(256)));
    };
  }

  private static byte[] randomOptions(RawPeer peer, SplittableRandom random) {
    return switch (random.nextInt(5)) {
      case 0 -> RawPeer.timestamps(random.nextInt(3_000), random.nextInt());
      case 1 -> RawPeer.sack(near(peer, random), near(peer, random));
      case 2 ->
          RawPeer.sack(
              near(peer, random), near(peer, random), near(peer, random), near(peer, random));
      case 3 -> {
        byte[] noise = new byte[random.nextInt(11) * 4];
        random.nextBytes(noise);
        yield noise;
      }
      default -> peer.options;
    };
  }

  private static int near(RawPeer peer, SplittableRandom random) {
    return peer.ack + (random.nextInt(12) - 4) * (random.nextBoolean() ? 500 : 488);
  }
}
