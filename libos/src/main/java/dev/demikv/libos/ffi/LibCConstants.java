package dev.demikv.libos.ffi;

/// Constants of Linux's C headers, by their C names. All are the same on x86-64 and on AArch64.
public final class LibCConstants {
  // sys/socket.h: domains, types, flags.

  /// IPv4.
  public static final int AF_INET = 2;

  /// IPv6.
  public static final int AF_INET6 = 10;

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

  private LibCConstants() {}
}
