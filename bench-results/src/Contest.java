import java.util.ArrayList;
import java.util.List;

/// Ways to make round trips, measured in turn. Their servers all spin on one CPU: those of the others
/// are stopped meanwhile.
final class Contest {
  /// Makes the round trips of one round.
  interface Client {
    /// @return p50 and p99 in microseconds, of each thing that it measures
    double[] measure() throws Exception;
  }

  private record Entrant(Process server, Client client) {}

  private final List<Entrant> entrants = new ArrayList<>();

  /// Adds one, whose server is stopped now.
  void add(Process server, Client client) throws Exception {
    Processes.pause(server, true);
    entrants.add(new Entrant(server, client));
  }

  /// Measures all of them in each round.
  ///
  /// @param warmUp rounds before those that count
  /// @return by entrant, by what it measures, by round
  double[][][] run(int warmUp, int rounds) throws Exception {
    double[][][] results = new double[entrants.size()][][];
    for (int round = -warmUp; round < rounds; round++) {
      for (int i = 0; i < entrants.size(); i++) {
        int which = Math.floorMod(round + i, entrants.size());
        Entrant entrant = entrants.get(which);
        Processes.pause(entrant.server(), false);
        double[] values = entrant.client().measure();
        Processes.pause(entrant.server(), true);
        if (round >= 0) {
          note(results, which, values, round, rounds);
        }
      }
    }
    for (Entrant entrant : entrants) {
      Processes.pause(entrant.server(), false); // So that it can end.
    }
    return results;
  }

  private static void note(
      double[][][] results, int which, double[] values, int round, int rounds) {
    if (results[which] == null) {
      results[which] = new double[values.length][rounds];
    }
    for (int i = 0; i < values.length; i++) {
      results[which][i][round] = values[i];
    }
  }

  /// A client in C, started for each round, that prints p50 and p99 in nanoseconds.
  static Client program(List<String> command) {
    return () -> {
      String[] words = Processes.output(command).trim().split(" ");
      return new double[] {Double.parseDouble(words[0]) / 1e3, Double.parseDouble(words[1]) / 1e3};
    };
  }
}
