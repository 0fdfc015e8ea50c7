/* peers.h - the other side: plain sockets of the same thread, which send messages as a whole or in pieces,
 * and close at random. */
#ifndef PEERS_H
#define PEERS_H

#include "http.h"

#include <sys/un.h>

#define PEERS 10

struct peer {
    int fd; /* 0: none */
    struct server_record *server;
    int port;
    int half; /* it has ended its side */
    char *out;
    size_t size, sent;
    struct incoming incoming;
};
static struct peer peers[PEERS];

/* What each peer that has gone has received, for the checks at the end. */
struct heard_record {
    struct incoming incoming;
    unsigned number;
};
LIST(heard_record, heard, 4000)

static struct peer *any_peer(void)
{
    struct peer *peer = &peers[below(PEERS)];
    return peer->fd > 0 ? peer : NULL;
}

static void peer_end(struct peer *peer, int reset)
{
    if (reset) {
        struct linger now = { 1, 0 };
        setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    close(peer->fd);
    peer->fd = 0;
    free(peer->out);
    peer->out = NULL;
    peer->size = peer->sent = 0;
    peer->incoming = (struct incoming){ 0 };
}

/* --- what it says ----------------------------------------------------------- */

static void say(struct peer *peer, const char *bytes, size_t size)
{
    if (peer->size + size > 400000) {
        return;
    }
    peer->out = realloc(peer->out, peer->size + size + 1);
    NEED(peer->out != NULL);
    memcpy(peer->out + peer->size, bytes, size);
    peer->size += size;
}

__attribute__((format(printf, 2, 3))) static void sayf(struct peer *peer, const char *format, ...)
{
    char text[600];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    say(peer, text, (size_t)size);
}

static void say_request(struct peer *peer)
{
    static const char *const methods[] = { "GET", "GET", "GET", "POST", "POST", "PUT", "HEAD", "OPTIONS", "DELETE" };
    static const char *const paths[] = { "/r", "/r/7", "/r/a%20b?q=1", "/all/x/y", "/files/small", "/files/large",
                                         "/files/", "/none", "/r", "/%zz", "*", "/files/../x", "http://a/r" };
    const char *method = methods[below(SIZE(methods))];
    sayf(peer, "%s %s HTTP/1.%d\r\nHost: a\r\n", method, paths[below(SIZE(paths))], !one_in(8));
    if (one_in(8)) {
        sayf(peer, "Connection: %s\r\n", one_in(2) ? "close" : "keep-alive");
    }
    if (one_in(8)) {
        sayf(peer, "Range: bytes=%u-\r\nIf-None-Match: \"x\"\r\n", below(200));
    }
    if (one_in(12)) {
        sayf(peer, "Expect: 100-continue\r\n");
    }
    size_t body = one_in(5) ? below(120000) : below(2000);
    int has_body = method[0] == 'P' ? !one_in(6) : one_in(12);
    if (!has_body) {
        sayf(peer, one_in(8) ? "Content-Length: 0\r\n\r\n" : "\r\n");
    } else if (one_in(2)) {
        sayf(peer, "Content-Length: %zu\r\n\r\n", body);
        say(peer, filler(), body);
    } else {
        sayf(peer, "Transfer-Encoding: chunked\r\n\r\n");
        while (body > 0) {
            size_t part = 1 + below((unsigned)body);
            sayf(peer, "%zx%s\r\n", part, one_in(6) ? ";a=b" : "");
            say(peer, filler(), part);
            sayf(peer, "\r\n");
            body -= part;
        }
        sayf(peer, one_in(8) ? "0\r\nX: y\r\n\r\n" : "0\r\n\r\n");
    }
    if (one_in(30)) {
        sayf(peer, one_in(2) ? "what is this\r\n\r\n" : "GET / HTTP/1.1\r\n\r\n");
    }
}

/* --- what it does ------------------------------------------------------------- */

static void peer_new(void)
{
    struct peer *peer = &peers[below(PEERS)];
    struct server_record *server = servers_any(5);
    if (ending || peer->fd > 0 || server == NULL || server->life != LIVE) {
        return;
    }
    int fd = socket(server->port != 0 ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), result;
    NEED(fd > 0);
    if (one_in(4)) {
        int small = 4096;
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    }
    if (server->port != 0) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)server->port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof address;
        result = connect(fd, (struct sockaddr *)&address, sizeof address);
        getsockname(fd, (struct sockaddr *)&address, &size);
        peer->port = ntohs(address.sin_port);
        atomic_store(&conn_of_port[peer->port], 0);
    } else {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        size_t length = strlen(server->address) - strlen("unix:@");
        memcpy(address.sun_path + 1, server->address + strlen("unix:@"), length);
        result = connect(fd, (struct sockaddr *)&address,
                         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length));
        peer->port = 0;
    }
    if (result < 0) {
        close(fd);
        return;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    peer->fd = fd;
    peer->server = server;
    peer->half = 0;
    tell("peer %d of %s, port %d", (int)(peer - peers), server->address, peer->port);
}

