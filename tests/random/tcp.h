/* tcp.h - servers, clients, connections. What an end of a connection sends is its number, in four bytes, and a
 * pattern: whoever receives it knows whose it is and where it has a hole. */
#ifndef TCP_H
#define TCP_H

#include "loops.h"

/* --- servers ---------------------------------------------------------------- */

struct server_record {
    struct TCPserver *server;
    struct http_server *http; /* NULL: of TCP */
    struct acceptor *acceptor; /* the program's own */
    struct loop_record *owner;
    _Atomic enum life life;
    atomic_int gone; /* nothing of it may call any more */
    int threads, accepts_elsewhere;
    int port; /* 0: a unix socket */
    char address[128];
    int stops, done; /* stops that were accepted and not given up; their ends */
    atomic_int begun, ended; /* thread hooks */
};
LIST(server_record, servers, 200)

/* The latest server of each port. */
static _Atomic(struct server_record *) server_of_port[65536];

static int most_threads; /* of a server in this world */

/* --- connections ------------------------------------------------------------ */

/* What arrives of a stream. */
struct incoming {
    unsigned char head[4];
    size_t at;
    int ended; /* in order */
    int first; /* the receiver had ended its own side before */
};

struct conn_record {
    struct tcp_connection *conn;
    struct server_record *server;
    struct client_record *client;
    unsigned number;
    int peer_port;
    int elsewhere;         /* its loop is another thread's */
    atomic_int mine;       /* its loop is the main thread's */
    atomic_int refs;       /* the program's */
    atomic_int closed, destroyed;
    int silent;            /* no message may follow */
    atomic_int deaf;       /* what arrives is dropped */
    int error;             /* in the closed callback */
    int sends_elsewhere;   /* the main thread sends, not its own */
    size_t accepted;       /* bytes of its stream that sends took */
    struct incoming incoming;
};
LIST(conn_record, conns, 8000)

/* Which connection the latest client with this port has. */
static atomic_uint conn_of_port[65536];

static unsigned char pattern(unsigned number, size_t at)
{
    return at < 4 ? number >> 8 * at : (unsigned char)(number * 7 + at + (at >> 8));
}

static unsigned number_of(const struct incoming *in)
{
    return in->head[0] | in->head[1] << 8 | in->head[2] << 16 | (unsigned)in->head[3] << 24;
}

static void take_in(struct incoming *in, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++, in->at++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (in->at < 4) {
            in->head[in->at] = byte;
        } else if (byte != pattern(number_of(in), in->at)) {
            fail("of connection %u, byte %zu is wrong", number_of(in), in->at);
            return;
        }
    }
}

/* Whether the program may use it on this thread. */
static int usable(struct conn_record *record)
{
    if (record == NULL || atomic_load(&record->refs) > 0) {
        return record != NULL;
    }
    return atomic_load(&record->mine) && !atomic_load(&record->closed);
}

static void conn_send(struct conn_record *record)
{
    static __thread char bytes[100000];
    size_t size = one_in(8) ? 1 + below(sizeof bytes) : 1 + below(500);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)pattern(record->number, record->accepted + i);
    }
    int result;
    if (one_in(3)) {
        struct buffer *buffer = buffer_new();
        buffer_append(buffer, bytes, (int)size);
        result = tcp_connection_send_buffer(record->conn, buffer);
        CHECK(buffer_readable_size(buffer) == (result < 0 ? (int)size : 0));
        buffer_free(buffer);
    } else {
        result = tcp_connection_send_data(record->conn, bytes, (int)size);
    }
    if (result >= 0) {
        record->accepted += size;
    }
    tell("connection %u sends %zu, %d", record->number, size, result);
}

static void on_mark(struct tcp_connection *conn, size_t queued);

