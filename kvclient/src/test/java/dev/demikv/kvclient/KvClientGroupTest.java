package dev.demikv.kvclient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.time.SystemClock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Many clients in one loop.
@Timeout(120)
final class KvClientGroupTest {
  private static final int CLIENTS = 20;
  private static final int COMMANDS = 200;

  @TempDir static Path directory;

  private final LibOs libos =
      LibOses.open(LibOsConfig.kernel().withLimits(LibOsConfig.Limits.SMALL));
  private final QResult[] results = new QResult[16];
  private final Completion[] completions = {new Completion(), new Completion()};
  private final Command command = new Command();

  private KvClientGroup group(int clientsMax) {
    Arrays.setAll(results, _ -> new QResult());
    return new KvClientGroup(libos, SystemClock.INSTANCE, new SplittableRandom(1), clientsMax);
  }

  private void turn(KvClientGroup group) {
    group.advance();
    int count = libos.waitNext(results, group.nanosToNextTimer());
    for (int i = 0; i < count; i++) {
      assertThat(group.onCompletion(results[i])).isTrue();
    }
  }

  @Test
  void everyClientGetsItsOwnReplies() throws Exception {
    try (RedisServer server = RedisServer.start(directory);
        LibOs _ = libos;
        KvClientGroup group = group(CLIENTS)) {
      for (int i = 0; i < CLIENTS; i++) {
        KvClient client = group.add(server.config(), i);
        client.submit(command.reset("SET").arg("key:" + i).arg(i));
      }
      int[] told = new int[CLIENTS];
      int open = CLIENTS;
      while (open > 0) {
        turn(group);
        for (KvClient client = group.next(); client != null; client = group.next()) {
          int n = client.poll(completions, 0);
          for (int i = 0; i < n; i++) {
            assertThat(completions[i].isOk()).isTrue();
            int tag = client.tag();
            if (told[tag]++ > 0) {
              assertThat(new String(completions[i].toBytes(), StandardCharsets.US_ASCII))
                  .isEqualTo("" + tag);
            }
            if (told[tag] <= COMMANDS) {
              client.submit(command.reset("GET").arg("key:" + tag));
            } else {
              client.close(); // Others move up; nothing of it is delivered any more.
              open--;
            }
          }
        }
      }
      assertThat(told).containsOnly(COMMANDS + 1);
      assertThat(group.count()).isZero();
    }
  }

  @Test
  void timesOutAndGivesUpWithoutACompletion() throws Exception {
    try (ScriptedPeer silent = new ScriptedPeer(ScriptedPeer.Peer::stall);
        LibOs _ = libos;
        KvClientGroup group = group(2)) {
      KvClient client = group.add(silent.config().withCommandTimeoutNanos(50_000_000), 7);
      client.submit(command.reset("PING"));
      KvClient unreachable =
          group.add(KvClientConfig.of("127.0.0.1", 1).withCommandTimeoutNanos(50_000_000), 8);
      unreachable.submit(command.reset("PING"));
      Completion.Status[] seen = new Completion.Status[2];
      while (seen[0] == null || seen[1] == null) {
        turn(group);
        for (KvClient next = group.next(); next != null; next = group.next()) {
          if (next.poll(completions, 0) > 0) {
            seen[next.tag() - 7] = completions[0].status();
          }
        }
      }
      assertThat(seen).containsExactly(Completion.Status.TIMEOUT, Completion.Status.UNREACHABLE);
    }
  }

  @Test
  void sleepsWhileNothingHappens() throws Exception {
    try (ScriptedPeer silent = new ScriptedPeer(ScriptedPeer.Peer::stall);
        LibOs _ = libos;
        KvClientGroup group = group(1)) {
      KvClient client = group.add(silent.config().withCommandTimeoutNanos(300_000_000), 0);
      client.submit(command.reset("PING"));
      int turns = 0;
      while (client.outstandingCount() > 0) {
        turn(group);
        turns++;
        for (KvClient next = group.next(); next != null; next = group.next()) {
          next.poll(completions, 0);
        }
      }
      assertThat(turns).isLessThan(20);
    }
  }

  @Test
  void isBounded() throws Exception {
    try (LibOs _ = libos;
        KvClientGroup group = group(1)) {
      KvClientConfig config = KvClientConfig.of("127.0.0.1", 1);
      group.add(config, 0);
      assertThatThrownBy(() -> group.add(config, 1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("as many as it may");
    }
  }
}
