/// The seams between the library OS and its backends, and the plug-in interface.
///
/// ```
///                 runtime (queues, tokens, loop)
///        Transport │                    │ log (records, recovery)
///   ┌──────────────┴─────────┐          │ LogDevice
///   kernel · memory · sim …             file · memory · sim …
/// ```
///
/// A backend is a package under `device` with a [TransportProvider] or a [LogDeviceProvider] that
/// is named in `META-INF/services` and in `module-info`. Nothing native is loaded before
/// [BackendProvider#availability] or an open asks for it. Rank 3.
package dev.demikv.libos.device;