/* Whatever its loop's thread may do with a connection, or another with one that is retained. */
static void conn_act(struct conn_record *record, int own_thread)
{
    struct tcp_connection *conn = record->conn;
    int sends = record->sends_elsewhere != own_thread;
    char text[128];
    errno = 0;
    switch (below(own_thread ? 20 : 9)) {
    case 0:
    case 1:
    case 2:
    case 3:
        if (sends) {
            conn_send(record);
        }
        break;
    case 4:
        if (sends && one_in(4)) {
            tell("connection %u is shut down", record->number);
            if (own_thread) {
                record->incoming.first = 1;
            }
            tcp_connection_shutdown(conn);
        }
        break;
    case 5:
        if (sends && one_in(4)) {
            int result = yolanda_connection_close_after_send(conn, one_in(6) ? below(20) : 60000);
            tell("connection %u closes after its queue, %d", record->number, result);
            CHECK(result == 0 || errno == ENOTCONN);
            if (own_thread) {
                record->silent = record->incoming.first = 1;
            }
            atomic_store(&record->deaf, 1);
        }
        break;
    case 6:
        if (one_in(8)) {
            int result = yolanda_connection_close(conn);
            tell("connection %u is closed, %d", record->number, result);
            CHECK(result == 0 || errno == ENOTCONN);
            if (own_thread) {
                record->silent = 1;
            }
            CHECK(!own_thread || yolanda_connection_is_open(conn) == 0);
        }
        break;
    case 7:
        CHECK(yolanda_connection_is_open(conn) >= 0 && yolanda_connection_id(conn) != 0);
        CHECK(yolanda_connection_error(conn) >= 0 && yolanda_connection_user_data(conn) == record);
        yolanda_connection_peer(conn, text, sizeof text);
        yolanda_connection_local(conn, text, sizeof text);
        break;
    case 8:
        if (record->elsewhere) {
            break; /* its references are the main thread's, from the start */
        }
        if (atomic_load(&record->refs) > 1) {
            atomic_fetch_sub(&record->refs, 1);
            RETURNS(yolanda_connection_release(conn), 0, 0);
        } else {
            CHECK(yolanda_connection_retain(conn) == conn);
            atomic_fetch_add(&record->refs, 1);
        }
        break;
    case 9:
    case 10:
        tell("connection %u pauses", record->number);
        yolanda_connection_pause(conn);
        break;
    case 11:
    case 12:
    case 13:
        tell("connection %u resumes", record->number);
        yolanda_connection_resume(conn);
        break;
    case 14:
        yolanda_connection_set_water_marks(conn, below(2) * 1000, 1001 + below(50000), on_mark, on_mark);
        break;
    case 15:
        yolanda_connection_set_limits(conn, 20000 + below(200000), 1000 + below(100000),
                                      one_in(4) ? YOLANDA_LIMIT_CLOSE : YOLANDA_LIMIT_REFUSE);
        break;
    case 16:
        yolanda_connection_set_timeouts(conn, one_in(3) * (1 + below(30)), one_in(3) * (1 + below(30)),
                                        one_in(3) * (1 + below(30)));
        break;
    case 17:
        yolanda_connection_set_nodelay(conn, one_in(2));
        yolanda_connection_set_keepalive(conn, below(20), below(20), below(5));
        break;
    case 18:
        if (!atomic_load(&record->closed)) {
            channel_write_event_enable(conn->channel);
        }
        break;
    default:
        break;
    }
}

/* Gives back what the program holds of it. */
static void conn_let_go(struct conn_record *record)
{
    while (atomic_load(&record->refs) > 0) {
        struct tcp_connection *conn = record->conn;
        atomic_fetch_sub(&record->refs, 1);
        RETURNS(yolanda_connection_release(conn), 0, 0);
    }
}

static struct conn_record *record_of(struct tcp_connection *conn)
{
    struct conn_record *record = yolanda_connection_user_data(conn);
    NEED(record != NULL && record->conn == conn);
    CHECK(atomic_load(&record->closed) == 0);
    CHECK(atomic_load(&record->destroyed) == 0);
    CHECK(record->elsewhere || on_main());
    return record;
}

static void conn_acts(struct conn_record *record)
{
    struct event_loop *loop = record->conn->eventLoop;
    for (unsigned n = below(3); n > 0 && (record->elsewhere || usable(record)); n--) {
        conn_act(record, 1);
        if (one_in(2)) {
            act(loop);
        }
    }
}

static void on_mark(struct tcp_connection *conn, size_t queued)
{
    (void)queued;
    conn_acts(record_of(conn));
}

static int on_written(struct tcp_connection *conn)
{
    conn_acts(record_of(conn));
    return 0;
}

static int on_message(struct buffer *input, struct tcp_connection *conn)
{
    struct conn_record *record = record_of(conn);
    CHECK(!record->silent);
    int size = buffer_readable_size(input);
    CHECK(size > 0);
    tell("connection %u gets %d", record->number, size);
    take_in(&record->incoming, input->data + input->readIndex, (size_t)size);
    input->readIndex += size;
    conn_acts(record);
    return 0;
}

static int on_closed(struct tcp_connection *conn)
{
    struct conn_record *record = record_of(conn);
    record->error = yolanda_connection_error(conn);
    record->incoming.ended = record->error == 0 && !atomic_load(&record->deaf);
    if (record->server != NULL && record->server->life != LIVE) {
        record->incoming.ended = 0; /* a server that stops drops what comes */
    }
    RETURNS(yolanda_connection_is_open(conn), 0, 0);
    tell("connection %u closed, error %d", record->number, record->error);
    conn_acts(record);
    CHECK(atomic_fetch_add(&record->closed, 1) == 0);
    return 0;
}