static void peer_write(struct peer *peer)
{
    if (peer->half) {
        return;
    }
    if (peer->sent == peer->size) {
        if (peer->server->http != NULL) {
            peer->size = peer->sent = 0;
            for (unsigned n = one_in(4) ? 1 + below(5) : 1; n > 0; n--) {
                say_request(peer);
            }
        } else {
            /* The stream of number 0, which no connection has. */
            char more[20000];
            size_t size = one_in(6) ? below(sizeof more) : 1 + below(300);
            for (size_t i = 0; i < size; i++) {
                more[i] = (char)pattern(0, peer->size + i);
            }
            say(peer, more, size);
        }
    }
    size_t left = peer->size - peer->sent;
    size_t part = left > 0 && one_in(3) ? 1 + below((unsigned)left) : left;
    ssize_t n = send(peer->fd, peer->out + peer->sent, part, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
        peer->sent += (size_t)n;
    }
}

/* The connection that the server has for it; 0: none, or nobody knows. */
static unsigned accepted_as(struct peer *peer)
{
    unsigned number = atomic_load(&conn_of_port[peer->port]);
    /* A client of another server may have the same port. */
    return number > 0 && conns_list[number - 1].server == peer->server ? number : 0;
}

/* Reads some; at the end of the stream it goes. */
static void peer_read(struct peer *peer, int all)
{
    static char bytes[60000];
    for (;;) {
        ssize_t n = recv(peer->fd, bytes, one_in(2) ? sizeof bytes : 1 + below(2000), MSG_DONTWAIT);
        if (n > 0) {
            tell("peer %d gets %zd", (int)(peer - peers), n);
            if (peer->server->http == NULL) {
                take_in(&peer->incoming, bytes, (size_t)n);
            }
            if (!all) {
                return;
            }
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        peer->incoming.ended = n == 0;
        struct heard_record *heard = peer->server->http == NULL ? heard_add() : NULL;
        if (heard != NULL) {
            peer->incoming.first = peer->half;
            heard->incoming = peer->incoming;
            heard->number = peer->incoming.at >= 4 ? number_of(&peer->incoming) : accepted_as(peer);
        }
        tell("peer %d ends, %zu bytes, error %d", (int)(peer - peers), peer->incoming.at, n < 0 ? errno : 0);
        peer_end(peer, 0);
        return;
    }
}

static void peer_act(void)
{
    struct peer *peer = any_peer();
    if (peer == NULL) {
        peer_new();
        return;
    }
    switch (below(16)) {
    case 0:
        tell("peer %d resets", (int)(peer - peers));
        peer_end(peer, 1);
        break;
    case 1:
        if (one_in(2)) {
            tell("peer %d vanishes", (int)(peer - peers));
            peer_end(peer, 0);
        }
        break;
    case 2:
        tell("peer %d ends its side", (int)(peer - peers));
        shutdown(peer->fd, SHUT_WR);
        peer->half = 1;
        break;
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
        peer_read(peer, one_in(2));
        break;
    default:
        peer_write(peer);
    }
}

static void check_peers(void)
{
    struct heard_record *heard;
    for EACH (heard, heard) {
        check_stream(&heard->incoming, heard->number);
    }
}

#endif
