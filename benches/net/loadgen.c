/* loadgen - load for echo servers: one thread, epoll, as many requests in flight as the mode says.
 *
 * usage: loadgen MODE HOST PORT CONNECTIONS SIZE DEPTH SECONDS WARMUP [OPTION...]
 *
 *   MODE   pingpong  every connection keeps DEPTH messages of SIZE bytes in flight: it waits for a whole echo and sends
 *                    the next one
 *          churn     CONNECTIONS at a time connect, send SIZE bytes, read the echo, close (the client first), and start
 *                    again
 *          idle      opens the connections, makes one echo of SIZE bytes on each, prints "READY n", holds them for
 *                    SECONDS, closes
 *          bulk      every connection writes chunks of SIZE bytes as fast as it can and reads at the same time; DEPTH
 *                    limits the unanswered data to DEPTH * SIZE bytes (0: no limit). At the end it stops writing and
 *                    waits for every byte to come back
 *          burst     every connection writes SIZE * DEPTH bytes, reads nothing for 10 ms (so the server's writes fall
 *                    short), then reads until everything is back, and starts again; ends like bulk
 *   -p PID  also report the CPU time of process PID within the window
 *   -r      the server answers with rot13 of what it received (letters are sent)
 *   -t SEC  give up when nothing has arrived for SEC seconds (default 2). 0.3 s of silence at the end of the window
 *           counts as a stall, too
 *   -s N    churn: spread over the N addresses HOST, HOST + 1, ... so that TIME_WAIT doesn't use up the ports (default 1)
 *
 * Every byte that comes back is compared with what was sent. The result is one line of JSON. WARMUP seconds come first and
 * aren't counted. Latencies are per message (pingpong, burst) or from connect() to the last byte (churn), in microseconds.
 * Exit status: 0 when something was measured (errors, a stall or wrong bytes are in the JSON), 2 for wrong arguments, 3
 * when no connection succeeded. */
#define _GNU_SOURCE
#include "../bench.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define PERIOD 65521            /* length of the repeating byte pattern (prime) */
#define BUF (256 * 1024)

typedef uint64_t u64;
enum mode { PINGPONG, CHURN, IDLE, BULK, BURST };

struct conn {
    int fd, id, out;            /* out: EPOLLOUT is wanted */
    u64 sent, rcvd, want;       /* stream positions; want: how far to send */
    u64 *t;                     /* send time of each message in flight */
    u64 ops, born;
};

static enum mode mode;
static struct sockaddr_in addr;
static int nconn, size, depth, ep, spread = 1, rot13;
static double stall_s = 2;
static pid_t pid;
static char *snd, *expect, rbuf[BUF];
static struct conn *conns;
static int live;

/* Counted within the window only. */
static u64 ops, rbytes, hist[64 * 128];
static u64 max_ns;
/* Always counted. */
static u64 total_ops;
static u64 e_connect, e_reset, e_eof, e_mismatch;
static u64 last_rx;

static u64 now(void)
{
    return (u64)now_ns();
}

static void record(u64 ns)
{
    int e = 63 - __builtin_clzll(ns | 1);
    hist[e < 7 ? ns : (u64)(e - 6) * 128 + ((ns >> (e - 7)) & 127)]++;
    if (ns > max_ns)
        max_ns = ns;
}

static double percentile(double q)
{
    u64 n = 0, c = 0;
    for (int i = 0; i < 64 * 128; i++)
        n += hist[i];
    if (!n)
        return 0;
    u64 rank = (u64)(q * n);
    for (int i = 0; i < 64 * 128; i++) {
        c += hist[i];
        if (c > rank)           /* middle of the bucket */
            return i < 128 ? i / 1e3
                           : ((double)(128 + i % 128) + 0.5) *
                                 (double)(1ull << (i / 128 - 1)) / 1e3;
    }
    return max_ns / 1e3;
}

