package dev.demikv.libos.device.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.Errno;
import org.junit.jupiter.api.Test;

/// Slots, and what becomes of short and failed system calls.
final class OperationTableTest {
  private final OperationTable table = new OperationTable(2);

  @Test
  void slotsAreBounded() {
    int first = table.take(OperationTable.READ, 0, 1);
    int second = table.take(OperationTable.READ, 0, 2);
    assertThat(first).isNotEqualTo(second);
    assertThat(table.take(OperationTable.READ, 0, 3)).isEqualTo(-1);
    table.free(first);
    assertThat(table.inUse()).isEqualTo(1);
    assertThat(table.take(OperationTable.READ, 0, 4)).isEqualTo(first);
  }

  @Test
  void wholeTransferIsOver() {
    int slot = transfer(8192);
    assertThat(table.advance(slot, 8192)).isTrue();
    assertThat(table.outcome()).isEqualTo(8192);
  }

  @Test
  void shortTransferIsContinuedAtAWholeBlock() {
    int slot = transfer(4 * 4096);
    assertThat(table.advance(slot, 4096 + 512)).isFalse();
    assertThat(table.done[slot]).isEqualTo(4096);
    assertThat(table.advance(slot, 4096)).isFalse();
    assertThat(table.done[slot]).isEqualTo(8192);
    assertThat(table.advance(slot, 8192)).isTrue();
    assertThat(table.outcome()).isEqualTo(4 * 4096);
  }

  @Test
  void interruptedCallIsStartedAgain() {
    int slot = transfer(8192);
    assertThat(table.advance(slot, 4096)).isFalse();
    assertThat(table.advance(slot, -Errno.EINTR)).isFalse();
    assertThat(table.advance(slot, -Errno.EAGAIN)).isFalse();
    assertThat(table.done[slot]).isEqualTo(4096);
  }

  @Test
  void errorIsReportedAsItIs() {
    int slot = transfer(8192);
    assertThat(table.advance(slot, 4096)).isFalse();
    assertThat(table.advance(slot, -Errno.EIO)).isTrue();
    assertThat(table.outcome()).isEqualTo(-Errno.EIO);
    int flush = table.take(OperationTable.FLUSH, -1, 0);
    assertThat(table.advance(flush, -Errno.ENOSPC)).isTrue();
    assertThat(table.outcome()).isEqualTo(-Errno.ENOSPC);
    assertThat(table.advance(flush, 0)).isTrue();
    assertThat(table.outcome()).isZero();
  }

  @Test
  void transferOfNothingIsAnError() {
    int slot = transfer(4096);
    assertThat(table.advance(slot, 0)).isTrue();
    assertThat(table.outcome()).isEqualTo(-Errno.EIO);
  }

  private int transfer(int length) {
    int slot = table.take(OperationTable.WRITE, 0, 0);
    table.length[slot] = length;
    return slot;
  }
}
