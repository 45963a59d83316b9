package dev.demikv.kvserver.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.ConnectionInfo;
import dev.demikv.libos.api.TcpState;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ConnectionCommandsTest {
  private final CommandHarness h = new CommandHarness();

  @AfterEach
  void close() {
    h.close();
  }

  @Test
  void helloChangesTheProtocol() {
    assertThat(h.line("HELLO 3"))
        .startsWith("%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n")
        .contains("$5\r\nproto\r\n:3\r\n$2\r\nid\r\n:1\r\n")
        .endsWith("$7\r\nmodules\r\n*0\r\n");
    assertThat(h.line("GET k")).isEqualTo("_\r\n");
    assertThat(h.line("HELLO 2")).startsWith("*14\r\n");
    assertThat(h.line("GET k")).isEqualTo("$-1\r\n");
    assertThat(h.line("HELLO 4")).isEqualTo("-NOPROTO unsupported protocol version\r\n");
    assertThat(h.line("HELLO x"))
        .isEqualTo("-ERR Protocol version is not an integer or out of range\r\n");
    assertThat(h.line("HELLO 3 AUTH a")).isEqualTo("-ERR Syntax error in HELLO option 'AUTH'\r\n");
    assertThat(h.line("HELLO 3 SETNAME me")).startsWith("%7");
    assertThat(h.line("CLIENT GETNAME")).isEqualTo("$2\r\nme\r\n");
  }

  @Test
  void strangersMayOnlyAuthenticate() {
    h.server.password = "secret";
    h.reconnect();
    assertThat(h.line("GET k")).isEqualTo("-NOAUTH Authentication required.\r\n");
    assertThat(h.line("PING")).isEqualTo("-NOAUTH Authentication required.\r\n");
    assertThat(h.line("HELLO 3")).startsWith("-NOAUTH HELLO must be called with the client");
    assertThat(h.line("AUTH wrong"))
        .isEqualTo("-WRONGPASS invalid username-password pair or user is disabled.\r\n");
    assertThat(h.line("AUTH other secret")).startsWith("-WRONGPASS");
    assertThat(h.line("AUTH secret")).isEqualTo("+OK\r\n");
    assertThat(h.line("GET k")).isEqualTo("$-1\r\n");
    assertThat(h.line("RESET")).isEqualTo("+RESET\r\n");
    assertThat(h.line("GET k")).startsWith("-NOAUTH");
    assertThat(h.line("HELLO 3 AUTH default secret")).startsWith("%7");
    assertThat(h.line("GET k")).isEqualTo("_\r\n");
  }

  @Test
  void authWithoutAPasswordConfiguredIsAMistake() {
    assertThat(h.line("AUTH x")).startsWith("-ERR AUTH <password> called without any password");
    assertThat(h.line("AUTH default anything")).isEqualTo("+OK\r\n");
    assertThat(h.line("AUTH a b c")).isEqualTo("-ERR syntax error\r\n");
  }

  @Test
  void quitAnswersAndCloses() {
    assertThat(h.sendRaw("PING\r\nQUIT\r\nPING\r\n")).isEqualTo("+PONG\r\n+OK\r\n");
    assertThat(h.session.closeRequested()).isTrue();
    assertThat(h.session.dropped()).isFalse();
  }

  @Test
  void browsersAreDropped() {
    assertThat(h.sendRaw("POST / HTTP/1.1\r\nHost: localhost\r\nPING\r\n")).isEmpty();
    assertThat(h.session.dropped()).isTrue();
    h.reconnect();
    assertThat(h.sendRaw("Host: localhost\r\nPING\r\n")).isEmpty();
    assertThat(h.session.dropped()).isTrue();
  }

  @Test
  void repliesAreLeftOutAsAsked() {
    assertThat(h.line("CLIENT REPLY OFF")).isEmpty();
    assertThat(h.line("SET k v")).isEmpty();
    assertThat(h.line("NOSUCH")).isEmpty();
    assertThat(h.line("CLIENT REPLY SKIP")).isEmpty();
    assertThat(h.line("PING")).isEmpty();
    assertThat(h.line("CLIENT REPLY ON")).isEqualTo("+OK\r\n");
    assertThat(h.line("GET k")).isEqualTo("$1\r\nv\r\n");
    assertThat(h.line("CLIENT REPLY SKIP")).isEmpty();
    assertThat(h.line("NOSUCH")).isEmpty();
    assertThat(h.line("PING")).isEqualTo("+PONG\r\n");
    assertThat(h.line("CLIENT REPLY x")).isEqualTo("-ERR syntax error\r\n");
  }

  @Test
  void clientsAreListedAndKilled() {
    List<Long> killed = new ArrayList<>();
    h.server.clients.add(new FixedClient(h.session, "127.0.0.1:1", killed));
    h.server.clients.add(new FixedClient(new Session(7, true), "127.0.0.1:2", killed));
    assertThat(h.line("CLIENT LIST"))
        .contains("id=1 addr=127.0.0.1:1 laddr=127.0.0.1:6379 fd=3 name= age=5 idle=2 flags=N")
        .contains("cmd=client|list")
        .contains("id=7 addr=127.0.0.1:2");
    assertThat(h.line("CLIENT LIST ID 7")).contains("id=7").doesNotContain("id=1 ");
    assertThat(h.line("CLIENT LIST TYPE pubsub")).isEqualTo("$0\r\n\r\n");
    assertThat(h.line("CLIENT INFO")).contains("id=1").doesNotContain("id=7");
    assertThat(h.line("CLIENT KILL 127.0.0.1:9")).isEqualTo("-ERR No such client\r\n");
    assertThat(h.line("CLIENT KILL TYPE normal")).isEqualTo(":1\r\n");
    assertThat(killed).containsExactly(7L);
    assertThat(h.line("CLIENT KILL ID 1 SKIPME no")).isEqualTo(":1\r\n");
    assertThat(h.line("CLIENT KILL 127.0.0.1:2")).isEqualTo("+OK\r\n");
    assertThat(killed).containsExactly(7L, 1L, 7L);
    assertThat(h.line("CLIENT KILL ID 0")).isEqualTo("-ERR client-id should be greater than 0\r\n");
  }

  @Test
  void aConnectionsStatisticsAreTold() {
    List<Long> killed = new ArrayList<>();
    h.server.clients.add(new FixedClient(h.session, "127.0.0.1:1", killed));
    h.server.clients.add(new FixedClient(new Session(7, true), "127.0.0.1:2", killed));
    assertThat(h.line("CLIENT INFO")).contains(" lib-ver= tot-net-in=11 tot-net-out=22 tot-cmds=1");
    assertThat(h.line("CLIENT TCPINFO"))
        .contains("\r\nid:1\r\naddr:127.0.0.1:1\r\nladdr:127.0.0.1:6379\r\nstate:close-wait\r\n")
        .contains("congestion_control:cubic\r\n")
        .contains("srtt_nanos:123456\r\n")
        .contains("retransmissions:3\r\n")
        .doesNotContain("cwnd_bytes");
    assertThat(h.line("CLIENT TCPINFO 1")).isEqualTo(h.line("CLIENT TCPINFO"));
    assertThat(h.line("CLIENT TCPINFO 7")).startsWith("-ERR The network backend tells nothing");
    assertThat(h.line("CLIENT TCPINFO 8")).isEqualTo("-ERR No such client\r\n");
    assertThat(h.line("CLIENT TCPINFO x")).startsWith("-ERR client-id should be greater than 0");
    assertThat(h.line("CLIENT TCPINFO 1 2")).isEqualTo("-ERR syntax error\r\n");
  }

  @Test
  void clientsNameThemselvesAndTheirLibraries() {
    assertThat(h.line("CLIENT ID")).isEqualTo(":1\r\n");
    assertThat(h.line("CLIENT GETNAME")).isEqualTo("$-1\r\n");
    assertThat(h.line("CLIENT SETNAME me")).isEqualTo("+OK\r\n");
    assertThat(h.line("CLIENT GETNAME")).isEqualTo("$2\r\nme\r\n");
    assertThat(h.send("CLIENT", "SETNAME", "a b")).startsWith("-ERR Client names cannot contain");
    assertThat(h.line("CLIENT SETINFO LIB-NAME lettuce")).isEqualTo("+OK\r\n");
    assertThat(h.line("CLIENT SETINFO lib-ver 7.7")).isEqualTo("+OK\r\n");
    assertThat(h.session.libraryName()).isEqualTo("lettuce");
    assertThat(h.session.libraryVersion()).isEqualTo("7.7");
    assertThat(h.line("CLIENT SETINFO x y")).isEqualTo("-ERR Unrecognized option 'x'\r\n");
    assertThat(h.line("CLIENT NO-EVICT on")).isEqualTo("+OK\r\n");
    assertThat(h.session.noEvict()).isTrue();
  }

  @Test
  void pausesAreHandedToTheServer() {
    assertThat(h.line("CLIENT PAUSE 100 WRITE")).isEqualTo("+OK\r\n");
    assertThat(h.line("CLIENT PAUSE 50")).isEqualTo("+OK\r\n");
    assertThat(h.line("CLIENT UNPAUSE")).isEqualTo("+OK\r\n");
    assertThat(h.server.asked)
        .containsExactly(
            "pause " + (CommandHarness.START_MILLIS + 100) + " writes",
            "pause " + (CommandHarness.START_MILLIS + 50),
            "unpause");
    assertThat(h.line("CLIENT PAUSE -1")).isEqualTo("-ERR timeout is negative\r\n");
  }

  private record FixedClient(Session session, String address, List<Long> killed)
      implements ClientInfo {
    @Override
    public String localAddress() {
      return "127.0.0.1:6379";
    }

    @Override
    public int qd() {
      return 3;
    }

    @Override
    public long ageSeconds() {
      return 5;
    }

    @Override
    public long idleSeconds() {
      return 2;
    }

    @Override
    public long inputBytes() {
      return 0;
    }

    @Override
    public long outputBytes() {
      return 0;
    }

    @Override
    public long receivedBytes() {
      return 11;
    }

    @Override
    public long sentBytes() {
      return 22;
    }

    @Override
    public boolean connectionInfo(ConnectionInfo into) {
      into.state = TcpState.CLOSE_WAIT;
      into.congestionControl = "cubic";
      into.srttNanos = 123_456;
      into.retransmissions = 3;
      return session.id() != 7;
    }

    @Override
    public void kill() {
      killed.add(session.id());
    }
  }
}
