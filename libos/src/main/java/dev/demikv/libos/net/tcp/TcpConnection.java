package dev.demikv.libos.net.tcp;

import static java.util.Objects.requireNonNull;

import dev.demikv.libos.api.ConnectionInfo;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.PushCompletion;
import dev.demikv.libos.api.ScatterGatherArray;
import dev.demikv.libos.api.SocketOption;
import dev.demikv.libos.api.TcpState;
import dev.demikv.libos.lang.Nullable;
import dev.demikv.libos.net.NetworkPath;

/// A connection. Made by [Tcp#connect] and [Tcp#accept]; its user's until [#close] or [#abort]
/// returns, and not to be touched after that, for the object is used again.
///
/// Inside the package it is the transmission control block: the variables of RFC 9293 §3.3.1 under
/// their names, open to the parts that work on them ([SegmentInput], [TcpSender], [TcpReceiver],
/// [LossRecovery], [Lifecycle]), which in turn are shared by all connections.
public final class TcpConnection {
  /// Why segments are being repaired, RFC 5681 and RFC 6675.
  enum Recovery {
    /// Nothing is known to be lost.
    OPEN,
    /// Loss was found by acknowledgements; [Prr] sets the window.
    FAST,
    /// A timeout; slow start until everything sent before it is acknowledged.
    TIMEOUT
  }

  /// What the RETRANSMIT timer will do.
  enum TimerPurpose {
    NONE,
    RETRANSMIT,
    TAIL_LOSS_PROBE,
    WINDOW_PROBE
  }

  static final int EVENT_CONNECTED = 1;
  static final int EVENT_PUSHES = 2;
  static final int EVENT_READABLE = 4;
  static final int EVENT_CLOSED = 8;

  static final int ACK_NONE = 0;

  /// An acknowledgement is due when the DELAYED_ACK timer fires.
  static final int ACK_DELAYED = 1;

  /// An acknowledgement is due at the next flush.
  static final int ACK_NOW = 2;

  private final TcpShared shared;
  final int slot;

  // Identity.
  @Nullable NetworkPath path;
  int localPort;
  int remotePort;
  int hash;
  TcpState state = TcpState.CLOSED;
  @Nullable TcpListener listener;
  @Nullable TcpConnection acceptNext;

  // The user's side.
  int attachment = -1;
  int error;
  boolean detached;
  boolean writeShut;
  boolean readShut;
  int events;
  boolean isInEvents;
  @Nullable TcpConnection eventNext;
  private int popResult;
  private int optionRead;

  // Options.
  boolean nodelay;
  boolean keepalive;
  int keepaliveIdleSeconds;
  int keepaliveIntervalSeconds;
  int keepaliveCount;
  int lingerSeconds;

  // Agreed with the peer.
  int peerMss;
  boolean sackOk;
  boolean timestampsOk;
  boolean windowScaling;
  int tsOffset;

  // Sending: RFC 9293 §3.3.1.
  int iss;
  int sndUna;
  int sndNxt;
  int sndWnd;
  int sndWl1;
  int sndWl2;
  int sndWndMax;
  int sndShift;
  boolean finSent;
  boolean finAcked;
  final SendQueue sendQueue = new SendQueue();
  final RetransmitQueue sent = new RetransmitQueue();
  final PushList accepting = new PushList();
  final PushList acking = new PushList();
  int pushCount;
  int sendBufferBytes;
  boolean sendAutotune;
  long lastSentNanos;
  boolean isDirty;
  @Nullable TcpConnection dirtyNext;

  // Loss recovery.
  final RttEstimator rtt;
  final CongestionControl congestion;
  final Rack rack = new Rack();
  final Prr prr = new Prr();
  Recovery recovery = Recovery.OPEN;
  TimerPurpose purpose = TimerPurpose.NONE;
  int recoveryPoint;
  boolean forceRetransmit;
  boolean cwndLimited;
  int duplicateAcks;
  @Nullable SackScoreboard scoreboard;

  /// What ICMP or the neighbour's silence said since the last acknowledgement, which does not end
  /// an established connection (RFC 1122 §4.2.3.9) but is the reason when it is given up; `-errno`
  /// or 0.
  int softError;