static void on_destroy(void *data)
{
    struct conn_record *record = data;
    CHECK(atomic_fetch_add(&record->destroyed, 1) == 0);
    CHECK(atomic_load(&record->closed) == 1);
    CHECK(atomic_load(&record->refs) == 0);
    if (!record->elsewhere && on_main()) {
        act(NULL);
    }
}

static int on_unknown_closed(struct tcp_connection *conn);

/* In the completed callback; NULL: there are too many, and it is closed. */
static struct conn_record *new_conn(struct tcp_connection *conn, struct server_record *server,
                                    struct client_record *client)
{
    struct conn_record *record = conns_add();
    if (record == NULL) {
        conn->messageCallBack = NULL;
        conn->writeCompletedCallBack = NULL;
        conn->connectionClosedCallBack = client != NULL ? on_unknown_closed : NULL;
        yolanda_connection_close(conn);
        return NULL;
    }
    record->conn = conn;
    record->number = (unsigned)(record - conns_list) + 1;
    record->server = server;
    record->client = client;
    record->elsewhere = server != NULL && server->threads > 0;
    RETURNS(yolanda_connection_set_user_data(conn, record, on_destroy), 0, 0);
    char text[128];
    if (server != NULL && yolanda_connection_peer(conn, text, sizeof text) == 0 && text[0] != 'u') {
        record->peer_port = atoi(strrchr(text, ':') + 1);
        atomic_store(&conn_of_port[record->peer_port], record->number);
    }
    if (one_in(record->elsewhere ? 2 : 6)) {
        CHECK(yolanda_connection_retain(conn) == conn);
        record->sends_elsewhere = record->elsewhere && one_in(2);
        atomic_store(&record->refs, 1);
    }
    atomic_store(&record->mine, !record->elsewhere);
    tell("connection %u of %s, port %d", record->number, server != NULL ? "a server" : "a client",
         record->peer_port);
    return record;
}

static int on_accepted(struct tcp_connection *conn)
{
    struct server_record *server = conn->data;
    CHECK(server->accepts_elsewhere ? !server->gone : server->life == LIVE);
    struct conn_record *record = new_conn(conn, server, NULL);
    if (record == NULL || (record->elsewhere && !server->accepts_elsewhere)) {
        return 0; /* its own thread begins with it */
    }
    conn_acts(record);
    return 0;
}

/* --- servers ---------------------------------------------------------------- */

static void on_thread_start(struct event_loop *loop, void *data)
{
    struct server_record *record = data;
    (void)loop;
    CHECK(!record->gone);
    CHECK(atomic_load(&record->ended) == 0);
    atomic_fetch_add(&record->begun, 1);
}

static void on_thread_stop(struct event_loop *loop, void *data)
{
    struct server_record *record = data;
    (void)loop;
    CHECK(atomic_fetch_add(&record->ended, 1) < atomic_load(&record->begun));
}

static int servers_alive(void)
{
    struct server_record *record;
    int alive = 0;
    for EACH (servers, record) {
        alive += record->life == LIVE;
    }
    return alive;
}

static void on_http_mark(struct tcp_connection *conn, size_t queued)
{
    (void)queued;
    act(conn->eventLoop);
}

static void server_settings(struct server_record *record)
{
    struct TCPserver *server = record->server;
    yolanda_water_mark_callback mark = record->http != NULL ? on_http_mark : on_mark;
    switch (below(7)) {
    case 0:
        yolanda_server_set_max_connections(server, one_in(2) * (1 + below(5)));
        break;
    case 1:
        yolanda_server_set_timeouts(server, one_in(4) * (5 + below(50)), 0, one_in(4) * (5 + below(50)));
        break;
    case 2:
        yolanda_server_set_limits(server, 20000 + below(200000), 1000 + below(100000), YOLANDA_LIMIT_REFUSE);
        break;
    case 3:
        yolanda_server_set_water_marks(server, 100, 1000 + below(10000), mark, mark);
        break;
    case 4:
        yolanda_server_set_nodelay(server, one_in(2));
        break;
    case 5:
        yolanda_server_set_keepalive(server, below(10), below(10), below(10));
        break;
    default:
        CHECK(yolanda_server_connections(server) >= 0);
    }
}

static void server_started(struct server_record *record)
{
    RETURNS(yolanda_server_address(record->server, record->address, sizeof record->address), 0, 0);
    record->port = record->server->port;
    record->life = LIVE;
    atomic_store(&server_of_port[record->port], record);
}

