/* yolanda_server_free: what is left ends at once, threads are joined, inside any callback; and the
 * hooks of threads. */
#include "server_aid.h"

#include "lib/acceptor.h"
#include "lib/http_server.h"
#include "lib/utils.h"

/* Without threads, with threads, with a socket for each. */
#define EACH_WAY(threads, each)                                                                    \
    for (int way_ = 0, threads = 0, each = 0; way_ < 3;                                            \
         way_++, threads = way_ > 0 ? 2 : 0, each = way_ == 2)

static void start(int threads, int each)
{
    make("127.0.0.1:0", threads);
    CHECK_INT(yolanda_server_set_reuseport(server, each), 0);
    CHECK_INT(yolanda_server_start(server), 0);
}

static void nobody_listens(int port)
{
    CHECK_INT(dial_port(port), -1);
    CHECK_INT(errno, ECONNREFUSED);
}

CASE(outside_of_callbacks_all_is_over)
{
    EACH_WAY(threads, each)
    {
        int before = open_fds(), fds[20];
        start(threads, each);
        for (int i = 0; i < 20; i++) {
            fds[i] = visit();
            echoed(fds[i], "hello");
        }
        int port = server->port;
        CHECK_INT(yolanda_server_free(server), 0);
        CHECK_INT(closed, 20);
        CHECK_INT(last_error, ESHUTDOWN);
        has_threads(1);
        nobody_listens(port);
        for (int i = 0; i < 20; i++) {
            ends_after(fds[i], 0);
            close(fds[i]);
        }
        end();
        CHECK_INT(open_fds(), before);
    }
}

CASE(never_started)
{
    int before = open_fds();
    make("127.0.0.1:0", 2);
    int port = server->port;
    CHECK_INT(yolanda_server_free(server), 0);
    nobody_listens(port);
    make(own_address(), 2);
    CHECK_INT(yolanda_server_free(server), 0);
    end();
    CHECK_INT(open_fds(), before);
}

CASE(an_acceptor_of_the_programs)
{
    int before = open_fds();
    loop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(0);
    server = tcp_server_init(loop, acceptor, on_completed, on_message, NULL, on_closed, 0);
    CHECK_INT(yolanda_server_free(server), 0);
    CHECK(fcntl(acceptor->listen_fd, F_GETFD) >= 0);
    server = tcp_server_init(loop, acceptor, on_completed, on_message, NULL, on_closed, 2);
    tcp_server_start(server);
    int fd = visit();
    echoed(fd, "hello");
    CHECK_INT(yolanda_server_free(server), 0);
    CHECK_INT(closed, 1);
    CHECK_INT(acceptor->listen_fd, -1);
    free(acceptor);
    close(fd);
    end();
    CHECK_INT(open_fds(), before);
}

/* The program closed the listening descriptor, and another file has its number by now. */
CASE(a_number_that_is_somebody_elses)
{
    for (int stop = 0; stop < 2; stop++) {
        loop = event_loop_init();
        struct acceptor *acceptor = acceptor_init(0);
        server = tcp_server_init(loop, acceptor, on_completed, on_message, NULL, on_closed, 0);
        tcp_server_start(server);
        int number = acceptor->listen_fd, tubes[2];
        make_pipe(tubes);
        move_fd(tubes[0], number);
        if (stop) {
            CHECK_INT(yolanda_server_stop(server, 0, NULL, NULL), 0);
        }
        CHECK_INT(yolanda_server_free(server), 0);
        put(tubes[1], "x");
        char byte;
        CHECK_INT(read(number, &byte, 1), 1);
        close(number);
        close(tubes[1]);
        free(acceptor);
        end();
    }
}

/* A stop that isn't over is given up. */
static void never(struct TCPserver *which, void *data)
{
    (void)which;
    CHECK(data == NULL && "called");
}

CASE(while_it_stops)
{
    EACH_WAY(threads, each)
    {
        for (int deadline = -1; deadline <= 1; deadline++) {
            start(threads, each);
            int fd = visit();
            echoed(fd, "hello");
            CHECK_INT(yolanda_server_stop(server, deadline, never, "data"), 0);
            CHECK_INT(yolanda_server_free(server), 0);
            CHECK_INT(closed, 1);
            for (int i = 0; i < 5; i++) {
                yolanda_loop_run_once(loop, 2);
            }
            close(fd);
            end();
        }
    }
}

