package dev.demikv.kvserver.server;

import org.junit.jupiter.api.Test;

final class DurableAllocationTest extends ServerAllocationContract {
  @Test
  void makesNoGarbageForPipelinedCommandsThroughTheLog() {
    makesNoGarbage("fsync", true);
  }
}
