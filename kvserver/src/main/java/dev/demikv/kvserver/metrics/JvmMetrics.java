package dev.demikv.kvserver.metrics;

import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Metrics of the process and of the Java virtual machine, under the names that Prometheus's own
/// client libraries use.
final class JvmMetrics {
  private static final Logger LOG = LoggerFactory.getLogger(JvmMetrics.class);

  private JvmMetrics() {}

  static void add(MetricsSample out) {
    ProcessHandle.Info info = ProcessHandle.current().info();
    info.totalCpuDuration()
        .ifPresent(cpu ->
            out.counter(
                "process_cpu_seconds",
                "Processor time of the process, user and system.",
                cpu.toNanos() / 1e9));
    info.startInstant()
        .ifPresent(start ->
            out.gauge(
                "process_start_time_seconds",
                "Start of the process since the Unix epoch.",
                start.toEpochMilli() / 1e3));
    residentBytes(out);
    memory(out);
    MetricFamily collections =
        out.counters("jvm_gc_collections", "Garbage collections by collector.");
    MetricFamily seconds =
        out.counters("jvm_gc_collection_seconds", "Time of garbage collections by collector.");
    for (GarbageCollectorMXBean gc : ManagementFactory.getGarbageCollectorMXBeans()) {
      collections.add(Math.max(gc.getCollectionCount(), 0), "gc", gc.getName());
      seconds.add(Math.max(gc.getCollectionTime(), 0) / 1e3, "gc", gc.getName());
    }
    out.gauge(
        "jvm_threads_current",
        "Live threads.",
        ManagementFactory.getThreadMXBean().getThreadCount());
    out.gauge(
        "jvm_classes_loaded",
        "Classes loaded now.",
        ManagementFactory.getClassLoadingMXBean().getLoadedClassCount());
  }

  /// proc(5): `VmRSS: 12345 kB` in `status`. Where there is no proc file system, the metric is
  /// absent.
  private static void residentBytes(MetricsSample out) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmRSS:")) {
          long kibibytes = Long.parseLong(line.replaceAll("[^0-9]", ""));
          out.gauge("process_resident_memory_bytes", "Resident memory.", kibibytes << 10);
        }
      }
    } catch (IOException e) {
      LOG.debug("No resident memory to tell", e);
    }
  }

  private static void memory(MetricsSample out) {
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    MetricFamily used = out.gauges("jvm_memory_used_bytes", "Memory of the JVM in use.");
    MetricFamily committed =
        out.gauges("jvm_memory_committed_bytes", "Memory of the JVM got from the system.");
    MetricFamily most = out.gauges("jvm_memory_max_bytes", "Limit of that memory; -1 if none.");
    MemoryUsage heap = memory.getHeapMemoryUsage();
    MemoryUsage other = memory.getNonHeapMemoryUsage();
    used.add(heap.getUsed(), "area", "heap").add(other.getUsed(), "area", "nonheap");
    committed.add(heap.getCommitted(), "area", "heap").add(other.getCommitted(), "area", "nonheap");
    most.add(heap.getMax(), "area", "heap").add(other.getMax(), "area", "nonheap");
  }
}
