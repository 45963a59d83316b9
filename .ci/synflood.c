/* Sends SYNs from many made-up source addresses of 10.78.0.0/16, as an attacker would: for
 * .ci/stack-tests, in a network namespace of its own.
 *
 *   synflood DESTINATION PORT COUNT PER_SECOND
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint32_t sum(const void *data, size_t bytes, uint32_t start) {
  const uint8_t *p = data;
  for (size_t i = 0; i < bytes; i += 2) start += (uint32_t)(p[i] << 8 | (i + 1 < bytes ? p[i + 1] : 0));
  return start;
}

static uint16_t folded(uint32_t value) {
  while (value >> 16) value = (value & 0xffff) + (value >> 16);
  return htons((uint16_t)~value);
}

int main(int argc, char **argv) {
  struct sockaddr_in to = {.sin_family = AF_INET};
  if (argc != 5 || !inet_aton(argv[1], &to.sin_addr) || (ntohl(to.sin_addr.s_addr) >> 16) != (10 << 8 | 77)) {
    fprintf(stderr, "usage: synflood 10.77.x.y PORT COUNT PER_SECOND\n");
    return 64;
  }
  long count = atol(argv[3]), per_second = atol(argv[4]);
  int raw = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
  if (raw < 0 || count > 1000000) {
    perror("socket");
    return 1;
  }
  struct { struct iphdr ip; struct tcphdr tcp; } p;
  struct timespec begin, now;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  uint32_t seed = 2463534242u;
  long sent = 0;
  for (long i = 0; i < count; i++) {
    seed ^= seed << 13, seed ^= seed >> 17, seed ^= seed << 5;
    memset(&p, 0, sizeof p);
    p.ip.version = 4, p.ip.ihl = 5, p.ip.ttl = 64, p.ip.protocol = IPPROTO_TCP;
    p.ip.tot_len = htons(sizeof p);
    p.ip.saddr = htonl(10u << 24 | 78u << 16 | (seed & 0xffff));
    p.ip.daddr = to.sin_addr.s_addr;
    p.tcp.source = htons((uint16_t)(1024 + (seed >> 16) % 60000)), p.tcp.dest = htons((uint16_t)atoi(argv[2]));
    p.tcp.seq = htonl(seed), p.tcp.doff = 5, p.tcp.syn = 1, p.tcp.window = htons(1024);
    p.tcp.check = folded(sum(&p.tcp, sizeof p.tcp, sum(&p.ip.saddr, 8, IPPROTO_TCP + sizeof p.tcp)));
    if (sendto(raw, &p, sizeof p, 0, (struct sockaddr *)&to, sizeof to) == sizeof p) sent++;
    if ((i & 63) == 63) {
      clock_gettime(CLOCK_MONOTONIC, &now);
      double due = (double)i / (double)per_second,
             past = (double)(now.tv_sec - begin.tv_sec) + (double)(now.tv_nsec - begin.tv_nsec) / 1e9;
      if (due > past) usleep((useconds_t)((due - past) * 1e6));
    }
  }
  printf("%ld\n", sent);
  return 0;
}
