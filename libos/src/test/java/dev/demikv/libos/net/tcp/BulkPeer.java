package dev.demikv.libos.net.tcp;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.PushCompletion;
import java.util.SplittableRandom;

/// An application that sends a known stream, ends its direction, reads the other's to its end and
/// checks every byte, then closes.
final class BulkPeer implements TestHost.App {
  final TestHost host;
  final TcpConnection connection;
  final long toSend;
  final long toReceive;
  private final int sendSalt;
  private final int receiveSalt;
  private final SplittableRandom random;

  /// Longest push and pop.
  int pieceMax = 20_000;

  /// Whether only [#read] reads.
  boolean readsByHand;

  PushCompletion level = PushCompletion.ACCEPTED;
  long sent;
  long received;
  long completedBytes;
  int pendingPushes;
  boolean endSeen;
  boolean closed;
  int error;
  private boolean ended;
  private boolean pumping;

  BulkPeer(
      TestHost host,
      TcpConnection connection,
      long toSend,
      long toReceive,
      boolean isClient,
      long seed) {
    this.host = host;
    this.connection = connection;
    this.toSend = toSend;
    this.toReceive = toReceive;
    this.sendSalt = isClient ? 1 : 2;
    this.receiveSalt = isClient ? 2 : 1;
    this.random = new SplittableRandom(seed);
  }

  static byte at(long position, int salt) {
    long h = (position + 1) * 0x9e37_79b9_7f4a_7c15L + salt;
    return (byte) (h ^ h >>> 29 ^ h >>> 47);
  }

  boolean isDone() {
    return closed;
  }

  /// Pushes as much as is taken.
  void pump() {
    if (pumping || closed || ended) {
      return;
    }
    pumping = true;
    while (sent < toSend) {
      int length = (int) Math.min(1 + random.nextInt(pieceMax), toSend - sent);
      byte[] bytes = new byte[length];
      for (int i = 0; i < length; i++) {
        bytes[i] = at(sent + i, sendSalt);
      }
      pendingPushes++;
      int result = host.push(connection, bytes, length, level);
      if (result != 0) {
        pendingPushes--;
        if (result != -Errno.EAGAIN) {
          error = result;
        } else if (pendingPushes == 0) {
          throw new AssertionError("EAGAIN although nothing is pending");
        }
        pumping = false;
        return;
      }
      sent += length;
    }
    ended = true;
    connection.shutdownWrite();
    pumping = false;
    finish();
  }

  /// Reads at most `max` bytes.
  void read(long max) {
    long left = max;
    while (left > 0 && !closed && !endSeen) {
      byte[] bytes = host.pop(connection, (int) Math.min(left, 1 + random.nextInt(pieceMax)));
      if (bytes == null) {
        int result = connection.popResult();
        if (result == 0) {
          if (received != toReceive) {
            throw new AssertionError("the end after " + received + " of " + toReceive + " B");
          }
          endSeen = true;
        } else if (result != -Errno.EAGAIN) {
          error = result;
        }
        break;
      }
      for (int i = 0; i < bytes.length; i++) {
        if (bytes[i] != at(received + i, receiveSalt)) {
          throw new AssertionError("byte " + (received + i) + " is wrong");
        }
      }
      received += bytes.length;
      left -= bytes.length;
    }
    finish();
  }

  private void finish() {
    if (ended && endSeen && !closed && pendingPushes == 0) {
      closed = true;
      connection.close();
    }
  }

  @Override
  public void connected(int result) {
    error = result;
    if (result == 0) {
      pump();
    }
  }

  @Override
  public void readable() {
    if (!readsByHand) {
      read(Long.MAX_VALUE);
    }
  }

  @Override
  public void pushed(long qtoken, int result) {
    pendingPushes--;
    if (result < 0) {
      error = result;
    } else if (result != qtoken) {
      throw new AssertionError("pushed " + qtoken + " B, told of " + result);
    } else {
      completedBytes += result;
    }
    pump();
    finish();
  }

  @Override
  public void closed(int result) {
    if (result != 0) {
      error = result;
    }
  }
}
