/* What the programs of this folder share. Each is compiled by itself. */
#ifndef PEER_H
#define PEER_H
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

static inline _Noreturn void die(const char *what) {
  perror(what);
  exit(1);
}

/* Nanoseconds of the monotonic clock. */
static inline int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/* The share of sorted values, in thousandths. */
static inline uint32_t permille(const uint32_t *sorted, int count, int share) {
  return sorted[(int64_t)count * share / 1000];
}

static inline void sort(uint32_t *values, int count) {
  qsort(values, (size_t)count, sizeof *values, ascending);
}

static inline struct sockaddr_in named(const char *address, int port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  if (inet_pton(AF_INET, address, &a.sin_addr) != 1) die(address);
  return a;
}

/* Makes a connection send at once, under a congestion control; "-" leaves it as the machine has it. */
static inline void prepare(int fd, const char *control) {
  int one = 1;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one)) die("TCP_NODELAY");
  if (strcmp(control, "-") &&
      setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, control, (socklen_t)strlen(control)))
    die("TCP_CONGESTION");
}

/* A listener, which says that it is ready. */
static inline int listening(const char *address, int port, int flags) {
  int one = 1, fd = socket(AF_INET, SOCK_STREAM | flags, 0);
  struct sockaddr_in a = named(address, port);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 1024)) die("listen");
  puts("ready");
  fflush(stdout);
  return fd;
}

static inline int connected(const char *address, int port, const char *control) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in a = named(address, port);
  if (fd < 0) die("socket");
  prepare(fd, control);
  if (connect(fd, (struct sockaddr *)&a, sizeof a)) die("connect");
  return fd;
}

/* Sends all of it, spinning. */
static inline void send_all(int fd, const char *data, size_t length) {
  for (size_t at = 0; at < length;) {
    ssize_t put = send(fd, data + at, length - at, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put > 0) at += (size_t)put;
    else if (errno != EAGAIN) die("send");
  }
}
#endif
