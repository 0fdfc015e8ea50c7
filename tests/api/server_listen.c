/* Where a server listens: addresses, Unix sockets, descriptors that are passed in, a socket per
 * thread; and what connections inherit from the listening socket. */
#include "server_aid.h"

#include "lib/acceptor.h"
#include "lib/http_server.h"

static struct TCPserver *refused(const char *address)
{
    return yolanda_server_new(loop, address, NULL, NULL, NULL, NULL, 0);
}

static const char *address_of(struct TCPserver *which)
{
    static char text[128];
    NEED(yolanda_server_address(which, text, sizeof text) == 0);
    return text;
}

static void serves_at(const char *address, const char *seen, int threads)
{
    char wanted[160];
    int before = open_fds();
    make(address, threads);
    snprintf(wanted, sizeof wanted, "%s%d", seen, server->port);
    CHECK_TEXT(address_of(server), wanted);
    CHECK(server->port > 0);
    CHECK_INT(server->acceptor->listen_port, server->port);
    CHECK(server->eventLoop == loop);
    CHECK_INT(server->threadNum, threads);
    CHECK_INT(yolanda_server_start(server), 0);
    int fd = dial(strncmp(seen, "[::]", 4) == 0 || strncmp(seen, "0.0.0.0", 7) == 0
                      ? (snprintf(wanted, sizeof wanted, "127.0.0.1:%d", server->port), wanted)
                      : wanted);
    NEED(fd >= 0);
    echoed(fd, "hello");
    if (strncmp(seen, "[::]", 4) == 0) {
        snprintf(wanted, sizeof wanted, "[::1]:%d", server->port);
        int other = dial(wanted);
        NEED(other >= 0);
        echoed(other, "on IPv6");
        close(other);
    }
    close(fd);
    UNTIL(closed == completed);
    end();
    CHECK_INT(open_fds(), before);
}

static int has_ipv6(void)
{
    struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    int has = fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof any) == 0;
    close(fd);
    return has;
}

CASE(ipv4)
{
    for (int threads = 0; threads <= 2; threads += 2) {
        serves_at("127.0.0.1:0", "127.0.0.1:", threads);
        serves_at("0.0.0.0:0", "0.0.0.0:", threads);
    }
}

CASE(ipv6)
{
    if (!has_ipv6()) {
        return;
    }
    for (int threads = 0; threads <= 2; threads += 2) {
        serves_at("[::1]:0", "[::1]:", threads);
        serves_at("[::]:0", "[::]:", threads);
    }
}

CASE(any_address)
{
    const char *seen = has_ipv6() ? "[::]:" : "0.0.0.0:";
    serves_at("*:0", seen, 0);
    serves_at(":0", seen, 2);
}

CASE(a_name)
{
    make("localhost:0", 0);
    CHECK(strncmp(address_of(server), "127.0.0.1:", 10) == 0);
    CHECK_INT(yolanda_server_start(server), 0);
    echoed(visit(), "by name");
    end();
}

CASE(addresses_that_are_none)
{
    loop = yolanda_loop_new(NULL, NULL);
    char longer[400] = "unix:/tmp/";
    memset(longer + 10, 'x', 200);
    static const char *const nonsense[] = { "",          "80",          "127.0.0.1",   "127.0.0.1:",
                                            "1.2.3:80",  "127.0.0.1:x", "[::1:80",     "[::1]",
                                            "::1:80",    "a:65536",     "127.0.0.1:-1", "unix:",
                                            "unix:@",    "256.1.1.1:0", "[1.2.3.4]:0",  "a b:80" };
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        NO_SERVER(refused(nonsense[i]), EINVAL);
    }
    NO_SERVER(refused(NULL), EINVAL);
    NO_SERVER(refused(longer), ENAMETOOLONG);
    NO_SERVER(refused("192.0.2.1:0"), EADDRNOTAVAIL);
    NO_SERVER(refused("unix:/no/such/folder/socket"), ENOENT);
    NO_SERVER(yolanda_server_new(loop, "127.0.0.1:0", NULL, NULL, NULL, NULL, -1), EINVAL);
    NO_SERVER(yolanda_server_new(NULL, "127.0.0.1:0", NULL, NULL, NULL, NULL, 0), EINVAL);
    CHECK_INT(err_lines(), 1);
    end();
}

