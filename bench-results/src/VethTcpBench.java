import dev.demikv.libos.LibOses;
import dev.demikv.libos.api.LibOs;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Round trips of 64 B messages on a TCP connection of two stacks of ours over packet sockets and a
/// veth pair, beside bare frames between two rings in C, and beside two programs in C on the kernel's
/// TCP, each over a veth pair of its own between the same two network namespaces. All spin.
final class VethTcpBench {
  private static final int COUNT = 50_000;
  private static final int WARM_UP_ROUNDS = 5;
  private static final int PORT = 7000;
  private static final int NEAR = 0;
  private static final int FAR = 1;

  /// Names of the namespaces. The pid keeps two runs apart.
  private static final String[] SPACES = {
    "dkvbench0-" + ProcessHandle.current().pid(), "dkvbench1-" + ProcessHandle.current().pid()
  };

  private VethTcpBench() {}

  static void vethTcp(Report report, boolean quick) throws Exception {
    if (!Processes.output(List.of("id", "-u")).trim().equals("0")) {
      throw new MissingPeerException("network namespaces and packet sockets need root");
    }
    Processes.need("ip", "iproute2");
    try {
      network();
      measure(report, quick);
    } finally {
      for (String space : SPACES) {
        Processes.start(List.of("ip", "netns", "del", space), null).waitFor();
      }
    }
  }

  private static void network() throws Exception {
    for (String space : SPACES) {
      Processes.output(List.of("ip", "netns", "add", space));
      // Nobody but us sends on the links.
      Processes.output(
          in(space, -1, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"));
      Processes.output(
          in(space, -1, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6"));
    }
    for (String link : List.of("ours", "rings", "kernel")) {
      Processes.output(
          List.of(
              "ip", "-n", SPACES[NEAR], "link", "add", link, "type", "veth", "peer", "name", link,
              "netns", SPACES[FAR]));
      for (String space : SPACES) {
        Processes.output(List.of("ip", "-n", space, "link", "set", link, "up"));
      }
    }
    for (int i = 0; i < SPACES.length; i++) {
      Processes.output(
          List.of("ip", "-n", SPACES[i], "addr", "add", kernelAddress(i) + "/24", "dev", "kernel"));
    }
  }

  private static String kernelAddress(int end) {
    return "10.78.0." + (end + 1);
  }

  private static String ourAddress(int end) {
    return "10.77.0." + (end + 1);
  }

  /// A command in a namespace, which becomes that process.
  private static List<String> in(String space, int cpu, String... command) {
    List<String> words = new ArrayList<>(List.of("ip", "netns", "exec", space));
    words.addAll(Processes.pinned(cpu, command));
    return words;
  }

  private static List<String> in(String space, List<String> command) {
    return in(space, -1, command.toArray(new String[0]));
  }

  private static void measure(Report report, boolean quick) throws Exception {
    int rounds = quick ? 5 : 25;
    Path log = Processes.folder().resolve("server.log");
    Process server =
        Processes.startReady(
            in(SPACES[FAR], MemifBench.command(VethTcpBench.class, 0, "server")), log);
    JavaClient client =
        new JavaClient(in(SPACES[NEAR], MemifBench.command(VethTcpBench.class, 1, "client")), 1);
    client.measure(); // Connects, before its server is stopped.
    String count = "" + COUNT;
    String bytes = "" + TcpEcho.MESSAGE_BYTES;
    Contest contest = new Contest();
    contest.add(server, client);
    String rings = Processes.compiled("ringecho.c").toString();
    contest.add(
        Processes.start(in(SPACES[FAR], 0, rings, "server", "rings"), null),
        Contest.program(in(SPACES[NEAR], 1, rings, "client", "rings", count, bytes)));
    String tcp = Processes.compiled("echo.c").toString();
    String address = kernelAddress(FAR);
    String port = "" + PORT;
    contest.add(
        Processes.start(in(SPACES[FAR], 0, tcp, "server", "recv", address, port, "reno"), null),
        Contest.program(in(SPACES[NEAR], 1, tcp, "client", address, port, "reno", count, bytes)));
    double[][][] results = contest.run(WARM_UP_ROUNDS, rounds);
    String unit = "us, 64 B, TCP over packet rings and veth; peer: ";
    String frames = unit + "64 B frames between two rings in C";
    report.compare("rings.p50", frames, false, results[0][0], results[1][0]);
    report.compare("rings.p99", frames, false, results[0][1], results[1][1]);
    String kernel = unit + "kernel TCP over veth, C, spinning";
    report.compare("kernel.p50", kernel, false, results[0][0], results[2][0]);
    report.compare("kernel.p99", kernel, false, results[0][1], results[2][1]);
  }

  /// One end: `server|client`.
  public static void main(String[] args) throws Exception {
    boolean server = args[0].equals("server");
    Options options =
        Options.empty()
            .with("network.interface", "ours")
            .with("network.address", ourAddress(server ? FAR : NEAR) + "/24");
    LibOsConfig config =
        new LibOsConfig(
            "packet", "none", options, LibOsConfig.Limits.SMALL, LibOsConfig.Idle.SPIN);
    try (LibOs libos = LibOses.open(config)) {
      if (server) {
        TcpEcho.Server tcp = new TcpEcho.Server(libos, ourAddress(FAR) + ":" + PORT);
        System.out.println("ready");
        tcp.echo();
        return;
      }
      TcpEcho.Client tcp = new TcpEcho.Client(libos, ourAddress(FAR) + ":" + PORT);
      while (JavaClient.awaitRound()) {
        JavaClient.answer(tcp.roundTrips(COUNT));
      }
      Runtime.getRuntime().halt(0);
    }
  }
}
