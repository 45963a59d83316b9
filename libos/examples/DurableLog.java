import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.config.LibOsConfig;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/// A durable log: appends its arguments as records, all with one write to the disk, then reads the
/// whole log back. Run it again, or kill it at any moment: what was acknowledged is there.
///
/// `libos/bin/example DurableLog DIRECTORY one two three`
public final class DurableLog {
  public static void main(String[] args) {
    LibOsConfig config =
        LibOsConfig.kernel()
            .withNetwork("none")
            .withStorage("file")
            .withOption("storage.file.path", args.length > 0 ? args[0] : "demikv-log")
            .withOption("storage.file.segment-bytes", "4MiB")
            .withOption("storage.file.capacity", "64MiB");
    try (LibOs libos = LibOses.open(config)) {
      int log = libos.open("greetings");

      long[] qtokens = new long[Math.max(0, args.length - 1)];
      QResult[] results = new QResult[qtokens.length];
      for (int i = 0; i < qtokens.length; i++) {
        byte[] text = args[i + 1].getBytes(StandardCharsets.UTF_8);
        ScatterGatherArray record = libos.sgaAlloc(text.length);
        record.copyFrom(0, MemorySegment.ofArray(text), 0, text.length);
        qtokens[i] = libos.push(log, record);
        libos.sgaFree(record);
        results[i] = new QResult();
      }
      // The pushes of one turn share one write and one flush: group commit.
      if (qtokens.length > 0) {
        int code = libos.waitAll(qtokens, qtokens.length, -1, results);
        for (QResult result : results) {
          if (code < 0 || result.failed()) {
            throw new IllegalStateException("not durable: " + Math.min(code, result.result));
          }
          System.out.println("durable at " + result.position);
        }
      }

      QResult record = new QResult();
      for (libos.seek(log, libos.logHead(log)); ; libos.sgaFree(record.sga)) {
        libos.wait(libos.pop(log), -1, record);
        if (record.sga == null) {
          break; // The tail.
        }
        String text = new String(record.sga.toByteArray(), StandardCharsets.UTF_8);
        System.out.println(record.position + ": " + text);
      }
    }
  }
}
