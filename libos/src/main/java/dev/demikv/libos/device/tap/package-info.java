/// Frames through the kernel's tap device: the user-level stack as one more host on a virtual
/// Ethernet cable, whose other end is a network interface of this machine.
///
/// ```
///   NetStack ── TapDevice ══ cable ══ interface tap0 ── kernel's stack, bridge, other machines
///    MAC of network.mac                MAC of its own
/// ```
///
/// For development and tests against the kernel's TCP/IP, and for machines without a device for
/// kernel bypass. Not an accelerator: each frame is a system call and a copy by the kernel.
///
/// Checksums: frames carry a `virtio_net_hdr` in front of them. With it, frames between this stack
/// and the kernel need no transport checksum at all, because they never are on a wire: each side
/// says where one would belong, and the kernel completes it when it forwards the frame to a real
/// device. Segmentation offload is not asked for. Rank 4.
package dev.demikv.libos.device.tap;