/* Nanoseconds on a CPU and waiting for one, over all threads of p. */
static void sched_ns(pid_t p, u64 *run, u64 *wait)
{
    char path[64];
    struct dirent *d;
    *run = *wait = 0;
    snprintf(path, sizeof path, "/proc/%d/task", p);
    DIR *dir = opendir(path);
    if (!dir)
        return;
    while ((d = readdir(dir))) {
        char f[400];
        u64 a, b;
        if (d->d_name[0] == '.')
            continue;
        snprintf(f, sizeof f, "%s/%s/schedstat", path, d->d_name);
        FILE *fp = fopen(f, "r");
        if (!fp)
            continue;
        if (fscanf(fp, "%lu %lu", &a, &b) == 2)
            *run += a, *wait += b;
        fclose(fp);
    }
    closedir(dir);
}

static void fill_pattern(void)
{
    u64 x = 88172645463325252ull;
    snd = malloc(PERIOD + BUF);
    expect = malloc(PERIOD + BUF);
    for (int i = 0; i < PERIOD; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        snd[i] = rot13 ? "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[(x >> 20) % 52]
                       : (char)(x >> 20);
    }
    for (int i = 0; i < BUF; i++)
        snd[PERIOD + i] = snd[i % PERIOD];
    for (int i = 0; i < PERIOD + BUF; i++) {
        char c = snd[i], l = c | 32;
        expect[i] = !rot13 ? c : l <= 'm' ? c + 13 : c - 13;
    }
}

static const char *at(const char *pat, struct conn *c, u64 pos)
{
    return pat + (pos + (u64)c->id * 977) % PERIOD;
}

static int tcp_socket(void)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        perror("socket");
        exit(3);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static int wait_for(int fd, int events, int ms)
{
    struct pollfd p = { fd, events, 0 };
    return poll(&p, 1, ms) == 1;
}

/* A connected socket, or -1. */
static int connect_wait(void)
{
    int fd = tcp_socket(), err = 0;
    socklen_t l = sizeof err;
    if (connect(fd, (struct sockaddr *)&addr, sizeof addr) == 0)
        return fd;
    if (errno == EINPROGRESS && wait_for(fd, POLLOUT, (int)(stall_s * 1000)) &&
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &l) == 0 && !err)
        return fd;
    e_connect++;
    close(fd);
    return -1;
}

static void watch(struct conn *c, int op, int out)
{
    struct epoll_event e = { .events = EPOLLIN | (out ? EPOLLOUT : 0), .data.ptr = c };
    c->out = out;
    epoll_ctl(ep, op, c->fd, &e);
}

static void drop(struct conn *c)
{
    if (c->fd >= 0) {
        close(c->fd);
        c->fd = -1;
        live--;
    }
}

/* Sends up to c->want; -1 when the connection is gone, else 0. */
static int push(struct conn *c)
{
    while (c->sent < c->want) {
        u64 n = c->want - c->sent;
        if (n > BUF)
            n = BUF;
        ssize_t k = send(c->fd, at(snd, c, c->sent), n, MSG_NOSIGNAL);
        if (k < 0) {
            if (errno == EAGAIN || errno == ENOTCONN)
                break;
            e_reset++;
            drop(c);
            return -1;
        }
        c->sent += (u64)k;
        if ((u64)k < n)
            break;
    }
    return 0;
}

/* The number of bytes read, 0 when there is nothing yet, -1 when the connection is gone. */
static ssize_t pull(struct conn *c)
{
    ssize_t n = recv(c->fd, rbuf, sizeof rbuf, 0);
    if (n > 0) {
        if (c->rcvd + (u64)n > c->sent || memcmp(rbuf, at(expect, c, c->rcvd), (size_t)n)) {
            e_mismatch++;
            drop(c);
            return -1;
        }
        c->rcvd += (u64)n;
        rbytes += (u64)n;
        return n;
    }
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n < 0)
        e_reset++;
    else
        e_eof++;
    drop(c);
    return -1;
}

static void on_pingpong(struct conn *c, uint32_t ev)
{
    if (ev & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        u64 done = c->rcvd / (u64)size;
        if (pull(c) < 0)
            return;
        u64 full = c->rcvd / (u64)size;
        if (full > done) {
            u64 t = last_rx = now();
            ops += full - done;
            total_ops += full - done;
            c->ops += full - done;
            for (; done < full; done++) {
                u64 *slot = &c->t[done % (u64)depth];
                record(t - *slot);
                *slot = t;              /* the message sent in its place */
                c->want += (u64)size;
            }
            if (push(c) < 0)
                return;
        }
    } else if (push(c) < 0)
        return;
    if ((c->sent < c->want) != c->out)
        watch(c, EPOLL_CTL_MOD, !c->out);
}

