/* struct yolanda_callbacks: callbacks with data, of servers, clients and single connections. */
#include "server_aid.h"

struct record {
    atomic_int completed, messages, written, closed, destroyed;
    _Atomic pthread_t thread;
    int others; /* callbacks that ran on another thread than the first */
};

static struct record records[4];

static void seen(struct record *record)
{
    pthread_t none = 0;
    if (!atomic_compare_exchange_strong(&record->thread, &none, pthread_self())) {
        record->others += !pthread_equal(none, pthread_self());
    }
}

static void destroy(void *data)
{
    ((struct record *)data)->destroyed++;
}

static void is_completed(struct tcp_connection *connection, void *data)
{
    CHECK(pthread_equal(connection->eventLoop->owner_thread_id, pthread_self()));
    CHECK_INT(((struct record *)data)->destroyed, 0);
    seen(data);
    ((struct record *)data)->completed++;
}

static void has_message(struct tcp_connection *connection, struct buffer *input, void *data)
{
    seen(data);
    ((struct record *)data)->messages++;
    CHECK_INT(((struct record *)data)->destroyed, 0);
    tcp_connection_send_buffer(connection, input);
}

static void is_written(struct tcp_connection *connection, void *data)
{
    (void)connection;
    seen(data);
    ((struct record *)data)->written++;
}

static void is_closed(struct tcp_connection *connection, void *data)
{
    CHECK(yolanda_connection_error(connection) >= 0);
    CHECK_INT(((struct record *)data)->destroyed, 0);
    seen(data);
    ((struct record *)data)->closed++;
}

static struct yolanda_callbacks with(struct record *record)
{
    return (struct yolanda_callbacks){
        .size = sizeof(struct yolanda_callbacks), .data = record, .destroy = destroy,
        .completed = is_completed, .message = has_message, .write_completed = is_written, .closed = is_closed,
    };
}

CASE(of_a_server)
{
    for (int threads = 0; threads <= 1; threads++) {
        struct record *record = &records[threads];
        struct yolanda_callbacks callbacks = with(record);
        make("127.0.0.1:0", threads);
        CHECK_INT(yolanda_server_set_callbacks(server, &callbacks), 0);
        memset(&callbacks, 0xff, sizeof callbacks); /* it was copied */
        CHECK_INT(yolanda_server_start(server), 0);
        for (int i = 1; i <= 3; i++) {
            int client = visit();
            echoed(client, "hello");
            CHECK_INT(record->completed, i);
            close(client);
            UNTIL(record->closed == i);
        }
        CHECK(record->messages >= 3);
        CHECK_INT(record->others, 0);
        CHECK_INT(pthread_equal(record->thread, pthread_self()), threads == 0);
        CHECK_INT(record->destroyed, 0);
        CHECK_INT(completed + messages + closed, 0);
        end();
        CHECK_INT(record->destroyed, 1);
    }
}

CASE(data_outlives_the_server_as_long_as_a_connection_does)
{
    struct record *record = &records[0];
    struct yolanda_callbacks callbacks = with(record);
    struct tcp_connection *kept = NULL;
    make("127.0.0.1:0", 0);
    CHECK_INT(yolanda_server_set_callbacks(server, &callbacks), 0);
    CHECK_INT(yolanda_server_start(server), 0);
    int client = visit();
    echoed(client, "hello");
    /* The only connection of the loop that isn't the server's. */
    for (int fd = 0; fd < loop->channelMap->nentries && kept == NULL; fd++) {
        struct channel *channel = entry(loop, fd);
        char name[22];
        snprintf(name, sizeof name, "connection-%d", fd);
        if (channel != NULL && channel->data != NULL && fd != server->acceptor->listen_fd &&
            fd != loop->socketPair[1]) {
            kept = yolanda_connection_retain(channel->data);
        }
    }
    NEED(kept != NULL);
    CHECK_INT(yolanda_server_free(server), 0);
    UNTIL(record->closed == 1);
    yolanda_loop_run_once(loop, 0);
    CHECK_INT(record->destroyed, 0);
    CHECK_INT(yolanda_connection_release(kept), 0);
    CHECK_INT(record->destroyed, 1);
    close(client);
    end();
}

