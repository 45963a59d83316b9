import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.LibOsConfig;

/// A UDP relay: datagrams from anybody go to one target, its answers to whoever sent last.
///
/// `libos/bin/example UdpRelay 127.0.0.1:7001 127.0.0.1:7002`
public final class UdpRelay {
  public static void main(String[] args) {
    Endpoint local = Endpoint.parse(args.length > 0 ? args[0] : "127.0.0.1:7001");
    Endpoint target = Endpoint.parse(args.length > 1 ? args[1] : "127.0.0.1:7002");
    Endpoint lastSender = new Endpoint();
    try (LibOs libos = LibOses.open(LibOsConfig.kernel())) {
      int front = libos.socket(SocketType.DATAGRAM, local.family());
      libos.bind(front, local);
      int back = libos.socket(SocketType.DATAGRAM, target.family());
      libos.bind(back, Endpoint.any(target.family(), 0));
      System.out.println("ready " + libos.getsockname(front));

      long[] qtokens = {libos.pop(front), libos.pop(back)};
      QResult result = new QResult();
      while (true) {
        int index = libos.waitAny(qtokens, 2, -1, result);
        if (index < 0) {
          continue; // Woken.
        }
        ScatterGatherArray datagram = result.sga;
        if (datagram != null) {
          if (index == 0) {
            lastSender.set(result.remote);
            relay(libos, back, datagram, target);
          } else if (lastSender.port() != 0) {
            relay(libos, front, datagram, lastSender);
          }
          libos.sgaFree(datagram);
        }
        qtokens[index] = libos.pop(index == 0 ? front : back);
      }
    }
  }

  private static void relay(LibOs libos, int qd, ScatterGatherArray datagram, Endpoint to) {
    long qtoken = libos.pushTo(qd, datagram, to);
    if (qtoken > 0) {
      libos.wait(qtoken, -1, new QResult()); // A refused datagram is lost, as datagrams may be.
    }
  }
}