static void churn_start(struct conn *c, u64 t)
{
    static uint32_t turn;
    struct sockaddr_in a = addr;
    a.sin_addr.s_addr = htonl(ntohl(addr.sin_addr.s_addr) + turn++ % (uint32_t)spread);
    c->fd = tcp_socket();
    c->sent = c->rcvd = 0;
    c->want = (u64)size;
    c->born = t;
    live++;
    if (connect(c->fd, (struct sockaddr *)&a, sizeof a) < 0 && errno != EINPROGRESS) {
        e_connect++;
        drop(c);
        return;
    }
    /* On loopback the handshake is usually complete by then. */
    if (push(c) == 0)
        watch(c, EPOLL_CTL_ADD, c->sent < c->want);
}

static void on_churn(struct conn *c, uint32_t ev)
{
    if (c->sent < c->want) {
        if (ev & EPOLLERR)
            e_connect++, drop(c);
        else if (push(c) == 0 && c->sent == c->want)
            watch(c, EPOLL_CTL_MOD, 0);
    }
    if (c->fd >= 0 && ev & (EPOLLIN | EPOLLHUP))
        pull(c);
    if (c->fd >= 0 && c->rcvd == (u64)size) {
        u64 t = last_rx = now();
        record(t - c->born);
        ops++, total_ops++, c->ops++;
        drop(c);
        churn_start(c, t);
    } else if (c->fd < 0 && e_connect + e_reset + e_eof < 1000)
        churn_start(c, now());
}

static int sending = 1;

static void on_bulk(struct conn *c, uint32_t ev)
{
    if (ev & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        ssize_t n = pull(c);
        if (n < 0)
            return;
        if (n > 0)
            last_rx = now();
    }
    u64 room = depth ? (u64)depth * (u64)size - (c->sent - c->rcvd) : (u64)size;
    if (room > (u64)size)
        room = (u64)size;
    if (sending && (ev & EPOLLOUT || !c->out) && room) {
        c->want = c->sent + room;
        if (push(c) < 0)
            return;
    }
    int out = sending && (!depth || c->sent - c->rcvd < (u64)depth * (u64)size);
    if (out != c->out)
        watch(c, EPOLL_CTL_MOD, out);
}

static void run_idle(double seconds)
{
    int ok = 0, noecho = 0;
    for (int i = 0; i < nconn && noecho < 20; i++) {
        struct conn *c = &conns[i];
        if ((c->fd = connect_wait()) < 0) {
            if (e_connect >= 20)
                break;
            continue;
        }
        live++;
        c->want = (u64)size;
        if (push(c) < 0)
            continue;
        while (c->rcvd < (u64)size) {
            if (!wait_for(c->fd, POLLIN, (int)(stall_s * 1000))) {
                noecho++;
                break;
            }
            if (pull(c) < 0)
                break;
        }
        ok += c->rcvd == (u64)size;
    }
    printf("READY %d\n", ok);
    fflush(stdout);
    usleep((useconds_t)(seconds * 1e6));
    printf("{\"mode\":\"idle\",\"conns\":%d,\"echoed\":%d,\"no_echo\":%d,\"e_connect\":%lu,"
           "\"e_reset\":%lu,\"e_eof\":%lu,\"mismatch\":%lu}\n",
           nconn, ok, noecho, e_connect, e_reset, e_eof, e_mismatch);
}

static u64 t0, open_t, end_t;           /* the start, and the planned window */
static u64 w_start, w_end, stalled;     /* the window as it was */
static u64 win_bytes, cpu[4], self[4];

static void open_window(u64 t)
{
    w_start = t;
    ops = rbytes = max_ns = 0;
    memset(hist, 0, sizeof hist);
    for (int i = 0; i < nconn; i++)
        conns[i].ops = 0;
    if (pid)
        sched_ns(pid, &cpu[0], &cpu[1]);
    sched_ns(getpid(), &self[0], &self[1]);
}

static void close_window(u64 t)
{
    w_end = t;
    win_bytes = rbytes;
    sending = 0;
    if (pid)
        sched_ns(pid, &cpu[2], &cpu[3]);
    sched_ns(getpid(), &self[2], &self[3]);
}

