package dev.demikv.libos.api;

import dev.demikv.libos.lang.Nullable;
import java.util.Comparator;

/// A library OS: PDPIX, the device-agnostic queue interface.
///
/// A LibOs belongs to the thread that opened it; every method but [#wake] and [Mailbox#offer] is
/// for that thread. Nothing happens in the background: work proceeds inside the wait calls.
///
/// **Errors.** Control path methods throw [LibOsException]. Data path methods return a token (> 0)
/// or `-errno`: `-EBADF` (no such queue), `-EINVAL`, `-EOPNOTSUPP` (not on this kind of queue),
/// `-EAGAIN` (a limit is reached: wait for completions, then try again). What goes wrong later
/// arrives as the result of the completion.
///
/// **Ownership.** From push until its token completes, the bytes of the array are the libOS's; the
/// array itself may be freed at once, see [ScatterGatherArray]. A popped array is the application's
/// until it frees it. A failed call (negative return) takes nothing.
///
/// **Order.** Operations of one kind on one queue complete in the order they were started.
///
/// **Elements.** On datagram, memory and storage queues an array is an atomic element; on stream
/// sockets it is a run of bytes whose boundaries are not kept.
///
/// **Close.** [#close] completes every pending token of the queue with `-ECANCELED`; tokens of
/// elements that were already taken are not affected.
///
/// **Completions.** Each is delivered once, to one waiter: a token given to [#wait], [#waitAny] or
/// [#waitAll] is delivered there, all others are delivered by [#waitNext].
public interface LibOs extends AutoCloseable {
  /// Makes an IPv4 socket queue. socket(2).
  ///
  /// @return its qd, ≥ 1
  /// @throws LibOsException EMFILE (queue limit), EPROTONOSUPPORT (not on this backend)
  default int socket(SocketType type) {
    return socket(type, AddressFamily.INET);
  }

  /// Makes a socket queue.
  ///
  /// @throws LibOsException EMFILE, EPROTONOSUPPORT, EAFNOSUPPORT
  int socket(SocketType type, AddressFamily family);

  /// Binds a socket to a local endpoint, wildcard and port 0 (any free port) included. bind(2).
  ///
  /// @throws LibOsException EADDRINUSE, EADDRNOTAVAIL, EACCES, EINVAL (bound before)
  void bind(int qd, Endpoint local);

  /// Makes a bound stream socket a listener. listen(2).
  ///
  /// @param backlog most connections that are established and not yet accepted, ≥ 1
  void listen(int qd, int backlog);

  /// Accepts the next connection of a listener. Completes with [QResult#result] = the new qd and
  /// [QResult#remote] = the peer. accept(2).
  ///
  /// @return token or -errno
  long accept(int qd);

  /// Connects a socket; on a datagram socket it sets the peer. Completes with 0 or `-errno`
  /// (ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH). connect(2).
  ///
  /// @return token or -errno
  long connect(int qd, Endpoint remote);

  /// Ends one or both directions of a connected stream socket; what was pushed is sent first.
  /// shutdown(2).
  ///
  /// @throws LibOsException ENOTCONN, EBADF
  void shutdown(int qd, Shutdown how);

  /// Closes a queue; its pending tokens complete with `-ECANCELED`. Bytes that a stream socket
  /// accepted are still sent in the background. close(2).
  ///
  /// @throws LibOsException EBADF
  void close(int qd);

  /// The local endpoint of a socket. getsockname(2).
  Endpoint getsockname(int qd);

  /// The peer of a connected socket. getpeername(2).
  ///
  /// @throws LibOsException ENOTCONN
  Endpoint getpeername(int qd);

  /// Sets an option. setsockopt(2).
  ///
  /// @throws LibOsException ENOPROTOOPT (not on this backend), EINVAL
  void setsockopt(int qd, SocketOption option, int value);

  /// Reads an option. getsockopt(2).
  int getsockopt(int qd, SocketOption option);

