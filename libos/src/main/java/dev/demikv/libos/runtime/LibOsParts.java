package dev.demikv.libos.runtime;

import dev.demikv.libos.api.SgaPool;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.device.LogDevice;
import dev.demikv.libos.device.Transport;
import dev.demikv.libos.device.Waiter;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.time.Clock;

/// What the composition root puts a LibOs together from. Given away: the LibOs closes all of it.
///
/// @param networkName name of the network backend, `none` without one
/// @param storageName name of the storage backend, `none` without one
/// @param transport the network backend, not yet started
/// @param device the storage backend, its logs not yet recovered
/// @param waiter what the loop sleeps on: the transport's own, or another
/// @param sgas arrays and buffers
/// @param clock time
/// @param config limits, idle policy, and options of the log
/// @param release frees the memory of the pools, last of all
public record LibOsParts(
    String networkName,
    String storageName,
    @Nullable Transport transport,
    @Nullable LogDevice device,
    Waiter waiter,
    SgaPool sgas,
    Clock clock,
    LibOsConfig config,
    Runnable release) {}