CASE(of_a_client)
{
    struct record *one = &records[0], *two = &records[1];
    struct yolanda_callbacks first = with(one), second = with(two);
    serve("127.0.0.1:0", 0);
    char address[64];
    CHECK_INT(yolanda_server_address(server, address, sizeof address), 0);
    struct yolanda_client *client = yolanda_client_new(loop, address, NULL, NULL, NULL, NULL);
    NEED(client != NULL);
    CHECK_INT(yolanda_client_set_callbacks(client, &first), 0);
    CHECK_INT(yolanda_client_start(client), 0);
    UNTIL(one->completed == 1);
    /* The connection keeps what it has. */
    CHECK_INT(yolanda_client_set_callbacks(client, &second), 0);
    CHECK_INT(one->destroyed, 0);
    CHECK_INT(yolanda_client_stop(client), 0);
    UNTIL(one->closed == 1);
    yolanda_loop_run_once(loop, 0);
    CHECK_INT(one->destroyed, 1);
    CHECK_INT(yolanda_client_start(client), 0);
    UNTIL(two->completed == 1);
    CHECK_INT(yolanda_client_free(client), 0);
    UNTIL(two->closed == 1);
    end();
    CHECK_INT(two->destroyed, 1);
    CHECK_INT(one->destroyed, 1);
}

static struct tcp_connection *made;
static int sockets[2];

static void make_here(void *data)
{
    struct yolanda_callbacks callbacks = with(data);
    made = yolanda_connection_new(loop, sockets[0], &callbacks);
    NEED(made != NULL);
}

CASE(of_a_connection_that_a_program_makes)
{
    loop = yolanda_loop_new(NULL, NULL);
    for (int i = 0; i < 2; i++) {
        struct record *record = &records[i];
        make_sockets(sockets);
        if (i == 0) {
            make_here(record);
        } else {
            on_thread(make_here, record);
            CHECK_INT(record->completed, 0);
        }
        put(sockets[1], "hello");
        UNTIL(readable(sockets[1]));
        CHECK_INT(record->completed, 1);
        CHECK_INT(record->messages, 1);
        CHECK(pthread_equal(record->thread, pthread_self()));
        close(sockets[1]);
        UNTIL(record->closed == 1);
        yolanda_loop_run_once(loop, 0);
        CHECK_INT(record->destroyed, 1);
        CHECK_INT(record->others, 0);
    }
    end();
}

CASE(a_loop_that_ends_before_the_connection_comes)
{
    struct record *record = &records[0];
    loop = yolanda_loop_new(NULL, NULL);
    make_sockets(sockets);
    on_thread(make_here, record);
    end();
    CHECK_INT(record->closed, 1);
    CHECK_INT(record->destroyed, 1);
    CHECK(!readable(sockets[1]) || read(sockets[1], records, 1) == 0);
}

static void changes(struct tcp_connection *connection, struct buffer *input, void *data)
{
    struct record *record = data;
    struct yolanda_callbacks next = with(record + 1);
    input->readIndex = input->writeIndex;
    CHECK_INT(yolanda_connection_set_callbacks(connection, &next), 0);
    /* Not under the callback. */
    CHECK_INT(record->destroyed, 0);
    record->messages++;
}

static void close_it(struct tcp_connection *connection, void *data)
{
    ((struct record *)data)->completed++;
    CHECK_INT(yolanda_connection_close(connection), 0);
}

CASE(replaced_by_the_callback_itself)
{
    struct yolanda_callbacks callbacks = with(&records[0]);
    callbacks.message = changes;
    loop = yolanda_loop_new(NULL, NULL);
    make_sockets(sockets);
    made = yolanda_connection_new(loop, sockets[0], &callbacks);
    NEED(made != NULL);
    put(sockets[1], "1");
    UNTIL(records[0].messages == 1);
    CHECK_INT(records[0].destroyed, 1);
    put(sockets[1], "2");
    UNTIL(records[1].messages == 1);
    CHECK_INT(records[1].completed, 0);
    close(sockets[1]);
    UNTIL(records[1].closed == 1);
    CHECK_INT(records[0].closed, 0);
    yolanda_loop_run_once(loop, 0);
    CHECK_INT(records[1].destroyed, 1);
    end();
}

