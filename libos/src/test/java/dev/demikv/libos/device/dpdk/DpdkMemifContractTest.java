package dev.demikv.libos.device.dpdk;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/// The contract over net_memif.
final class DpdkMemifContractTest extends DpdkPairContract {
  @TempDir private Path directory;

  @Override
  DpdkDevice openPair() {
    String socket = ",socket=" + directory.resolve("memif") + ",socket-abstract=no";
    DpdkDevice server = port("net_memif", "role=server" + socket);
    joined(port("net_memif", "role=client" + socket));
    return server;
  }
}
