/* Contract section 2, "helpers of common.h" and "acceptor": sockets, names, failures that exit. */
#include "aid.h"

#include "lib/acceptor.h"
#include "lib/inetaddress.h"

#include <linux/tcp.h>

static int port_of(int fd)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    NEED(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    CHECK_INT(address.sin_family, AF_INET);
    return ntohs(address.sin_port);
}

static int option(int fd, int name)
{
    int value = -1;
    socklen_t size = sizeof value;
    NEED(getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0);
    return value;
}

static int ignores_sigpipe(void)
{
    struct sigaction action;
    NEED(sigaction(SIGPIPE, NULL, &action) == 0);
    return action.sa_handler == SIG_IGN;
}

static int listener(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    NEED(bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 10) == 0);
    return fd;
}

/* A port on which nobody listens, kept by a socket that is bound to it. */
static int closed_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    NEED(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return port_of(fd);
}

/* acceptor_init(port): IPv4 any address, SO_REUSEADDR, non-blocking, close-on-exec, backlog 1024.
 * Port 0 binds an ephemeral port, and listen_port then holds it. */
CASE(acceptor)
{
    struct acceptor *acceptor = acceptor_init(0);
    NEED(acceptor != NULL);
    int fd = acceptor->listen_fd;
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    NEED(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    CHECK_INT(address.sin_family, AF_INET);
    CHECK_INT(address.sin_addr.s_addr, htonl(INADDR_ANY));
    CHECK(acceptor->listen_port > 0);
    CHECK_INT(acceptor->listen_port, ntohs(address.sin_port));
    CHECK_INT(option(fd, SO_REUSEADDR), 1);
    CHECK_INT(option(fd, SO_ACCEPTCONN), 1);
    CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
    CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);

    int most = 0;
    FILE *file = fopen("/proc/sys/net/core/somaxconn", "r");
    NEED(file != NULL && fscanf(file, "%d", &most) == 1);
    fclose(file);
    struct tcp_info info;
    size = sizeof info;
    NEED(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0);
    CHECK_INT(info.tcpi_sacked, most < 1024 ? most : 1024); /* of a listening socket: its backlog */
    free(acceptor); /* rule 5: from malloc */
}

CASE(acceptor_on_a_given_port)
{
    struct acceptor *first = acceptor_init(0);
    int port = first->listen_port;
    close(first->listen_fd);
    struct acceptor *again = acceptor_init(port);
    NEED(again != NULL);
    CHECK_INT(again->listen_port, port);
    CHECK_INT(port_of(again->listen_fd), port);
}

/* Failure: `bind failed : TEXT (ERRNO)` on stderr, exit 1. */
static int busy_port;

static void acceptor_on_busy(void *unused)
{
    (void)unused;
    acceptor_init(busy_port);
    _exit(77);
}

static void listen_on_busy(void *unused)
{
    (void)unused;
    tcp_server_listen(busy_port);
    _exit(77);
}

static void listen_nonblocking_on_busy(void *unused)
{
    (void)unused;
    tcp_nonblocking_server_listen(busy_port);
    _exit(77);
}

static void serve_on_busy(void *unused)
{
    (void)unused;
    tcp_server(busy_port);
    _exit(77);
}

CASE(busy_ports)
{
    void (*functions[])(void *) = { acceptor_on_busy, listen_on_busy, listen_nonblocking_on_busy, serve_on_busy };
    busy_port = port_of(listener());
    for (int i = 0; i < 4; i++) {
        struct ended ended = child(functions[i], NULL);
        CHECK_INT(ended.status, 1);
        CHECK_TEXT(ended.err, "bind failed : Address already in use (98)\n");
    }
}

/* tcp_server_listen, tcp_nonblocking_server_listen: a listening fd; SIGPIPE ignored. */
CASE(listeners)
{
    int (*functions[])(int) = { tcp_server_listen, tcp_nonblocking_server_listen };
    for (int i = 0; i < 2; i++) {
        signal(SIGPIPE, SIG_DFL);
        int fd = functions[i](0);
        NEED(fd >= 0);
        CHECK_INT(option(fd, SO_ACCEPTCONN), 1);
        CHECK_INT(option(fd, SO_REUSEADDR), 1);
        CHECK_INT((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0, i);
        CHECK(ignores_sigpipe());
        int client = tcp_client("127.0.0.1", port_of(fd));
        CHECK(client >= 0);
        close(client);
    }
}

/* tcp_server(port): listen, accept one, return it (the listening fd stays open); SIGPIPE ignored. */
static int listening_fd(void)
{
    for (int tries = 0; tries < 10000; tries++) {
        for (int fd = 3; fd < 64; fd++) {
            int value = 0;
            socklen_t size = sizeof value;
            if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value) {
                return fd;
            }
        }
        nap();
    }
    NEED(!"a listening descriptor");
    return -1;
}

