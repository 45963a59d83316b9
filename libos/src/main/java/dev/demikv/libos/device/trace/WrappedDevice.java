package dev.demikv.libos.device.trace;

import dev.demikv.libos.api.Capability;
import dev.demikv.libos.device.NetDevice;
import dev.demikv.libos.device.NetDeviceInfo;
import dev.demikv.libos.device.QueueShare;
import dev.demikv.libos.device.Waiter;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.memory.Buffer;
import dev.demikv.libos.memory.BufferPools;
import dev.demikv.libos.memory.MemorySource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ObjLongConsumer;

/// What all wrappers leave to the device inside.
abstract class WrappedDevice implements NetDevice {
  final NetDevice inner;

  WrappedDevice(NetDevice inner) {
    this.inner = inner;
  }

  /// What the wrapper adds.
  abstract Capability capability();

  @Override
  public NetDeviceInfo info() {
    return inner.info();
  }

  @Override
  public List<Capability> capabilities() {
    List<Capability> all = new ArrayList<>(inner.capabilities());
    all.add(capability());
    return List.copyOf(all);
  }

  @Override
  public @Nullable MemorySource memorySource() {
    return inner.memorySource();
  }

  @Override
  public void start(BufferPools pools) {
    inner.start(pools);
  }

  @Override
  public @Nullable Buffer takeFrame(int lengthBytes) {
    return inner.takeFrame(lengthBytes);
  }

  @Override
  public boolean isFull() {
    return inner.isFull();
  }

  @Override
  public int flush() {
    return inner.flush();
  }

  @Override
  public boolean isLinkUp() {
    return inner.isLinkUp();
  }

  @Override
  public int readinessFd() {
    return inner.readinessFd();
  }

  @Override
  public long idleWaitNanosMax() {
    return inner.idleWaitNanosMax();
  }

  @Override
  public long nextTimerNanos() {
    return inner.nextTimerNanos();
  }

  @Override
  public QueueShare share() {
    return inner.share();
  }

  @Override
  public @Nullable Waiter waiter() {
    return inner.waiter();
  }

  @Override
  public void counters(ObjLongConsumer<String> visitor) {
    inner.counters(visitor);
  }

  @Override
  public void close() {
    inner.close();
  }
}
