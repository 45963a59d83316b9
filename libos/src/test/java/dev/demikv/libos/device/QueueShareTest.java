package dev.demikv.libos.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.wire.ToeplitzHash;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Whose a port is.
final class QueueShareTest {
  @Test
  void everyDynamicPortHasOneOwnerAndTheOthersHaveNone() {
    for (int queues = 1; queues <= 64; queues++) {
      int next = QueueShare.DYNAMIC_PORT_MIN;
      for (int queue = 0; queue < queues; queue++) {
        QueueShare share = new QueueShare(queue, queues, null);
        assertThat(share.portMin()).isEqualTo(next);
        next = share.portMax() + 1;
        assertThat(share.owner(share.portMin())).isEqualTo(queue);
        assertThat(share.owner(share.portMax())).isEqualTo(queue);
        assertThat(share.owner(QueueShare.DYNAMIC_PORT_MIN - 1)).isEqualTo(-1);
      }
      assertThat(next).isEqualTo(65_536);
    }
  }

  @Test
  void theOnlyUserMayUseAllPorts() {
    for (int port = 1; port < 65_536; port++) {
      assertThat(QueueShare.WHOLE.mayUse(port)).isTrue();
    }
  }

  @Test
  void aKnownHashSaysWhereAFlowArrives() {
    byte[] key = new byte[ToeplitzHash.KEY_BYTES];
    new SplittableRandom(3).nextBytes(key);
    QueueShare.Steering steering = new QueueShare.Steering(key, new int[] {0, 1, 1, 0});
    int[] flows = new int[2];
    for (int port = 0; port < 1_000; port++) {
      int queue = steering.queueOf(false, 0, 2, 0, 1, 80, port);
      for (int q = 0; q < 2; q++) {
        assertThat(new QueueShare(q, 2, steering).arrivesHere(false, 0, 1, port, 0, 2, 80))
            .isEqualTo(q == queue);
      }
      flows[queue]++;
    }
    assertThat(flows[0]).isBetween(400, 600);
  }
}
