package dev.demikv.kvclient;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.Arrays;

/// Whatever a peer sends: no exception, no hang, the same answer however it is split, and never
/// more memory than the limits allow. An ordinary build replays the seeds beside this class;
/// `JAZZER_FUZZ=1` looks for more.
final class ReplyFuzzTest {
  private static final ReplyLimits LIMITS = new ReplyLimits(8, 1_000, 1_024, 10_000, 20_000);

  @DictionaryEntries({
    "\r\n",
    "$-1\r\n",
    "*-1\r\n",
    "_\r\n",
    "#t\r\n",
    "*2\r\n",
    "%1\r\n",
    "~1\r\n",
    "|1\r\n",
    ">1\r\n",
    "$3\r\nabc\r\n",
    ":1\r\n",
    ",1.5\r\n",
    "(1\r\n",
    "=5\r\ntxt:a\r\n",
    "!3\r\nERR\r\n",
    "*999999999\r\n"
  })
  @FuzzTest(maxDuration = "30s")
  void neverFailsOnWhatAPeerSends(FuzzedDataProvider data) {
    int split = data.consumeInt(0, 64);
    byte[] bytes = data.consumeRemainingAsBytes();
    Outcome whole = scan(bytes, bytes.length);
    Outcome pieces = scan(bytes, Math.max(1, split));
    if (!whole.equals(pieces)) {
      throw new AssertionError(whole + " at once, " + pieces + " in pieces of " + split);
    }
  }

  private record Outcome(int replies, int end, int result) {}

  /// Scans replies one behind the other, the bytes arriving in pieces.
  private static Outcome scan(byte[] bytes, int piece) {
    ReplyScanner scanner = new ReplyScanner(LIMITS);
    int from = 0;
    int replies = 0;
    for (int to = Math.min(piece, bytes.length); ; to = Math.min(bytes.length, to + piece)) {
      int result = scanner.scan(bytes, from, to);
      while (result == ReplyScanner.WHOLE) {
        int end = from + scanner.replyLength();
        if (scanner.type() != '>') {
          ReplyReader.read(Arrays.copyOf(bytes, end), from);
        }
        replies++;
        from = end;
        scanner.reset();
        result = scanner.scan(bytes, from, to);
      }
      if (result < 0 || to == bytes.length) {
        return new Outcome(replies, from, Integer.signum(result));
      }
    }
  }
}
