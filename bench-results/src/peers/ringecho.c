/* An echo of bare frames through AF_PACKET rings (TPACKET_V2, past the queueing discipline), both
 * ends spin: what any stack on such rings is compared with.
 *
 *   ringecho server INTERFACE               sends back what comes until killed
 *   ringecho client INTERFACE COUNT SIZE    prints p50 and p99 of the round trip in nanoseconds
 *
 * Frames are broadcast, of the EtherType for local experiments (IEEE 802 88b5); others are skipped.
 */
#define _GNU_SOURCE
#include "peer.h"
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/mman.h>

enum { SLOT_BYTES = 2048, SLOTS = 256, ETHERTYPE = 0x88b5 };

static int fd;
static char *rx, *tx;
static unsigned rx_at, tx_at;

static void set(int option, int value) {
  if (setsockopt(fd, SOL_PACKET, option, &value, sizeof value)) die("setsockopt");
}

static void open_rings(const char *interface) {
  fd = socket(AF_PACKET, SOCK_RAW, 0);
  if (fd < 0) die("socket");
  set(PACKET_VERSION, TPACKET_V2);
  set(PACKET_QDISC_BYPASS, 1);
  set(PACKET_IGNORE_OUTGOING, 1);
  struct tpacket_req r = {.tp_block_size = 65536,
                          .tp_block_nr = SLOTS * SLOT_BYTES / 65536,
                          .tp_frame_size = SLOT_BYTES,
                          .tp_frame_nr = SLOTS};
  if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &r, sizeof r) ||
      setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &r, sizeof r))
    die("ring");
  rx = mmap(NULL, 2 * SLOTS * SLOT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (rx == MAP_FAILED) die("mmap");
  tx = rx + SLOTS * SLOT_BYTES;
  struct sockaddr_ll a = {.sll_family = AF_PACKET,
                          .sll_protocol = htons(ETH_P_ALL),
                          .sll_ifindex = (int)if_nametoindex(interface)};
  if (bind(fd, (struct sockaddr *)&a, sizeof a)) die("bind");
}

/* The frame that has come, or NULL. */
static char *receive(unsigned *length) {
  struct tpacket2_hdr *h = (struct tpacket2_hdr *)(rx + rx_at * SLOT_BYTES);
  if (!(__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) return NULL;
  *length = h->tp_snaplen;
  return (char *)h + h->tp_mac;
}

static void received(void) {
  struct tpacket2_hdr *h = (struct tpacket2_hdr *)(rx + rx_at * SLOT_BYTES);
  __atomic_store_n(&h->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
  rx_at = (rx_at + 1) % SLOTS;
}

static int is_ours(const char *frame, unsigned length) {
  uint16_t type;
  if (length < ETH_HLEN) return 0;
  memcpy(&type, frame + 12, 2);
  return type == htons(ETHERTYPE);
}

static void transmit(const char *frame, unsigned length) {
  struct tpacket2_hdr *h = (struct tpacket2_hdr *)(tx + tx_at * SLOT_BYTES);
  while (__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) != TP_STATUS_AVAILABLE) {
  }
  memcpy((char *)h + TPACKET2_HDRLEN - sizeof(struct sockaddr_ll), frame, length);
  h->tp_len = length;
  __atomic_store_n(&h->tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
  tx_at = (tx_at + 1) % SLOTS;
  do { /* What the driver was too busy for stays in the ring. */
    if (send(fd, NULL, 0, MSG_DONTWAIT) < 0 && errno != EAGAIN && errno != ENOBUFS) die("send");
  } while (__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) == TP_STATUS_SEND_REQUEST);
}

static _Noreturn void serve(const char *interface) {
  open_rings(interface);
  puts("ready");
  fflush(stdout);
  for (;;) {
    unsigned length;
    char *frame = receive(&length);
    if (!frame) continue;
    if (is_ours(frame, length)) transmit(frame, length);
    received();
  }
}

static int client(const char *interface, int count, unsigned size) {
  open_rings(interface);
  char frame[1514] = {0};
  if (size < ETH_HLEN || size > sizeof frame) die("size");
  uint16_t type = htons(ETHERTYPE);
  memset(frame, 0xff, ETH_ALEN);
  frame[ETH_ALEN] = 2; /* A local address. */
  memcpy(frame + 12, &type, 2);
  uint32_t *ns = calloc((size_t)count, sizeof *ns);
  for (int i = -count / 4; i < count; i++) {
    int64_t begin = now();
    transmit(frame, size);
    for (unsigned back = 0, polls = 1; !back; polls++) {
      unsigned length;
      char *got = receive(&length);
      if (!got) {
        if (polls % 65536 == 0 && now() - begin > 1000000000) {
          fputs("no answer within a second\n", stderr);
          return 1;
        }
        continue;
      }
      back = (unsigned)is_ours(got, length);
      received();
    }
    if (i >= 0) ns[i] = (uint32_t)(now() - begin);
  }
  sort(ns, count);
  printf("%u %u\n", permille(ns, count, 500), permille(ns, count, 990));
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 3 && !strcmp(argv[1], "server")) serve(argv[2]);
  if (argc == 5 && !strcmp(argv[1], "client"))
    return client(argv[2], atoi(argv[3]), (unsigned)atoi(argv[4]));
  fprintf(stderr, "usage: ringecho server INTERFACE | ringecho client INTERFACE COUNT SIZE\n");
  return 2;
}
