package dev.demikv.ycsb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import site.ycsb.ByteIterator;

final class RecordsTest {
  @Test
  void keepsFieldsOfEveryLengthInOrder() {
    SplittableRandom random = new SplittableRandom(5);
    Map<String, byte[]> fields = new LinkedHashMap<>();
    for (int length : new int[] {0, 1, 127, 128, 16_383, 16_384, 300_000}) {
      byte[] value = new byte[length];
      random.nextBytes(value);
      fields.put("feld-é-" + length, value);
    }
    fields.put("n".repeat(200), new byte[] {1});
    Map<String, byte[]> decoded = Records.decode(Records.encode(fields));
    assertThat(new ArrayList<>(decoded.keySet())).isEqualTo(new ArrayList<>(fields.keySet()));
    fields.forEach((name, value) -> assertThat(decoded.get(name)).as(name).isEqualTo(value));
  }

  @Test
  void aDefaultRecordHasOneKilobyte() {
    Map<String, byte[]> fields = new LinkedHashMap<>();
    for (int i = 0; i < 10; i++) {
      fields.put("field" + i, new byte[100]);
    }
    assertThat(Records.encode(fields)).hasSize(1_081);
  }

  @Test
  void handsOutTheFieldsThatAreWanted() {
    byte[] record = Records.encode(Map.of("a", new byte[] {'x', 'y'}, "b", new byte[] {'z'}));
    Map<String, ByteIterator> result = new HashMap<>();
    Records.decodeInto(record, Set.of("a", "absent"), result);
    assertThat(result).containsOnlyKeys("a");
    assertThat(result.get("a").toArray()).containsExactly('x', 'y');
    Records.decodeInto(record, null, result);
    assertThat(result).containsOnlyKeys("a", "b");
  }

  @Test
  void refusesWhatIsNoRecord() {
    byte[] record = Records.encode(Map.of("name", new byte[200]));
    List<byte[]> damaged = new ArrayList<>();
    damaged.add(new byte[0]);
    damaged.add("plain".getBytes(StandardCharsets.US_ASCII));
    damaged.add(new byte[] {1, -1, -1, -1, -1, -1, 1});
    for (int length = 2; length < record.length; length++) {
      damaged.add(Arrays.copyOf(record, length));
    }
    for (byte[] bytes : damaged) {
      assertThatThrownBy(() -> Records.decode(bytes)).isInstanceOf(IllegalArgumentException.class);
    }
  }
}