CASE(an_address_in_use)
{
    serve("127.0.0.1:0", 0);
    int before = open_fds();
    NO_SERVER(refused(address_of(server)), EADDRINUSE);
    CHECK_INT(open_fds(), before);
    end();
}

static void elsewhere(void *data)
{
    char text[128];
    (void)data;
    NO_SERVER(yolanda_server_new(loop, "127.0.0.1:0", NULL, NULL, NULL, NULL, 0), EPERM);
    REFUSED(yolanda_server_start(server), EPERM);
    REFUSED(yolanda_server_address(server, text, sizeof text), EPERM);
    REFUSED(yolanda_server_set_nodelay(server, 1), EPERM);
    REFUSED(yolanda_server_set_keepalive(server, 1, 1, 1), EPERM);
    REFUSED(yolanda_server_set_timeouts(server, 1, 1, 1), EPERM);
    REFUSED(yolanda_server_set_limits(server, 1, 1, 0), EPERM);
    REFUSED(yolanda_server_set_water_marks(server, 1, 2, NULL, NULL), EPERM);
    REFUSED(yolanda_server_set_reuseport(server, 1), EPERM);
    REFUSED(yolanda_server_set_max_connections(server, 1), EPERM);
    REFUSED(yolanda_server_set_thread_hooks(server, NULL, NULL, NULL), EPERM);
    REFUSED(yolanda_server_stop(server, 0, NULL, NULL), EPERM);
    REFUSED(yolanda_server_free(server), EPERM);
    CHECK_INT(yolanda_server_connections(server), 0);
}

CASE(on_another_thread)
{
    make("127.0.0.1:0", 0);
    on_thread(elsewhere, NULL);
    end();
}

CASE(no_server)
{
    char text[128];
    REFUSED(yolanda_server_start(NULL), EINVAL);
    REFUSED(yolanda_server_address(NULL, text, sizeof text), EINVAL);
    REFUSED(yolanda_server_set_nodelay(NULL, 1), EINVAL);
    REFUSED(yolanda_server_set_keepalive(NULL, 1, 1, 1), EINVAL);
    REFUSED(yolanda_server_set_timeouts(NULL, 1, 1, 1), EINVAL);
    REFUSED(yolanda_server_set_limits(NULL, 1, 1, 0), EINVAL);
    REFUSED(yolanda_server_set_water_marks(NULL, 1, 2, NULL, NULL), EINVAL);
    REFUSED(yolanda_server_set_reuseport(NULL, 1), EINVAL);
    REFUSED(yolanda_server_set_max_connections(NULL, 1), EINVAL);
    REFUSED(yolanda_server_set_thread_hooks(NULL, NULL, NULL, NULL), EINVAL);
    REFUSED(yolanda_server_stop(NULL, 0, NULL, NULL), EINVAL);
    REFUSED(yolanda_server_free(NULL), EINVAL);
    REFUSED(yolanda_server_connections(NULL), EINVAL);
    CHECK_INT(err_lines(), 13);
}

CASE(bad_values)
{
    char text[128];
    make("127.0.0.1:0", 0);
    REFUSED(yolanda_server_address(server, NULL, 100), EINVAL);
    REFUSED(yolanda_server_address(server, text, strlen(address_of(server))), ENAMETOOLONG);
    CHECK_INT(yolanda_server_address(server, text, strlen(address_of(server)) + 1), 0);
    REFUSED(yolanda_server_set_keepalive(server, -1, 0, 0), EINVAL);
    REFUSED(yolanda_server_set_keepalive(server, 1, 40000, 0), EINVAL);
    REFUSED(yolanda_server_set_keepalive(server, 1, 1, 128), EINVAL);
    REFUSED(yolanda_server_set_timeouts(server, 0, -1, 0), EINVAL);
    REFUSED(yolanda_server_set_limits(server, 0, 0, 2), EINVAL);
    REFUSED(yolanda_server_set_water_marks(server, 2, 2, NULL, NULL), EINVAL);
    REFUSED(yolanda_server_set_max_connections(server, -1), EINVAL);
    CHECK_INT(yolanda_server_start(server), 0);
    REFUSED(yolanda_server_start(server), EALREADY);
    REFUSED(yolanda_server_set_reuseport(server, 1), EBUSY);
    REFUSED(yolanda_server_set_thread_hooks(server, NULL, NULL, NULL), EBUSY);
    end();
}

