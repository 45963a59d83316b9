package dev.demikv.libos.api;

/// Error numbers of Linux, errno(3), as positive numbers. Data path calls return them negated.
public final class Errno {
  /// Operation not permitted.
  public static final int EPERM = 1;

  /// No such file or directory.
  public static final int ENOENT = 2;

  /// Interrupted.
  public static final int EINTR = 4;

  /// Input/output error.
  public static final int EIO = 5;

  /// No such device or address.
  public static final int ENXIO = 6;

  /// Bad queue descriptor.
  public static final int EBADF = 9;

  /// Try again: a limit is reached.
  public static final int EAGAIN = 11;

  /// Out of memory.
  public static final int ENOMEM = 12;

  /// Permission denied.
  public static final int EACCES = 13;

  /// Bad address.
  public static final int EFAULT = 14;

  /// Device or resource busy.
  public static final int EBUSY = 16;

  /// File exists.
  public static final int EEXIST = 17;

  /// No such device.
  public static final int ENODEV = 19;

  /// Not a directory.
  public static final int ENOTDIR = 20;

  /// Is a directory.
  public static final int EISDIR = 21;

  /// Invalid argument.
  public static final int EINVAL = 22;

  /// Too many open files in system.
  public static final int ENFILE = 23;

  /// Too many open files or queues.
  public static final int EMFILE = 24;

  /// File too large.
  public static final int EFBIG = 27;

  /// No space left on device.
  public static final int ENOSPC = 28;

  /// Read-only file system.
  public static final int EROFS = 30;

  /// Broken pipe.
  public static final int EPIPE = 32;

  /// Out of range.
  public static final int ERANGE = 34;

  /// Function not implemented.
  public static final int ENOSYS = 38;

  /// No data available.
  public static final int ENODATA = 61;

  /// Timer expired.
  public static final int ETIME = 62;

  /// Protocol error.
  public static final int EPROTO = 71;

  /// Bad message: damaged data.
  public static final int EBADMSG = 74;

  /// Value too large.
  public static final int EOVERFLOW = 75;

  /// Structure needs cleaning.
  public static final int EUCLEAN = 117;

  /// Not a socket queue.
  public static final int ENOTSOCK = 88;

  /// Destination address required.
  public static final int EDESTADDRREQ = 89;

  /// Message too long.
  public static final int EMSGSIZE = 90;

  /// Wrong protocol type.
  public static final int EPROTOTYPE = 91;

  /// Option not available.
  public static final int ENOPROTOOPT = 92;

  /// Protocol not supported.
  public static final int EPROTONOSUPPORT = 93;

  /// Operation not supported.
  public static final int EOPNOTSUPP = 95;

  /// Address family not supported.
  public static final int EAFNOSUPPORT = 97;

  /// Address already in use.
  public static final int EADDRINUSE = 98;

  /// Cannot assign requested address.
  public static final int EADDRNOTAVAIL = 99;

  /// Network is down.
  public static final int ENETDOWN = 100;

  /// Network is unreachable.
  public static final int ENETUNREACH = 101;

  /// Connection aborted.
  public static final int ECONNABORTED = 103;

  /// Connection reset by peer.
  public static final int ECONNRESET = 104;

  /// No buffer space available.
  public static final int ENOBUFS = 105;

  /// Already connected.
  public static final int EISCONN = 106;

  /// Not connected.
  public static final int ENOTCONN = 107;

  /// Cannot send after shutdown.
  public static final int ESHUTDOWN = 108;

  /// Timed out.
  public static final int ETIMEDOUT = 110;

  /// Connection refused.
  public static final int ECONNREFUSED = 111;

  /// Host is down.
  public static final int EHOSTDOWN = 112;

  /// No route to host.
  public static final int EHOSTUNREACH = 113;

  /// Operation already in progress.
  public static final int EALREADY = 114;

  /// Operation in progress.
  public static final int EINPROGRESS = 115;

  /// Canceled.
  public static final int ECANCELED = 125;

  private Errno() {}

  /// Name of an error, as `ECONNRESET`; `errno 200` for one without a name here.
  ///
  /// @param errno positive, or negated as a result code
  public static String name(int errno) {
    return switch (Math.abs(errno)) {
      case EPERM -> "EPERM";
      case ENOENT -> "ENOENT";
      case EINTR -> "EINTR";
      case EIO -> "EIO";
      case ENXIO -> "ENXIO";
      case EBADF -> "EBADF";
      case EAGAIN -> "EAGAIN";
      case ENOMEM -> "ENOMEM";
      case EACCES -> "EACCES";
      case EFAULT -> "EFAULT";
      case EBUSY -> "EBUSY";
      case EEXIST -> "EEXIST";
      case ENODEV -> "ENODEV";
      case ENOTDIR -> "ENOTDIR";
      case EISDIR -> "EISDIR";
      case EINVAL -> "EINVAL";
      case ENFILE -> "ENFILE";
      case EMFILE -> "EMFILE";
      case EFBIG -> "EFBIG";
      case ENOSPC -> "ENOSPC";
      case EROFS -> "EROFS";
      case EPIPE -> "EPIPE";
      case ERANGE -> "ERANGE";
      case ENOSYS -> "ENOSYS";
      case ENODATA -> "ENODATA";
      case ETIME -> "ETIME";
      case EPROTO -> "EPROTO";
      case EBADMSG -> "EBADMSG";
      case EOVERFLOW -> "EOVERFLOW";
      case EUCLEAN -> "EUCLEAN";
      case ENOTSOCK -> "ENOTSOCK";
      case EDESTADDRREQ -> "EDESTADDRREQ";
      case EMSGSIZE -> "EMSGSIZE";
      case EPROTOTYPE -> "EPROTOTYPE";
      case ENOPROTOOPT -> "ENOPROTOOPT";
      case EPROTONOSUPPORT -> "EPROTONOSUPPORT";
      case EOPNOTSUPP -> "EOPNOTSUPP";
      case EAFNOSUPPORT -> "EAFNOSUPPORT";
      case EADDRINUSE -> "EADDRINUSE";
      case EADDRNOTAVAIL -> "EADDRNOTAVAIL";
      case ENETDOWN -> "ENETDOWN";
      case ENETUNREACH -> "ENETUNREACH";
      case ECONNABORTED -> "ECONNABORTED";
      case ECONNRESET -> "ECONNRESET";
      case ENOBUFS -> "ENOBUFS";
      case EISCONN -> "EISCONN";
      case ENOTCONN -> "ENOTCONN";
      case ESHUTDOWN -> "ESHUTDOWN";
      case ETIMEDOUT -> "ETIMEDOUT";
      case ECONNREFUSED -> "ECONNREFUSED";
      case EHOSTDOWN -> "EHOSTDOWN";
      case EHOSTUNREACH -> "EHOSTUNREACH";
      case EALREADY -> "EALREADY";
      case EINPROGRESS -> "EINPROGRESS";
      case ECANCELED -> "ECANCELED";
      default -> "errno " + Math.abs(errno);
    };
  }

