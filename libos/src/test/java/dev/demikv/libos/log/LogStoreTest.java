package dev.demikv.libos.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.LogDeviceGeometry;
import dev.demikv.libos.device.sim.SimDisk.PowerLoss;
import dev.demikv.libos.device.sim.SimDiskFaults.Kind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class LogStoreTest {
  private final StoreHarness harness = new StoreHarness(1);

  @AfterEach
  void close() {
    harness.close();
    harness.assertNoLeaks();
  }

  @Test
  void readsRecordsInTheOrderTheyWereAppended() {
    LogStore store = harness.open();
    int log = store.openLog("a");
    for (int i = 0; i < 100; i++) {
      harness.append(log, text(i));
    }
    harness.settle();
    assertThat(texts(harness.readAll(log))).isEqualTo(range(0, 100));
  }

  @Test
  void reportsInOrderAndPositionsGrow() {
    LogStore store = harness.open();
    int log = store.openLog("a");
    List<Long> tokens = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      tokens.add(harness.appendPatiently(log, new byte[1 + i * 97 % 9000]));
      if (i % 7 == 0) {
        harness.turn();
      }
    }
    harness.settle();
    assertThat(harness.order).isEqualTo(tokens);
    long last = -1;
    for (long token : tokens) {
      long position = harness.await(token).position();
      assertThat(position).isGreaterThan(last).isLessThan(store.tail(log));
      last = position;
    }
  }

  @Test
  void allRecordsOfATurnShareOneWrite() {
    LogStore store = harness.open();
    int log = store.openLog("a");
    harness.settle();
    long before = counter("write");
    for (int i = 0; i < 500; i++) {
      harness.append(log, text(i));
    }
    harness.settle();
    assertThat(counter("write") - before).isEqualTo(1);
    assertThat(counter("flush")).as("only recovery flushed").isEqualTo(1);
  }

  @Test
  void recordsOfSeveralLogsShareOneFlush() {
    LogStore store = harness.open();
    int[] logs = {store.openLog("a"), store.openLog("b"), store.openLog("c")};
    harness.settle();
    long writes = counter("write");
    long flushes = counter("flush");
    for (int i = 0; i < 30; i++) {
      harness.append(logs[i % 3], text(i));
    }
    harness.settle();
    assertThat(counter("write") - writes).isEqualTo(3);
    assertThat(counter("flush") - flushes).isEqualTo(1);
  }

  @Test
  void whatWasPushedSurvivesPowerLoss() {
    LogStore store = harness.open();
    int log = store.openLog("a");
    harness.await(harness.append(log, text(1)));
    harness.await(harness.append(log, text(2)));
    harness.powerLoss(PowerLoss.DROP);
    log = harness.open().openLog("a");
    assertThat(texts(harness.readAll(log))).isEqualTo(range(1, 3));
  }

  @Test
  void aLargeRecordIsCutOverGroupsAndPutTogether() {
    LogStore store = harness.open();
    int log = store.openLog("a");
    byte[] large = new byte[store.recordBytesMax()];
    for (int i = 0; i < large.length; i++) {
      large[i] = (byte) (i * 31 + (i >>> 12));
    }
    harness.await(harness.appendPatiently(log, text(0)));
    harness.await(harness.appendPatiently(log, large));
    harness.await(harness.appendPatiently(log, large));
    harness.closeStore();
    log = harness.open().openLog("a");
    assertThat(harness.read(log)).isEqualTo(text(0));
    assertThat(harness.read(log)).isEqualTo(large);
    assertThat(harness.read(log)).isEqualTo(large);
    assertThat(harness.read(log)).isNull();
  }

  @Test
  void defaultGeometryTakesRecordsOfAMebibyte() {
    LogDeviceGeometry geometry = new LogDeviceGeometry(4096, 1 << 20, 64, 64 << 20, 4, 0);
    try (StoreHarness plain = new StoreHarness(1, geometry, Options.empty())) {
      assertThat(plain.open().recordBytesMax()).isGreaterThanOrEqualTo(1 << 20);
    }
  }

  @Test
  void refusesWhatIsNoRecord() {
    LogStore store = harness.open();
    int log = store.openLog("a");
    assertThat(harness.append(log, new byte[0])).isEqualTo(-Errno.EINVAL);
    assertThat(harness.append(log, new byte[store.recordBytesMax() + 1]))
        .isEqualTo(-Errno.EMSGSIZE);
    assertThat(harness.append(log + 1, text(1))).isEqualTo(-Errno.EBADF);
    assertThat(store.read(-1, 1, 1)).isEqualTo(-Errno.EBADF);
  }

  @Test
  void aPopThatTakesTooLittleLeavesTheRecord() {
    int log = harness.open().openLog("a");
    harness.await(harness.append(log, text(1234)));
    long token = harness.token();
    assertThat(harness.store().read(log, 2, token)).isZero();
    assertThat(harness.await(token).result()).isEqualTo(-Errno.EMSGSIZE);
    assertThat(harness.read(log)).isEqualTo(text(1234));
  }

  @Test
  void popsAtTheTailGetNothingUntilThereIsMore() {
    int log = harness.open().openLog("a");
    assertThat(harness.read(log)).isNull();
    long pushed = harness.append(log, text(1));
    assertThat(harness.read(log)).as("not durable yet").isNull();
    harness.await(pushed);
    assertThat(harness.read(log)).isEqualTo(text(1));
    assertThat(harness.read(log)).isNull();
  }

  @Test
  void seekGoesToARecordOrTheNextOne() {
    LogStore store = harness.open();
    int log = store.openLog("a");
    List<Long> positions = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      long token = harness.appendPatiently(log, text(i));
      positions.add(harness.await(token).position());
    }
    for (int i : new int[] {299, 0, 150, 7}) {
      store.seek(log, positions.get(i));
      assertThat(harness.read(log)).isEqualTo(text(i));
      store.seek(log, positions.get(i) - 1);
      assertThat(harness.read(log)).as("from between").isEqualTo(text(i));
    }
    store.seek(log, store.tail(log));
    assertThat(harness.read(log)).isNull();
    assertThatThrownBy(() -> store.seek(log, store.tail(log) + 1))
        .isInstanceOf(LibOsException.class)
        .hasMessageContaining("EINVAL");
  }

  @Test
  void truncateFreesSegmentsForGood() {
    LogStore store = harness.open();
    int log = store.openLog("a");
    byte[] record = new byte[60_000];
    int rounds = 40 * StoreHarness.SEGMENT / record.length * 3;
    for (int i = 0; i < rounds; i++) {
      long position = harness.await(harness.appendPatiently(log, record)).position();
      if (i % 20 == 19) {
        long token = harness.token();
        assertThat(store.truncate(log, position, token)).isZero();
        assertThat(harness.await(token).result()).isZero();
        assertThat(store.head(log)).isEqualTo(position);
      }
    }
    harness.settle();
    assertThat(harness.disk.preparedCount()).as("segments in use").isLessThan(12);
    long head = store.head(log);
    harness.powerLoss(PowerLoss.DROP);
    log = harness.open().openLog("a");
    assertThat(harness.store().head(log)).isEqualTo(head);
    assertThat(harness.readAll(log)).hasSizeGreaterThanOrEqualTo(1);
  }

  @Test
  void truncateToTheTailEmptiesTheLog() {
    LogStore store = harness.open();
    int log = store.openLog("a");
    harness.await(harness.append(log, text(1)));
    long token = harness.token();
    long tail = store.tail(log);
    assertThat(store.truncate(log, tail, token)).isZero();
    assertThat(harness.await(token).result()).isZero();
    assertThat(harness.read(log)).isNull();
    harness.await(harness.append(log, text(2)));
    assertThat(harness.read(log)).isEqualTo(text(2));
    harness.closeStore();
    log = harness.open().openLog("a");
    assertThat(texts(harness.readAll(log))).isEqualTo(range(2, 3));
    assertThat(harness.store().truncate(log, tail - 1, harness.token())).isEqualTo(-Errno.EINVAL);
  }

  @Test
  void aFullDeviceRefusesThenWorksAgainAfterTruncation() {
    LogStore store = harness.open();
    int log = store.openLog("a");
    byte[] record = new byte[60_000];
    List<Long> positions = new ArrayList<>();
    long rc = harness.appendPatiently(log, record);
    while (rc > 0) {
      positions.add(harness.await(rc).position());
      rc = harness.appendPatiently(log, record);
    }
    assertThat(rc).isEqualTo(-Errno.ENOSPC);
    assertThat(positions).hasSizeGreaterThan(38 * StoreHarness.SEGMENT / 70_000);
    assertThat(harness.append(log, record)).isEqualTo(-Errno.ENOSPC);
    long middle = positions.get(positions.size() / 2);
    long token = harness.token();
    assertThat(store.truncate(log, middle, token)).isZero();
    assertThat(harness.await(token).result()).isZero();
    harness.await(harness.appendPatiently(log, text(7)));
    harness.powerLoss(PowerLoss.REORDER);
    log = harness.open().openLog("a");
    List<byte[]> all = harness.readAll(log);
    assertThat(all).hasSize(positions.size() - positions.size() / 2 + 1);
    assertThat(all.getLast()).isEqualTo(text(7));
  }

  @Test
  void aFullFileSystemIsNoSpaceAndIsTriedAgain() {
    harness.disk.faults().full(4);
    LogStore store = harness.open();
    int log = store.openLog("a");
    byte[] record = new byte[60_000];
    long rc = harness.appendPatiently(log, record);
    while (rc > 0) {
      rc = harness.appendPatiently(log, record);
    }
    assertThat(rc).isEqualTo(-Errno.ENOSPC);
    harness.disk.faults().none();
    harness.world.runFor(1_000_000_000L);
    harness.settle();
    harness.await(harness.appendPatiently(log, record));
  }

  @Test
  void aFailedWriteFailsTheStoreForGood() {
    failsForGood(Kind.WRITE, 1);
  }

  @Test
  void aFailedFlushFailsTheStoreForGood() {
    failsForGood(Kind.FLUSH, 2);
  }

  private void failsForGood(Kind kind, int logCount) {
    LogStore store = harness.open();
    int log = store.openLog("a");
    int other = logCount > 1 ? store.openLog("b") : log;
    harness.await(harness.append(log, text(1)));
    harness.settle();
    harness.disk.faults().failNext(kind, 1, Errno.EIO);
    long first = harness.append(log, text(2));
    long second = harness.append(other, text(3));
    store.flush(harness.world.nanoTime());
    long staged = harness.append(log, text(4));
    assertThat(harness.await(first).result()).isEqualTo(-Errno.EIO);
    assertThat(harness.await(second).result()).isEqualTo(-Errno.EIO);
    assertThat(harness.await(staged).result()).isEqualTo(-Errno.EIO);
    assertThat(harness.append(log, text(5))).isEqualTo(-Errno.EIO);
    assertThat(store.truncate(log, store.tail(log), 99)).isEqualTo(-Errno.EIO);
    assertThat(harness.read(log)).as("what was durable").isEqualTo(text(1));
    assertThatThrownBy(() -> store.openLog("c")).isInstanceOf(LibOsException.class);
    harness.settle();
    assertThat(harness.append(log, text(5))).isEqualTo(-Errno.EIO);
    harness.powerLoss(PowerLoss.DROP);
    log = harness.open().openLog("a");
    assertThat(harness.read(log)).isEqualTo(text(1));
  }

  @Test
  void aFailedSuperblockFailsTruncation() {
    LogStore store = harness.open();
    int log = store.openLog("a");
    harness.await(harness.append(log, text(1)));
    harness.settle();
    harness.disk.faults().failNext(Kind.WRITE, 1, Errno.EIO);
    long token = harness.token();
    assertThat(store.truncate(log, store.tail(log), token)).isZero();
    assertThat(harness.await(token).result()).isEqualTo(-Errno.EIO);
    assertThat(harness.append(log, text(2))).isEqualTo(-Errno.EIO);
  }

  @Test
  void closingALogCancelsWhatIsPending() {
    LogStore store = harness.open();
    int log = store.openLog("a");
    long pushed = harness.append(log, text(1));
    harness.store().flush(harness.world.nanoTime());
    long truncated = harness.token();
    store.truncate(log, store.head(log), truncated);
    store.closeLog(log);
    assertThat(harness.completions.get(pushed).result()).isEqualTo(-Errno.ECANCELED);
    assertThat(harness.completions.get(truncated).result()).isEqualTo(-Errno.ECANCELED);
    assertThat(harness.append(log, text(2))).isEqualTo(-Errno.EBADF);
    assertThat(store.openLog("a")).isEqualTo(log);
    assertThat(harness.read(log)).as("was written all the same").isEqualTo(text(1));
  }

  @Test
  void onlyPopsCanBeCanceled() {
    LogStore store = harness.open();
    int log = store.openLog("a");
    harness.await(harness.append(log, text(1)));
    long pop = harness.token();
    store.read(log, 100, pop);
    assertThat(store.cancel(log, pop)).isZero();
    assertThat(harness.completions.get(pop).result()).isEqualTo(-Errno.ECANCELED);
    long push = harness.append(log, text(2));
    assertThat(store.cancel(log, push)).isEqualTo(-Errno.EALREADY);
    harness.await(push);
    assertThat(store.cancel(log, push)).isEqualTo(-Errno.EINVAL);
    assertThat(harness.read(log)).isEqualTo(text(1));
  }

  @Test
  void aLogIsOpenOnceAndHasAProperName() {
    LogStore store = harness.open();
    store.openLog("a");
    assertThatThrownBy(() -> store.openLog("a")).hasMessageContaining("EBUSY");
    for (String name : new String[] {"", "A", "a b", "x".repeat(33), "ä"}) {
      assertThatThrownBy(() -> store.openLog(name)).hasMessageContaining("EINVAL");
    }
    for (int i = 1; i < 39; i++) {
      store.openLog("log-" + i);
    }
    assertThatThrownBy(() -> store.openLog("too-many")).hasMessageContaining("ENOSPC");
  }

  @Test
  void stagingIsBounded() {
    LogStore store = harness.open();
    int log = store.openLog("a");
    byte[] record = new byte[50_000];
    long staged = 0;
    while (harness.append(log, record) > 0) {
      staged += record.length;
    }
    assertThat(harness.append(log, record)).isEqualTo(-Errno.EAGAIN);
    assertThat(staged).isBetween(100_000L, 1L << 20);
    harness.settle();
    assertThat(harness.append(log, record)).isPositive();
  }

  @Test
  void opensWithTheNameOfAnOptionThatIsWrong() {
    try (StoreHarness wrong =
        new StoreHarness(
            1, StoreHarness.GEOMETRY, StoreHarness.OPTIONS.with("storage.log.group-bytes", "1"))) {
      assertThatThrownBy(wrong::open)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("storage.log.group-bytes");
    }
  }

  private long counter(String name) {
    AtomicLong found = new AtomicLong(-1);
    harness
        .store()
        .counters((key, value) -> {
          if (key.equals(name)) {
            found.set(value);
          }
        });
    return found.get();
  }

  private static byte[] text(int i) {
    return ("record " + i).getBytes(StandardCharsets.UTF_8);
  }

  private static List<String> texts(List<byte[]> records) {
    return records.stream().map(bytes -> new String(bytes, StandardCharsets.UTF_8)).toList();
  }

  private static List<String> range(int from, int to) {
    List<String> texts = new ArrayList<>();
    for (int i = from; i < to; i++) {
      texts.add("record " + i);
    }
    return texts;
  }
}
