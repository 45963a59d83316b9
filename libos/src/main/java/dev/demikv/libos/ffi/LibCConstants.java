package dev.demikv.libos.ffi;

/// Constants of Linux's C headers, by their C names. All are the same on x86-64 and on AArch64, but
/// for O_DIRECT and O_DIRECTORY.
public final class LibCConstants {
  // sys/socket.h: domains, types, flags.

  /// Sockets within the machine.
  public static final int AF_UNIX = 1;

  /// IPv4.
  public static final int AF_INET = 2;

  /// IPv6.
  public static final int AF_INET6 = 10;

  /// Frames of an interface, packet(7).
  public static final int AF_PACKET = 17;

  /// Frames of an interface through shared rings.
  public static final int AF_XDP = 44;

  /// TCP.
  public static final int SOCK_STREAM = 1;

  /// UDP.
  public static final int SOCK_DGRAM = 2;

  /// Non-blocking from birth.
  public static final int SOCK_NONBLOCK = 0x800;

  /// Not inherited through execve(2).
  public static final int SOCK_CLOEXEC = 0x80000;

  /// shutdown(2): no more receptions.
  public static final int SHUT_RD = 0;

  /// shutdown(2): no more transmissions.
  public static final int SHUT_WR = 1;

  /// shutdown(2): both.
  public static final int SHUT_RDWR = 2;

  /// Leaves the data in the queue.
  public static final int MSG_PEEK = 0x02;

  /// Set in `msg_flags` when a datagram was cut.
  public static final int MSG_TRUNC = 0x20;

  /// This call does not block.
  public static final int MSG_DONTWAIT = 0x40;

  /// EPIPE without SIGPIPE.
  public static final int MSG_NOSIGNAL = 0x4000;

  // Socket options: level SOL_SOCKET.

  /// Level of the options below.
  public static final int SOL_SOCKET = 1;

  /// Bind over connections in TIME_WAIT.
  public static final int SO_REUSEADDR = 2;

  /// Pending error, read and cleared.
  public static final int SO_ERROR = 4;

  /// AF_* of a socket.
  public static final int SO_DOMAIN = 39;

  /// Send buffer; the kernel doubles what is set.
  public static final int SO_SNDBUF = 7;

  /// Receive buffer; the kernel doubles what is set.
  public static final int SO_RCVBUF = 8;

  /// Probe idle peers.
  public static final int SO_KEEPALIVE = 9;

  /// What close does with unsent data, a `struct linger`.
  public static final int SO_LINGER = 13;

  /// Several sockets on one port.
  public static final int SO_REUSEPORT = 15;

  // netinet/in.h and netinet/tcp.h.

  /// Level of TCP's options, and the protocol.
  public static final int IPPROTO_TCP = 6;

  /// Level of IPv6's options.
  public static final int IPPROTO_IPV6 = 41;

  /// No IPv4-mapped peers.
  public static final int IPV6_V6ONLY = 26;

  /// No Nagle.
  public static final int TCP_NODELAY = 1;

  /// Seconds before the first keep-alive probe.
  public static final int TCP_KEEPIDLE = 4;

  /// Seconds between probes.
  public static final int TCP_KEEPINTVL = 5;

  /// Probes.
  public static final int TCP_KEEPCNT = 6;

  /// State and statistics: a [dev.demikv.libos.ffi.struct.TcpInfo].
  public static final int TCP_INFO = 11;

  /// Name of the congestion control, up to 16 bytes.
  public static final int TCP_CONGESTION = 13;

  // linux/sockios.h.

  /// ioctl: bytes received and not read.
  public static final int SIOCINQ = 0x541b;

  /// ioctl: bytes written and not acknowledged.
  public static final int SIOCOUTQ = 0x5411;

  // sys/epoll.h.

  /// Readable.
  public static final int EPOLLIN = 0x001;

  /// Urgent data.
  public static final int EPOLLPRI = 0x002;

  /// Writable.
  public static final int EPOLLOUT = 0x004;

  /// Error; always reported.
  public static final int EPOLLERR = 0x008;

  /// Both directions are closed; always reported.
  public static final int EPOLLHUP = 0x010;

  /// The peer sends no more.
  public static final int EPOLLRDHUP = 0x2000;