/* Bound from the beginning, but clients are refused until the start. */
CASE(before_the_start)
{
    make("127.0.0.1:0", 0);
    CHECK_INT(dial(address_of(server)), -1);
    CHECK_INT(errno, ECONNREFUSED);
    tcp_server_start(server);
    echoed(visit(), "started as the original's");
    end();
}

static void other_owner(struct sockaddr_un *at, const char *path)
{
    memset(at, 0, sizeof *at);
    at->sun_family = AF_UNIX;
    strcpy(at->sun_path, path);
}

static const char *temporary(const char *name)
{
    static char folder[64], path[256];
    if (folder[0] == '\0') {
        strcpy(folder, "/tmp/yolanda-test-XXXXXX");
        NEED(mkdtemp(folder) != NULL);
    }
    snprintf(path, sizeof path, "unix:%s/%s", folder, name);
    return path;
}

static void forget_folder(void)
{
    char folder[256];
    strcpy(folder, temporary("") + 5);
    CHECK_INT(rmdir(folder), 0);
}

CASE(a_unix_socket)
{
    for (int threads = 0; threads <= 2; threads += 2) {
        const char *path = temporary("socket");
        struct stat st;
        serve(path, threads);
        CHECK_INT(server->port, 0);
        CHECK_TEXT(address_of(server), path);
        CHECK(stat(path + 5, &st) == 0 && S_ISSOCK(st.st_mode));
        int fd = dial(path);
        NEED(fd >= 0);
        echoed(fd, "locally");
        NO_SERVER(refused(path), EADDRINUSE);
        close(fd);
        CHECK_INT(yolanda_server_stop(server, 0, NULL, NULL), 0);
        CHECK_INT(stat(path + 5, &st), -1);
        end();
        serve(path, threads);
        end();
        CHECK_INT(stat(path + 5, &st), -1);
    }
    forget_folder();
}

CASE(a_unix_socket_that_was_left_behind)
{
    struct sockaddr_un at;
    const char *path = temporary("stale");
    int left = socket(AF_UNIX, SOCK_STREAM, 0);
    other_owner(&at, path + 5);
    NEED(bind(left, (struct sockaddr *)&at, sizeof at) == 0 && listen(left, 1) == 0);
    loop = yolanda_loop_new(NULL, NULL);
    NO_SERVER(refused(path), EADDRINUSE);
    close(left);
    serve(path, 0);
    int fd = dial(path);
    NEED(fd >= 0);
    echoed(fd, "in its place");
    end();
    forget_folder();
}

CASE(files_that_are_no_sockets_stay)
{
    const char *path = temporary("file");
    char link[256];
    loop = yolanda_loop_new(NULL, NULL);
    close(open(path + 5, O_CREAT | O_WRONLY, 0600));
    NO_SERVER(refused(path), EADDRINUSE);
    CHECK_INT(access(path + 5, F_OK), 0);
    snprintf(link, sizeof link, "%s.link", path);
    NEED(symlink(path + 5, link + 5) == 0);
    NO_SERVER(refused(link), EADDRINUSE);
    CHECK_INT(unlink(link + 5), 0);
    CHECK_INT(unlink(path + 5), 0);
    /* Nor is a socket of another kind replaced. */
    struct sockaddr_un at;
    int datagrams = socket(AF_UNIX, SOCK_DGRAM, 0);
    other_owner(&at, path + 5);
    NEED(bind(datagrams, (struct sockaddr *)&at, sizeof at) == 0);
    NO_SERVER(refused(path), EADDRINUSE);
    CHECK_INT(unlink(path + 5), 0);
    end();
    forget_folder();
}

CASE(a_path_that_is_somebody_elses_by_now_stays)
{
    struct sockaddr_un at;
    const char *path = temporary("taken");
    serve(path, 0);
    NEED(unlink(path + 5) == 0);
    int other = socket(AF_UNIX, SOCK_STREAM, 0);
    other_owner(&at, path + 5);
    NEED(bind(other, (struct sockaddr *)&at, sizeof at) == 0);
    end();
    CHECK_INT(unlink(path + 5), 0);
    forget_folder();
}