  /// Bytes that duplicate ACKs without SACK say have left the network, RFC 6582.
  int dupAckedBytes;

  /// Since when nothing was acknowledged.
  long progressNanos;

  /// Window probes in a row without an answer that opened the window.
  int windowProbes;

  /// Whether octets were sent although the peer's window was closed.
  boolean sentIntoClosedWindow;

  /// Undoing a response to loss that was none: SND.UNA when it began, and retransmissions since
  /// that no D-SACK has covered; none when `undoable` is false.
  boolean undoable;

  int undoMarker;
  int undoRetransmissions;
  int undoTimestamp;

  // Receiving: RFC 9293 §3.3.1.
  int irs;
  int rcvNxt;

  /// Right edge of the window that was offered.
  int rcvAdv;

  int rcvShift;
  boolean finReceived;
  boolean finPending;
  int finSequence;
  final ReceiveQueue receiveQueue = new ReceiveQueue();
  @Nullable Reassembler reassembler;
  int receiveBufferBytes;
  boolean receiveAutotune;
  int tsRecent;
  long tsRecentNanos;
  int lastAckSent;
  int ackDue;
  int unackedBytes;

  /// Largest payload seen: an estimate of the peer's segment size.
  int receiveMss;

  /// Acknowledgements still to be sent without delay.
  int quickAcks;

  boolean dsackDue;
  int dsackStart;
  int dsackEnd;
  long lastChallengeNanos;
  long lastReceivedNanos;
  int keepaliveProbes;
  long tunedNanos;
  int poppedSinceTuned;

  // Statistics.
  long segmentsIn;
  long segmentsOut;
  long bytesIn;
  long bytesAcked;
  long retransmissions;
  long bytesRetransmitted;
  long dsacksIn;
  long retransmissionTimeouts;
  long fastRecoveries;
  long spuriousRecoveries;
  long outOfOrderIn;

  TcpConnection(TcpShared shared, int slot) {
    this.shared = shared;
    this.slot = slot;
    TcpConfig config = shared.config;
    rtt = new RttEstimator(config.rtoMinNanos(), config.rtoMaxNanos());
    congestion = config.congestionControl().equals("cubic") ? new Cubic() : new NewReno();
  }

  /// Makes it as new, for endpoints.
  void open(NetworkPath newPath, int newLocalPort, int newRemotePort, int newHash) {
    TcpConfig config = shared.config;
    path = newPath;
    localPort = newLocalPort;
    remotePort = newRemotePort;
    hash = newHash;
    state = TcpState.CLOSED;
    listener = null;
    attachment = -1;
    error = 0;
    detached = false;
    writeShut = false;
    readShut = false;
    events = 0;
    popResult = 0;
    nodelay = config.nodelay();
    keepalive = false;
    keepaliveIdleSeconds = config.keepaliveIdleSeconds();
    keepaliveIntervalSeconds = config.keepaliveIntervalSeconds();
    keepaliveCount = config.keepaliveCount();
    lingerSeconds = -1;
    peerMss = newPath.isIpv6() ? SegmentWriter.MSS_DEFAULT_IPV6 : SegmentWriter.MSS_DEFAULT_IPV4;
    sackOk = false;
    timestampsOk = false;
    windowScaling = false;
    tsOffset =
        shared.isns.timestampOffset(
            newPath.localHigh(), newPath.localLow(), newPath.remoteHigh(), newPath.remoteLow());
    sndWnd = 0;
    sndWndMax = 0;
    sndShift = 0;
    finSent = false;
    finAcked = false;
    pushCount = 0;
    sendBufferBytes = config.sendBufferBytes();
    sendAutotune = true;
    lastSentNanos = shared.nowNanos;
    rtt.reset();
    recovery = Recovery.OPEN;
    purpose = TimerPurpose.NONE;
    forceRetransmit = false;
    cwndLimited = false;
    duplicateAcks = 0;
    dupAckedBytes = 0;
    softError = 0;
    if (scoreboard != null) {
      scoreboard.clear();
    }
    progressNanos = shared.nowNanos;
    windowProbes = 0;
    sentIntoClosedWindow = false;
    undoable = false;
    finReceived = false;
    finPending = false;
    rcvNxt = 0;
    rcvAdv = 0;
    rcvShift = 0;
    receiveBufferBytes = config.receiveBufferBytes();
    receiveAutotune = true;
    tsRecent = 0;
    tsRecentNanos = shared.nowNanos;
    ackDue = ACK_NONE;
    unackedBytes = 0;
    receiveMss = 0;
    quickAcks = TcpReceiver.QUICK_ACKS;
    dsackDue = false;
    lastChallengeNanos = shared.nowNanos - TcpReceiver.CHALLENGE_NANOS;
    lastReceivedNanos = shared.nowNanos;
    keepaliveProbes = 0;
    tunedNanos = shared.nowNanos;
    poppedSinceTuned = 0;
    segmentsIn = 0;
    segmentsOut = 0;
    bytesIn = 0;
    bytesAcked = 0;
    retransmissions = 0;
    bytesRetransmitted = 0;
    dsacksIn = 0;
    retransmissionTimeouts = 0;
    fastRecoveries = 0;
    spuriousRecoveries = 0;
    outOfOrderIn = 0;
  }

