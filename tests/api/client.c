/* client.c - clients: addresses, failures, limits, what connections begin with. */
#include "client_aid.h"

#include <sys/syscall.h>


/* Connects, exchanges bytes, and sees the peer close. */
static void connects(const char *address, int listener)
{
    forget();
    new_client(address);
    CHECK_INT(yolanda_client_set_data(client, seen), 0);
    CHECK_INT(yolanda_client_is_active(client), 0);
    CHECK_INT(yolanda_client_start(client), 0);
    CHECK_INT(yolanda_client_is_active(client), 1);
    CHECK_TEXT(seen, "");
    RUN_UNTIL(seen_len > 0);
    CHECK_TEXT(seen, "C");
    CHECK(yolanda_client_connection(client) == last_conn);
    CHECK(last_conn->data == seen);
    int peer = take(listener);
    is_echoed(peer);
    close(peer);
    RUN_UNTIL(times('X') > 0);
    CHECK_TEXT(seen, "CMX");
    CHECK_INT(yolanda_client_is_active(client), 0);
    CHECK(yolanda_client_connection(client) == NULL && errno == ENOTCONN);
    CHECK_INT(yolanda_client_free(client), 0);
}

CASE(ipv4)
{
    char address[64];
    int listener = listen_here(address);
    connects(address, listener);
    connects(address, listener);
}

CASE(ipv6)
{
    struct sockaddr_in6 in = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    socklen_t len = sizeof in;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char address[64];
    if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof in) < 0) {
        return; /* a system without IPv6 */
    }
    NEED(listen(fd, 8) == 0 && getsockname(fd, (struct sockaddr *)&in, &len) == 0);
    snprintf(address, sizeof address, "[::1]:%d", ntohs(in.sin6_port));
    connects(address, fd);
    snprintf(address, sizeof address, "[::1%%lo]:%d", ntohs(in.sin6_port));
    connects(address, fd);
}

static int listen_unix(const char *name, int is_abstract, int backlog)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t len = offsetof(struct sockaddr_un, sun_path) + strlen(name) + 1;
    snprintf(un.sun_path + is_abstract, sizeof un.sun_path - 1, "%s", name);
    NEED(bind(fd, (struct sockaddr *)&un, len) == 0 && listen(fd, backlog) == 0);
    return fd;
}

