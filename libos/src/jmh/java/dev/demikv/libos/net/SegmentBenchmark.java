package dev.demikv.libos.net;

import java.lang.foreign.Arena;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What the stack itself costs per TCP segment of 64 B, between the device and the socket: one
/// connection over IPv4 with timestamps, everything in the caches, no system call, no clock.
///
/// Each operation is a whole turn of the transport with its timers, so that what a loop pays per
/// turn is in it, for a single segment. Frames are made before; bringing one costs six stores.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"-XX:+UseSerialGC", "-Xms128m", "-Xmx128m"})
public class SegmentBenchmark {
  private static final int MESSAGE_BYTES = 64;

  /// A peer acknowledges at least every second full segment, RFC 5681 §4.2: 45 of these.
  private static final int MESSAGES_PER_ACK = 32;

  /// Frames that the stack sends on its own in the virtual time of a trial.
  private static final int ANNOUNCEMENTS_MAX = 16;

  /// Who makes and verifies the checksums of TCP: `library` or `device`.
  @Param({"library", "device"})
  public String checksum;

  private final Arena arena = Arena.ofConfined();
  private SegmentEnd end;
  private int sequence;
  private int ack;
  private int unacknowledged;
  private long in;
  private long out;

  /// Connects.
  @Setup(Level.Trial)
  public void connect() {
    end = new SegmentEnd(arena, 1, checksum.equals("device"), MESSAGE_BYTES);
    int[] next = end.connect(new SegmentEnd(arena, 2, false, MESSAGE_BYTES));
    sequence = next[0];
    ack = next[1];
  }

  /// Checks that every segment did what it should have done.
  @TearDown(Level.Trial)
  public void check() {
    boolean echoed = in > 0 && out > 0;
    if (end.poppedBytes() != in * MESSAGE_BYTES
        || end.device.framesOut() < out
        || echoed && end.device.framesOut() > out + ANNOUNCEMENTS_MAX) {
      throw new IllegalStateException(
          in + " in, " + out + " out: " + end.poppedBytes() + " B, " + end.device.framesOut());
    }
  }

  /// A data segment comes in: a pop waits, the frame is parsed, verified and matched, the stream is
  /// moved on, the pop completes with the device's buffer, which is freed. An acknowledgement goes
  /// out for every 45th.
  @Benchmark
  public long in() {
    end.tick();
    end.pop();
    end.device.arrive(sequence, ack);
    end.poll();
    sequence += MESSAGE_BYTES;
    in++;
    return end.poppedBytes();
  }

  /// A data segment goes out: a push copies the message, the flush makes the frame and gives it to
  /// the device. An acknowledgement comes in for every 32nd.
  @Benchmark
  public long out() {
    end.tick();
    end.push();
    end.flush();
    ack += MESSAGE_BYTES;
    out++;
    if (++unacknowledged == MESSAGES_PER_ACK) {
      unacknowledged = 0;
      end.device.arriveAcknowledgement(sequence, ack);
      end.poll();
    }
    return end.device.framesOut();
  }

  /// Both: what comes in is pushed again, and goes out with the acknowledgement on it.
  @Benchmark
  public long echo() {
    end.echo();
    end.tick();
    end.pop();
    end.device.arrive(sequence, ack);
    end.poll();
    end.flush();
    sequence += MESSAGE_BYTES;
    ack += MESSAGE_BYTES;
    in++;
    out++;
    return end.device.framesOut();
  }
}
