package dev.demikv.kvserver.server;

import dev.demikv.kvserver.command.ClientInfo;
import dev.demikv.kvserver.command.Session;
import dev.demikv.kvserver.resp.CommandArgs;
import dev.demikv.kvserver.resp.RespLimits;
import dev.demikv.kvserver.resp.RespParser;
import dev.demikv.libos.api.ConnectionInfo;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.LibOs;

/// A client: what it has sent, what it is in, what it is to be sent. Fields of the loop and its
/// parts; made once, used for one client after the other.
///
/// A client is *stalled* while its commands may not run: its bytes stay in [#input], no more are
/// popped, and the peer is slowed down by its transport. What ends a stall puts it among those to
/// be resumed.
final class Connection implements ClientInfo {
  final RespParser parser;
  final CommandArgs args = new CommandArgs();
  final InputBuffer input;
  final ReplyOutput output;

  /// Its descriptor; 0 when closed.
  int qd;

  /// The pop under way; 0 if none.
  long popToken;

  /// Commands in batches that are not yet applied.
  int pendingCommands;

  /// Its commands may not run now.
  boolean stalled;

  /// It is in the queue of those to be resumed.
  boolean resumeQueued;

  /// It is in the queue of those that wait for a free batch or the end of a pause.
  boolean waitQueued;

  /// It is in the queue of those whose replies are to be pushed.
  boolean flushQueued;

  /// To be closed when its commands are done and its replies are pushed; no more are taken.
  boolean closing;

  private final Clients clients;
  private final TurnClock now;
  private final Endpoint remote = new Endpoint();
  private Session session = new Session(0, false);
  private int generation;
  private long acceptedNanos;
  private long receivedNanos;
  private long receivedBytes;

  Connection(
      Clients clients,
      TurnClock now,
      LibOs libos,
      ClientMemory memory,
      OutputBudget budget,
      RespLimits limits,
      long queryBytesMax,
      long outputBytesMax) {
    this.clients = clients;
    this.now = now;
    this.parser = new RespParser(limits);
    this.input = new InputBuffer(memory, queryBytesMax);
    this.output = new ReplyOutput(libos, memory, budget, outputBytesMax);
  }

  /// Begins with a client.
  void open(int newQd, Session newSession, Endpoint peer, long nowNanos) {
    qd = newQd;
    session = newSession;
    remote.set(peer);
    acceptedNanos = nowNanos;
    receivedNanos = nowNanos;
    receivedBytes = 0;
    parser.reset();
    parser.setAuthenticated(newSession.authenticated());
    output.open(newQd);
    popToken = 0;
    pendingCommands = 0;
    stalled = false;
    closing = false;
  }

  /// Ends with a client: everything that refers to it by [#generation] is void.
  void release() {
    generation++;
    qd = 0;
    popToken = 0;
    pendingCommands = 0;
    stalled = false;
    input.clear();
    output.close();
    args.clear();
    args.unbind();
  }

  /// Counts the clients that this object has been.
  int generation() {
    return generation;
  }

  /// Whether it is a client's now.
  boolean isOpen() {
    return qd != 0;
  }

  /// Something came from the client.
  void received(int bytes, long nowNanos) {
    receivedNanos = nowNanos;
    receivedBytes += bytes;
  }

  @Override
  public Session session() {
    return session;
  }

  @Override
  public String address() {
    return remote.toString();
  }

  @Override
  public String localAddress() {
    return clients.localAddress(qd);
  }

  @Override
  public int qd() {
    return qd;
  }

  @Override
  public long ageSeconds() {
    return (now.nanos() - acceptedNanos) / 1_000_000_000L;
  }

  @Override
  public long idleSeconds() {
    return (now.nanos() - receivedNanos) / 1_000_000_000L;
  }

  @Override
  public long inputBytes() {
    return input.length();
  }

  @Override
  public long outputBytes() {
    return output.outstandingBytes();
  }

  @Override
  public long receivedBytes() {
    return receivedBytes;
  }

  @Override
  public long sentBytes() {
    return output.pushedBytes();
  }

  @Override
  public boolean connectionInfo(ConnectionInfo into) {
    return clients.connectionInfo(qd, into);
  }

  @Override
  public void kill() {
    clients.kill(this);
  }
}