CASE(an_abstract_name)
{
    char name[64];
    snprintf(name, sizeof name, "unix:@yolanda-test-%d", (int)getpid());
    serve(name, 2);
    CHECK_TEXT(address_of(server), name);
    int fd = dial(name);
    NEED(fd >= 0);
    echoed(fd, "by name");
    NO_SERVER(refused(name), EADDRINUSE);
    end();
    serve(name, 0);
    end();
}

static int listening(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    NEED(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 100) == 0);
    return fd;
}

static struct TCPserver *with_fd(int fd, int threads)
{
    return yolanda_server_new_fd(loop, fd, on_completed, on_message, NULL, on_closed, threads);
}

CASE(a_descriptor_that_was_passed_in)
{
    for (int threads = 0; threads <= 2; threads += 2) {
        int fd = listening();
        loop = yolanda_loop_new(NULL, NULL);
        server = with_fd(fd, threads);
        NEED(server != NULL);
        CHECK(server->port > 0);
        CHECK_INT(server->acceptor->listen_fd, fd);
        /* A client who came before the start is served, too. */
        int early = visit();
        CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
        CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        REFUSED(yolanda_server_set_reuseport(server, 1), ENOTSUP);
        CHECK_INT(yolanda_server_start(server), 0);
        echoed(early, "early");
        echoed(visit(), "later");
        CHECK_INT(yolanda_server_stop(server, 0, NULL, NULL), 0);
        CHECK_INT(fcntl(fd, F_GETFD), -1);
        end();
    }
}

CASE(a_unix_descriptor_keeps_its_file)
{
    const char *path = temporary("passed");
    struct sockaddr_un at;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    other_owner(&at, path + 5);
    NEED(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 10) == 0);
    loop = yolanda_loop_new(NULL, NULL);
    server = with_fd(fd, 0);
    NEED(server != NULL);
    CHECK_INT(server->port, 0);
    CHECK_TEXT(address_of(server), path);
    CHECK_INT(yolanda_server_start(server), 0);
    int client = dial(path);
    NEED(client >= 0);
    echoed(client, "passed");
    end();
    CHECK_INT(unlink(path + 5), 0);
    forget_folder();
}

CASE(descriptors_that_cant_be_served)
{
    int pair[2], tubes[2];
    loop = yolanda_loop_new(NULL, NULL);
    make_sockets(pair);
    make_pipe(tubes);
    int datagrams = socket(AF_INET, SOCK_DGRAM, 0), idle = socket(AF_INET, SOCK_STREAM, 0);
    NO_SERVER(with_fd(-1, 0), EBADF);
    NO_SERVER(with_fd(999, 0), EBADF);
    NO_SERVER(with_fd(tubes[0], 0), ENOTSOCK);
    NO_SERVER(with_fd(datagrams, 0), EPROTOTYPE);
    NO_SERVER(with_fd(idle, 0), EINVAL);
    NO_SERVER(with_fd(pair[0], 0), EINVAL);
    NO_SERVER(with_fd(idle, -1), EINVAL);
    CHECK(fcntl(idle, F_GETFD) >= 0);
    CHECK(fcntl(pair[0], F_GETFD) >= 0);
    end();
}

static atomic_int nodelay = -1, keepalive = -1, idle_s, interval_s, probes;

static int look_at_options(struct tcp_connection *connection)
{
    int fd = connection->channel->fd;
    completed++;
    nodelay = option(fd, IPPROTO_TCP, TCP_NODELAY);
    keepalive = option(fd, SOL_SOCKET, SO_KEEPALIVE);
    idle_s = option(fd, IPPROTO_TCP, TCP_KEEPIDLE);
    interval_s = option(fd, IPPROTO_TCP, TCP_KEEPINTVL);
    probes = option(fd, IPPROTO_TCP, TCP_KEEPCNT);
    return 0;
}

static void come_and_go(void)
{
    int before = closed, fd = visit();
    echoed(fd, "?");
    close(fd);
    UNTIL(closed == before + 1);
}