static void free_and_count(struct TCPserver *which, void *data)
{
    CHECK(data == &done);
    CHECK_INT(yolanda_server_free(which), 0);
    done++;
}

CASE(in_the_callback_of_its_stop)
{
    EACH_WAY(threads, each)
    {
        struct TCPserver *servers[3];
        for (int i = 0; i < 3; i++) {
            start(threads, each);
            servers[i] = server;
        }
        int fd = visit();
        echoed(fd, "hello");
        for (int i = 0; i < 3; i++) {
            CHECK_INT(yolanda_server_stop(servers[i], -1, free_and_count, &done), 0);
        }
        close(fd);
        UNTIL(done == 3);
        has_threads(1);
        end();
    }
}

/* What frees the server, and how often it did. */
static atomic_int freed;

static void free_it(void)
{
    if (freed++ == 0) {
        CHECK_INT(yolanda_server_free(server), 0);
    }
}

static int free_when_completed(struct tcp_connection *connection)
{
    completed++;
    free_it();
    /* It is live until its closed callback has returned. */
    CHECK(connection->channel->fd >= 0 && strlen(connection->name) > 0);
    return 0;
}

static int free_when_asked(struct buffer *input, struct tcp_connection *connection)
{
    messages++;
    free_it();
    CHECK(buffer_readable_size(input) > 0);
    CHECK_INT(tcp_connection_send_buffer(connection, input) < 0 ? 0 : 0, 0);
    return 0;
}

static int free_when_closed(struct tcp_connection *connection)
{
    closed++;
    CHECK(connection->channel->fd >= 0);
    free_it();
    return 0;
}

static int free_when_written(struct tcp_connection *connection)
{
    (void)connection;
    free_it();
    return 0;
}

static int send_much(struct buffer *input, struct tcp_connection *connection)
{
    static char much[8 << 20];
    input->readIndex = input->writeIndex;
    CHECK(tcp_connection_send_data(connection, much, sizeof much) >= 0);
    messages++;
    return 0;
}

static void free_posted(struct event_loop *where, void *data)
{
    (void)where;
    (void)data;
    free_it();
}

static void free_on_time(struct event_loop *where, yolanda_timer timer, void *data)
{
    (void)where;
    (void)timer;
    (void)data;
    free_it();
}

static int free_in_channel(void *data)
{
    struct channel *channel = data;
    event_loop_remove_channel_event(loop, channel->fd, channel);
    free_it();
    return 0;
}

CASE(in_the_completed_callback)
{
    for (int threads = 0; threads <= 2; threads += 2) {
        int before = open_fds(), fds[3];
        make("127.0.0.1:0", threads);
        server->connectionCompletedCallBack = free_when_completed;
        CHECK_INT(yolanda_server_start(server), 0);
        for (int i = 0; i < 3; i++) {
            fds[i] = visit();
        }
        for (int i = 0; i < 3; i++) {
            ends(fds[i]);
            close(fds[i]);
        }
        CHECK_INT(freed, 1);
        has_threads(1);
        UNTIL(closed == 1);
        end();
        CHECK_INT(open_fds(), before);
        freed = 0;
    }
}

CASE(in_the_message_callback)
{
    start(0, 0);
    server->messageCallBack = free_when_asked;
    int fds[5];
    for (int i = 0; i < 5; i++) {
        fds[i] = visit();
        put(fds[i], "free");
    }
    for (int i = 0; i < 5; i++) {
        ends(fds[i]);
        close(fds[i]);
    }
    CHECK_INT(freed, 1);
    UNTIL(closed == completed);
    end();
}

CASE(in_the_closed_callback)
{
    start(0, 0);
    server->connectionClosedCallBack = free_when_closed;
    int fds[5];
    for (int i = 0; i < 5; i++) {
        fds[i] = visit();
        echoed(fds[i], "hello");
    }
    close(fds[0]);
    for (int i = 1; i < 5; i++) {
        ends(fds[i]);
        close(fds[i]);
    }
    UNTIL(closed == 5);
    end();
}

