/* A client of an echo server (echo.c) with many connections and several messages in flight on each,
 * over the kernel's TCP.
 *
 *   pipeline ADDRESS PORT CONTROL CONNECTIONS DEPTH SIZE MILLISECONDS
 *                                    prints messages echoed per second and wrong messages
 *
 * CONTROL is the congestion control of every connection. Each message begins with its number on its
 * connection.
 */
#define _GNU_SOURCE
#include "peer.h"

enum { BUFFER_BYTES = 1 << 16 };

struct connection {
  int fd;
  uint64_t sent, received;
  int partial; /* Bytes of a message that is not whole yet. */
  uint64_t number; /* What is known of its number. */
};

static char out[BUFFER_BYTES], in[BUFFER_BYTES];

static void send_messages(struct connection *c, int count, int size) {
  while (count > 0) {
    int some = count * size > BUFFER_BYTES ? BUFFER_BYTES / size : count;
    for (int i = 0; i < some; i++) {
      memcpy(out + (size_t)i * (size_t)size, &c->sent, sizeof c->sent);
      c->sent++;
    }
    send_all(c->fd, out, (size_t)some * (size_t)size);
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

static int run(
    const char *address, int port, const char *control, int count, int depth, int size, int millis) {
  struct connection *all = calloc((size_t)count, sizeof *all);
  int ep = epoll_create1(0);
  for (int i = 0; i < count; i++) {
    int fd = connected(address, port, control);
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
  if (argc == 8)
    return run(argv[1], atoi(argv[2]), argv[3], atoi(argv[4]), atoi(argv[5]), atoi(argv[6]),
               atoi(argv[7]));
  fprintf(stderr, "usage: pipeline ADDRESS PORT CONTROL CONNECTIONS DEPTH SIZE MILLISECONDS\n");
  return 2;
}