CASE(options_of_new_connections)
{
    for (int threads = 0; threads <= 2; threads += 2) {
        for (int each = 0; each < 2; each++) {
            make("127.0.0.1:0", threads);
            CHECK_INT(yolanda_server_set_reuseport(server, each), 0);
            server->connectionCompletedCallBack = look_at_options;
            CHECK_INT(yolanda_server_start(server), 0);
            come_and_go();
            CHECK_INT(nodelay, 1);
            CHECK_INT(keepalive, 0);
            CHECK_INT(yolanda_server_set_nodelay(server, 0), 0);
            CHECK_INT(yolanda_server_set_keepalive(server, 77, 33, 5), 0);
            come_and_go();
            CHECK_INT(nodelay, 0);
            CHECK_INT(keepalive, 1);
            CHECK_INT(idle_s, 77);
            CHECK_INT(interval_s, 33);
            CHECK_INT(probes, 5);
            CHECK_INT(yolanda_server_set_nodelay(server, 1), 0);
            CHECK_INT(yolanda_server_set_keepalive(server, 0, 0, 0), 0);
            come_and_go();
            CHECK_INT(nodelay, 1);
            CHECK_INT(keepalive, 0);
            end();
        }
    }
}

CASE(options_set_before_the_start)
{
    make("127.0.0.1:0", 0);
    server->connectionCompletedCallBack = look_at_options;
    CHECK_INT(yolanda_server_set_nodelay(server, 0), 0);
    CHECK_INT(yolanda_server_set_keepalive(server, 60, 0, 0), 0);
    CHECK_INT(yolanda_server_start(server), 0);
    come_and_go();
    CHECK_INT(nodelay, 0);
    CHECK_INT(keepalive, 1);
    CHECK_INT(idle_s, 60);
    end();
}

CASE(options_of_the_originals_server)
{
    loop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(0);
    server = tcp_server_init(loop, acceptor, look_at_options, on_message, NULL, on_closed, 2);
    char text[64], wanted[64];
    snprintf(wanted, sizeof wanted, "0.0.0.0:%d", server->port);
    CHECK_INT(yolanda_server_address(server, text, sizeof text), 0);
    CHECK_TEXT(text, wanted);
    REFUSED(yolanda_server_set_reuseport(server, 1), ENOTSUP);
    tcp_server_start(server);
    come_and_go();
    CHECK_INT(nodelay, 0);
    CHECK_INT(yolanda_server_set_nodelay(server, 1), 0);
    come_and_go();
    CHECK_INT(nodelay, 1);
    CHECK_INT(yolanda_server_set_nodelay(server, 0), 0);
    come_and_go();
    CHECK_INT(nodelay, 0);
    REFUSED(yolanda_server_start(server), EALREADY);
    end();
    CHECK_INT(acceptor->listen_fd, -1);
    free(acceptor);
}

CASE(no_option_of_tcp_on_a_unix_socket)
{
    const char *path = temporary("options");
    make(path, 0);
    CHECK_INT(yolanda_server_set_nodelay(server, 1), 0);
    CHECK_INT(yolanda_server_set_keepalive(server, 5, 5, 5), 0);
    REFUSED(yolanda_server_set_reuseport(server, 1), ENOTSUP);
    CHECK_INT(yolanda_server_start(server), 0);
    int fd = dial(path);
    NEED(fd >= 0);
    echoed(fd, "without");
    end();
    forget_folder();
}

/* Settings are those of connections; here only that they arrive there. */
static atomic_int highs;

static void on_high(struct tcp_connection *connection, size_t queued)
{
    (void)connection;
    CHECK(queued >= 1000);
    highs++;
}

static int send_much(struct tcp_connection *connection)
{
    static char some[1 << 16];
    int sends = 0;
    completed++;
    errno = 0;
    while (sends < 1000 && tcp_connection_send_data(connection, some, sizeof some) >= 0) {
        sends++;
    }
    /* Over the limit a send is refused, and the connection stays. */
    CHECK_INT(errno, ENOBUFS);
    CHECK(sends < 1000 && yolanda_connection_is_open(connection));
    return 0;
}