static void server_new(void)
{
    static unsigned names;
    struct loop_record *owner = any_loop();
    struct server_record *record = ending || owner == NULL || servers_full() ? NULL : servers_add();
    if (record == NULL) {
        return;
    }
    record->owner = owner;
    record->threads = most_threads > 0 ? (int)below(most_threads + 1) : 0;
    char name[64];
    switch (below(4)) {
    case 0:
        snprintf(name, sizeof name, "unix:@yolanda-random-%d-%u", (int)getpid(), names++);
        record->server = yolanda_server_new(owner->loop, name, on_accepted, on_message, on_written, on_closed,
                                            record->threads);
        break;
    case 1:
        record->acceptor = acceptor_init(0);
        record->server = tcp_server_init(owner->loop, record->acceptor, on_accepted, on_message, on_written,
                                         on_closed, record->threads);
        break;
    default:
        record->server = yolanda_server_new(owner->loop, "127.0.0.1:0", on_accepted, on_message, on_written,
                                            on_closed, record->threads);
        if (record->threads > 0 && one_in(3)) {
            record->accepts_elsewhere = 1;
            RETURNS(yolanda_server_set_reuseport(record->server, 1), 0, 0);
        }
    }
    NEED(record->server != NULL);
    tcp_server_set_data(record->server, record);
    if (one_in(2)) {
        RETURNS(yolanda_server_set_thread_hooks(record->server, on_thread_start, on_thread_stop, record), 0, 0);
    }
    RETURNS(yolanda_server_start(record->server), 0, 0);
    server_started(record);
    tell("server on %s, %d threads", record->address, record->threads);
}

static void on_done(struct TCPserver *server, void *data)
{
    struct server_record *record = data;
    CHECK(record->server == server && record->life == STOPPING);
    CHECK(record->owner->life == LIVE);
    CHECK(++record->done == record->stops);
    RETURNS(yolanda_server_connections(server), 0, 0);
    record->life = STOPPED;
    act(record->owner->loop);
}

static void server_stop(struct server_record *record, int64_t deadline)
{
    if (record->life == LIVE) {
        record->stops++;
        record->life = STOPPING;
        RETURNS(yolanda_server_stop(record->server, deadline, on_done, record), 0, 0);
    } else if (record->life == STOPPING || record->life == STOPPED) {
        RETURNS(yolanda_server_stop(record->server, deadline, on_done, record), -1,
                record->life == STOPPING ? EALREADY : ESHUTDOWN);
    }
}

/* What goes with the server. */
static void server_gone(struct server_record *record)
{
    if (record->life == STOPPING) {
        record->stops--; /* given up */
    }
    record->life = FREED;
}

static void server_free(struct server_record *record)
{
    if (record->life == NOTHING || record->life == FREED) {
        return;
    }
    tell("server on %s is freed", record->address);
    server_gone(record);
    if (record->http == NULL || one_in(2)) {
        RETURNS(yolanda_server_free(record->server), 0, 0);
    } else {
        RETURNS(yolanda_http_server_free(record->http), 0, 0);
    }
    if (record->threads > 0 || record->owner->depth == 0) {
        record->gone = 1;
        CHECK(atomic_load(&record->begun) == atomic_load(&record->ended));
    }
}

static void server_change(void)
{
    struct server_record *record = servers_any(4);
    if (record == NULL || record->life == NOTHING || record->life == FREED) {
        return;
    }
    switch (below(12)) {
    case 0:
        server_free(record);
        break;
    case 1:
        server_stop(record, one_in(3) ? 0 : below(40));
        break;
    default:
        if (record->accepts_elsewhere == 0) {
            server_settings(record);
        }
    }
}

/* --- clients ---------------------------------------------------------------- */

struct client_record {
    struct yolanda_client *client;
    struct loop_record *owner;
    enum life life;
    int connected; /* completed and not yet closed */
};
LIST(client_record, clients, 400)

static int on_connected(struct tcp_connection *conn)
{
    struct client_record *client = conn->data;
    CHECK(client->life == LIVE);
    CHECK(client->connected++ == 0);
    struct conn_record *record = new_conn(conn, NULL, client);
    if (record != NULL) {
        conn_acts(record);
    }
    return 0;
}

static int on_unknown_closed(struct tcp_connection *conn)
{
    struct client_record *client = conn->data;
    CHECK(client->connected-- == 1);
    return 0;
}

static int on_disconnected(struct tcp_connection *conn)
{
    struct client_record *client = conn->data;
    CHECK(client->connected-- == 1);
    return on_closed(conn);
}

