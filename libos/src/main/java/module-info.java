/// The library operating system. Start with [dev.demikv.libos.LibOses] and
/// [dev.demikv.libos.api.LibOs].
///
/// A program on the module path permits the calls of C functions with
/// `--enable-native-access=dev.demikv.libos`. On the class path nothing of this is read: providers
/// are then found by `META-INF/services`, which a test compares with the list below.
@SuppressWarnings("module") // The compiler does not see dev.demikv.kvserver, which comes later.
module dev.demikv.libos {
  // For users.
  exports dev.demikv.libos;
  exports dev.demikv.libos.api;
  exports dev.demikv.libos.config;
  exports dev.demikv.libos.lang;
  exports dev.demikv.libos.memory;
  exports dev.demikv.libos.time;

  // For writers of backends.
  exports dev.demikv.libos.device;

  // For users' tests: worlds, faults, virtual time.
  exports dev.demikv.libos.device.sim;

  // The server's engine maps pages itself; nobody else calls C.
  exports dev.demikv.libos.ffi to
      dev.demikv.kvserver;

  // A package that is not exported is named in ModuleTest, which says so when one is forgotten.

  uses dev.demikv.libos.device.LogDeviceProvider;
  uses dev.demikv.libos.device.NetDeviceProvider;
  uses dev.demikv.libos.device.TransportProvider;

  provides dev.demikv.libos.device.LogDeviceProvider with
      dev.demikv.libos.device.file.FileLogDeviceProvider,
      dev.demikv.libos.device.memory.MemoryLogDeviceProvider,
      dev.demikv.libos.device.sim.SimLogDeviceProvider;
  provides dev.demikv.libos.device.NetDeviceProvider with
      dev.demikv.libos.device.dpdk.DpdkProvider,
      dev.demikv.libos.device.packet.PacketDeviceProvider,
      dev.demikv.libos.device.sim.SimNetDeviceProvider,
      dev.demikv.libos.device.tap.TapDeviceProvider;
  provides dev.demikv.libos.device.TransportProvider with
      dev.demikv.libos.device.kernel.KernelTransportProvider,
      dev.demikv.libos.device.memory.MemoryTransportProvider,
      dev.demikv.libos.device.sim.SimTransportProvider;
}
