package dev.demikv.kvserver.resp;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/// Output in pieces of a size, up to a number of them.
public final class PiecesSink implements ReplySink {
  private final ByteArrayOutputStream full = new ByteArrayOutputStream();
  private final MemorySegment piece;
  private final long piecesMax;
  private long pieces = 1;
  private long offset;

  public PiecesSink(int pieceBytes, long piecesMax) {
    this.piece = MemorySegment.ofArray(new byte[pieceBytes]);
    this.piecesMax = piecesMax;
  }

  @Override
  public MemorySegment memory() {
    return piece;
  }

  @Override
  public long offset() {
    return offset;
  }

  @Override
  public long limit() {
    return piece.byteSize();
  }

  @Override
  public void written(long newOffset) {
    offset = newOffset;
  }

  @Override
  public boolean more() {
    if (pieces == piecesMax) {
      return false;
    }
    pieces++;
    drain();
    return true;
  }

  private void drain() {
    full.writeBytes(piece.asSlice(0, offset).toArray(ValueLayout.JAVA_BYTE));
    offset = 0;
  }

  /// Forgets the piece at hand without looking at it; allocates nothing.
  public void discard() {
    offset = 0;
  }

  /// All that was written since the last call, one char per byte.
  public String take() {
    drain();
    String text = full.toString(StandardCharsets.ISO_8859_1);
    full.reset();
    return text;
  }
}
