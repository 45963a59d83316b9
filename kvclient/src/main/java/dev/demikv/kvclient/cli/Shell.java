package dev.demikv.kvclient.cli;

import dev.demikv.kvclient.Command;
import dev.demikv.kvclient.KvClient;
import dev.demikv.kvclient.KvException;
import dev.demikv.kvclient.Reply;
import dev.demikv.libos.lang.Nullable;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// Executes commands, from arguments or line by line, and prints their replies.
final class Shell {
  /// Commands whose bulk replies are texts for people, printed as they are.
  private static final Set<String> TEXTS =
      Set.of("INFO", "LOLWUT", "CLIENT LIST", "CLIENT INFO", "CLUSTER NODES", "CLUSTER INFO");

  private final KvClient client;
  private final Terminal terminal;
  private final ReplyFormat format;
  private final String prompt;
  private int database;

  Shell(KvClient client, Terminal terminal, ReplyFormat format, String prompt) {
    this.client = client;
    this.terminal = terminal;
    this.format = format;
    this.prompt = prompt;
    this.database = client.database();
  }

  /// Executes one command and prints its reply.
  ///
  /// @return exit code
  /// @throws KvException when there is no reply
  int execute(List<byte[]> words) {
    Command command = new Command().reset(text(words.get(0)));
    for (byte[] word : words.subList(1, words.size())) {
      command.arg(word);
    }
    Reply reply = client.call(command);
    ReplyFormat form =
        format == ReplyFormat.STANDARD && reply instanceof Reply.Bulk && isText(words)
            ? ReplyFormat.RAW
            : format;
    terminal.out().writeBytes(ReplyPrinter.print(reply, form));
    terminal.out().flush();
    return reply instanceof Reply.Failure ? Kv.EXIT_ERROR_REPLY : 0;
  }

  /// Executes the commands of standard input up to its end, or `quit`.
  ///
  /// @return 0, or the exit code of the last failure
  int readCommands() {
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(terminal.in(), StandardCharsets.UTF_8));
    int code = 0;
    for (; ; ) {
      String line = nextLine(lines);
      if (line == null) {
        return code;
      }
      List<byte[]> words = Words.split(line);
      if (words == null) {
        terminal.out().println("Invalid argument(s)");
        code = Kv.EXIT_USAGE;
      } else if (!words.isEmpty()) {
        String name = text(words.get(0)).toLowerCase(Locale.ROOT);
        if (name.equals("quit") || name.equals("exit")) {
          return code;
        }
        int failure = executeLine(name, words);
        code = failure == 0 ? code : failure;
      }
    }
  }

  private int executeLine(String name, List<byte[]> words) {
    try {
      int code = execute(words);
      if (code == 0 && name.equals("select") && words.size() == 2) {
        database = Integer.parseInt(text(words.get(1)));
        client.rememberDatabase(database);
      }
      return code;
    } catch (KvException e) {
      // The next command tries to connect again.
      terminal.out().flush();
      terminal.err().println("kv: " + e.getMessage());
      return Kv.EXIT_NO_REPLY;
    }
  }

  private @Nullable String nextLine(BufferedReader lines) {
    if (terminal.inputIsTty()) {
      terminal.out().print(prompt + (database == 0 ? "" : "[" + database + "]") + "> ");
      terminal.out().flush();
    }
    try {
      return lines.readLine();
    } catch (IOException e) {
      throw new UncheckedIOException("standard input: " + e.getMessage(), e);
    }
  }

  private static boolean isText(List<byte[]> words) {
    String name = text(words.get(0)).toUpperCase(Locale.ROOT);
    return TEXTS.contains(name)
        || words.size() > 1
            && TEXTS.contains(name + " " + text(words.get(1)).toUpperCase(Locale.ROOT));
  }

  private static String text(byte[] word) {
    return new String(word, StandardCharsets.UTF_8);
  }
}
