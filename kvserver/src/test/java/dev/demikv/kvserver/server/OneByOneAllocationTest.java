package dev.demikv.kvserver.server;

import org.junit.jupiter.api.Test;

final class OneByOneAllocationTest extends ServerAllocationContract {
  @Test
  void makesNoGarbageForCommandsOneByOne() {
    makesNoGarbage("memory", false);
  }
}
