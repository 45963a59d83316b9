import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.config.LibOsConfig;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/// The queue algebra: two queues of words, filtered, turned to capitals and merged into one.
///
/// `libos/bin/example FilterMerge`
public final class FilterMerge {
  public static void main(String[] args) {
    try (LibOs libos = LibOses.open(LibOsConfig.kernel().withNetwork("none"))) {
      int words = libos.queue(16);
      int more = libos.queue(16);
      push(libos, words, "push");
      push(libos, words, "#comment");
      push(libos, words, "pop");
      push(libos, more, "wait");
      push(libos, more, "#another");

      int merged = libos.merge(words, more);
      int filtered = libos.filter(merged, sga -> first(sga) != '#');
      int capitals = libos.map(filtered, FilterMerge::toCapitals);

      QResult result = new QResult();
      for (int i = 0; i < 3; i++) {
        libos.wait(libos.pop(capitals), -1, result);
        System.out.println(new String(result.sga.toByteArray(), StandardCharsets.UTF_8));
        libos.sgaFree(result.sga);
      }
    }
  }

  private static void push(LibOs libos, int qd, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ScatterGatherArray sga = libos.sgaAlloc(bytes.length);
    sga.copyFrom(0, MemorySegment.ofArray(bytes), 0, bytes.length);
    libos.push(qd, sga);
    libos.sgaFree(sga);
  }

  private static byte first(ScatterGatherArray sga) {
    return sga.memory(0).get(ValueLayout.JAVA_BYTE, sga.offset(0));
  }

  private static ScatterGatherArray toCapitals(ScatterGatherArray sga) {
    MemorySegment memory = sga.memory(0);
    for (int i = sga.offset(0); i < sga.offset(0) + sga.length(0); i++) {
      byte b = memory.get(ValueLayout.JAVA_BYTE, i);
      if (b >= 'a' && b <= 'z') {
        memory.set(ValueLayout.JAVA_BYTE, i, (byte) (b - 'a' + 'A'));
      }
    }
    return sga;
  }
}