  /// The path; the connection was opened.
  NetworkPath path() {
    return requireNonNull(path, "connection lies in its pool");
  }

  /// Takes an initial sequence number.
  void startSending(int newIss) {
    iss = newIss;
    sndUna = newIss;
    sndNxt = newIss;
    recoveryPoint = newIss;
    rack.reset(newIss);
  }

  /// Sequence number behind the last byte pushed.
  int streamEnd() {
    return sndNxt + sendQueue.unsentBytes() - (finSent ? 1 : 0);
  }

  /// Octets between SND.UNA and SND.NXT.
  int flightBytes() {
    return sndNxt - sndUna;
  }

  /// What is thought to be in the network.
  int pipeBytes() {
    return Math.max(sent.pipeBytes() - dupAckedBytes, 0);
  }

  /// RCV.WND: what is left of the window that was offered.
  int receiveWindow() {
    return rcvAdv - rcvNxt;
  }

  /// Whether our FIN waits to be sent: everything before it may have been.
  boolean wantsFin() {
    return writeShut && !finSent;
  }

  int timestamp(long nowNanos) {
    return IsnGenerator.timestampClock(nowNanos) + tsOffset;
  }

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
    if (level == PushCompletion.DURABLE) {
      return -Errno.EOPNOTSUPP;
    }
    if (error != 0) {
      return error;
    }
    if (!state.maySend() || writeShut || detached) {
      return state == TcpState.SYN_SENT || state == TcpState.SYN_RECEIVED
          ? -Errno.ENOTCONN
          : -Errno.EPIPE;
    }
    if (sendQueue.totalBytes() >= 2 * sendBufferBytes || pushCount >= shared.config.pushesMax()) {
      return -Errno.EAGAIN;
    }
    if (shared.pushes.availableCount() == 0
        || !sendQueue.append(
            sga, shared.config.zeroCopyBytes(), shared.buffers, shared.sendChunks)) {
      return -Errno.ENOBUFS;
    }
    shared.markDirty(this);
    int bytes = sga.totalBytes();
    int ahead = level == PushCompletion.ACCEPTED ? sendBufferBytes : 0;
    if (sendQueue.totalBytes() <= ahead || sendQueue.totalBytes() == 0) {
      shared.user.pushed(this, qtoken, bytes);
      return 0;
    }
    PushRecord push = requireNonNull(shared.pushes.take(), "counted before");
    push.qtoken = qtoken;
    push.end = streamEnd();
    push.bytes = bytes;
    (level == PushCompletion.ACCEPTED ? accepting : acking).add(push);
    pushCount++;
    return 0;
  }

  /// Cancels a push none of whose bytes were sent and behind which nothing was pushed: reports it
  /// with -ECANCELED.
  ///
  /// @return 0, or -EALREADY when it is beyond recall or unknown
  public int cancelPush(long qtoken) {
    return cancelNewest(accepting, qtoken) || cancelNewest(acking, qtoken) ? 0 : -Errno.EALREADY;
  }

  private boolean cancelNewest(PushList list, long qtoken) {
    PushRecord push = list.tail();
    if (push == null
        || push.qtoken != qtoken
        || push.end != streamEnd()
        || push.bytes > sendQueue.unsentBytes()) {
      return false;
    }
    list.removeTail();
    sendQueue.truncate(push.bytes, shared.sendChunks);
    pushCount--;
    shared.pushes.put(push);
    shared.user.pushed(this, qtoken, -Errno.ECANCELED);
    return true;
  }

  /// Takes received bytes: an array that refers to the buffers they came in, with one holder for
  /// the caller. [#popResult] says what happened.
  ///
  /// @param bytesMax most bytes, > 0
  /// @return `null` when there is nothing, then or ever
  public @Nullable ScatterGatherArray pop(int bytesMax) {
    if (receiveQueue.isEmpty()) {
      popResult = emptyResult();
      return null;
    }
    ScatterGatherArray sga = shared.sgas.takeEmpty();
    if (sga == null) {
      popResult = -Errno.ENOBUFS;
      return null;
    }
    popResult = receiveQueue.popInto(sga, bytesMax, shared.receiveMemory);
    shared.receiver.popped(this, popResult);
    return sga;
  }

  /// What a pop gives when nothing is queued.
  private int emptyResult() {
    if (finReceived || readShut) {
      return 0;
    }
    if (error != 0) {
      return error;
    }
    return switch (state) {
      case SYN_SENT, SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2 -> -Errno.EAGAIN;
      case CLOSED, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT -> 0;
    };
  }

  /// What the last [#pop] did: its bytes; 0 at the end of the stream; -EAGAIN when nothing is there
  /// yet; -ENOBUFS when arrays are out; or the `-errno` the connection failed with (after
  /// everything received in order was popped).
  public int popResult() {
    return popResult;
  }

  /// Bytes that can be popped now.
  public int readableBytes() {
    return receiveQueue.bytes();
  }

  /// Whether a pop would return something other than -EAGAIN.
  public boolean isReadable() {
    return !receiveQueue.isEmpty() || emptyResult() != -Errno.EAGAIN;
  }

  /// Ends our direction: what was pushed is sent, then FIN. Pops go on.
  public void shutdownWrite() {
    if (!writeShut && state != TcpState.CLOSED && state != TcpState.TIME_WAIT) {
      writeShut = true;
      shared.markDirty(this);
    }
  }

  /// Ends reading: pops give the end of the stream; what arrives is acknowledged and thrown away.
  public void shutdownRead() {
    if (!readShut) {
      readShut = true;
      int dropped = receiveQueue.bytes();
      receiveQueue.clear(shared.receiveMemory);
      shared.receiver.popped(this, dropped);
    }
  }

  /// Closes and gives the object back. What was pushed is sent in the background, then FIN; pending
  /// pushes are reported with -ECANCELED. With received data not popped, or linger 0, the
  /// connection is reset instead (RFC 9293 §3.6.1, RFC 2525 §2.17).
  public void close() {
    shared.lifecycle.close(this);
  }

  /// Resets the connection and gives the object back. Pending pushes are reported with -ECANCELED.
  public void abort() {
    shared.lifecycle.abort(this);
  }

  /// Sets an option: NODELAY, KEEPALIVE and its times, SEND_BUFFER_BYTES, RECEIVE_BUFFER_BYTES
  /// (which end autotuning of that buffer), LINGER_SECONDS.
  ///
  /// @return 0; -EINVAL for a value out of range; -ENOPROTOOPT for other options
  public int setOption(SocketOption option, int value) {
    return ConnectionOptions.set(shared, this, option, value);
  }

  /// Reads an option into [#optionRead].
  ///
  /// @return 0 or -ENOPROTOOPT
  public int getOption(SocketOption option) {
    optionRead =
        switch (option) {
          case NODELAY -> nodelay ? 1 : 0;
          case KEEPALIVE -> keepalive ? 1 : 0;
          case KEEPALIVE_IDLE_SECONDS -> keepaliveIdleSeconds;
          case KEEPALIVE_INTERVAL_SECONDS -> keepaliveIntervalSeconds;
          case KEEPALIVE_COUNT -> keepaliveCount;
          case SEND_BUFFER_BYTES -> sendBufferBytes;
          case RECEIVE_BUFFER_BYTES -> receiveBufferBytes;
          case LINGER_SECONDS -> lingerSeconds;
          case REUSEADDR, REUSEPORT, V6ONLY, PUSH_COMPLETION, PUSH_QUIET -> Integer.MIN_VALUE;
        };
    return optionRead == Integer.MIN_VALUE ? -Errno.ENOPROTOOPT : 0;
  }

  /// What the last successful [#getOption] found.
  public int optionRead() {
    return optionRead;
  }

  /// State of the connection.
  public TcpState state() {
    return state;
  }

  /// The `-errno` it failed with, or 0.
  public int error() {
    return error;
  }

  /// Whether the addresses are of IPv6.
  public boolean isIpv6() {
    return path().isIpv6();
  }

  /// First eight bytes of our address; 0 for IPv4.
  public long localHigh() {
    return path().localHigh();
  }

  /// Last eight bytes of our address, or the IPv4 address.
  public long localLow() {
    return path().localLow();
  }

  /// Our port.
  public int localPort() {
    return localPort;
  }

  /// First eight bytes of the peer's address; 0 for IPv4.
  public long remoteHigh() {
    return path().remoteHigh();
  }

  /// Last eight bytes of the peer's address, or the IPv4 address.
  public long remoteLow() {
    return path().remoteLow();
  }

  /// The peer's port.
  public int remotePort() {
    return remotePort;
  }

  /// Whatever the user attached: a socket id. -1 at first.
  public int attachment() {
    return attachment;
  }

  /// Attaches a number of the user's.
  public void setAttachment(int attachment) {
    this.attachment = attachment;
  }

  /// Fills in what the connection is and has done.
  public void statistics(ConnectionInfo into) {
    into.clear();
    into.state = state;
    into.congestionControl = congestion.name();
    into.cwndBytes = congestion.cwndBytes();
    into.ssthreshBytes = congestion.ssthreshBytes();
    into.flightBytes = flightBytes();
    into.pipeBytes = pipeBytes();
    into.sendWindowBytes = sndWnd;
    into.receiveWindowBytes = receiveWindow();
    into.sendBufferBytes = sendBufferBytes;
    into.receiveBufferBytes = receiveBufferBytes;
    into.sendQueueBytes = sendQueue.totalBytes();
    into.unsentBytes = sendQueue.unsentBytes();
    into.receiveQueueBytes = receiveQueue.bytes();
    into.outOfOrderBytes = reassembler == null ? 0 : reassembler.bytes();
    into.mssBytes = path == null ? 0 : SegmentWriter.mss(this);
    into.srttNanos = rtt.srttNanos();
    into.rttvarNanos = rtt.rttvarNanos();
    into.minRttNanos = rtt.minRttNanos() == Long.MAX_VALUE ? 0 : rtt.minRttNanos();
    into.rtoNanos = rtt.rtoNanos();
    into.rtoBackoffs = rtt.backoffs();
    into.segmentsIn = segmentsIn;
    into.segmentsOut = segmentsOut;
    into.bytesIn = bytesIn;
    into.bytesOut = bytesAcked + sendQueue.totalBytes() - sendQueue.unsentBytes();
    into.bytesAcked = bytesAcked;
    into.retransmissions = retransmissions;
    into.bytesRetransmitted = bytesRetransmitted;
    into.retransmissionTimeouts = retransmissionTimeouts;
    into.fastRecoveries = fastRecoveries;
    into.spuriousRecoveries = spuriousRecoveries;
    into.dsacksIn = dsacksIn;
    into.outOfOrderIn = outOfOrderIn;
    into.reorderingSeen = rack.hasSeenReordering();
    into.windowScaling = windowScaling;
    into.timestamps = timestampsOk;
    into.sack = sackOk;
  }
}
