package dev.demikv.libos.net.tcp;

import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.PushCompletion;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.lang.Nullable;

/// A connection. Made by [Tcp#connect] and [Tcp#accept]; its user's until [#close] or [#abort]
/// returns, and not to be touched after that, for the object is used again.
public final class TcpConnection {
  TcpConnection() {}

  /// Queues an array for sending; [Tcp#flush] sends it. The caller keeps its hold on the array and
  /// may free it at once: what is needed later is copied (short segments) or retained by reference
  /// to its buffers (long ones), which the application must not write to before they are
  /// acknowledged.
  ///
  /// [TcpUser#pushed] reports the token, perhaps before this returns:
  /// - ACCEPTED: as soon as no more than the send buffer's bytes are queued up to its end;
  /// - ACKED: when the peer has acknowledged its last byte.
  ///
  /// @return 0; -EAGAIN when the send queue is full (then other pushes are pending); -ENOBUFS when
  ///   the stack's tables are; -ENOTCONN before connected; -EPIPE after shutdown of writing;
  ///   -EOPNOTSUPP for another level; or the `-errno` the connection failed with
  public int push(ScatterGatherArray sga, long qtoken, PushCompletion level) {
    return -Errno.ENOSYS;
  }

  /// Cancels a push none of whose bytes were sent and behind which nothing was pushed: reports it
  /// with -ECANCELED.
  ///
  /// @return 0, or -EALREADY when it is beyond recall or unknown
  public int cancelPush(long qtoken) {
    return -Errno.ENOSYS;
  }

  /// Takes received bytes: an array that refers to the buffers they came in, with one holder for
  /// the caller. [#popResult] says what happened.
  ///
  /// @param bytesMax most bytes, > 0
  /// @return `null` when there is nothing, then or ever
  public @Nullable ScatterGatherArray pop(int bytesMax) {
    return null;
  }

  /// What the last [#pop] did: its bytes; 0 at the end of the stream; -EAGAIN when nothing is there
  /// yet; -ENOBUFS when arrays are out; or the `-errno` the connection failed with (after
  /// everything received in order was popped).
  public int popResult() {
    return -Errno.ENOSYS;
  }

  /// Bytes that can be popped now.
  public int readableBytes() {
    return -Errno.ENOSYS;
  }

  /// Whether a pop would return something other than -EAGAIN.
  public boolean isReadable() {
    return false;
  }

  /// Ends our direction: what was pushed is sent, then FIN. Pops go on.
  public void shutdownWrite() {}

  /// Ends reading: pops give the end of the stream; what arrives is acknowledged and thrown away.
  public void shutdownRead() {}

  /// Closes and gives the object back. What was pushed is sent in the background, then FIN; pending
  /// pushes are reported with -ECANCELED. With received data not popped, or linger 0, the
  /// connection is reset instead (RFC 9293 §3.6.1, RFC 2525 §2.17).
  public void close() {}

  /// Resets the connection and gives the object back. Pending pushes are reported with -ECANCELED.
  public void abort() {}

  /// Sets an option: NODELAY, KEEPALIVE and its times, SEND_BUFFER_BYTES, RECEIVE_BUFFER_BYTES
  /// (which end autotuning of that buffer), LINGER_SECONDS.
  ///
  /// @return 0; -EINVAL for a value out of range; -ENOPROTOOPT for other options
  public int setOption(SocketOption option, int value) {
    return -Errno.ENOSYS;
  }

  /// Reads an option into [#optionRead].
  ///
  /// @return 0 or -ENOPROTOOPT
  public int getOption(SocketOption option) {
    return -Errno.ENOSYS;
  }

  /// What the last successful [#getOption] found.
  public int optionRead() {
    return -Errno.ENOSYS;
  }

  /// State of the connection.
  public TcpState state() {
    return TcpState.CLOSED;
  }

  /// The `-errno` it failed with, or 0.
  public int error() {
    return -Errno.ENOSYS;
  }

  /// Whether the addresses are of IPv6.
  public boolean isIpv6() {
    return false;
  }

  /// First eight bytes of our address; 0 for IPv4.
  public long localHigh() {
    return Long.MAX_VALUE;
  }

  /// Last eight bytes of our address, or the IPv4 address.
  public long localLow() {
    return Long.MAX_VALUE;
  }

  /// Our port.
  public int localPort() {
    return -Errno.ENOSYS;
  }

  /// First eight bytes of the peer's address; 0 for IPv4.
  public long remoteHigh() {
    return Long.MAX_VALUE;
  }

  /// Last eight bytes of the peer's address, or the IPv4 address.
  public long remoteLow() {
    return Long.MAX_VALUE;
  }

  /// The peer's port.
  public int remotePort() {
    return -Errno.ENOSYS;
  }

  /// Whatever the user attached: a socket id. -1 at first.
  public int attachment() {
    return -Errno.ENOSYS;
  }

  /// Attaches a number of the user's.
  public void setAttachment(int attachment) {}

  /// Fills in what the connection is and has done.
  public void statistics(TcpStatistics into) {}
}
