/* A load generator that costs little: redis-benchmark spends 15 us of CPU on a request, so that
 * on two CPUs it measures itself.
 *
 *   kvload PORT SET|GET CONNECTIONS REQUESTS VALUE_BYTES KEYS SPIN
 *
 * Each connection has one request in flight. Without SPIN it blocks in epoll_wait; with it, it polls
 * and yields the CPU after each empty poll, so that threads of the kernel that wait for this CPU run.
 * Prints: requests per second, p50, p99 and p99.9 of the round trip in microseconds, errors.
 */
#define _GNU_SOURCE
#include "peer.h"
#include <sched.h>

enum { CONNECTIONS_MAX = 1024, REPLY_BYTES_MAX = 65536 };

struct connection {
  int fd;
  int received;
  int64_t sent_nanos;
  char reply[REPLY_BYTES_MAX];
};

static struct connection connections[CONNECTIONS_MAX];
static char value[REPLY_BYTES_MAX], request[REPLY_BYTES_MAX + 256];
static uint32_t *micros_x10;
static long errors;
static uint64_t seed = 88172645463325252ull;

static void issue(struct connection *c, int set, int value_bytes, int keys) {
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  char key[32];
  int key_bytes = snprintf(key, sizeof key, "key:%012d", (int)(seed % (uint64_t)keys));
  int n = set ? snprintf(request, sizeof request, "*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n%.*s\r\n",
                         key_bytes, key, value_bytes, value_bytes, value)
              : snprintf(request, sizeof request, "*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n", key_bytes, key);
  c->received = 0;
  c->sent_nanos = now();
  if (send(c->fd, request, (size_t)n, MSG_NOSIGNAL) != n) die("send");
}

/* Whether a whole reply is there: a line, and behind a bulk header its bytes. */
static int whole(const struct connection *c) {
  const char *end = memchr(c->reply, '\n', (size_t)c->received);
  if (!end) return 0;
  long line = end - c->reply + 1;
  if (c->reply[0] != '$') return 1;
  long length = strtol(c->reply + 1, NULL, 10);
  return length < 0 || c->received >= line + length + 2;
}

int main(int argc, char **argv) {
  if (argc != 8) {
    fprintf(stderr, "usage: kvload PORT SET|GET CONNECTIONS REQUESTS VALUE_BYTES KEYS SPIN\n");
    return 64;
  }
  int set = !strcmp(argv[2], "SET"), count = atoi(argv[3]), value_bytes = atoi(argv[5]);
  long requests = atol(argv[4]);
  int keys = atoi(argv[6]), spin = atoi(argv[7]);
  if (count < 1 || count > CONNECTIONS_MAX || value_bytes < 1 || value_bytes > REPLY_BYTES_MAX - 64 ||
      requests < count || keys < 1) {
    fprintf(stderr, "kvload: out of range\n");
    return 64;
  }
  memset(value, 'x', sizeof value);
  micros_x10 = malloc(sizeof *micros_x10 * (size_t)requests);
  int ep = epoll_create1(0);
  for (int i = 0; i < count; i++) {
    struct connection *c = &connections[i];
    c->fd = connected("127.0.0.1", atoi(argv[1]), "-");
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev)) die("epoll_ctl");
  }
  long issued = 0, done = 0;
  int64_t begin = now();
  for (int i = 0; i < count; i++, issued++) issue(&connections[i], set, value_bytes, keys);
  struct epoll_event events[CONNECTIONS_MAX];
  while (done < requests) {
    int n = epoll_wait(ep, events, CONNECTIONS_MAX, spin ? 0 : 10000);
    if (n == 0 && !spin) {
      fprintf(stderr, "kvload: no reply for 10 s\n");
      return 1;
    }
    if (n == 0) sched_yield();
    for (int i = 0; i < n; i++) {
      struct connection *c = events[i].data.ptr;
      ssize_t got = recv(c->fd, c->reply + c->received, (size_t)(REPLY_BYTES_MAX - c->received), MSG_DONTWAIT);
      if (got == 0 || (got < 0 && errno != EAGAIN)) die("recv");
      if (got < 0) continue;
      c->received += (int)got;
      if (!whole(c)) continue;
      if (c->reply[0] == '-') errors++;
      if (done < requests) micros_x10[done++] = (uint32_t)((now() - c->sent_nanos) / 100);
      if (issued < requests) issue(c, set, value_bytes, keys), issued++;
    }
  }
  double seconds = (double)(now() - begin) / 1e9;
  sort(micros_x10, (int)requests);
  printf("%.0f %.1f %.1f %.1f %ld\n", (double)requests / seconds, permille(micros_x10, (int)requests, 500) / 10.0,
         permille(micros_x10, (int)requests, 990) / 10.0, permille(micros_x10, (int)requests, 999) / 10.0, errors);
  return errors ? 1 : 0;
}
