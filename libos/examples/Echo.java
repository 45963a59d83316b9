import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.LibOsConfig;

/// A TCP echo server: what comes in goes out, without a copy in between.
///
/// `libos/bin/example Echo 127.0.0.1:7000`, then `nc 127.0.0.1 7000`.
public final class Echo {
  public static void main(String[] args) {
    Endpoint address = Endpoint.parse(args.length > 0 ? args[0] : "127.0.0.1:7000");
    try (LibOs libos = LibOses.open(LibOsConfig.kernel())) {
      int listener = libos.socket(SocketType.STREAM, address.family());
      libos.bind(listener, address);
      libos.listen(listener, 128);
      libos.accept(listener);
      System.out.println("ready " + libos.getsockname(listener));

      QResult[] results = new QResult[64];
      for (int i = 0; i < results.length; i++) {
        results[i] = new QResult();
      }
      while (true) {
        int n = libos.waitNext(results, -1);
        for (int i = 0; i < n; i++) {
          QResult result = results[i];
          if (result.opcode == Opcode.ACCEPT) {
            if (!result.failed()) {
              libos.setsockopt(result.result, SocketOption.PUSH_QUIET, 1);
              libos.pop(result.result);
            }
            libos.accept(listener);
          } else if (result.opcode == Opcode.POP && result.sga != null) {
            long pushed = libos.push(result.qd, result.sga);
            libos.sgaFree(result.sga); // The libOS keeps it until the kernel has taken the bytes.
            // A client that sends and never reads fills its queue, and is cut off.
            if (pushed < 0 || libos.pop(result.qd) < 0) {
              libos.close(result.qd);
            }
          } else if (result.opcode == Opcode.POP) {
            libos.close(result.qd); // End of the stream, or an error.
          }
        }
      }
    }
  }
}