  /// Tells state and statistics of the connection of a stream socket, as TCP_INFO of tcp(7) does:
  /// windows, round-trip times, what was sent, acknowledged, sent again, what waits. Does not block
  /// and allocates nothing: some tens of nanoseconds on the user-level stack, six system calls on
  /// the kernel's.
  ///
  /// @param into filled in place; untouched unless 0 is returned. The caller's.
  /// @return 0; `-EBADF`; `-ENOTCONN` (a listener, never connected, or the connect failed);
  ///   `-EOPNOTSUPP` (not a stream socket, or the network backend has no such statistics)
  int connectionInfo(int qd, ConnectionInfo into);

  /// Pushes an array. What completion means is [PushCompletion]; the result is the byte count.
  ///
  /// Storage: the array becomes one record; [QResult#position] tells where.
  ///
  /// @param sga ≥ 1 byte, except on datagram sockets, where it may be empty
  /// @return token or -errno; -EAGAIN when the queue holds as much as it may (back-pressure)
  long push(int qd, ScatterGatherArray sga);

  /// Pushes one datagram to a peer.
  ///
  /// @param to copied
  /// @return token or -errno; -EMSGSIZE when it is longer than a datagram may be
  long pushTo(int qd, ScatterGatherArray sga, Endpoint to);

  /// Pops the next element or run of bytes. Result 0 without an array is the end of the stream (the
  /// peer shut down), of the log (the cursor is at its tail) or of the memory queue (every pusher
  /// closed).
  ///
  /// @return token or -errno
  default long pop(int qd) {
    return pop(qd, Integer.MAX_VALUE);
  }

  /// As [#pop(int)], with a limit on the bytes. Where elements are atomic, a longer one completes
  /// with -EMSGSIZE and stays (memory, storage) or is lost (datagram).
  long pop(int qd, int bytesMax);

  /// Waits for one token.
  ///
  /// @param timeoutNanos 0 polls, negative waits without limit
  /// @param result filled in place
  /// @return 0, -ETIMEDOUT, -EINTR ([#wake]), -EINVAL (no such token: completed or never made)
  int wait(long qtoken, long timeoutNanos, QResult result);

  /// Waits for the first of several tokens. Fair: of those complete, the one that completed first.
  /// O(count) once, then O(1) per completion.
  ///
  /// @return its index, or as [#wait]
  int waitAny(long[] qtokens, int count, long timeoutNanos, QResult result);

  /// Waits for all of several tokens; `results[i]` belongs to `qtokens[i]`. When it returns early,
  /// nothing was delivered.
  ///
  /// @return 0, or as [#wait]
  int waitAll(long[] qtokens, int count, long timeoutNanos, QResult[] results);

  /// Waits for any completions of this LibOs: what servers use. O(completions).
  ///
  /// @param results filled in place from index 0
  /// @return completions delivered, 0 to `results.length`; 0 after the time-out or [#wake]
  int waitNext(QResult[] results, long timeoutNanos);

  /// Cancels an operation: its token completes with `-ECANCELED`, unless it is already done or
  /// beyond recall.
  ///
  /// @return 0, -EALREADY (done or beyond recall: wait for it), -EINVAL (no such token)
  int cancel(long qtoken);

  /// Makes the wait call that is running now, or else the next one, return early. Any thread,
  /// lock-free.
  void wake();

  /// An array that covers `lengthBytes` of fresh buffers, in as few segments as can be.
  ///
  /// @return `null` when memory is out (back-pressure) or the length needs more than
  ///   [ScatterGatherArray#SEGMENTS_MAX] segments
  @Nullable
  ScatterGatherArray sgaAlloc(int lengthBytes);

  /// An array without segments, to [ScatterGatherArray#addShared] pieces to; `null` when out.
  @Nullable
  ScatterGatherArray sgaAlloc();

  /// Frees an array: popped, pushed or never used. Allowed while a push of it is in flight.
  default void sgaFree(ScatterGatherArray sga) {
    sga.drop();
  }

