import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.api.Opcode;
import dev.demikv.libos.api.QResult;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketType;
import dev.demikv.libos.config.LibOsConfig;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;

/// An HTTP responder on any backend: every request is answered with a short text, and the connection
/// closed.
///
/// `libos/bin/example Http 127.0.0.1:8000`, then `curl http://127.0.0.1:8000/`. On the user-level
/// stack: `libos/bin/example Http 10.77.0.2:80 network.backend=tap network.interface=tap0
/// network.address=10.77.0.2/24`.
public final class Http {
  private static final byte[] REPLY =
      """
      HTTP/1.1 200 OK
      Content-Type: text/plain
      Content-Length: 19
      Connection: close

      Hello from DemiKV.
      """
          .replace("\n", "\r\n")
          .replace("DemiKV.\r\n", "DemiKV.\n")
          .getBytes(StandardCharsets.US_ASCII);

  /// What a request ends with.
  private static final int EMPTY_LINE = 0x0d0a0d0a;

  public static void main(String[] args) {
    LibOsConfig config = LibOsConfig.kernel();
    for (int i = 1; i < args.length; i++) {
      String[] setting = args[i].split("=", 2);
      config =
          setting[0].equals("network.backend")
              ? config.withNetwork(setting[1])
              : config.withOption(setting[0], setting[1]);
    }
    Endpoint address = Endpoint.parse(args.length > 0 ? args[0] : "127.0.0.1:8000");
    try (LibOs libos = LibOses.open(config)) {
      int listener = libos.socket(SocketType.STREAM, address.family());
      libos.bind(listener, address);
      libos.listen(listener, 1024);
      libos.accept(listener);
      System.out.println("ready " + libos.getsockname(listener));
      HashMap<Integer, Integer> tails = new HashMap<>(); // The last four bytes of each connection.
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
              libos.pop(result.result);
            }
            libos.accept(listener);
          } else if (result.opcode == Opcode.POP && result.sga != null) {
            int last = tails.getOrDefault(result.qd, 0);
            for (byte b : result.sga.toByteArray()) {
              last = last << 8 | b & 0xff;
            }
            libos.sgaFree(result.sga);
            tails.put(result.qd, last);
            if (last != EMPTY_LINE || !answer(libos, result.qd)) {
              libos.pop(result.qd);
            }
          } else {
            tails.remove(result.qd);
            libos.close(result.qd); // The reply was taken, the client left, or an error.
          }
        }
      }
    }
  }

  private static boolean answer(LibOs libos, int qd) {
    ScatterGatherArray sga = libos.sgaAlloc(REPLY.length);
    if (sga == null) {
      return false;
    }
    sga.copyFrom(0, MemorySegment.ofArray(REPLY), 0, REPLY.length);
    long qtoken = libos.push(qd, sga);
    libos.sgaFree(sga);
    return qtoken > 0;
  }
}
