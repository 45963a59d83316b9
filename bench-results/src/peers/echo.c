/* The peer of the echo benchmark: a spinning epoll echo server and a spinning client, in C.
 *
 *   echo server PORT             serves until killed, prints "ready"
 *   echo client PORT COUNT SIZE  prints p50, p99 and p99.9 of the round trip in nanoseconds
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

static void die(const char *what) {
  perror(what);
  exit(1);
}

static struct sockaddr_in loopback(int port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return a;
}

static int serve(int port) {
  int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in a = loopback(port);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&a, sizeof a) || listen(listener, 128)) die("listen");
  int ep = epoll_create1(0);
  struct epoll_event ev = {.events = EPOLLIN, .data.fd = listener}, evs[64];
  epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev);
  puts("ready");
  fflush(stdout);
  static char buffer[65536];
  for (;;) {
    int n = epoll_wait(ep, evs, 64, 0); /* Never blocks: it spins. */
    for (int i = 0; i < n; i++) {
      int fd = evs[i].data.fd;
      if (fd == listener) {
        int c = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (c < 0) continue;
        setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
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

static int compare(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int client(int port, int count, int size) {
  int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in a = loopback(port);
  if (connect(fd, (struct sockaddr *)&a, sizeof a)) die("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  char *buffer = calloc(1, (size_t)size);
  uint32_t *ns = calloc((size_t)count, sizeof *ns);
  int warm = count / 4;
  for (int i = -warm; i < count; i++) {
    int64_t begin = now();
    if (send(fd, buffer, (size_t)size, MSG_NOSIGNAL) != size) die("send");
    for (int at = 0; at < size;) {
      ssize_t got = recv(fd, buffer + at, (size_t)(size - at), MSG_DONTWAIT);
      if (got > 0) at += (int)got;
      else if (got == 0 || errno != EAGAIN) die("recv");
    }
    if (i >= 0) ns[i] = (uint32_t)(now() - begin);
  }
  qsort(ns, (size_t)count, sizeof *ns, compare);
  printf("%u %u %u\n", ns[count / 2], ns[(int64_t)count * 99 / 100], ns[(int64_t)count * 999 / 1000]);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 3 && !strcmp(argv[1], "server")) return serve(atoi(argv[2]));
  if (argc == 5 && !strcmp(argv[1], "client"))
    return client(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
  fprintf(stderr, "usage: echo server PORT | echo client PORT COUNT SIZE\n");
  return 2;
}