  /// Opens the named log of the storage device, made if absent. The log is recovered: a torn tail
  /// is cut off; damage in the middle is EBADMSG and names the place. The cursor stands at the
  /// first record. Control path: reads the log's last segment, may block.
  ///
  /// @param name 1 to 32 characters of `a-z 0-9 - _ .`
  /// @throws LibOsException ENODEV (no storage configured), EBADMSG, ENOSPC, EIO, EBUSY (open)
  int open(String name);

  /// Moves the cursor of a storage queue to the first record at or behind a position. lseek(2).
  ///
  /// @param position a position that a completion told, [#logHead] or [#logTail]
  /// @throws LibOsException EINVAL (outside the log), EBADF
  void seek(int qd, long position);

  /// Frees every record before a position, which is a record's position or [#logTail].
  ///
  /// @return token or -errno; completes when the new beginning is durable
  long truncate(int qd, long position);

  /// Position of the first record of a storage queue, or its tail when it is empty.
  long logHead(int qd);

  /// A position behind every record pushed to a storage queue so far and not behind the next one.
  long logTail(int qd);

  /// Makes an in-memory queue of up to `elementsMax` elements. A push completes when the element is
  /// in the queue, at once or when room comes; a pop completes when there is one. Elements pass by
  /// reference: who pushes gives the bytes away and only frees the array. [#shutdown] ends it as it
  /// ends a stream.
  int queue(int elementsMax);

  /// Makes a timer queue, timerfd_create(2): a pop completes when the timer has expired, with
  /// [QResult#result] = the number of expiries since the last pop and no array. Accurate to a tenth
  /// of a millisecond, never early.
  ///
  /// @param firstNanos time until the first expiry, ≥ 0
  /// @param periodNanos time between expiries, 0 for a single one
  int timer(long firstNanos, long periodNanos);

  /// Makes a memory queue that other threads push to through [#mailboxOf].
  ///
  /// @param messageBytesMax longest message in bytes
  /// @param messagesMax room in messages of that length, rounded up to a power of two
  int mailbox(int messageBytesMax, int messagesMax);

  /// The producers' end of a mailbox queue.
  Mailbox mailboxOf(int qd);

  /// A queue that surfaces what is popped from either; what is pushed to it goes to both. Takes
  /// over `a` and `b`: they may no longer be used directly, and closing it closes them.
  ///
  /// End of stream surfaces when both ended. A push completes when both took the element, with the
  /// first error if one did not. Fair: the two take turns while both have elements.
  int merge(int a, int b);

  /// A queue of those elements of `q` for which `predicate` holds, popped or pushed; others are
  /// freed (pop) or completed without effect (push). Takes over `q` as [#merge].
  int filter(int q, SgaPredicate predicate);

  /// A queue on which `function` is applied to every element popped from or pushed to `q`. Takes
  /// over `q` as [#merge]. The array given to push is handed to the function only when it is taken.
  int map(int q, SgaFunction function);

  /// A queue from which the highest element by `order` of those that have arrived pops first. Takes
  /// over `q` as [#merge].
  ///
  /// @param elementsMax elements held back for sorting; beyond them `q` is not popped
  int sort(int q, Comparator<ScatterGatherArray> order, int elementsMax);

  /// Pushes everything that pops from `in` to `out`, one element at a time with the back-pressure
  /// of `out`, until `in` ends, either fails, or the connection is closed. Takes over both as
  /// [#merge].
  ///
  /// @return a qd that stands for the connection: pop it to learn its end (result 0 or -errno)
  int qconnect(int in, int out);

  /// Monotonic time of this loop turn in nanoseconds.
  long nowNanos();

  /// What backends this LibOs runs on, their capabilities and counters. Control path.
  LibOsReport report();

  /// Closes every queue and device and frees all memory. Idempotent.
  @Override
  void close();
}
