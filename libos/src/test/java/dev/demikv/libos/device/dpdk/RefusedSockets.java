package dev.demikv.libos.device.dpdk;

import dev.demikv.libos.config.Options;
import dev.demikv.libos.device.file.SeccompFilter;

/// A program whose kernel knows no address family, as one without AF_XDP; prints what the provider
/// says of a port that needs it: `RefusedSockets ERRNO EAL_ARGUMENTS`.
final class RefusedSockets {
  static final int EXIT_NO_FILTER = 3;

  private static final int SYS_SOCKET = 41;

  private RefusedSockets() {}

  public static void main(String[] args) throws Throwable {
    String noFilter = SeccompFilter.refuse(SYS_SOCKET, Integer.parseInt(args[0]));
    if (!noFilter.isEmpty()) {
      System.out.println(noFilter);
      System.exit(EXIT_NO_FILTER);
    }
    Options options = DpdkTestPorts.options("").with(DpdkOptions.EAL_ARGS, args[1]);
    System.out.println(new DpdkProvider().availability(options));
  }
}
