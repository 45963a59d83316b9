import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.config.LibOsConfig;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.WriteOptions;

/// The storage queue on the kernel file device: one durable record beside a bare
/// `O_DIRECT|O_DSYNC` write of the same size (fio, psync), and 16 writers beside RocksDB's synced
/// write-ahead log.
final class LogBench {
  /// With the record's and the group's header it fills one block of 4 KiB.
  private static final int RECORD_BYTES = 4000;

  private static final int SMALL_BYTES = 116;
  private static final int WRITERS = 16;

  private LogBench() {}

  static void log(Report report, boolean quick) throws Exception {
    Processes.need("fio", "fio");
    int rounds = quick ? 3 : 9;
    int count = quick ? 1_000 : 4_000;
    Path folder = Processes.folder();
    Path peerFile = folder.resolve("fio.dat");
    LibOsConfig config =
        LibOsConfig.kernel()
            .withNetwork("none")
            .withStorage("file")
            .withLimits(LibOsConfig.Limits.SMALL)
            .withOption("storage.file.path", folder.resolve("ours").toString())
            .withOption("storage.file.capacity", "1GiB");
    double[][] p50 = new double[2][rounds];
    double[][] p99 = new double[2][rounds];
    try (LibOs libos = LibOses.open(config)) {
      int qd = libos.open("bench");
      fio(peerFile, count); // Writes the file's blocks, so that the rounds overwrite.
      records(libos, qd, RECORD_BYTES, 1, 500);
      for (int round = 0; round < rounds; round++) {
        Processes.awaitQuiet();
        long[] ours = records(libos, qd, RECORD_BYTES, 1, count);
        p50[0][round] = ours[count / 2] / 1e3;
        p99[0][round] = ours[count * 99 / 100] / 1e3;
        Processes.awaitQuiet();
        double[] peer = fio(peerFile, count);
        p50[1][round] = peer[0];
        p99[1][round] = peer[1];
      }
      report.compare("append-1-p50", "us; peer: 4 KiB O_DIRECT|O_DSYNC by fio", false, p50[0], p50[1]);
      report.compare("append-1-p99", "us; peer: 4 KiB O_DIRECT|O_DSYNC by fio", false, p99[0], p99[1]);
      if (System.getProperty("demikv.rocksdb", "").isEmpty()) {
        throw new MissingPeerException("rocksdbjni", "(a Maven artifact; run with access to it)");
      }
      writers(report, libos, qd, rounds, quick ? 5_000 : 20_000, folder);
    }
  }

  private static void writers(
      Report report, LibOs libos, int qd, int rounds, int count, Path folder) throws Exception {
    double[][] rate = new double[2][rounds];
    RocksDB.loadLibrary();
    try (Options options = new Options().setCreateIfMissing(true);
        RocksDB db = RocksDB.open(options, folder.resolve("rocksdb").toString())) {
      rocks(db, count / 10);
      for (int round = 0; round < rounds; round++) {
        Processes.awaitQuiet();
        long begin = System.nanoTime();
        records(libos, qd, SMALL_BYTES, WRITERS, count);
        rate[0][round] = count / ((System.nanoTime() - begin) / 1e9);
        Processes.awaitQuiet();
        rate[1][round] = rocks(db, count);
      }
    }
    report.compare(
        "append-16-rate", "records/s of 116 B; peer: RocksDB synced puts, 16 threads", true, rate[0],
        rate[1]);
  }

  /// Pushes records with so many in flight; latencies in nanoseconds, sorted.
  private static long[] records(LibOs libos, int qd, int bytes, int inFlight, int count) {
    long[] nanos = new long[count];
    long[] begun = new long[count];
    QResult[] results = new QResult[inFlight];
    for (int i = 0; i < inFlight; i++) {
      results[i] = new QResult();
    }
    int pushed = 0;
    int done = 0;
    while (done < count) {
      while (pushed < count && pushed - done < inFlight) {
        ScatterGatherArray sga = libos.sgaAlloc(bytes);
        begun[pushed] = System.nanoTime();
        long qtoken = libos.push(qd, sga);
        libos.sgaFree(sga);
        if (qtoken < 0) {
          throw new IllegalStateException("push: " + qtoken);
        }
        pushed++;
      }
      int n = libos.waitNext(results, -1);
      for (int i = 0; i < n; i++) {
        if (results[i].result < 0) {
          throw new IllegalStateException("record: " + results[i].result);
        }
        nanos[done] = System.nanoTime() - begun[done];
        done++;
      }
    }
    QResult result = new QResult();
    libos.wait(libos.truncate(qd, libos.logTail(qd)), -1, result);
    Arrays.sort(nanos);
    return nanos;
  }

  /// p50 and p99 of fio's bare writes in microseconds.
  private static double[] fio(Path file, int count) throws Exception {
    String out =
        Processes.output(
            List.of(
                "fio",
                "--name=bare",
                "--filename=" + file,
                "--ioengine=psync",
                "--rw=write",
                "--bs=4k",
                "--size=32m",
                "--direct=1",
                "--sync=dsync",
                "--overwrite=1",
                "--fallocate=none",
                "--number_ios=" + count,
                "--output-format=json"));
    int at = out.indexOf("\"percentile\"", out.indexOf("\"write\" :"));
    return new double[] {percentile(out, at, "50.000000"), percentile(out, at, "99.000000")};
  }

  private static double percentile(String json, int from, String which) {
    Matcher m = Pattern.compile("\"" + which + "\" : (\\d+)").matcher(json);
    if (from < 0 || !m.find(from)) {
      throw new IllegalStateException("no percentile " + which + " in fio's output");
    }
    return Double.parseDouble(m.group(1)) / 1e3;
  }

  /// Synced puts of 16 threads per second.
  private static double rocks(RocksDB db, int count) throws Exception {
    AtomicLong next = new AtomicLong();
    CountDownLatch done = new CountDownLatch(WRITERS);
    Throwable[] failure = {null};
    long begin = System.nanoTime();
    for (int i = 0; i < WRITERS; i++) {
      Thread.ofPlatform()
          .start(
              () -> {
                try (WriteOptions options = new WriteOptions().setSync(true)) {
                  byte[] value = new byte[100];
                  for (long n = next.getAndIncrement(); n < count; n = next.getAndIncrement()) {
                    db.put(options, "key%012d".formatted(n).getBytes(), value);
                  }
                } catch (Throwable e) {
                  failure[0] = e;
                } finally {
                  done.countDown();
                }
              });
    }
    done.await();
    if (failure[0] != null) {
      throw new IllegalStateException(failure[0]);
    }
    return count / ((System.nanoTime() - begin) / 1e9);
  }
}