CASE(settings_of_new_connections)
{
    make("127.0.0.1:0", 0);
    server->connectionCompletedCallBack = send_much;
    CHECK_INT(yolanda_server_set_limits(server, 1 << 20, 0, YOLANDA_LIMIT_REFUSE), 0);
    CHECK_INT(yolanda_server_set_water_marks(server, 0, 1000, NULL, on_high), 0);
    CHECK_INT(yolanda_server_set_timeouts(server, 0, 0, 60), 0);
    CHECK_INT(yolanda_server_start(server), 0);
    int fd = visit();
    UNTIL(highs == 1);
    /* Nobody reads: the time limit of writing ends it. */
    UNTIL(closed == 1);
    CHECK_INT(last_error, ETIMEDOUT);
    close(fd);
    end();
}

/* Which threads completed connections, and that each stayed where it was accepted. */
static atomic_int stayed;
static pthread_t acceptors[256];
static atomic_int acceptors_len;

static int note_thread(struct tcp_connection *connection)
{
    completed++;
    stayed += pthread_equal(pthread_self(), connection->eventLoop->owner_thread_id) != 0;
    acceptors[acceptors_len++ & 255] = pthread_self();
    return 0;
}

static int different_acceptors(void)
{
    int n = 0;
    for (int i = 0; i < acceptors_len; i++) {
        int known = 0;
        for (int k = 0; k < i; k++) {
            known |= pthread_equal(acceptors[i], acceptors[k]) != 0;
        }
        n += !known;
    }
    return n;
}

CASE(a_socket_per_thread)
{
    enum { CLIENTS = 64 };
    int before = open_fds(), fds[CLIENTS];
    make("127.0.0.1:0", 2);
    server->connectionCompletedCallBack = note_thread;
    CHECK_INT(yolanda_server_set_reuseport(server, 1), 0);
    int port = server->port;
    CHECK_INT(yolanda_server_start(server), 0);
    CHECK_INT(server->port, port);
    CHECK_INT(option(server->acceptor->listen_fd, SOL_SOCKET, SO_REUSEPORT), 1);
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = visit();
        echoed(fds[i], "hello");
    }
    CHECK_INT(completed, CLIENTS);
    CHECK_INT(stayed, CLIENTS);
    /* By chance all go to one of two threads once in 2^63. */
    CHECK_INT(different_acceptors(), 2);
    for (int i = 0; i < CLIENTS; i++) {
        CHECK(!pthread_equal(acceptors[i], pthread_self()));
        close(fds[i]);
    }
    end();
    CHECK_INT(open_fds(), before);
}

CASE(a_shared_port_without_threads)
{
    make("127.0.0.1:0", 0);
    CHECK_INT(yolanda_server_set_reuseport(server, 1), 0);
    CHECK_INT(yolanda_server_start(server), 0);
    CHECK_INT(option(server->acceptor->listen_fd, SOL_SOCKET, SO_REUSEPORT), 1);
    echoed(visit(), "hello");
    CHECK(pthread_equal(completed_on, pthread_self()));
    end();
}

/* Another server may share the port if both say so, as other processes do. */
CASE(two_servers_on_a_shared_port)
{
    make("127.0.0.1:0", 2);
    CHECK_INT(yolanda_server_set_reuseport(server, 1), 0);
    CHECK_INT(yolanda_server_start(server), 0);
    struct TCPserver *first = server;
    char text[64];
    strcpy(text, address_of(first));
    make(text, 0);
    CHECK_INT(server->port, first->port);
    REFUSED(yolanda_server_start(server), EADDRINUSE);
    CHECK_INT(yolanda_server_set_reuseport(server, 1), 0);
    CHECK_INT(yolanda_server_start(server), 0);
    for (int i = 0; i < 64; i++) {
        int fd = visit();
        echoed(fd, "whoever");
        close(fd);
    }
    CHECK_INT(yolanda_server_free(first), 0);
    for (int i = 0; i < 10; i++) {
        int fd = visit();
        echoed(fd, "the other");
        close(fd);
    }
    end();
}

CASE(several_servers_on_one_loop)
{
    struct TCPserver *servers[5];
    for (int i = 0; i < 5; i++) {
        servers[i] = serve("127.0.0.1:0", i % 2);
    }
    for (int i = 0; i < 5; i++) {
        server = servers[i];
        echoed(visit(), "one of several");
        CHECK_INT(yolanda_server_connections(server), 1);
    }
    end();
}