CASE(closed_by_the_completed_callback)
{
    struct yolanda_callbacks callbacks = with(&records[0]);
    callbacks.completed = close_it;
    make("127.0.0.1:0", 0);
    CHECK_INT(yolanda_server_set_callbacks(server, &callbacks), 0);
    CHECK_INT(yolanda_server_start(server), 0);
    int client = visit();
    UNTIL(readable(client));
    char byte;
    CHECK_INT(recv(client, &byte, 1, 0), 0);
    CHECK_INT(records[0].completed, 1);
    CHECK_INT(records[0].closed, 1);
    end();
    CHECK_INT(records[0].destroyed, 1);
}

CASE(only_some_of_them)
{
    struct record *record = &records[0];
    struct yolanda_callbacks callbacks = { .size = offsetof(struct yolanda_callbacks, write_completed),
                                           .data = record, .message = has_message, .closed = is_closed };
    make("127.0.0.1:0", 0);
    CHECK_INT(yolanda_server_set_callbacks(server, &callbacks), 0);
    CHECK_INT(yolanda_server_start(server), 0);
    int client = visit();
    echoed(client, "hello");
    close(client);
    UNTIL(yolanda_server_connections(server) == 0);
    CHECK_INT(record->completed, 0);
    CHECK_INT(record->closed, 0); /* beyond the size */
    end();
    CHECK_INT(record->destroyed, 0);
}

static void on_another_thread(void *callbacks)
{
    CHECK_INT(yolanda_server_set_callbacks(server, callbacks), -1);
    CHECK_INT(errno, EPERM);
    CHECK_INT(yolanda_connection_set_callbacks(made, callbacks), -1);
    CHECK_INT(errno, EPERM);
}

CASE(a_call_that_fails_leaves_the_data)
{
    struct record *record = &records[0];
    struct yolanda_callbacks callbacks = with(record), none = with(record);
    none.size = 8;
    make("127.0.0.1:0", 0);
    make_sockets(sockets);
    make_here(&records[1]);
    CHECK_INT(yolanda_server_set_callbacks(NULL, &callbacks), -1);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(yolanda_server_set_callbacks(server, NULL), -1);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(yolanda_server_set_callbacks(server, &none), -1);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(yolanda_client_set_callbacks(NULL, &callbacks), -1);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(yolanda_connection_set_callbacks(NULL, &callbacks), -1);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(yolanda_connection_set_callbacks(made, NULL), -1);
    CHECK_INT(errno, EINVAL);
    CHECK(yolanda_connection_new(NULL, sockets[1], &callbacks) == NULL);
    CHECK_INT(errno, EINVAL);
    CHECK(yolanda_connection_new(loop, -1, &callbacks) == NULL);
    CHECK_INT(errno, EBADF);
    CHECK_TEXT(yolanda_last_error(), "-1 isn't an open descriptor");
    CHECK(yolanda_connection_new(loop, sockets[1], &none) == NULL);
    CHECK_INT(errno, EINVAL);
    CHECK(fcntl(sockets[1], F_GETFD) >= 0);
    on_thread(on_another_thread, &callbacks);
    CHECK_INT(yolanda_server_start(server), 0);
    CHECK_INT(yolanda_server_set_callbacks(server, &callbacks), -1);
    CHECK_INT(errno, EBUSY);
    struct http_server *http = yolanda_http_server_new(loop, "127.0.0.1:0", NULL, 0);
    NEED(http != NULL);
    CHECK_INT(yolanda_server_set_callbacks(http->tcpServer, &callbacks), -1);
    CHECK_INT(errno, ENOTSUP);
    end();
    CHECK_INT(record->destroyed, 0);
    CHECK_INT(records[1].destroyed, 1);
}
