package dev.demikv.kvclient;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.time.SystemClock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
final class CompletionStyleTest {
  private static ScriptedPeer.Script store() {
    Map<String, String> values = new HashMap<>();
    return peer ->
        peer.serve(words -> {
          if (words.get(0).equals("SET")) {
            values.put(words.get(1), words.get(2));
            return "+OK\r\n";
          }
          String value = values.get(words.get(1));
          return value == null ? "$-1\r\n" : "$" + value.length() + "\r\n" + value + "\r\n";
        });
  }

  @Test
  void deliversOutcomesInOrderWithTheirIds() throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(store());
        KvClient client = KvClient.open(peer.config())) {
      Command command = new Command();
      long set = client.submit(command.reset("SET").arg("k").arg("hello"));
      long get = client.submit(command.reset("GET").arg("k"));
      long absent = client.submit(command.reset("GET").arg("absent"));
      Completion[] completions = completions(2);
      assertThat(next(client, completions, 0).id()).isEqualTo(set);
      Completion second = next(client, completions, 1);
      assertThat(second.id()).isEqualTo(get);
      assertThat(second.length()).isEqualTo(5);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment target = arena.allocate(7);
        assertThat(second.copyTo(target, 1)).isEqualTo(5);
        assertThat(target.getString(1, StandardCharsets.UTF_8)).isEqualTo("hello");
      }
      Completion third = next(client, completions, 2);
      assertThat(third.id()).isEqualTo(absent);
      assertThat(third.isNull()).isTrue();
      assertThat(client.poll(completions, Long.MAX_VALUE)).isZero();
    }
  }

  private int delivered;
  private int taken;

  /// The n-th outcome in all, polling when those of the last call are used up.
  private Completion next(KvClient client, Completion[] completions, int n) {
    if (taken == delivered) {
      delivered = client.poll(completions, Long.MAX_VALUE);
      taken = 0;
    }
    assertThat(delivered).as("outcome %d", n).isPositive();
    return completions[taken++];
  }

  @Test
  void fullIsAResult() throws Exception {
    ScriptedPeer.Script stalls = ScriptedPeer.Peer::stall;
    try (ScriptedPeer peer = new ScriptedPeer(stalls);
        KvClient client =
            KvClient.open(peer.config().withInFlightMax(4).withRequestBytesMax(2_000))) {
      Command command = new Command().reset("PING");
      for (int i = 0; i < 4; i++) {
        assertThat(client.submit(command)).isPositive();
      }
      assertThat(client.submit(command)).isEqualTo(-Errno.EAGAIN);
      assertThat(client.submit(command.reset("SET").arg("k").arg(new byte[2_000])))
          .isEqualTo(-Errno.EMSGSIZE);
    }
  }

  @Test
  void livesInALoopThatOwnsOtherQueues() throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(store());
        LibOs libos = LibOses.open(LibOsConfig.kernel().withLimits(LibOsConfig.Limits.SMALL));
        KvClient client =
            KvClient.on(libos, peer.config(), SystemClock.INSTANCE, new SplittableRandom(1))) {
      int queue = libos.queue(4);
      long ownPop = libos.pop(queue);
      client.set("k", "v"); // Waits for its own tokens only.
      ScatterGatherArray sga = libos.sgaAlloc(3);
      assertThat(sga).isNotNull();
      assertThat(libos.push(queue, sga)).isPositive();
      libos.sgaFree(sga);
      assertThat(client.get("k")).isEqualTo("v");

      long get = client.submit(Command.ofWords("GET", "k"));
      Completion[] completions = completions(1);
      QResult[] results = {new QResult(), new QResult()};
      boolean ownSeen = false;
      boolean replySeen = false;
      while (!ownSeen || !replySeen) {
        if (client.poll(completions, 0) > 0) {
          replySeen = completions[0].id() == get;
          continue;
        }
        int count = libos.waitNext(results, client.nanosToNextTimer());
        for (int i = 0; i < count; i++) {
          if (!client.onCompletion(results[i]) && results[i].qtoken == ownPop) {
            ownSeen = true;
            libos.sgaFree(results[i].sga);
          }
        }
      }
      assertThat(completions[0].toBytes()).containsExactly('v');
    }
  }

  private static Completion[] completions(int count) {
    Completion[] completions = new Completion[count];
    Arrays.setAll(completions, _ -> new Completion());
    return completions;
  }
}
