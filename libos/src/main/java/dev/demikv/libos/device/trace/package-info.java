/// Devices that wrap devices: what passes is recorded, or made worse.
///
/// ```
///   NetStack ── PcapDevice ── FaultyDevice ── any NetDevice
///               records        loses, delays, reorders,
///               frames         duplicates, corrupts
/// ```
///
/// [dev.demikv.libos.device.trace.TraceDevices] puts them around a device as the options say. A
/// recording shows what the stack sees and does: sent frames before faults, received ones after
/// them. Both wrappers leave no garbage on the data path. Rank 4.
package dev.demikv.libos.device.trace;
