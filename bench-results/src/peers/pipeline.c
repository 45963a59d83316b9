/* The peer of the message rate benchmark: an epoll echo server that spins, and a client with many
 * connections and several messages in flight on each, in C, over the kernel's TCP.
 *
 *   pipeline server PORT CONTROL     serves until killed, prints "ready"
 *   pipeline client PORT CONTROL CONNECTIONS DEPTH SIZE MILLISECONDS
 *                                    prints messages echoed per second and wrong messages
 *
 * CONTROL is the congestion control of every connection: the machine's default may be one that
 * paces, which is not what loop-back wants. Each message begins with its number on its connection.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER_BYTES = 1 << 16 };

static void die(const char *what) {
  perror(what);
  exit(1);
}

static struct sockaddr_in loopback(int port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return a;
}

static void options(int fd, const char *control) {
  int one = 1;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one)) die("TCP_NODELAY");
  if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, control, (socklen_t)strlen(control)))
    die("TCP_CONGESTION");
}

static void serve(int port, const char *control) {
  int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in a = loopback(port);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  options(listener, control);
  if (bind(listener, (struct sockaddr *)&a, sizeof a) || listen(listener, 1024)) die("listen");
  int ep = epoll_create1(0);
  struct epoll_event ev = {.events = EPOLLIN, .data.fd = listener}, evs[64];
  epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev);
  puts("ready");
  fflush(stdout);
  static char buffer[BUFFER_BYTES];
  for (;;) {
    int n = epoll_wait(ep, evs, 64, 0); /* Never blocks: it spins. */
    for (int i = 0; i < n; i++) {
      int fd = evs[i].data.fd;
      if (fd == listener) {
        int c = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (c < 0) continue;
        options(c, control);
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
        else if (errno != EAGAIN) break;
      }
    }
  }
}

struct connection {
  int fd;
  uint64_t sent, received;
  int partial; /* Bytes of a message that is not whole yet. */
  uint64_t number; /* What is known of its number. */
};

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static char out[BUFFER_BYTES], in[BUFFER_BYTES];

static void send_messages(struct connection *c, int count, int size) {
  while (count > 0) {
    int some = count * size > BUFFER_BYTES ? BUFFER_BYTES / size : count;
    for (int i = 0; i < some; i++) {
      memcpy(out + (size_t)i * (size_t)size, &c->sent, sizeof c->sent);
      c->sent++;
    }
    for (ssize_t at = 0, all = (ssize_t)some * size; at < all;) {
      ssize_t put = send(c->fd, out + at, (size_t)(all - at), MSG_NOSIGNAL);
      if (put > 0) at += put;
      else if (errno != EAGAIN) die("send");
    }
    count -= some;
  }
}

static uint64_t wrong;

/* Takes what has come. Returns whole messages. */
static int receive(struct connection *c, int size) {
  ssize_t got = recv(c->fd, in, sizeof in, MSG_DONTWAIT);
  if (got <= 0) {
    if (got < 0 && errno == EAGAIN) return 0;
    die("recv");
  }
  int whole = 0;
  for (ssize_t at = 0; at < got;) {
    ssize_t take = size - c->partial < got - at ? size - c->partial : got - at;
    for (int i = c->partial; i < 8 && i < c->partial + take; i++)
      ((char *)&c->number)[i] = in[at + i - c->partial];
    c->partial += (int)take;
    at += take;
    if (c->partial == size) {
      wrong += c->number != c->received++;
      c->partial = 0;
      whole++;
    }
  }
  return whole;
}

static int client(int port, const char *control, int count, int depth, int size, int millis) {
  struct connection *all = calloc((size_t)count, sizeof *all);
  int ep = epoll_create1(0);
  for (int i = 0; i < count; i++) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = loopback(port);
    if (fd < 0) die("socket");
    options(fd, control);
    if (connect(fd, (struct sockaddr *)&a, sizeof a)) die("connect");
    all[i].fd = fd;
    struct epoll_event ev = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
  }
  for (int i = 0; i < count; i++) send_messages(&all[i], depth, size);
  int64_t warm = now() + (int64_t)millis * 250000, begin = 0, end = 0;
  uint64_t echoed = 0;
  struct epoll_event evs[64];
  for (;;) {
    int64_t t = now();
    if (begin == 0 && t >= warm) {
      begin = t;
      end = t + (int64_t)millis * 1000000;
      echoed = 0;
    }
    if (begin != 0 && t >= end) {
      printf("%.0f %llu\n", (double)echoed * 1e9 / (double)(t - begin), (unsigned long long)wrong);
      return wrong != 0;
    }
    int n = epoll_wait(ep, evs, 64, 0);
    for (int i = 0; i < n; i++) {
      struct connection *c = &all[evs[i].data.u32];
      int whole = receive(c, size);
      echoed += (uint64_t)whole;
      send_messages(c, whole, size);
    }
  }
}

int main(int argc, char **argv) {
  if (argc == 4 && !strcmp(argv[1], "server")) serve(atoi(argv[2]), argv[3]);
  if (argc == 8 && !strcmp(argv[1], "client"))
    return client(atoi(argv[2]), argv[3], atoi(argv[4]), atoi(argv[5]), atoi(argv[6]), atoi(argv[7]));
  fprintf(stderr,
          "usage: pipeline server PORT CONTROL"
          " | pipeline client PORT CONTROL CONNECTIONS DEPTH SIZE MILLISECONDS\n");
  return 2;
}
