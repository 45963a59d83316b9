package dev.demikv.libos.api;

/// One function of an operating system's I/O path and who performs it.
///
/// @param function as `tcp`, `checksum`, `durable write`
/// @param performer who does it
/// @param detail how, as `io_uring, O_DIRECT|O_DSYNC`; may be empty
public record Capability(String function, Performer performer, String detail) {
  /// Who performs a function.
  public enum Performer {
    /// The device.
    DEVICE,
    /// The kernel.
    KERNEL,
    /// This library, on the CPU.
    LIBRARY,
    /// Nobody: it is not there.
    NOBODY
  }
}
