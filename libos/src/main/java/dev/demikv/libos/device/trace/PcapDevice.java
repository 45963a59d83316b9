package dev.demikv.libos.device.trace;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.api.Capability.Performer;
import dev.demikv.libos.device.FrameSink;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import java.util.function.ObjLongConsumer;

/// Records the frames that pass, both ways, to a [PcapFile].
///
/// Frames whose checksum is left to the device are recorded without it, and a reader may call it
/// wrong.
final class PcapDevice extends WrappedDevice {
  private final PcapFile file;
  private final FrameSink recording = this::received;
  private @Nullable FrameSink sink;
  private boolean closed;

  /// Takes over both.
  PcapDevice(NetDevice inner, PcapFile file) {
    super(inner);
    this.file = file;
  }

  @Override
  Capability capability() {
    return new Capability("recording", Performer.LIBRARY, "pcap, nanoseconds");
  }

  @Override
  public int receive(FrameSink newSink, int framesMax) {
    sink = newSink;
    return inner.receive(recording, framesMax);
  }

  private void received(Buffer buffer, int offset, int length, int checksum) {
    file.record(buffer.segment(), offset, length);
    FrameSink outer = sink;
    if (outer == null) {
      throw new IllegalStateException("a frame outside of receive");
    }
    outer.frame(buffer, offset, length, checksum);
  }

  /// The frame is copied before it is given away, and recorded if it was taken.
  @Override
  public int transmit(TxFrame frame) {
    boolean copied = file.begin(frame);
    int code = inner.transmit(frame);
    if (code >= 0 && copied) {
      file.commit();
    }
    return code;
  }

  @Override
  public void counters(ObjLongConsumer<String> visitor) {
    inner.counters(visitor);
    visitor.accept("pcap.frames", file.recorded());
    visitor.accept("pcap.dropped", file.dropped());
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try (file;
        inner) {
      sink = null;
    }
  }
}