CASE(in_the_write_completed_callback)
{
    start(0, 0);
    server->messageCallBack = send_much;
    server->writeCompletedCallBack = free_when_written;
    int fd = visit();
    put(fd, "much");
    ends_after(fd, 8 << 20);
    CHECK_INT(freed, 1);
    close(fd);
    UNTIL(closed == 1);
    end();
}

CASE(in_a_posted_function_a_timer_a_channel)
{
    EACH_WAY(threads, each)
    {
        for (int way = 0; way < 3; way++) {
            struct channel channel = { eventfd(1, EFD_CLOEXEC), EVENT_READ, free_in_channel, NULL, &channel };
            start(threads, each);
            int fd = visit();
            echoed(fd, "hello");
            if (way == 0) {
                CHECK_INT(yolanda_loop_post(loop, free_posted, NULL), 0);
            } else if (way == 1) {
                CHECK(yolanda_timer_start(loop, 1, 0, free_on_time, NULL) != 0);
            } else {
                CHECK_INT(event_loop_add_channel_event(loop, channel.fd, &channel), 0);
            }
            ends(fd);
            UNTIL(freed && closed == 1);
            close(channel.fd);
            close(fd);
            end();
            freed = 0;
        }
    }
}

/* On one of its threads: refused, and it goes on. */
static int free_on_a_thread(struct buffer *input, struct tcp_connection *connection)
{
    messages++;
    REFUSED(yolanda_server_free(server), EPERM);
    REFUSED(yolanda_server_stop(server, 0, NULL, NULL), EPERM);
    tcp_connection_send_buffer(connection, input);
    return 0;
}

CASE(on_its_own_thread)
{
    start(2, 0);
    server->messageCallBack = free_on_a_thread;
    int fd = visit();
    echoed(fd, "not here");
    close(fd);
    end();
}

/* A retained connection keeps what it needs of its server and its loop. */
static struct tcp_connection *kept;

static int keep(struct tcp_connection *connection)
{
    completed++;
    kept = yolanda_connection_retain(connection);
    return 0;
}

CASE(a_retained_connection_outlives_it)
{
    EACH_WAY(threads, each)
    {
        make("127.0.0.1:0", threads);
        CHECK_INT(yolanda_server_set_reuseport(server, each), 0);
        server->connectionCompletedCallBack = keep;
        CHECK_INT(yolanda_server_start(server), 0);
        int fd = visit();
        echoed(fd, "hello");
        CHECK_INT(yolanda_server_free(server), 0);
        end();
        CHECK_INT(yolanda_connection_is_open(kept), 0);
        CHECK_INT(yolanda_connection_error(kept), ESHUTDOWN);
        REFUSED(tcp_connection_send_data(kept, "late", 4), ENOTCONN);
        struct buffer *empty = buffer_new();
        REFUSED(tcp_connection_send_buffer(kept, empty), ENOTCONN);
        buffer_free(empty);
        CHECK_INT(yolanda_connection_release(kept), 0);
        close(fd);
    }
}

CASE(of_two_servers_one)
{
    EACH_WAY(threads, each)
    {
        start(threads, each);
        struct TCPserver *first = server;
        int stays = visit();
        echoed(stays, "first");
        start(threads, each);
        int goes = visit();
        echoed(goes, "second");
        CHECK_INT(yolanda_server_free(server), 0);
        CHECK_INT(closed, 1);
        ends(goes);
        echoed(stays, "still");
        server = first;
        int more = visit();
        echoed(more, "and more");
        close(stays);
        close(goes);
        close(more);
        end();
    }
}

CASE(at_the_limit_with_clients_waiting)
{
    EACH_WAY(threads, each)
    {
        start(threads, each);
        CHECK_INT(yolanda_server_set_max_connections(server, 1), 0);
        int one = visit();
        echoed(one, "hello");
        int two = visit();
        yolanda_loop_run_once(loop, 10);
        CHECK_INT(yolanda_server_free(server), 0);
        ends(two);
        CHECK_INT(completed, 1);
        close(one);
        close(two);
        end();
    }
}

