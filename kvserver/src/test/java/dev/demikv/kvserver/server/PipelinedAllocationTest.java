package dev.demikv.kvserver.server;

import org.junit.jupiter.api.Test;

final class PipelinedAllocationTest extends ServerAllocationContract {
  @Test
  void makesNoGarbageForPipelinedCommands() {
    makesNoGarbage("memory", true);
  }
}