static void connect_and_talk(void *client)
{
    int fd = tcp_client("127.0.0.1", port_of(listening_fd()));
    NEED(fd >= 0);
    put(fd, "hello");
    *(int *)client = fd;
}

CASE(server_accepts_one)
{
    int client = -1;
    char bytes[8] = "";
    pthread_t thread = start_thread(connect_and_talk, &client);
    int fd = tcp_server(0);
    join(thread);
    CHECK_INT(readn(fd, bytes, 5), 5);
    CHECK_TEXT(bytes, "hello");
    CHECK(ignores_sigpipe());
    CHECK(!(fcntl(fd, F_GETFL) & O_NONBLOCK));
    int again = tcp_client("127.0.0.1", port_of(listening_fd()));
    CHECK(again >= 0);
}

/* tcp_client(address, port): blocking IPv4 connect. A name is resolved. */
CASE(client_connects)
{
    char *addresses[] = { "127.0.0.1", "localhost", "0.0.0.0" };
    int server = listener();
    for (int i = 0; i < 3; i++) {
        struct sockaddr_in peer;
        socklen_t size = sizeof peer;
        int fd = tcp_client(addresses[i], port_of(server));
        NEED(fd >= 0);
        CHECK(!(fcntl(fd, F_GETFL) & O_NONBLOCK));
        CHECK_INT(getpeername(fd, (struct sockaddr *)&peer, &size), 0);
        CHECK_INT(peer.sin_family, AF_INET);
        CHECK_INT(ntohs(peer.sin_port), port_of(server));
        close(fd);
    }
}

/* ... or `connect failed : ...` and exit 1. */
static int nobodys_port;

static void connect_to_nobody(void *address)
{
    tcp_client(address, nobodys_port);
    _exit(77);
}

CASE(client_is_refused)
{
    nobodys_port = closed_port();
    struct ended ended = child(connect_to_nobody, "127.0.0.1");
    CHECK_INT(ended.status, 1);
    CHECK_TEXT(ended.err, "connect failed : Connection refused (111)\n");
    ended = child(connect_to_nobody, NULL);
    CHECK_INT(ended.status, 1);
    CHECK(strncmp(ended.err, "connect failed : ", 17) == 0);
}

CASE(make_nonblocking_does)
{
    int fd[2];
    make_pipe(fd);
    make_nonblocking(fd[0]);
    CHECK(fcntl(fd[0], F_GETFL) & O_NONBLOCK);
    CHECK(!(fcntl(fd[1], F_GETFL) & O_NONBLOCK));
    make_nonblocking(fd[0]);
    CHECK(fcntl(fd[0], F_GETFL) & O_NONBLOCK);
    close(fd[0]);
    make_nonblocking(fd[0]);
    make_nonblocking(-1);
}

/* sock_ntop: "a.b.c.d:port" in a static buffer (per thread), no port when 0. */
static char *of_the_other_thread;

static void write_another(void *unused)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(2) };
    (void)unused;
    of_the_other_thread = sock_ntop(&address, sizeof address);
    CHECK_TEXT(of_the_other_thread, "0.0.0.0:2");
}

CASE(sock_ntop_text)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    inet_pton(AF_INET, "192.168.200.255", &address.sin_addr);
    address.sin_port = htons(65535);
    char *text = sock_ntop(&address, sizeof address);
    CHECK_TEXT(text, "192.168.200.255:65535");
    on_thread(write_another, NULL);
    CHECK(text != of_the_other_thread);
    CHECK_TEXT(text, "192.168.200.255:65535");
    address.sin_port = 0;
    CHECK_TEXT(sock_ntop(&address, sizeof address), "192.168.200.255");
    inet_pton(AF_INET, "1.2.3.4", &address.sin_addr);
    address.sin_port = htons(80);
    CHECK(sock_ntop(&address, sizeof address) == text);
    CHECK_TEXT(text, "1.2.3.4:80");
}

/* Rule 8: init_inet_address(port) allocates the struct. */
CASE(inet_address)
{
    struct inet_address *address = init_inet_address(43211);
    NEED(address != NULL);
    CHECK_INT(address->port, 43211);
    free(address);
}
