import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// A process that lives through all rounds, as Java gets faster in the first ones: it is asked by
/// lines, and answers by lines that begin with a word of its own; whatever else it says is kept for the
/// message of an error.
final class Conversation implements AutoCloseable {
  private final Process process;
  private final BufferedReader answers;

  Conversation(List<String> command) throws IOException {
    process = Processes.startTalking(command);
    answers =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /// Asks.
  void ask(String question) throws IOException {
    process.getOutputStream().write((question + "\n").getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush();
  }

  /// The numbers of the next line that begins with a word.
  ///
  /// @throws Exception the process has ended
  double[] answer(String word) throws Exception {
    StringBuilder heard = new StringBuilder();
    for (String line = answers.readLine(); line != null; line = answers.readLine()) {
      if (line.startsWith(word + " ")) {
        return List.of(line.substring(word.length() + 1).split(" ")).stream()
            .mapToDouble(Double::parseDouble)
            .toArray();
      }
      heard.append(line).append('\n');
    }
    throw Processes.failure(heard.toString());
  }

  @Override
  public void close() {
    Processes.stop(process);
  }
}
