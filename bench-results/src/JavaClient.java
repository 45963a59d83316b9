import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/// A client in Java: told to begin by a line, it answers with lines `phase P50 P99` in microseconds.
final class JavaClient implements Contest.Client {
  private final Conversation process;
  private final int phases;

  /// @param phases lines of an answer
  JavaClient(List<String> command, int phases) throws IOException {
    process = new Conversation(command);
    this.phases = phases;
  }

  @Override
  public double[] measure() throws Exception {
    process.ask("");
    double[] values = new double[2 * phases];
    for (int phase = 0; phase < phases; phase++) {
      System.arraycopy(process.answer("phase"), 0, values, 2 * phase, 2);
    }
    return values;
  }

  /// In the client: waits for the next round.
  ///
  /// @return false when there is none
  static boolean awaitRound() throws IOException {
    return System.in.read() == '\n';
  }

  /// In the client: answers. Sorts the times.
  static void answer(long[] nanos) {
    Arrays.sort(nanos);
    int count = nanos.length;
    System.out.println(
        "phase " + nanos[count / 2] / 1e3 + " " + nanos[(int) (count * 0.99)] / 1e3);
  }
}
