package dev.demikv.libos.net;

import java.util.random.RandomGenerator;

/// What the two ends of a connection do, known to both.
///
/// The client's stream begins with the number of the session, so that the server knows what is
/// wanted of it.
///
/// @param number names it; the bytes of its streams depend on it
/// @param kind what it is about
/// @param clientBytes length of the client's stream, with the header
/// @param serverBytes length of the server's
/// @param requestBytes length of a request, [Kind#RPC] only
/// @param responseBytes length of a response
/// @param abortBytes where the abort comes: bytes pushed and popped by the end that aborts
/// @param client manner of the client
/// @param server manner of the server
record SimulationSession(
    long number,
    Kind kind,
    long clientBytes,
    long serverBytes,
    int requestBytes,
    int responseBytes,
    long abortBytes,
    Manner client,
    Manner server) {
  static final int HEADER_BYTES = 8;

  /// What sessions are about.
  enum Kind {
    /// Both push as fast as they can, at the same time.
    BULK,
    /// A request, its response, the next request.
    RPC,
    /// The server answers when the client's stream has ended.
    HALF_CLOSE,
    /// The client resets in the middle.
    CLIENT_ABORTS,
    /// The server resets in the middle.
    SERVER_ABORTS,
    /// The client closes without a word as soon as it is connected.
    NOTHING
  }

  /// How an end pushes and pops.
  ///
  /// @param pushBytesMax longest push
  /// @param popBytesMax longest pop
  /// @param pauseNanos between two pops: long ones close the window
  /// @param acked whether pushes complete when they are acknowledged
  /// @param bufferBytes send and receive buffer, 0 for those of the host with autotuning
  record Manner(
      int pushBytesMax, int popBytesMax, long pauseNanos, boolean acked, int bufferBytes) {
    /// @param bytes of the stream to pop: pauses are so short that all of them stay within seconds
    static Manner draw(RandomGenerator random, long bytes) {
      int[] sizes = {200, 3_000, 20_000, 100_000};
      int push = sizes[random.nextInt(sizes.length)];
      int pop = random.nextBoolean() ? Integer.MAX_VALUE : 1 + random.nextInt(30_000);
      long pops = bytes / Math.min(pop, 1_000) + 1;
      long pause = random.nextInt(3) > 0 ? 0 : random.nextLong(4_000_000_000L) / pops;
      int buffer = random.nextInt(3) > 0 ? 0 : 2_048 << random.nextInt(10);
      return new Manner(push, pop, Math.min(pause, 100_000_000), random.nextBoolean(), buffer);
    }
  }

  static SimulationSession draw(RandomGenerator random, long number, Kind kind, long bytesMax) {
    long client = 1 + random.nextLong(bytesMax);
    long server = random.nextLong(bytesMax);
    int request = 0;
    int response = 0;
    if (kind == Kind.RPC) {
      int count = 1 + random.nextInt(30);
      request = 1 + random.nextInt((int) Math.min(bytesMax, 20_000) / count);
      response = 1 + random.nextInt((int) Math.min(bytesMax, 20_000) / count);
      client = (long) request * count;
      server = (long) response * count;
    } else if (kind == Kind.NOTHING) {
      client = -HEADER_BYTES;
      server = 0;
    }
    client += HEADER_BYTES;
    return new SimulationSession(
        number,
        kind,
        client,
        server,
        request,
        response,
        random.nextLong(client + server + 1),
        Manner.draw(random, server),
        Manner.draw(random, client));
  }

  /// Whether an end may see the connection break.
  boolean mayBreak() {
    return kind == Kind.CLIENT_ABORTS || kind == Kind.SERVER_ABORTS || kind == Kind.NOTHING;
  }

  boolean aborts(boolean isClient) {
    return kind == (isClient ? Kind.CLIENT_ABORTS : Kind.SERVER_ABORTS);
  }

  long bytes(boolean ofClient) {
    return ofClient ? clientBytes : serverBytes;
  }

  /// How much of its stream an end may have pushed.
  ///
  /// @param received of the other's stream
  /// @param ended whether the other's stream has ended
  long allowed(boolean ofClient, long received, boolean ended) {
    return switch (kind) {
      case RPC ->
          ofClient
              ? Math.min(clientBytes, HEADER_BYTES + (received / responseBytes + 1) * requestBytes)
              : Math.max(received - HEADER_BYTES, 0) / requestBytes * responseBytes;
      case HALF_CLOSE -> ofClient || ended ? bytes(ofClient) : 0;
      case BULK, CLIENT_ABORTS, SERVER_ABORTS, NOTHING -> bytes(ofClient);
    };
  }

  /// The byte at a position of a stream.
  byte at(boolean ofClient, long position) {
    if (ofClient && position < HEADER_BYTES) {
      return (byte) (number >>> 8 * (HEADER_BYTES - 1 - position));
    }
    long h = (position + 1) * 0x9e37_79b9_7f4a_7c15L + 2 * number + (ofClient ? 1 : 0);
    h *= 0xbf58_476d_1ce4_e5b9L;
    return (byte) (h ^ h >>> 31 ^ h >>> 53);
  }
}