  /// Name and meaning, as `ECONNRESET (Connection reset by peer)`.
  ///
  /// @param errno positive, or negated as a result code
  public static String describe(int errno) {
    return switch (Math.abs(errno)) {
      case EPERM -> "EPERM (Operation not permitted)";
      case ENOENT -> "ENOENT (No such file or directory)";
      case EINTR -> "EINTR (Interrupted)";
      case EIO -> "EIO (Input/output error)";
      case ENXIO -> "ENXIO (No such device or address)";
      case EBADF -> "EBADF (Bad queue descriptor)";
      case EAGAIN -> "EAGAIN (Try again: a limit is reached)";
      case ENOMEM -> "ENOMEM (Out of memory)";
      case EACCES -> "EACCES (Permission denied)";
      case EFAULT -> "EFAULT (Bad address)";
      case EBUSY -> "EBUSY (Device or resource busy)";
      case EEXIST -> "EEXIST (File exists)";
      case ENODEV -> "ENODEV (No such device)";
      case ENOTDIR -> "ENOTDIR (Not a directory)";
      case EISDIR -> "EISDIR (Is a directory)";
      case EINVAL -> "EINVAL (Invalid argument)";
      case ENFILE -> "ENFILE (Too many open files in system)";
      case EMFILE -> "EMFILE (Too many open files or queues)";
      case EFBIG -> "EFBIG (File too large)";
      case ENOSPC -> "ENOSPC (No space left on device)";
      case EROFS -> "EROFS (Read-only file system)";
      case EPIPE -> "EPIPE (Broken pipe)";
      case ERANGE -> "ERANGE (Out of range)";
      case ENOSYS -> "ENOSYS (Function not implemented)";
      case ENODATA -> "ENODATA (No data available)";
      case ETIME -> "ETIME (Timer expired)";
      case EPROTO -> "EPROTO (Protocol error)";
      case EBADMSG -> "EBADMSG (Bad message: damaged data)";
      case EOVERFLOW -> "EOVERFLOW (Value too large)";
      case EUCLEAN -> "EUCLEAN (Structure needs cleaning)";
      case ENOTSOCK -> "ENOTSOCK (Not a socket queue)";
      case EDESTADDRREQ -> "EDESTADDRREQ (Destination address required)";
      case EMSGSIZE -> "EMSGSIZE (Message too long)";
      case EPROTOTYPE -> "EPROTOTYPE (Wrong protocol type)";
      case ENOPROTOOPT -> "ENOPROTOOPT (Option not available)";
      case EPROTONOSUPPORT -> "EPROTONOSUPPORT (Protocol not supported)";
      case EOPNOTSUPP -> "EOPNOTSUPP (Operation not supported)";
      case EAFNOSUPPORT -> "EAFNOSUPPORT (Address family not supported)";
      case EADDRINUSE -> "EADDRINUSE (Address already in use)";
      case EADDRNOTAVAIL -> "EADDRNOTAVAIL (Cannot assign requested address)";
      case ENETDOWN -> "ENETDOWN (Network is down)";
      case ENETUNREACH -> "ENETUNREACH (Network is unreachable)";
      case ECONNABORTED -> "ECONNABORTED (Connection aborted)";
      case ECONNRESET -> "ECONNRESET (Connection reset by peer)";
      case ENOBUFS -> "ENOBUFS (No buffer space available)";
      case EISCONN -> "EISCONN (Already connected)";
      case ENOTCONN -> "ENOTCONN (Not connected)";
      case ESHUTDOWN -> "ESHUTDOWN (Cannot send after shutdown)";
      case ETIMEDOUT -> "ETIMEDOUT (Timed out)";
      case ECONNREFUSED -> "ECONNREFUSED (Connection refused)";
      case EHOSTDOWN -> "EHOSTDOWN (Host is down)";
      case EHOSTUNREACH -> "EHOSTUNREACH (No route to host)";
      case EALREADY -> "EALREADY (Operation already in progress)";
      case EINPROGRESS -> "EINPROGRESS (Operation in progress)";
      case ECANCELED -> "ECANCELED (Canceled)";
      default -> "errno " + Math.abs(errno);
    };
  }
}