static int is_stalled(u64 t)
{
    if (t < last_rx || (double)(t - last_rx) <= stall_s * 1e9)
        return 0;
    stalled = last_rx > t0 ? last_rx - t0 : 1;
    return 1;
}

static int all_back(void)
{
    for (int i = 0; i < nconn; i++)
        if (conns[i].fd >= 0 && conns[i].rcvd < conns[i].want)
            return 0;
    return 1;
}

static void run_burst(void)
{
    struct epoll_event evs[64];
    for (u64 t = now(); live; t = now()) {
        if (!w_start && t >= open_t)
            open_window(t);
        if (w_start && t >= end_t) {
            close_window(t);
            return;
        }
        for (int i = 0; i < nconn; i++)
            conns[i].want += (u64)size * (u64)depth;
        do {                            /* write only */
            for (int i = 0; i < nconn; i++)
                if (conns[i].fd >= 0)
                    push(&conns[i]);
            usleep(1000);
        } while (now() < t + 10000000);
        last_rx = now();
        while (!all_back()) {
            int n = epoll_wait(ep, evs, 64, 20);
            for (int i = 0; i < n; i++) {
                struct conn *c = evs[i].data.ptr;
                ssize_t k = pull(c);
                if (k > 0)
                    last_rx = now();
                if (k >= 0)
                    push(c);
            }
            for (int i = 0; n == 0 && i < nconn; i++)
                if (conns[i].fd >= 0)
                    push(&conns[i]);
            if (is_stalled(now()))
                return;
        }
        record(now() - t);
        ops += (u64)live, total_ops += (u64)live;
        for (int i = 0; i < nconn; i++)
            conns[i].ops++;
    }
}

static void run(void)
{
    struct epoll_event evs[512];
    for (;;) {
        int n = epoll_wait(ep, evs, 512, 50);
        u64 t = now();
        if (!w_start && t >= open_t)
            open_window(t);
        if (w_start && !w_end && t >= end_t) {
            close_window(t);
            for (int i = 0; i < nconn; i++)
                conns[i].want = conns[i].sent;
        }
        if (w_end && (mode != BULK || all_back()))
            return;
        if (!live || is_stalled(t))
            return;
        for (int i = 0; i < n; i++) {
            struct conn *c = evs[i].data.ptr;
            if (c->fd < 0)
                continue;
            if (mode == PINGPONG) on_pingpong(c, evs[i].events);
            else if (mode == CHURN) on_churn(c, evs[i].events);
            else on_bulk(c, evs[i].events);
        }
    }
}

