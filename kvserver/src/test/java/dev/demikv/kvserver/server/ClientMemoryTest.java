package dev.demikv.kvserver.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ClientMemoryTest {
  private static final long BUDGET = 1 << 20;

  private final ClientMemory memory = new ClientMemory(BUDGET);

  @AfterEach
  void close() {
    memory.close();
  }

  @Test
  void blocksArePowersOfTwoWithinTheBudget() {
    ClientMemory.Block small = memory.take(1);
    ClientMemory.Block odd = memory.take(5_000);
    assertThat(small.capacity()).isEqualTo(ClientMemory.BLOCK_BYTES_LEAST);
    assertThat(odd.capacity()).isEqualTo(8192);
    assertThat(memory.usedBytes()).isEqualTo(4096 + 8192);
    assertThat(memory.take(BUDGET)).isNull();
    assertThat(memory.take(Long.MAX_VALUE)).isNull();
    assertThat(memory.refusedCount()).isEqualTo(2);
    memory.give(small);
    memory.give(odd);
    assertThat(memory.usedBytes()).isZero();
    assertThat(memory.take(BUDGET)).isNotNull();
  }

  @Test
  void largeBlocksGrowWhereTheyAreAndGoBackInSteps() {
    try (ClientMemory large = new ClientMemory(100 << 20)) {
      ClientMemory.Block block = large.takeGrowing(5 << 20);
      block.memory().set(ValueLayout.JAVA_BYTE, (5 << 20) - 1, (byte) 7);
      assertThat(block.capacity()).isEqualTo(5 << 20);
      assertThat(large.grow(block, (60 << 20) + 1)).isTrue();
      assertThat(block.capacity()).isEqualTo(61 << 20);
      assertThat(large.usedBytes()).isEqualTo(61 << 20);
      assertThat(block.memory().get(ValueLayout.JAVA_BYTE, (5 << 20) - 1)).isEqualTo((byte) 7);
      block.memory().set(ValueLayout.JAVA_BYTE, (61 << 20) - 1, (byte) 8);
      assertThat(large.grow(block, 101 << 20)).isFalse();
      assertThat(large.take(40 << 20)).isNull();
      assertThat(block.capacity()).isEqualTo(61 << 20);
      large.give(block);
      assertThat(large.usedBytes()).isZero();
      int steps = 1;
      while (large.unmapSome(4 << 20)) {
        steps++;
      }
      assertThat(steps).isEqualTo(15);
    }
  }

  @Test
  void returnedBlocksAreUsedAgain() {
    ClientMemory.Block first = memory.take(10_000);
    memory.give(first);
    assertThat(memory.take(16_384)).isSameAs(first);
  }

  @Test
  void inputIsAByteQueueWhateverTheSteps() {
    Random random = new Random(1);
    InputBuffer input = new InputBuffer(memory, 100_000);
    List<Byte> model = new ArrayList<>();
    for (int step = 0; step < 5_000; step++) {
      byte[] bytes = new byte[random.nextInt(random.nextInt(10) == 0 ? 20_000 : 200)];
      random.nextBytes(bytes);
      boolean fits = input.append(MemorySegment.ofArray(bytes), 0, bytes.length);
      assertThat(fits).isEqualTo(model.size() + bytes.length <= 100_000);
      for (int i = 0; fits && i < bytes.length; i++) {
        model.add(bytes[i]);
      }
      int consumed = model.isEmpty() ? 0 : random.nextInt(model.size() + 1);
      if (random.nextInt(20) == 0) {
        consumed = model.size();
      }
      input.consume(consumed);
      model.subList(0, consumed).clear();
      assertThat(input.length()).isEqualTo(model.size());
      for (int i = 0; i < model.size(); i += 997) {
        assertThat(input.memory().get(ValueLayout.JAVA_BYTE, input.start() + i))
            .isEqualTo(model.get(i));
      }
    }
    input.clear();
    assertThat(memory.usedBytes()).isZero();
  }
}
