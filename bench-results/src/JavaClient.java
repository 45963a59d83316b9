import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/// A client in Java that lives through all rounds, as it gets faster in the first ones: told to begin
/// by a line, it answers with lines `phase P50 P99` in microseconds.
final class JavaClient implements Contest.Client {
  private final Process process;
  private final BufferedReader answers;
  private final int phases;

  /// @param phases lines of an answer
  JavaClient(List<String> command, int phases) throws IOException {
    process = Processes.startTalking(command);
    answers =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    this.phases = phases;
  }

  @Override
  public double[] measure() throws IOException {
    process.getOutputStream().write('\n');
    process.getOutputStream().flush();
    double[] values = new double[2 * phases];
    StringBuilder heard = new StringBuilder();
    for (int phase = 0; phase < phases; ) {
      String line = answers.readLine();
      if (line == null) {
        throw new IOException("the client has ended:\n" + heard);
      }
      if (line.startsWith("phase ")) {
        String[] words = line.split(" ");
        values[2 * phase] = Double.parseDouble(words[1]);
        values[2 * phase + 1] = Double.parseDouble(words[2]);
        phase++;
      } else {
        heard.append(line).append('\n');
      }
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
