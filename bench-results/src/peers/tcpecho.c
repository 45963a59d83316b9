/* A TCP echo through the kernel that costs as little as it can: one connection, both ends spin on
 * recv, without epoll.
 *
 *   tcpecho server ADDRESS PORT             serves one connection after another until killed
 *   tcpecho client ADDRESS PORT COUNT SIZE  prints p50 and p99 of the round trip in nanoseconds
 *
 * The congestion control is reno: every kernel and every network namespace has it, and what the
 * machine is set to (bbr paces) does not matter.
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
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what) {
  perror(what);
  exit(1);
}

static struct sockaddr_in named(const char *address, int port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  if (inet_pton(AF_INET, address, &a.sin_addr) != 1) die(address);
  return a;
}

static void prepare(int fd) {
  int one = 1;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one)) die("TCP_NODELAY");
  if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4)) die("TCP_CONGESTION");
}

static void send_all(int fd, const char *data, size_t length) {
  for (size_t at = 0; at < length;) {
    ssize_t put = send(fd, data + at, length - at, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put > 0) at += (size_t)put;
    else if (errno != EAGAIN) die("send");
  }
}

static _Noreturn void serve(const char *address, int port) {
  static char buffer[65536];
  int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in a = named(address, port);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&a, sizeof a) || listen(listener, 16)) die("listen");
  puts("ready");
  fflush(stdout);
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) die("accept");
    prepare(fd);
    for (;;) {
      ssize_t got = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
      if (got > 0) send_all(fd, buffer, (size_t)got);
      else if (got == 0 || errno != EAGAIN) break;
    }
    close(fd);
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

static int client(const char *address, int port, int count, size_t size) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in a = named(address, port);
  if (connect(fd, (struct sockaddr *)&a, sizeof a)) die("connect");
  prepare(fd);
  char *buffer = calloc(1, size);
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
  qsort(ns, (size_t)count, sizeof *ns, compare);
  printf("%u %u\n", ns[count / 2], ns[(int64_t)count * 99 / 100]);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 4 && !strcmp(argv[1], "server")) serve(argv[2], atoi(argv[3]));
  if (argc == 6 && !strcmp(argv[1], "client"))
    return client(argv[2], atoi(argv[3]), atoi(argv[4]), (size_t)atoi(argv[5]));
  fprintf(stderr, "usage: tcpecho server ADDRESS PORT | tcpecho client ADDRESS PORT COUNT SIZE\n");
  return 2;
}
