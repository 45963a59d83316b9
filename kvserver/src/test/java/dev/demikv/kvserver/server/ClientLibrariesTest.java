package dev.demikv.kvserver.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.SetArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.api.sync.RedisCommands;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.resps.ScanResult;

/// The usual Java clients, unchanged. Both open with HELLO 3.
@Timeout(120)
final class ClientLibrariesTest {
  @TempDir Path directory;

  private static Jedis jedis(TestServer server, RedisProtocol protocol) {
    return new Jedis(
        new HostAndPort("127.0.0.1", server.port()),
        DefaultJedisClientConfig.builder().protocol(protocol).clientName("jedis-test").build());
  }

  @Test
  void jedisWorksWithBothProtocols() {
    try (TestServer server = TestServer.start(directory)) {
      for (RedisProtocol protocol : List.of(RedisProtocol.RESP2, RedisProtocol.RESP3)) {
        try (Jedis jedis = jedis(server, protocol)) {
          jedis.flushAll();
          assertThat(jedis.clientList()).contains("name=jedis-test").contains(" tot-net-in=");
          assertThat(jedis.ping()).isEqualTo("PONG");
          assertThat(jedis.set("k", "v")).isEqualTo("OK");
          assertThat(jedis.get("k")).isEqualTo("v");
          assertThat(jedis.get("absent")).isNull();
          assertThat(jedis.set("k", "w", SetParams.setParams().nx())).isNull();
          assertThat(jedis.mset("a", "1", "b", "2")).isEqualTo("OK");
          assertThat(jedis.mget("a", "b", "c")).containsExactly("1", "2", null);
          assertThat(jedis.incrBy("a", 41)).isEqualTo(42);
          assertThat(jedis.incrByFloat("f", 1.5)).isEqualTo(1.5);
          assertThat(jedis.expire("k", 100)).isEqualTo(1);
          assertThat(jedis.ttl("k")).isBetween(90L, 100L);
          assertThat(jedis.keys("*")).containsExactlyInAnyOrder("k", "a", "b", "f");
          assertThat(jedis.clientGetname()).isEqualTo("jedis-test");
          assertThat(jedis.configGet("databases")).isEqualTo(Map.of("databases", "16"));
          assertThatThrownBy(() -> jedis.incr("k"))
              .isInstanceOf(JedisDataException.class)
              .hasMessageContaining("not an integer");
        }
      }
    }
  }

  @Test
  void jedisScansAndPipelines() {
    try (TestServer server = TestServer.start(directory);
        Jedis jedis = jedis(server, RedisProtocol.RESP3)) {
      List<Response<Long>> replies = new ArrayList<>();
      try (Pipeline pipeline = jedis.pipelined()) {
        for (int i = 0; i < 500; i++) {
          pipeline.set("k" + i, "v");
          replies.add(pipeline.incr("n"));
        }
      }
      for (int i = 0; i < 500; i++) {
        assertThat(replies.get(i).get()).isEqualTo(i + 1L);
      }
      int found = 0;
      String cursor = ScanParams.SCAN_POINTER_START;
      do {
        ScanResult<String> page = jedis.scan(cursor, new ScanParams().match("k*").count(50));
        found += page.getResult().size();
        cursor = page.getCursor();
      } while (!cursor.equals(ScanParams.SCAN_POINTER_START));
      assertThat(found).isGreaterThanOrEqualTo(500);
    }
  }

  @Test
  void lettuceWorksSynchronouslyAndPipelined() throws Exception {
    try (TestServer server = TestServer.start(directory)) {
      RedisURI uri = RedisURI.create("127.0.0.1", server.port());
      RedisClient client = RedisClient.create(uri);
      try (StatefulRedisConnection<String, String> connection = client.connect()) {
        RedisCommands<String, String> sync = connection.sync();
        assertThat(sync.ping()).isEqualTo("PONG");
        assertThat(sync.set("k", "v", SetArgs.Builder.ex(Duration.ofSeconds(100)))).isEqualTo("OK");
        assertThat(sync.get("k")).isEqualTo("v");
        assertThat(sync.ttl("k")).isBetween(90L, 100L);
        assertThat(sync.append("k", "w")).isEqualTo(2);
        assertThat(sync.setrange("range", 3, "x")).isEqualTo(4);
        assertThat(sync.getrange("range", 3, -1)).isEqualTo("x");
        assertThat(sync.scan(ScanArgs.Builder.limit(100)).getKeys()).contains("k", "range");
        RedisAsyncCommands<String, String> async = connection.async();
        List<RedisFuture<Long>> futures = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
          futures.add(async.incr("n"));
        }
        for (int i = 0; i < 1000; i++) {
          assertThat(futures.get(i).get(30, TimeUnit.SECONDS)).isEqualTo(i + 1L);
        }
      } finally {
        client.shutdown(Duration.ZERO, Duration.ofSeconds(5));
      }
    }
  }
}
