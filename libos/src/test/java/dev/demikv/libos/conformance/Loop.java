package dev.demikv.libos.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.lang.Nullable;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/// A LibOs in a test, and the completions that it delivered and nobody took.
final class Loop {
  final LibOs libos;
  final String host;
  private final Map<Long, QResult> done = new LinkedHashMap<>();
  private final QResult[] batch = new QResult[64];
  private final Map<String, Long> atOpen;

  Loop(LibOs libos, String host) {
    this.libos = libos;
    this.host = host;
    for (int i = 0; i < batch.length; i++) {
      batch[i] = new QResult();
    }
    this.atOpen = inUse();
  }

  /// One wait; keeps what completed.
  ///
  /// @return completions
  int turn(long timeoutNanos) {
    int count = libos.waitNext(batch, timeoutNanos);
    for (int i = 0; i < count; i++) {
      QResult copy = new QResult();
      copy.qtoken = batch[i].qtoken;
      copy.qd = batch[i].qd;
      copy.opcode = batch[i].opcode;
      copy.result = batch[i].result;
      copy.sga = batch[i].sga;
      copy.position = batch[i].position;
      copy.remote.set(batch[i].remote);
      assertThat(done.put(copy.qtoken, copy)).as("completion delivered twice").isNull();
      batch[i].clear();
    }
    return count;
  }

  /// Takes a completion, or `null` when it has not come.
  @Nullable
  QResult take(long qtoken) {
    return done.remove(qtoken);
  }

  /// Whether a completion has come.
  boolean has(long qtoken) {
    return done.containsKey(qtoken);
  }

  /// Completions that came and were not taken, in order.
  Iterable<QResult> untaken() {
    return done.values();
  }

  ScatterGatherArray array(byte[] content) {
    ScatterGatherArray sga = libos.sgaAlloc(content.length);
    assertThat(sga).as("array of %d bytes", content.length).isNotNull();
    sga.copyFrom(0, MemorySegment.ofArray(content), 0, content.length);
    return sga;
  }

  /// Pushes, and frees at once.
  long push(int qd, byte[] content) {
    ScatterGatherArray sga = array(content);
    long qtoken = libos.push(qd, sga);
    libos.sgaFree(sga);
    return qtoken;
  }

  long push(int qd, String content) {
    return push(qd, bytes(content));
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /// The content of a popped array, which is freed.
  byte[] content(QResult result) {
    assertThat(result.opcode).isEqualTo(Opcode.POP);
    ScatterGatherArray sga = result.sga;
    if (sga == null) {
      return new byte[0];
    }
    byte[] content = sga.toByteArray();
    assertThat(result.result).isEqualTo(content.length);
    libos.sgaFree(sga);
    result.sga = null;
    return content;
  }

  String text(QResult result) {
    return new String(content(result), StandardCharsets.UTF_8);
  }

  /// Frees what nobody took and checks that nothing is left in use.
  void assertNothingLeaks() {
    for (int i = 0; i < 100 && (turn(0) > 0 || i < 4); i++) {
      // Delivers what is left.
    }
    for (QResult result : done.values()) {
      if (result.sga != null) {
        libos.sgaFree(result.sga);
      }
    }
    done.clear();
    assertThat(inUse()).as("in use after the test").isEqualTo(atOpen);
  }

  private Map<String, Long> inUse() {
    Map<String, Long> counters = new TreeMap<>();
    libos
        .report()
        .counters()
        .forEach((name, value) -> {
          if (name.startsWith("qtokens.in") || name.matches("(sgas|buffers-.*|queues)\\.in-use")) {
            counters.put(name, value);
          }
        });
    return counters;
  }
}
