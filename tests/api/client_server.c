/* client_server.c - clients and servers of the library together: a server that is stopped and started
 * again, on the clients' own loop and with threads. */
#include "client_aid.h"

enum { CLIENTS = 50 };

static struct TCPserver *server;
static struct yolanda_client *clients[CLIENTS];
static char address[64];
static int answers[CLIENTS], servers_done;

static int echo(struct buffer *buffer, struct tcp_connection *conn)
{
    NEED(tcp_connection_send_buffer(conn, buffer) >= 0);
    return 0;
}

static void serve(const char *where, int threads)
{
    server = yolanda_server_new(loop, where, NULL, echo, NULL, NULL, threads);
    NEED(server != NULL && yolanda_server_start(server) == 0);
    NEED(yolanda_server_address(server, address, sizeof address) == 0);
}

static int ask(struct tcp_connection *conn)
{
    note('C');
    CHECK_INT(tcp_connection_send_data(conn, &conn->data, sizeof conn->data), sizeof conn->data);
    return 0;
}

static int hear(struct buffer *buffer, struct tcp_connection *conn)
{
    if (buffer->writeIndex - buffer->readIndex == sizeof conn->data) {
        CHECK(memcmp(buffer->data + buffer->readIndex, &conn->data, sizeof conn->data) == 0);
        ++*(int *)conn->data;
        buffer->readIndex = buffer->writeIndex;
    }
    return 0;
}

static int answered(int n)
{
    int all = 0;
    for (int i = 0; i < CLIENTS; i++) {
        all += answers[i] == n;
    }
    return all;
}

static void on_done(struct TCPserver *stopped, void *data)
{
    CHECK(stopped == server && data == &servers_done);
    servers_done++;
}

static int64_t connections(void)
{
    struct yolanda_loop_stats stats;
    CHECK_INT(yolanda_loop_get_stats(loop, &stats, sizeof stats), 0);
    return (int64_t)stats.connections;
}

static void comes_back(const char *where, int threads)
{
    make_loop();
    serve(where, threads);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = yolanda_client_new(loop, address, ask, hear, NULL, on_closed);
        NEED(clients[i] != NULL);
        CHECK_INT(yolanda_client_set_data(clients[i], &answers[i]), 0);
        CHECK_INT(yolanda_client_set_reconnect(clients[i], 1, 20, 0), 0);
        CHECK_INT(yolanda_client_start(clients[i]), 0);
    }
    RUN_UNTIL(answered(1) == CLIENTS);
    for (int round = 2; round <= 4; round++) {
        CHECK_INT(yolanda_server_stop(server, SECONDS * 1000, on_done, &servers_done), 0);
        RUN_UNTIL(servers_done == round - 1 && times('X') == (round - 1) * CLIENTS);
        CHECK_INT(yolanda_server_free(server), 0);
        settle();
        CHECK_INT(connections(), 0);
        serve(address, threads);
        RUN_UNTIL(answered(round) == CLIENTS);
        CHECK_INT(times('C'), round * CLIENTS);
    }
    for (int i = 0; i < CLIENTS; i++) {
        CHECK_INT(i % 2 ? yolanda_client_free(clients[i]) : yolanda_client_stop(clients[i]), 0);
    }
    RUN_UNTIL(times('X') == 4 * CLIENTS);
    CHECK_INT(yolanda_server_free(server), 0);
    RUN_UNTIL(connections() == 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(a_server_on_the_clients_loop)
{
    refusing(address);
    comes_back(address, 0);
}

CASE(a_server_with_threads)
{
    refusing(address);
    comes_back(address, 2);
}

CASE(a_server_of_a_unix_socket)
{
    char where[64];
    snprintf(where, sizeof where, "unix:@yolanda-client-%d", (int)getpid());
    comes_back(where, 1);
}

/* The loop's end is that of both, with bytes on their way in both directions. */
CASE(a_loop_with_both)
{
    for (int i = 0; i < 20; i++) {
        int fds = open_fds();
        loop = NULL;
        forget();
        make_loop();
        serve("127.0.0.1:0", i % 3);
        for (int n = 0; n < CLIENTS; n++) {
            clients[n] = yolanda_client_new(loop, address, ask, hear, NULL, on_closed);
            NEED(clients[n] != NULL);
            CHECK_INT(yolanda_client_set_data(clients[n], &answers[n]), 0);
            CHECK_INT(yolanda_client_start(clients[n]), 0);
        }
        for (int pass = 0; pass < i / 2; pass++) {
            yolanda_loop_run_once(loop, 0);
        }
        int made = times('C');
        CHECK_INT(yolanda_loop_free(loop), 0);
        CHECK_INT(times('C'), made);
        CHECK_INT(times('X'), made);
        CHECK_INT(open_fds(), fds);
    }
}