static atomic_int go_on;

static void come(void *data)
{
    int port = *(int *)data;
    while (go_on) {
        char byte = '?';
        int fd = dial_port(port);
        if (fd >= 0) {
            if (send(fd, &byte, 1, MSG_NOSIGNAL) == 1 && recv(fd, &byte, 1, 0) == 1) {
                done++;
            }
            close(fd);
        }
    }
}

CASE(while_clients_come)
{
    EACH_WAY(threads, each)
    {
        for (int i = 0; i < 10; i++) {
            start(threads, each);
            int port = server->port;
            go_on = 1;
            done = 0;
            pthread_t clients[2] = { start_thread(come, &port), start_thread(come, &port) };
            UNTIL(done > 20);
            CHECK_INT(yolanda_server_free(server), 0);
            CHECK_INT(completed, closed);
            go_on = 0;
            join(clients[0]);
            join(clients[1]);
            end();
        }
    }
}

static int page(struct http_request *request, struct http_response *response)
{
    (void)request;
    response->statusCode = OK;
    response->statusMessage = "OK";
    response->body = "page";
    return 0;
}

CASE(an_http_server_that_never_started)
{
    int before = open_fds();
    loop = yolanda_loop_new(NULL, NULL);
    struct http_server *http = http_server_new(loop, 0, page, 2);
    NEED(http != NULL);
    CHECK_INT(yolanda_server_free(http->tcpServer), 0);
    end();
    CHECK_INT(open_fds(), before);
}

