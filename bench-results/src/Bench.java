import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Runs benchmarks by name; see `bench-results/run`.
final class Bench {
  /// A benchmark: measures and reports.
  interface Body {
    void run(Report report, boolean quick) throws Exception;
  }

  private static final Map<String, Body> BODIES = new LinkedHashMap<>();

  static {
    BODIES.put("kv-memory", KvBench::memory);
    BODIES.put("kv-fsync", KvBench::fsync);
    BODIES.put("log", LogBench::log);
    BODIES.put("echo", EchoBench::echo);
    BODIES.put("memif", MemifBench::memif);
    BODIES.put("memif-tcp", MemifTcpBench::memifTcp);
    BODIES.put("veth-tcp", VethTcpBench::vethTcp);
    BODIES.put("segment", SegmentBench::segment);
    BODIES.put("cubic", CubicBench::cubic);
    BODIES.put("idle-connections", IdleConnectionsBench::idleConnections);
    BODIES.put("memif-rate", MemifRateBench::memifRate);
    BODIES.put("memif-bulk", MemifBulkBench::memifBulk);
    BODIES.put("memif-kv", MemifKvBench::memifKv);
    BODIES.put("restart", OperationsBench::restart);
    BODIES.put("idle", OperationsBench::idle);
    BODIES.put("startup", OperationsBench::startup);
    BODIES.put("ycsb", OperationsBench::ycsb);
  }

  private Bench() {}

  public static void main(String[] args) throws Exception {
    List<String> names = new ArrayList<>();
    boolean quick = false;
    for (String arg : args) {
      if (arg.equals("--quick")) {
        quick = true;
      } else {
        names.add(arg);
      }
    }
    if (names.size() != 1) {
      System.err.println("usage: bench-results/run NAME|list|all [--quick]");
      System.exit(64);
    }
    String name = names.get(0);
    if (name.equals("list")) {
      BODIES.keySet().forEach(System.out::println);
      return;
    }
    List<String> chosen = name.equals("all") ? new ArrayList<>(BODIES.keySet()) : List.of(name);
    int failed = 0;
    for (String one : chosen) {
      Body body = BODIES.get(one);
      if (body == null) {
        System.err.println(
            "no benchmark '" + one + "'; there are: " + String.join(", ", BODIES.keySet()));
        System.exit(64);
        return;
      }
      Report report = new Report(one, quick);
      try {
        body.run(report, quick);
        report.save();
      } catch (MissingPeerException e) {
        System.err.println("SKIPPED " + one + ": " + e.getMessage());
        failed = 69;
      } finally {
        Processes.stopAll();
      }
    }
    Runtime.getRuntime().halt(failed); // Quietly: exit is logged where a logger is there.
  }
}
