/* load PORT CONNECTIONS BYTES SECONDS - clients of an echo server.
 * Each connection sends BYTES, waits until they all are back, and sends again. Prints messages per second
 * and the median and 99th percentile of the time that an answer took, in microseconds.
 * With SECONDS 0 each connection makes one exchange; then "ready" is printed, and all stay open until
 * standard input ends. */
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

struct client {
    int fd;
    size_t back;
    int64_t sent_at;
};

static char out[1 << 20], in[1 << 20];
static size_t bytes;

static void send_one(struct client *client)
{
    client->back = 0;
    client->sent_at = now_ns();
    NEED(send(client->fd, out, bytes, 0) == (ssize_t)bytes);
}

static struct client *connect_all(int port, size_t n)
{
    struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct client *clients = calloc(n, sizeof *clients);
    int on = 1;
    NEED(clients != NULL && inet_pton(AF_INET, "127.0.0.1", &peer.sin_addr) == 1);
    for (size_t i = 0; i < n; i++) {
        clients[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        NEED(clients[i].fd >= 0);
        NEED(connect(clients[i].fd, (struct sockaddr *)&peer, sizeof peer) == 0);
        setsockopt(clients[i].fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return clients;
}

static int order(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void hold(struct client *clients, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        send_one(&clients[i]);
        NEED(recv(clients[i].fd, in, bytes, MSG_WAITALL) == (ssize_t)bytes);
    }
    printf("ready\n");
    fflush(stdout);
    while (getchar() != EOF) {
    }
}

int main(int argc, char **argv)
{
    NEED(argc == 5);
    size_t n = strtoul(argv[2], NULL, 10);
    struct rlimit files = { 0, 0 };
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    bytes = strtoul(argv[3], NULL, 10);
    double seconds = strtod(argv[4], NULL);
    NEED(n > 0 && bytes > 0 && bytes <= sizeof out);
    memset(out, 'x', sizeof out);
    struct client *clients = connect_all(atoi(argv[1]), n);
    if (seconds == 0) {
        hold(clients, n);
        return 0;
    }
    int epoll = epoll_create1(0);
    NEED(epoll >= 0);
    /* The times of the first so many answers, in units of 100 ns. */
    size_t room = 4000000, answers = 0;
    uint32_t *times = malloc(room * sizeof *times);
    NEED(times != NULL);
    int64_t start = now_ns(), end = start + (int64_t)(seconds * 1e9), now = start;
    for (size_t i = 0; i < n; i++) {
        struct epoll_event wanted = { .events = EPOLLIN, .data.ptr = &clients[i] };
        NEED(epoll_ctl(epoll, EPOLL_CTL_ADD, clients[i].fd, &wanted) == 0);
        send_one(&clients[i]);
    }
    while (now < end) {
        struct epoll_event ready[256];
        int count = epoll_wait(epoll, ready, 256, 1000);
        NEED(count >= 0 || errno == EINTR);
        now = now_ns();
        for (int i = 0; i < count; i++) {
            struct client *client = ready[i].data.ptr;
            ssize_t got = recv(client->fd, in, bytes - client->back, MSG_DONTWAIT);
            NEED(got > 0);
            client->back += (size_t)got;
            if (client->back == bytes) {
                if (answers < room) {
                    times[answers] = (uint32_t)((now_ns() - client->sent_at) / 100);
                }
                answers++;
                send_one(client);
            }
        }
    }
    size_t noted = answers < room ? answers : room;
    NEED(noted > 0);
    qsort(times, noted, sizeof *times, order);
    printf("rate %.0f median %.1f p99 %.1f\n", (double)answers / ((double)(now - start) / 1e9),
           times[noted / 2] / 10.0, times[noted * 99 / 100] / 10.0);
    return 0;
}
