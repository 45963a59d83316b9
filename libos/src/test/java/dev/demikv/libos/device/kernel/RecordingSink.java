package dev.demikv.libos.device.kernel;

import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.device.TransportSink;
import dev.demikv.libos.lang.Nullable;
import java.util.HashMap;
import java.util.Map;

/// Remembers every completion by its token and does what the runtime does with arrays: it holds
/// pushed ones until their token is reported and owns popped ones.
final class RecordingSink implements TransportSink {
  /// What was reported; a pop's bytes are copied.
  static final class Completion {
    private final int result;
    private final byte[] bytes;
    private final @Nullable Endpoint remote;
    private final @Nullable ScatterGatherArray sga;

    Completion(int result, @Nullable ScatterGatherArray sga, @Nullable Endpoint remote) {
      this.result = result;
      this.bytes = sga == null ? new byte[0] : sga.toByteArray();
      this.remote = remote == null ? null : remote.copy();
      this.sga = sga;
    }

    int result() {
      return result;
    }

    byte[] bytes() {
      return bytes;
    }

    Endpoint remote() {
      return remote;
    }

    /// The array of a pop; the test's when [RecordingSink#keepArrays] was set.
    ScatterGatherArray sga() {
      return sga;
    }
  }

  private final Map<Long, Completion> completions = new HashMap<>();
  private final Map<Long, ScatterGatherArray> pushing = new HashMap<>();

  /// Popped arrays stay out until the test drops them.
  boolean keepArrays;

  void pushing(long qtoken, ScatterGatherArray sga) {
    pushing.put(qtoken, sga);
  }

  void refused(long qtoken) {
    pushing.remove(qtoken).drop();
  }

  @Nullable
  Completion take(long qtoken) {
    return completions.remove(qtoken);
  }

  int count() {
    return completions.size();
  }

  @Override
  public void pushed(long qtoken, int result) {
    pushing.remove(qtoken).drop();
    add(qtoken, new Completion(result, null, null));
  }

  @Override
  public void popped(
      long qtoken, int result, @Nullable ScatterGatherArray sga, @Nullable Endpoint remote) {
    add(qtoken, new Completion(result, sga, remote));
    if (sga != null && !keepArrays) {
      sga.drop();
    }
  }

  @Override
  public void accepted(long qtoken, int result, @Nullable Endpoint remote) {
    add(qtoken, new Completion(result, null, remote));
  }

  @Override
  public void connected(long qtoken, int result) {
    add(qtoken, new Completion(result, null, null));
  }

  private void add(long qtoken, Completion completion) {
    if (completions.put(qtoken, completion) != null) {
      throw new AssertionError("token " + qtoken + " was reported twice");
    }
  }
}
