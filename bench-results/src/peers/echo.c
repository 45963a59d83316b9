/* TCP echoes through the kernel that spin: servers and a client.
 *
 *   echo server epoll|recv ADDRESS PORT CONTROL   serves until killed, prints "ready"
 *   echo client ADDRESS PORT CONTROL COUNT SIZE   prints p50, p99 and p99.9 of the round trip in ns
 *
 * `epoll` serves any number of connections; `recv` one after another, which costs as little as can be.
 * CONTROL is the congestion control of every connection: what the machine is set to may pace, which
 * an echo does not want; "-" leaves that.
 */
#define _GNU_SOURCE
#include "peer.h"

static char buffer[1 << 16];

static _Noreturn void serve_by_epoll(const char *address, int port, const char *control) {
  int listener = listening(address, port, SOCK_NONBLOCK), ep = epoll_create1(0);
  struct epoll_event ev = {.events = EPOLLIN, .data.fd = listener}, evs[64];
  epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev);
  for (;;) {
    int n = epoll_wait(ep, evs, 64, 0); /* Never blocks: it spins. */
    for (int i = 0; i < n; i++) {
      int fd = evs[i].data.fd;
      if (fd == listener) {
        int c = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (c < 0) continue;
        prepare(c, control);
        ev.events = EPOLLIN;
        ev.data.fd = c;
        epoll_ctl(ep, EPOLL_CTL_ADD, c, &ev);
        continue;
      }
      ssize_t got = recv(fd, buffer, sizeof buffer, 0);
      if (got <= 0) {
        if (got < 0 && errno == EAGAIN) continue;
        close(fd);
        continue;
      }
      for (ssize_t at = 0; at < got;) {
        ssize_t put = send(fd, buffer + at, (size_t)(got - at), MSG_NOSIGNAL);
        if (put > 0) at += put;
        else if (errno != EAGAIN) break; /* It ended: recv will say so. */
      }
    }
  }
}

static _Noreturn void serve_by_recv(const char *address, int port, const char *control) {
  int listener = listening(address, port, 0);
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) die("accept");
    prepare(fd, control);
    for (;;) {
      ssize_t got = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
      if (got > 0) send_all(fd, buffer, (size_t)got);
      else if (got == 0 || errno != EAGAIN) break;
    }
    close(fd);
  }
}

static int client(int fd, int count, size_t size) {
  uint32_t *ns = calloc((size_t)count, sizeof *ns);
  for (int i = -count / 4; i < count; i++) {
    int64_t begin = now();
    send_all(fd, buffer, size);
    for (size_t at = 0; at < size;) {
      ssize_t got = recv(fd, buffer + at, size - at, MSG_DONTWAIT);
      if (got > 0) at += (size_t)got;
      else if (got == 0 || errno != EAGAIN) die("recv");
    }
    if (i >= 0) ns[i] = (uint32_t)(now() - begin);
  }
  sort(ns, count);
  printf("%u %u %u\n", permille(ns, count, 500), permille(ns, count, 990), permille(ns, count, 999));
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 6 && !strcmp(argv[1], "server")) {
    if (!strcmp(argv[2], "epoll")) serve_by_epoll(argv[3], atoi(argv[4]), argv[5]);
    if (!strcmp(argv[2], "recv")) serve_by_recv(argv[3], atoi(argv[4]), argv[5]);
  }
  if (argc == 7 && !strcmp(argv[1], "client"))
    return client(connected(argv[2], atoi(argv[3]), argv[4]), atoi(argv[5]), (size_t)atoi(argv[6]));
  fprintf(stderr,
          "usage: echo server epoll|recv ADDRESS PORT CONTROL"
          " | echo client ADDRESS PORT CONTROL COUNT SIZE\n");
  return 2;
}
