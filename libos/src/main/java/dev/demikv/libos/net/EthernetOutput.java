package dev.demikv.libos.net;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.TxFrame;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.wire.EthernetHeader;
import java.lang.foreign.MemorySegment;

/// The way out: link headers, and frames as the device wants them.
final class EthernetOutput implements LinkOutput {
  private final NetDevice device;
  private final StackCounters counters;
  private final long macAddress;
  private final int mtuBytes;
  private final int vlan;
  private final int partsMax;
  private final TxFrame control = new TxFrame();
  private final TxFrame linear = new TxFrame();

  EthernetOutput(NetDevice device, StackConfig config, StackCounters counters) {
    this.device = device;
    this.counters = counters;
    this.macAddress = config.macAddress() >= 0 ? config.macAddress() : device.info().macAddress();
    this.mtuBytes =
        config.mtuBytes() != 0
            ? config.mtuBytes()
            : Math.min(device.info().mtuBytes(), StackConfig.MTU_BYTES_MAX);
    this.vlan = config.vlan();
    this.partsMax = device.info().partsMax();
  }

  @Override
  public long macAddress() {
    return macAddress;
  }

  @Override
  public int mtuBytes() {
    return mtuBytes;
  }

  @Override
  public int headerBytes() {
    return vlan >= 0 ? EthernetHeader.BYTES + EthernetHeader.TAG_BYTES : EthernetHeader.BYTES;
  }

  @Override
  public @Nullable TxFrame beginControl(int bytes) {
    return begin(control, headerBytes(), bytes);
  }

  /// Makes a frame of one fresh buffer that covers `bytes` behind `headBytes` of room.
  @Nullable
  TxFrame begin(TxFrame frame, int headBytes, int bytes) {
    frame.clear();
    if (device.isFull()) {
      counters.drop(DropReason.OUTPUT_DEVICE_FULL);
      return null;
    }
    Buffer buffer = device.takeFrame(headBytes + bytes);
    if (buffer == null) {
      counters.drop(DropReason.OUTPUT_NO_BUFFER);
      return null;
    }
    if (buffer.capacityBytes() < headBytes + bytes) {
      buffer.release();
      counters.drop(DropReason.OUTPUT_NO_BUFFER);
      return null;
    }
    frame.add(buffer, headBytes, bytes);
    return frame;
  }

  @Override
  public int transmit(TxFrame frame, long destinationMac, int etherType) {
    int header = headerBytes();
    MemorySegment memory = frame.buffer(0).segment();
    int start = frame.offset(0) - header;
    frame.setRange(0, start, frame.length(0) + header);
    if (vlan >= 0) {
      EthernetHeader.setTagged(memory, start, destinationMac, macAddress, vlan, etherType);
    } else {
      EthernetHeader.set(memory, start, destinationMac, macAddress, etherType);
    }
    TxFrame whole = frame.partCount() > partsMax ? linearize(frame) : frame;
    if (whole == null) {
      return -Errno.ENOBUFS;
    }
    int result = device.transmit(whole);
    if (result == -Errno.EAGAIN) {
      device.flush();
      result = device.transmit(whole);
    }
    if (result < 0) {
      counters.drop(DropReason.OUTPUT_DEVICE_FULL);
      whole.releaseParts();
      return result;
    }
    counters.framesOut++;
    return 0;
  }

  /// Copies the parts together for a device that takes fewer.
  private @Nullable TxFrame linearize(TxFrame frame) {
    TxFrame copy = begin(linear, 0, frame.totalBytes());
    if (copy == null) {
      frame.releaseParts();
      return null;
    }
    counters.linearized++;
    copyParts(frame, copy.buffer(0).segment(), 0);
    if (frame.wantsChecksum()) {
      copy.requestChecksum(frame.checksumStart(), frame.checksumOffset());
    }
    frame.releaseParts();
    return copy;
  }

  /// Copies all parts of a frame to one place.
  static void copyParts(TxFrame frame, MemorySegment to, long offset) {
    long at = offset;
    for (int i = 0; i < frame.partCount(); i++) {
      MemorySegment.copy(frame.buffer(i).segment(), frame.offset(i), to, at, frame.length(i));
      at += frame.length(i);
    }
  }
}
