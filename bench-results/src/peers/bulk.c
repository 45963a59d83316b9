/* One end of a bulk transfer over kernel TCP.
 *
 *   bulk send ADDRESS PORT CONTROL           sends with that congestion control until the peer ends
 *   bulk receive PORT WARM_SECONDS SECONDS   prints "ready", then the Mbit/s it received in SECONDS
 *                                            after the first WARM_SECONDS, and ends
 */
#define _GNU_SOURCE
#include "peer.h"
#include <signal.h>
#include <sys/prctl.h>

static char buffer[1 << 18];

static double seconds_now(void) {
  return (double)now() / 1e9;
}

static int transmit(const char *address, int port, const char *control) {
  int fd = connected(address, port, control);
  while (send(fd, buffer, sizeof buffer, MSG_NOSIGNAL) > 0) {
  }
  char used[16] = "";
  socklen_t length = sizeof used;
  getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, used, &length);
  struct tcp_info info = {0};
  length = sizeof info;
  getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length);
  printf("%s cwnd %u ssthresh %u srtt %u us, %u retransmitted\n", used, info.tcpi_snd_cwnd,
         info.tcpi_snd_ssthresh, info.tcpi_rtt, info.tcpi_total_retrans);
  return 0;
}

static int receive(int port, double warm, double seconds) {
  int fd = accept(listening("0.0.0.0", port, 0), NULL, NULL);
  double begin = seconds_now(), counted_from = 0, t = begin;
  uint64_t bytes = 0;
  while (t < begin + warm + seconds) {
    ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) die("recv");
    t = seconds_now();
    if (counted_from > 0) bytes += (uint64_t)got;
    else if (t >= begin + warm) counted_from = t;
  }
  printf("%.3f\n", (double)bytes * 8 / 1e6 / (t - counted_from));
  return 0;
}

int main(int argc, char **argv) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (argc == 5 && !strcmp(argv[1], "send")) return transmit(argv[2], atoi(argv[3]), argv[4]);
  if (argc == 5 && !strcmp(argv[1], "receive")) {
    return receive(atoi(argv[2]), atof(argv[3]), atof(argv[4]));
  }
  fprintf(stderr,
          "usage: bulk send ADDRESS PORT CONTROL | bulk receive PORT WARM_SECONDS SECONDS\n");
  return 2;
}