  /// Edge-triggered.
  public static final int EPOLLET = 1 << 31;

  /// epoll_ctl(2): adds a descriptor.
  public static final int EPOLL_CTL_ADD = 1;

  /// epoll_ctl(2): removes a descriptor.
  public static final int EPOLL_CTL_DEL = 2;

  /// epoll_ctl(2): changes a descriptor's events.
  public static final int EPOLL_CTL_MOD = 3;

  /// Not inherited through execve(2).
  public static final int EPOLL_CLOEXEC = 0x80000;

  // sys/eventfd.h.

  /// Not inherited through execve(2).
  public static final int EFD_CLOEXEC = 0x80000;

  /// Non-blocking.
  public static final int EFD_NONBLOCK = 0x800;

  // sys/mman.h.

  /// Pages can be read.
  public static final int PROT_READ = 1;

  /// Pages can be written.
  public static final int PROT_WRITE = 2;

  /// Changes reach the file.
  public static final int MAP_SHARED = 0x01;

  /// Changes are private.
  public static final int MAP_PRIVATE = 0x02;

  /// No file.
  public static final int MAP_ANONYMOUS = 0x20;

  /// Reserves no swap space, so that a mapping may be larger than what will be used of it.
  public static final int MAP_NORESERVE = 0x4000;

  /// Faults pages in at once.
  public static final int MAP_POPULATE = 0x8000;

  /// From huge pages.
  public static final int MAP_HUGETLB = 0x40000;

  /// madvise(2): the content is not needed.
  public static final int MADV_DONTNEED = 4;

  /// madvise(2): use transparent huge pages.
  public static final int MADV_HUGEPAGE = 14;

  // unistd.h.

  /// sysconf(3): size of a page in bytes.
  public static final int _SC_PAGESIZE = 30;

  /// sysconf(3): processors on-line.
  public static final int _SC_NPROCESSORS_ONLN = 84;

  // fcntl.h, sys/file.h, linux/fs.h, linux/stat.h: files.

  // Some O_ flags are the exception: their numbers depend on the machine.
  private static final boolean AARCH64 = System.getProperty("os.arch").equals("aarch64");

  /// Open for reading.
  public static final int O_RDONLY = 0;

  /// Open for reading and writing.
  public static final int O_RDWR = 2;

  /// Make the file if there is none.
  public static final int O_CREAT = 0x40;

  /// With O_CREAT: fail if there is one.
  public static final int O_EXCL = 0x80;

  /// Empty the file.
  public static final int O_TRUNC = 0x200;

  /// Each write returns when its data is on stable storage.
  public static final int O_DSYNC = 0x1000;

  /// Past the page cache.
  public static final int O_DIRECT = AARCH64 ? 0x10000 : 0x4000;

  /// Fail unless it is a directory.
  public static final int O_DIRECTORY = AARCH64 ? 0x4000 : 0x10000;

  /// Calls on the descriptor do not block.
  public static final int O_NONBLOCK = 0x800;

  /// Not inherited through execve(2).
  public static final int O_CLOEXEC = 0x80000;

  /// A file without a name, in the directory that is named.
  public static final int O_TMPFILE = 0x400000 | O_DIRECTORY;

  /// pwritev2(2): as O_DSYNC, for one call.
  public static final int RWF_DSYNC = 0x2;

  /// flock(2): exclusive.
  public static final int LOCK_EX = 2;

  /// flock(2): do not wait.
  public static final int LOCK_NB = 4;

  /// flock(2): unlock.
  public static final int LOCK_UN = 8;

  /// Names are relative to the working directory.
  public static final int AT_FDCWD = -100;

  /// The name is empty: the descriptor itself is meant.
  public static final int AT_EMPTY_PATH = 0x1000;

  /// statx(2): the size is wanted.
  public static final int STATX_SIZE = 0x200;

  /// statx(2): all that stat(2) tells.
  public static final int STATX_BASIC_STATS = 0x7ff;

  /// statx(2): alignment for O_DIRECT.
  public static final int STATX_DIOALIGN = 0x2000;

  /// poll(2): readable.
  public static final int POLLIN = 0x1;

  private LibCConstants() {}
}