CASE(unix_path)
{
    char folder[] = "/tmp/yolanda-client-XXXXXX", path[64], address[80];
    NEED(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/socket", folder);
    snprintf(address, sizeof address, "unix:%s", path);
    int listener = listen_unix(path, 0, 8);
    connects(address, listener);
    unlink(path);
    rmdir(folder);
}

CASE(unix_abstract)
{
    char name[64], address[80];
    snprintf(name, sizeof name, "yolanda-client-%d", (int)getpid());
    snprintf(address, sizeof address, "unix:@%s", name);
    connects(address, listen_unix(name, 1, 8));
}

/* The system's own resolving; the first of its addresses may be ::1, where nobody listens. */
CASE(localhost)
{
    char address[64], named[64];
    int listener = listen_here(address);
    snprintf(named, sizeof named, "localhost:%d", port_of(address));
    connects(named, listener);
}

/* It fails with the error: one callback is called in a pass, and then the client is idle. */
static void fails(const char *address, int error)
{
    forget();
    new_client(address);
    in_failed = NULL;
    CHECK_INT(yolanda_client_start(client), 0);
    CHECK_TEXT(seen, "");
    CHECK_INT(yolanda_client_is_active(client), 1);
    RUN_UNTIL(seen_len > 0);
    settle();
    CHECK_TEXT(seen, "F");
    CHECK_INT(last_error, error);
    CHECK_INT(yolanda_client_is_active(client), 0);
    CHECK_INT(yolanda_client_stop(client), -1);
    CHECK_INT(errno, EALREADY);
    CHECK_INT(yolanda_client_free(client), 0);
}

CASE(refused)
{
    char address[64];
    make_loop();
    refusing(address);
    int before = open_fds();
    fails(address, ECONNREFUSED);
    fails("unix:/nowhere/at/all", ENOENT);
    fails("unix:@nobody has this", ECONNREFUSED);
    CHECK_INT(open_fds(), before);
}

CASE(unreachable)
{
    make_loop();
    int before = open_fds();
    /* Only broadcasts go there: connect(2) refuses at once. */
    fails("255.255.255.255:9", ENETUNREACH);
    CHECK_INT(open_fds(), before);
}

/* If there is no server, the kernel may choose the port that a client wants to reach as its own, and the
 * socket connects to itself. This connect(2), which the library calls, always does that. */
static int to_itself;

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    int one = 1;
    if (to_itself > 0) {
        NEED(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
        NEED(bind(fd, address, len) == 0);
        to_itself++;
    }
    return (int)syscall(SYS_connect, fd, address, len);
}

CASE(a_socket_that_reaches_itself)
{
    char address[64];
    make_loop();
    refusing(address);
    int before = open_fds();
    to_itself = 1;
    fails(address, ECONNREFUSED);
    CHECK_INT(to_itself, 2);
    CHECK_INT(open_fds(), before);
}

CASE(full_unix_queue)
{
    char name[64], address[80];
    snprintf(name, sizeof name, "yolanda-client-%d", (int)getpid());
    snprintf(address, sizeof address, "unix:@%s", name);
    int listener = listen_unix(name, 1, 0);
    connects(address, listener);
    new_client(address);
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(times('C') == 2);
    fails(address, EAGAIN);
}

CASE(time_limit)
{
    char address[64];
    black_hole(address);
    make_loop();
    int before = open_fds();
    new_client(address);
    CHECK_INT(yolanda_client_set_timeout(client, 150), 0);
    long long start = now_ms();
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(seen_len > 0);
    CHECK(now_ms() - start >= 150);
    CHECK_TEXT(seen, "F");
    CHECK_INT(last_error, ETIMEDOUT);
    CHECK_INT(open_fds(), before);
}

/* Without a limit the kernel goes on trying: here, until the queue has room. */
CASE(no_time_limit)
{
    char address[64];
    int listener = black_hole(address);
    new_client(address);
    CHECK_INT(yolanda_client_set_timeout(client, 0), 0);
    CHECK_INT(yolanda_client_start(client), 0);
    settle();
    CHECK_TEXT(seen, "");
    struct yolanda_loop_stats stats;
    CHECK_INT(yolanda_loop_get_stats(loop, &stats, sizeof stats), 0);
    CHECK_INT(stats.timers, 0);
    while (take(listener) >= 0 && seen_len == 0) {
        RUN_UNTIL(seen_len > 0 || poll(&(struct pollfd){ listener, POLLIN, 0 }, 1, 0) > 0);
    }
    CHECK_TEXT(seen, "C");
}

CASE(no_descriptors)
{
    char address[64];
    listen_here(address);
    make_loop();
    struct rlimit limit;
    NEED(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    int lowest = dup(0);
    close(lowest);
    limit.rlim_cur = (rlim_t)lowest;
    NEED(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    fails(address, EMFILE);
    fails("localhost:1", EMFILE);
    limit.rlim_cur = limit.rlim_max < 256 ? limit.rlim_max : 256;
    NEED(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    forget();
    new_client(address);
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(times('C') > 0);
}

static int nodelay(void)
{
    int value = -1;
    socklen_t len = sizeof value;
    NEED(getsockopt(last_conn->channel->fd, IPPROTO_TCP, TCP_NODELAY, &value, &len) == 0);
    return value;
}

static int keepalive(int option)
{
    int value = -1;
    socklen_t len = sizeof value;
    int level = option == SO_KEEPALIVE ? SOL_SOCKET : IPPROTO_TCP;
    NEED(getsockopt(last_conn->channel->fd, level, option, &value, &len) == 0);
    return value;
}

CASE(socket_options)
{
    char address[64];
    listen_here(address);
    new_client(address);
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(times('C') == 1);
    CHECK(nodelay());
    CHECK(!keepalive(SO_KEEPALIVE));
    new_client(address);
    CHECK_INT(yolanda_client_set_nodelay(client, 0), 0);
    CHECK_INT(yolanda_client_set_keepalive(client, 77, 7, 3), 0);
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(times('C') == 2);
    CHECK(!nodelay());
    CHECK(keepalive(SO_KEEPALIVE));
    CHECK_INT(keepalive(TCP_KEEPIDLE), 77);
    CHECK_INT(keepalive(TCP_KEEPINTVL), 7);
    CHECK_INT(keepalive(TCP_KEEPCNT), 3);
}

static char many[8 << 20];

static int marks_high, marks_low;

static void on_high(struct tcp_connection *conn, size_t queued)
{
    CHECK(conn == last_conn && queued >= 1 << 20);
    marks_high++;
}

static void on_low(struct tcp_connection *conn, size_t queued)
{
    CHECK(conn == last_conn && queued <= 1 << 16);
    marks_low++;
}

/* A client's settings apply before the completed callback. */
static void send_much(struct tcp_connection *conn)
{
    CHECK(tcp_connection_send_data(conn, many, sizeof many) >= 0);
}

CASE(water_marks)
{
    char address[64];
    static char sink[1 << 16];
    int listener = listen_here(address);
    new_client(address);
    in_completed = send_much;
    CHECK_INT(yolanda_client_set_water_marks(client, 1 << 16, 1 << 20, on_low, on_high), 0);
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(marks_high == 1);
    int peer = take(listener);
    NEED(fcntl(peer, F_SETFL, O_NONBLOCK) == 0);
    CHECK_INT(marks_low, 0);
    for (long long until = now_ms() + SECONDS * 1000; times('W') == 0 && now_ms() < until;) {
        while (read(peer, sink, sizeof sink) > 0) {
        }
        NEED(yolanda_loop_run_once(loop, 10) >= 0);
    }
    CHECK_INT(marks_high, 1);
    CHECK_INT(marks_low, 1);
}

static void send_too_much(struct tcp_connection *conn)
{
    CHECK_INT(tcp_connection_send_data(conn, many, 1000), 1000);
    CHECK_INT(tcp_connection_send_data(conn, many, sizeof many), -1);
    CHECK_INT(errno, ENOBUFS);
}

CASE(limits)
{
    char address[64];
    listen_here(address);
    new_client(address);
    in_completed = send_too_much;
    CHECK_INT(yolanda_client_set_limits(client, 1000, 0, YOLANDA_LIMIT_REFUSE), 0);
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(times('C') == 1);
    settle();
    CHECK_TEXT(seen, "C");
}

static void keep(struct tcp_connection *conn)
{
    CHECK(yolanda_connection_retain(conn) == conn);
}

CASE(idle_limit)
{
    char address[64];
    listen_here(address);
    new_client(address);
    in_completed = keep;
    CHECK_INT(yolanda_client_set_timeouts(client, 50, 0, 0), 0);
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(times('X') == 1);
    CHECK_INT(yolanda_connection_error(last_conn), ETIMEDOUT);
    CHECK_INT(yolanda_client_is_active(client), 0);
    CHECK_INT(yolanda_connection_release(last_conn), 0);
}

/* A connection that is retained outlives client and loop, closed. */
CASE(retained_connection)
{
    char address[64];
    listen_here(address);
    for (int i = 0; i < 3; i++) {
        forget();
        loop = NULL;
        new_client(address);
        in_completed = keep;
        CHECK_INT(yolanda_client_start(client), 0);
        RUN_UNTIL(times('C') == 1);
        CHECK(i == 2 || (i ? yolanda_client_free(client) : yolanda_client_stop(client)) == 0);
        CHECK_INT(yolanda_loop_free(loop), 0);
        CHECK_TEXT(seen, "CX");
        CHECK_INT(yolanda_connection_is_open(last_conn), 0);
        CHECK_INT(yolanda_connection_error(last_conn), i == 2 ? ESHUTDOWN : ECANCELED);
        CHECK_INT(tcp_connection_send_data(last_conn, "x", 1), -1);
        CHECK_INT(errno, ENOTCONN);
        CHECK_INT(yolanda_connection_release(last_conn), 0);
    }
}

CASE(addresses_that_are_none)
{
    static const char *const bad[] = {
        "", "localhost", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "*:80", ":80",
        "[::1]:0", "name:0", "::1:80", "[127.0.0.1]:80", "300.0.0.1:80", "a b:80", "unix:", "unix:@",
        "[::1%nothere]:80", "http://name:80", "name:80/",
    };
    char path[200] = "unix:";
    make_loop();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        errno = 0;
        if (!CHECK(yolanda_client_new(loop, bad[i], NULL, NULL, NULL, NULL) == NULL)) {
            dprintf(check_report, "address %s\n", bad[i]);
        }
        CHECK_INT(errno, EINVAL);
    }
    memset(path + 5, 'x', 120);
    CHECK(yolanda_client_new(loop, path, NULL, NULL, NULL, NULL) == NULL);
    CHECK_INT(errno, ENAMETOOLONG);
}

CASE(bad_numbers)
{
    new_client("127.0.0.1:9");
    CHECK_INT(yolanda_client_set_timeout(client, -1), -1);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(yolanda_client_set_reconnect(client, -1, 5, 0), -1);
    CHECK_INT(yolanda_client_set_reconnect(client, 5, 4, 0), -1);
    CHECK_INT(yolanda_client_set_reconnect(client, 5, 5, -1), -1);
    CHECK_INT(yolanda_client_set_reconnect(client, 5, 5, 1), 0);
    CHECK_INT(yolanda_client_set_reconnect(client, 0, 0, 0), 0);
    CHECK_INT(yolanda_client_set_timeouts(client, 0, -1, 0), -1);
    CHECK_INT(yolanda_client_set_limits(client, 0, 0, 7), -1);
    CHECK_INT(yolanda_client_set_water_marks(client, 5, 5, NULL, NULL), -1);
    CHECK_INT(yolanda_client_set_keepalive(client, -1, 0, 0), -1);
}

#define IS_EINVAL(call)                                                                            \
    do {                                                                                           \
        errno = 0;                                                                                 \
        CHECK_INT((call), -1);                                                                     \
        CHECK_INT(errno, EINVAL);                                                                  \
    } while (0)

CASE(no_client)
{
    IS_EINVAL(yolanda_client_set_data(NULL, NULL));
    IS_EINVAL(yolanda_client_set_timeout(NULL, 1));
    IS_EINVAL(yolanda_client_set_failed_callback(NULL, NULL, NULL));
    IS_EINVAL(yolanda_client_set_reconnect(NULL, 1, 1, 1));
    IS_EINVAL(yolanda_client_set_timeouts(NULL, 0, 0, 0));
    IS_EINVAL(yolanda_client_set_limits(NULL, 0, 0, 0));
    IS_EINVAL(yolanda_client_set_water_marks(NULL, 0, 0, NULL, NULL));
    IS_EINVAL(yolanda_client_set_nodelay(NULL, 0));
    IS_EINVAL(yolanda_client_set_keepalive(NULL, 0, 0, 0));
    IS_EINVAL(yolanda_client_start(NULL));
    IS_EINVAL(yolanda_client_stop(NULL));
    IS_EINVAL(yolanda_client_is_active(NULL));
    IS_EINVAL(yolanda_client_free(NULL));
    errno = 0;
    CHECK(yolanda_client_connection(NULL) == NULL && errno == EINVAL);
    errno = 0;
    CHECK(yolanda_client_new(NULL, "127.0.0.1:9", NULL, NULL, NULL, NULL) == NULL && errno == EINVAL);
    make_loop();
    errno = 0;
    CHECK(yolanda_client_new(loop, NULL, NULL, NULL, NULL, NULL) == NULL && errno == EINVAL);
    /* One line for each. */
    CHECK_INT(err_lines(), 16);
}

#define IS_EPERM(call)                                                                             \
    do {                                                                                           \
        errno = 0;                                                                                 \
        CHECK_INT((call), -1);                                                                     \
        CHECK_INT(errno, EPERM);                                                                   \
    } while (0)

static void call_all(void *data)
{
    (void)data;
    IS_EPERM(yolanda_client_set_data(client, NULL));
    IS_EPERM(yolanda_client_set_timeout(client, 1));
    IS_EPERM(yolanda_client_set_failed_callback(client, NULL, NULL));
    IS_EPERM(yolanda_client_set_reconnect(client, 1, 1, 1));
    IS_EPERM(yolanda_client_set_timeouts(client, 0, 0, 0));
    IS_EPERM(yolanda_client_set_limits(client, 0, 0, 0));
    IS_EPERM(yolanda_client_set_water_marks(client, 0, 0, NULL, NULL));
    IS_EPERM(yolanda_client_set_nodelay(client, 0));
    IS_EPERM(yolanda_client_set_keepalive(client, 0, 0, 0));
    IS_EPERM(yolanda_client_start(client));
    IS_EPERM(yolanda_client_stop(client));
    IS_EPERM(yolanda_client_is_active(client));
    IS_EPERM(yolanda_client_free(client));
    errno = 0;
    CHECK(yolanda_client_connection(client) == NULL && errno == EPERM);
    errno = 0;
    CHECK(yolanda_client_new(loop, "127.0.0.1:9", NULL, NULL, NULL, NULL) == NULL && errno == EPERM);
}

CASE(another_thread)
{
    new_client("127.0.0.1:9");
    on_thread(call_all, NULL);
    CHECK_INT(yolanda_client_is_active(client), 0);
    CHECK_INT(yolanda_client_free(client), 0);
}

/* Clients without any callback work, and end. */
CASE(no_callbacks)
{
    char address[64], text[8] = "";
    int listener = listen_here(address);
    make_loop();
    client = yolanda_client_new(loop, address, NULL, NULL, NULL, NULL);
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(yolanda_client_connection(client) != NULL);
    int peer = take(listener);
    CHECK_INT(tcp_connection_send_data(yolanda_client_connection(client), "x", 1), 1);
    take_bytes(peer, text, 1);
    close(peer);
    RUN_UNTIL(!yolanda_client_is_active(client));
    close(listener);
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(!yolanda_client_is_active(client));
}
