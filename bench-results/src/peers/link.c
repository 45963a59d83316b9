/* A seeded long cable between two tap interfaces, for kernels without `tc netem`.
 *
 *   link TAP_A TAP_B SEED LOSS_PPM DELAY_US MBIT QUEUE_BYTES
 *
 * makes both interfaces, prints "ready" and passes frames until it is killed; on SIGTERM it prints what
 * it did. Each direction has a bandwidth, a queue of so many bytes in front of it whose tail is
 * dropped, and a delay behind it. Of the frames from A to B that carry data (600 bytes and more, so
 * that handshakes and addresses are left alone), one in a million / LOSS_PPM is lost: the seed says
 * which by number, the same ones for everybody who sends through a cable of that seed. With seed 0 the
 * losses are evenly spaced.
 */
#define _GNU_SOURCE
#include "peer.h"
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

enum { FRAMES = 16384, FRAME_BYTES = 2048, DATA_BYTES = 600, BURST = 64 };

struct frame {
  int64_t due;
  int length;
  char bytes[FRAME_BYTES];
};

struct direction {
  struct frame *ring;
  uint32_t head, tail;
  int64_t free_at; /* When the last frame will have been put on the cable. */
  uint32_t loss_ppm;
  uint64_t seed, random, data;
  uint64_t passed, lost, dropped, refused;
};

static volatile sig_atomic_t ended;

static void end(int signal) {
  (void)signal;
  ended = 1;
}

/* Steele, Lea, Flood: SplitMix64. */
static uint64_t draw(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

static int is_lost(struct direction *d) {
  d->data++;
  if (d->loss_ppm == 0) return 0;
  if (d->seed == 0) return d->data % (1000000 / d->loss_ppm) == 0;
  return draw(&d->random) % 1000000 < d->loss_ppm;
}

static int open_tap(const char *name) {
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) die("/dev/net/tun");
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (ioctl(fd, TUNSETIFF, &request)) die("TUNSETIFF");
  return fd;
}

/* Takes what has been sent into one end. */
static int take(struct direction *d, int from, double nanos_per_byte, int64_t queue_nanos,
                int64_t delay) {
  for (int i = 0; i < BURST; i++) {
    struct frame *f = &d->ring[d->tail % FRAMES];
    ssize_t length = read(from, f->bytes, FRAME_BYTES);
    if (length <= 0) return i;
    int64_t t = now();
    if (length >= DATA_BYTES && is_lost(d)) {
      d->lost++;
      continue;
    }
    if (d->free_at < t) d->free_at = t;
    if (d->free_at - t > queue_nanos || d->tail - d->head == FRAMES - 1) {
      d->dropped++;
      continue;
    }
    d->free_at += (int64_t)((double)length * nanos_per_byte);
    f->due = d->free_at + delay;
    f->length = (int)length;
    d->tail++;
  }
  return BURST;
}

/* Gives out what has arrived at the other end; returns when the next frame does. */
static int64_t give(struct direction *d, int to) {
  while (d->head != d->tail) {
    struct frame *f = &d->ring[d->head % FRAMES];
    if (f->due > now()) return f->due;
    if (write(to, f->bytes, (size_t)f->length) == f->length) d->passed++;
    else d->refused++; /* The interface is down. */
    d->head++;
  }
  return INT64_MAX;
}

int main(int argc, char **argv) {
  if (argc != 8) {
    fprintf(stderr, "usage: link TAP_A TAP_B SEED LOSS_PPM DELAY_US MBIT QUEUE_BYTES\n");
    return 2;
  }
  int fds[2] = {open_tap(argv[1]), open_tap(argv[2])};
  int64_t delay = atoll(argv[5]) * 1000;
  double nanos_per_byte = 8e3 / atof(argv[6]);
  int64_t queue_nanos = (int64_t)(atof(argv[7]) * nanos_per_byte);
  struct direction directions[2] = {{.loss_ppm = (uint32_t)atoi(argv[4])}, {0}};
  directions[0].seed = directions[0].random = strtoull(argv[3], NULL, 10);
  for (int i = 0; i < 2; i++) {
    directions[i].ring = calloc(FRAMES, sizeof(struct frame));
    if (!directions[i].ring) die("calloc");
  }
  prctl(PR_SET_TIMERSLACK, 1);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  struct sigaction action = {.sa_handler = end};
  sigaction(SIGTERM, &action, NULL);
  puts("ready");
  fflush(stdout);
  while (!ended) {
    int64_t next = INT64_MAX;
    int taken = 0;
    for (int i = 0; i < 2; i++) {
      taken += take(&directions[i], fds[i], nanos_per_byte, queue_nanos, delay);
      int64_t due = give(&directions[i], fds[1 - i]);
      if (due < next) next = due;
    }
    if (taken) continue;
    int64_t left = next == INT64_MAX ? 1000000000 : next - now();
    if (left <= 0) continue;
    struct timespec wait = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    struct pollfd polls[2] = {{.fd = fds[0], .events = POLLIN}, {.fd = fds[1], .events = POLLIN}};
    if (ppoll(polls, 2, &wait, NULL) < 0 && errno != EINTR) die("ppoll");
  }
  for (int i = 0; i < 2; i++) {
    struct direction *d = &directions[i];
    printf("%s passed %llu lost %llu dropped %llu refused %llu\n", i ? "back" : "forth",
           (unsigned long long)d->passed, (unsigned long long)d->lost,
           (unsigned long long)d->dropped, (unsigned long long)d->refused);
  }
  return 0;
}