static void on_failed(struct yolanda_client *client, int error, void *data)
{
    struct client_record *record = data;
    CHECK(record->life == LIVE && record->client == client && error != 0);
    CHECK(record->connected == 0);
    act(record->owner->loop);
}

static void client_new(void)
{
    struct loop_record *owner = any_loop();
    struct server_record *server = servers_any(4);
    struct client_record *record = ending || owner == NULL || server == NULL || clients_full() ? NULL : clients_add();
    if (record == NULL) {
        return;
    }
    char text[140];
    const char *address = server->http != NULL || one_in(8) ? "127.0.0.1:1" : server->address;
    if (server->port != 0 && server->http == NULL && one_in(8)) {
        snprintf(text, sizeof text, "localhost:%d", server->port);
        address = text;
    }
    record->owner = owner;
    record->client = yolanda_client_new(owner->loop, address, on_connected, on_message, on_written,
                                        on_disconnected);
    NEED(record->client != NULL);
    record->life = STOPPED;
    RETURNS(yolanda_client_set_data(record->client, record), 0, 0);
    RETURNS(yolanda_client_set_failed_callback(record->client, on_failed, record), 0, 0);
    RETURNS(yolanda_client_set_timeout(record->client, one_in(4) ? 1 + below(20) : 20000), 0, 0);
    RETURNS(yolanda_client_set_reconnect(record->client, one_in(2) * (1 + below(3)), 5, (int)below(3)), 0, 0);
    if (one_in(4)) {
        yolanda_client_set_timeouts(record->client, 10 + below(50), 0, 0);
        yolanda_client_set_limits(record->client, 20000, 0, YOLANDA_LIMIT_REFUSE);
        yolanda_client_set_water_marks(record->client, 10, 1000, on_mark, on_mark);
        yolanda_client_set_nodelay(record->client, one_in(2));
        yolanda_client_set_keepalive(record->client, 5, 5, 5);
    }
    RETURNS(yolanda_client_start(record->client), 0, 0);
    record->life = LIVE;
    tell("client of %s", address);
}

static void client_free(struct client_record *record)
{
    if (record->life == LIVE || record->life == STOPPED) {
        record->life = FREED;
        RETURNS(yolanda_client_free(record->client), 0, 0);
    }
}

static void client_change(void)
{
    struct client_record *record = clients_any(6);
    if (record == NULL || record->life == NOTHING || record->life == FREED) {
        return;
    }
    errno = 0;
    switch (below(6)) {
    case 0:
        client_free(record);
        break;
    case 1:
        CHECK(yolanda_client_stop(record->client) == 0 || errno == EALREADY);
        record->life = STOPPED;
        break;
    case 2:
        CHECK(yolanda_client_start(record->client) == 0 || errno == EALREADY || errno == EISCONN);
        record->life = LIVE;
        break;
    default:
        CHECK(yolanda_client_is_active(record->client) >= 0);
        CHECK(yolanda_client_connection(record->client) != NULL || errno == ENOTCONN);
    }
}

static void conn_change(void)
{
    struct conn_record *record = conns_any(12);
    if (!usable(record)) {
        return;
    }
    if (one_in(6) && atomic_load(&record->refs) > 0) {
        conn_let_go(record);
    } else {
        conn_act(record, !record->elsewhere);
    }
}

/* --- at the end ------------------------------------------------------------- */

/* `in` has all of what connection `number` sent, where both ended in order. */
static void check_stream(const struct incoming *in, unsigned number)
{
    if (number == 0 || !in->ended) {
        return;
    }
    if (number > atomic_load(&conns_count)) {
        fail("bytes of a connection %u that there isn't", number);
        return;
    }
    struct conn_record *sender = &conns_list[number - 1];
    /* What another thread sends may find a connection that its peer has ended. */
    if (sender->error == 0 && !(sender->sends_elsewhere && in->first) && in->at != sender->accepted) {
        fail("connection %u: %zu bytes of %zu arrived", number, in->at, sender->accepted);
    }
}

static void check_tcp(void)
{
    struct server_record *server;
    struct conn_record *conn;
    for EACH (servers, server) {
        CHECK(server->gone);
        CHECK(server->done == server->stops);
        CHECK(atomic_load(&server->begun) == atomic_load(&server->ended));
    }
    for EACH (conns, conn) {
        CHECK(atomic_load(&conn->closed) == 1);
        CHECK(atomic_load(&conn->destroyed) == 1);
        check_stream(&conn->incoming, conn->incoming.at >= 4 ? number_of(&conn->incoming) : 0);
    }
}

#endif