int main(int argc, char **argv)
{
    static const char *names[] = { "pingpong", "churn", "idle", "bulk", "burst" };
    int opt, m;
    while ((opt = getopt(argc, argv, "p:rt:s:")) != -1) {
        if (opt == 'p') pid = atoi(optarg);
        else if (opt == 'r') rot13 = 1;
        else if (opt == 't') stall_s = atof(optarg);
        else if (opt == 's') spread = atoi(optarg);
        else return 2;
    }
    argv += optind - 1, argc -= optind - 1;
    if (argc != 9) {
        fprintf(stderr, "usage: loadgen MODE HOST PORT CONNECTIONS SIZE DEPTH SECONDS WARMUP "
                        "[-p PID] [-r] [-t STALL] [-s ADDRESSES]\n");
        return 2;
    }
    for (m = 0; m < 5 && strcmp(argv[1], names[m]); m++)
        ;
    addr.sin_family = AF_INET;
    addr.sin_port = htons((uint16_t)atoi(argv[3]));
    nconn = atoi(argv[4]), size = atoi(argv[5]), depth = atoi(argv[6]);
    double seconds = atof(argv[7]), warmup = atof(argv[8]);
    if (m == 5 || inet_pton(AF_INET, argv[2], &addr.sin_addr) != 1 || nconn < 1 || size < 1 ||
        (m == BULK && size > BUF) || ((m == PINGPONG || m == BURST) && depth < 1) || depth < 0) {
        fprintf(stderr, "loadgen: bad arguments\n");
        return 2;
    }
    mode = (enum mode)m;

    struct rlimit rl;
    getrlimit(RLIMIT_NOFILE, &rl);
    rl.rlim_cur = rl.rlim_max;
    setrlimit(RLIMIT_NOFILE, &rl);

    fill_pattern();
    conns = calloc((size_t)nconn, sizeof *conns);
    for (int i = 0; i < nconn; i++)
        conns[i].fd = -1, conns[i].id = i;
    if (mode == IDLE) {
        run_idle(seconds);
        return 0;
    }
    ep = epoll_create1(0);
    for (int i = 0; mode != CHURN && i < nconn && e_connect < 3; i++)
        if ((conns[i].fd = connect_wait()) >= 0)
            live++;
    if (mode != CHURN && !live) {
        printf("{\"mode\":\"%s\",\"error\":\"cannot connect\",\"e_connect\":%lu}\n", names[m], e_connect);
        return 3;
    }
    int opened = live;
    last_rx = t0 = now(), open_t = t0 + (u64)(warmup * 1e9), end_t = open_t + (u64)(seconds * 1e9);
    for (int i = 0; i < nconn; i++) {
        struct conn *c = &conns[i];
        if (mode == CHURN)
            churn_start(c, t0);
        else if (c->fd >= 0 && mode == PINGPONG) {
            c->t = malloc(sizeof(u64) * (size_t)depth);
            for (int k = 0; k < depth; k++)
                c->t[k] = now();
            c->want = (u64)size * (u64)depth;
            if (push(c) == 0)
                watch(c, EPOLL_CTL_ADD, c->sent < c->want);
        } else if (c->fd >= 0)
            watch(c, EPOLL_CTL_ADD, mode == BULK);
    }
    if (mode == BURST)
        run_burst();
    else
        run();

    /* After a stall, or with no connection left, the last answer ends the window. */
    if (w_end > last_rx + 300000000 && !stalled)
        stalled = last_rx > t0 ? last_rx - t0 : 1;
    u64 t = w_end && !stalled ? w_end : last_rx;
    if (!w_end)
        win_bytes = rbytes;
    if (!w_start || t <= w_start)       /* ended during the warm-up: count from the start */
        w_start = t0, t = t > t0 ? t : t0 + 1;
    if (!w_end && pid)
        sched_ns(pid, &cpu[2], &cpu[3]);
    if (!w_end)
        sched_ns(getpid(), &self[2], &self[3]);
    double secs = (double)(t - w_start) / 1e9;
    u64 silent = 0, missing = 0;
    for (int i = 0; i < nconn; i++) {
        silent += mode != BULK && conns[i].fd >= 0 && conns[i].ops == 0;
        if ((mode == BULK || mode == BURST) && conns[i].sent > conns[i].rcvd)
            missing += conns[i].sent - conns[i].rcvd;
    }
    printf("{\"mode\":\"%s\",\"conns\":%d,\"opened\":%d,\"alive_at_end\":%d,\"size\":%d,\"depth\":%d,"
           "\"secs\":%.3f,\"ops\":%lu,\"total_ops\":%lu,\"rate\":%.1f,\"mbps\":%.2f,"
           "\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f,"
           "\"e_connect\":%lu,\"e_reset\":%lu,\"e_eof\":%lu,\"mismatch\":%lu,\"silent\":%lu,"
           "\"missing_bytes\":%lu,\"stalled_at_s\":%.3f,\"complete\":%s,"
           "\"srv_cpu_s\":%.6f,\"srv_wait_s\":%.6f,\"cli_cpu_s\":%.6f,\"cli_wait_s\":%.6f}\n",
           names[m], nconn, opened, live, size, depth, secs, ops, total_ops, (double)ops / secs,
           (double)win_bytes / secs / 1e6, percentile(.5), percentile(.99), percentile(.999),
           (double)max_ns / 1e3, e_connect, e_reset, e_eof, e_mismatch, silent, missing,
           (double)stalled / 1e9, w_end && !stalled ? "true" : "false",
           (double)(cpu[2] - cpu[0]) / 1e9, (double)(cpu[3] - cpu[1]) / 1e9,
           (double)(self[2] - self[0]) / 1e9, (double)(self[3] - self[1]) / 1e9);
    return 0;
}
