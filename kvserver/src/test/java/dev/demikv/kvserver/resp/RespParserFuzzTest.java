package dev.demikv.kvserver.resp;

import com.code_intelligence.jazzer.junit.DictionaryFile;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Any bytes, cut anywhere: the parser ends, stays within them, and says the same as in one go.
///
/// In the build it runs the inputs kept beside it. To look for new ones: `JAZZER_FUZZ=1 mvn -pl
/// kvserver -am test -Dtest=RespParserFuzzTest -Dsurefire.failIfNoSpecifiedTests=false
/// -Djazzer.hooks=true`.
final class RespParserFuzzTest {
  private static final RespLimits LIMITS = new RespLimits(4096, 64, 128 * 1024);

  @DictionaryFile(resourcePath = "resp.dict")
  @FuzzTest(maxDuration = "1m")
  void anyBytes(byte[] input) {
    if (input.length == 0) {
      return;
    }
    // The first byte says how the rest is cut and whether the client is known.
    int chunk = 1 + (input[0] & 0x3f);
    boolean authenticated = input[0] >= 0;
    byte[] stream = Arrays.copyOfRange(input, 1, input.length);
    List<List<String>> whole = parse(stream, Math.max(stream.length, 1), authenticated);
    List<List<String>> cut = parse(stream, chunk, authenticated);
    if (!whole.equals(cut)) {
      throw new AssertionError("in one go " + whole + ", in pieces of " + chunk + " " + cut);
    }
  }

  private static List<List<String>> parse(byte[] stream, int chunk, boolean authenticated) {
    // A copy, since inline commands are unescaped in place.
    MemorySegment memory = MemorySegment.ofArray(stream.clone());
    RespParser parser = new RespParser(LIMITS);
    parser.setAuthenticated(authenticated);
    CommandArgs args = new CommandArgs();
    List<List<String>> commands = new ArrayList<>();
    int start = 0;
    for (int limit = Math.min(chunk, stream.length); ; ) {
      int consumed = parser.parse(memory, start, limit, args);
      if (consumed == RespParser.PROTOCOL_ERROR) {
        commands.add(List.of("error", parser.errorText()));
        return commands;
      }
      if (consumed == RespParser.NEED_MORE) {
        if (limit == stream.length) {
          return commands;
        }
        limit = Math.min(limit + chunk, stream.length);
        continue;
      }
      if (consumed < 0 || consumed > limit - start) {
        throw new AssertionError("consumed " + consumed + " of " + (limit - start));
      }
      List<String> command = new ArrayList<>();
      for (int i = 0; i < args.count(); i++) {
        if (args.offset(i) < start || args.offset(i) + args.length(i) > start + consumed) {
          throw new AssertionError("argument " + i + " is outside of its command");
        }
        command.add(args.text(i));
      }
      commands.add(command);
      start += consumed;
    }
  }
}