CASE(an_http_server)
{
    for (int threads = 0; threads <= 2; threads += 2) {
        int before = open_fds();
        loop = yolanda_loop_new(NULL, NULL);
        struct http_server *http = http_server_new(loop, 0, page, threads);
        NEED(http != NULL);
        server = http->tcpServer;
        http_server_start(http);
        int idle = visit(), begun = visit();
        put(begun, "GET / HT");
        put(idle, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        UNTIL(readable(idle));
        CHECK_INT(yolanda_server_free(server), 0);
        close(idle);
        close(begun);
        end();
        CHECK_INT(open_fds(), before);
        has_threads(1);
    }
}

/* Hooks of threads. */
static atomic_int starts, stops;
static pthread_t started_on[8];
static struct event_loop *started_loops[8];

static void on_start(struct event_loop *where, void *data)
{
    CHECK(data == &starts);
    CHECK(isInSameThread(where));
    started_loops[starts] = where;
    started_on[starts++] = pthread_self();
    /* Before anything was accepted. */
    CHECK_INT(completed, 0);
}

static void on_stop(struct event_loop *where, void *data)
{
    CHECK(data == &starts);
    CHECK(isInSameThread(where));
    int found = 0;
    for (int i = 0; i < starts; i++) {
        found |= started_loops[i] == where && pthread_equal(started_on[i], pthread_self());
    }
    CHECK(found);
    stops++;
    if (yolanda_loop_post(where, (yolanda_loop_callback)on_stop, &starts) < 0) {
        CHECK_INT(errno, ESHUTDOWN);
    } else {
        CHECK(where == loop);
        stops--; /* it is called once more */
    }
}

CASE(hooks_run_on_their_threads)
{
    EACH_WAY(threads, each)
    {
        make("127.0.0.1:0", threads);
        CHECK_INT(yolanda_server_set_reuseport(server, each), 0);
        CHECK_INT(yolanda_server_set_thread_hooks(server, on_start, threads ? on_stop : NULL, &starts), 0);
        CHECK_INT(starts, 0);
        CHECK_INT(yolanda_server_start(server), 0);
        CHECK_INT(starts, threads ? threads : 1);
        if (threads > 0) {
            CHECK(!pthread_equal(started_on[0], started_on[1]));
            CHECK(!pthread_equal(started_on[0], pthread_self()));
            CHECK(started_loops[0] == server->threadPool->eventLoopThreads[0].eventLoop);
            CHECK(started_loops[1] == server->threadPool->eventLoopThreads[1].eventLoop);
        } else {
            CHECK(started_loops[0] == loop);
        }
        int fd = visit();
        echoed(fd, "hello");
        CHECK_INT(stops, 0);
        CHECK_INT(yolanda_server_stop(server, 0, NULL, NULL), 0);
        UNTIL(closed == 1);
        CHECK_INT(stops, 0);
        CHECK_INT(yolanda_server_free(server), 0);
        CHECK_INT(stops, threads);
        close(fd);
        end();
        starts = stops = 0;
    }
}

static void count_stop(struct event_loop *where, void *data)
{
    CHECK(where == loop && data == &starts && isInSameThread(where));
    /* Connections of threads are gone; the loop's own go in its pass. */
    stops++;
}

CASE(hooks_without_threads)
{
    make("127.0.0.1:0", 0);
    CHECK_INT(yolanda_server_set_thread_hooks(server, on_start, count_stop, &starts), 0);
    CHECK_INT(yolanda_server_free(server), 0);
    /* It never started. */
    CHECK_INT(starts + stops, 0);
    make("127.0.0.1:0", 0);
    CHECK_INT(yolanda_server_set_thread_hooks(server, on_start, count_stop, &starts), 0);
    CHECK_INT(yolanda_server_start(server), 0);
    CHECK_INT(starts, 1);
    end();
    CHECK_INT(stops, 1);
}

static long pages(void)
{
    long now = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    NEED(file != NULL && fscanf(file, "%*d %ld", &now) == 1);
    fclose(file);
    return now;
}

CASE(again_and_again_it_leaves_nothing)
{
    int fds = 0;
    long size = 0;
    for (int i = 0; i < 200; i++) {
        start(i % 3, i % 2);
        int fd = visit();
        echoed(fd, "hello");
        if (i % 5 == 0) {
            CHECK_INT(yolanda_server_stop(server, 1000, on_done, &done), 0);
            ends_after(fd, 0);
            close(fd);
            UNTIL(done);
        }
        if (i % 7 != 0) {
            CHECK_INT(yolanda_server_free(server), 0);
        }
        if (i % 5 != 0) {
            close(fd);
        }
        end();
        if (i == 40) {
            fds = open_fds();
            size = pages();
        }
    }
    CHECK_INT(open_fds(), fds);
    has_threads(1);
    CHECK(SANITIZED || pages() <= size + 128);
}

CASE(never_started_they_go_with_the_loop)
{
    int before = open_fds();
    loop = yolanda_loop_new(NULL, NULL);
    NEED(http_server_new(loop, 0, NULL, 0) != NULL);
    struct acceptor *acceptor = acceptor_init(0);
    NEED(tcp_server_init(loop, acceptor, NULL, NULL, NULL, NULL, 2) != NULL);
    CHECK_INT(yolanda_loop_free(loop), 0);
    /* What the program made stays the program's. */
    CHECK_INT(close(acceptor->listen_fd), 0);
    free(acceptor);
    CHECK_INT(open_fds(), before);
}

/* A pool of the program's in the place of the server's own: its threads close their sockets when they come
 * to that, after the server. */
CASE(with_threads_of_a_pool_that_stays)
{
    int before = open_fds();
    for (int i = 0; i < 20; i++) {
        loop = yolanda_loop_new(NULL, NULL);
        NEED(loop != NULL);
        struct thread_pool *pool = thread_pool_new(loop, 2);
        NEED(pool != NULL);
        thread_pool_start(pool);
        make("127.0.0.1:0", 0);
        server->threadPool = pool;
        CHECK_INT(yolanda_server_set_reuseport(server, 1), 0);
        CHECK_INT(yolanda_server_start(server), 0);
        int fd = visit(), port = server->port;
        UNTIL(completed == 1);
        CHECK_INT(yolanda_server_free(server), 0);
        ends(fd);
        UNTIL(closed == 1);
        long long late = now_ms() + SECONDS * 1000;
        int again;
        while ((again = dial_port(port)) >= 0 && now_ms() < late) {
            close(again);
        }
        CHECK_INT(again, -1);
        close(fd);
        end();
        CHECK_INT(open_fds(), before);
    }
}
