package dev.demikv.libos.api;

/// Options of a queue for [LibOs#setsockopt] and [LibOs#getsockopt]. Booleans are 0 and 1.
public enum SocketOption {
  /// Send small segments at once (TCP_NODELAY). Boolean, default 1: a library OS pushes whole
  /// messages.
  NODELAY,
  /// Probe idle peers (SO_KEEPALIVE). Boolean, default 0.
  KEEPALIVE,
  /// Seconds of silence before the first probe (TCP_KEEPIDLE).
  KEEPALIVE_IDLE_SECONDS,
  /// Seconds between probes (TCP_KEEPINTVL).
  KEEPALIVE_INTERVAL_SECONDS,
  /// Probes without an answer that end the connection (TCP_KEEPCNT).
  KEEPALIVE_COUNT,
  /// Bind although connections of a former listener linger (SO_REUSEADDR). Boolean, default 1 on
  /// stream sockets.
  REUSEADDR,
  /// Let several sockets share one port and spread the load (SO_REUSEPORT). Boolean, default 0.
  REUSEPORT,
  /// Send buffer of the transport in bytes (SO_SNDBUF).
  SEND_BUFFER_BYTES,
  /// Receive buffer of the transport in bytes (SO_RCVBUF).
  RECEIVE_BUFFER_BYTES,
  /// An IPv6 socket takes IPv6 peers only (IPV6_V6ONLY). Boolean, default 0.
  V6ONLY,
  /// Seconds that close waits for unsent data; 0 resets the connection (SO_LINGER). -1, the
  /// default, sends the rest in the background.
  LINGER_SECONDS,
  /// What the completion of a push means: the level of a [PushCompletion].
  PUSH_COMPLETION,
  /// Completions of successful pushes are not delivered; failed ones are. For servers that free
  /// what they push at once and learn of trouble from their pops. Boolean, default 0. Any queue.
  PUSH_QUIET
}
