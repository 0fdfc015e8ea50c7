/* yolanda_server_stop: no new connections; idle ones end at once, queued data is sent, what has
 * arrived is worked on, a deadline cuts the rest; then the program is told, once. */
#include "server_aid.h"

#include "lib/acceptor.h"
#include "lib/http_server.h"

enum { MUCH = 16 << 20 };
static char much[MUCH];

static int stop(int64_t deadline)
{
    return yolanda_server_stop(server, deadline, on_done, &done);
}

static void is_refused(void)
{
    CHECK_INT(dial_port(server->port), -1);
    CHECK_INT(errno, ECONNREFUSED);
}

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

/* The stop is over, and stays so. */
static void stopped(void)
{
    UNTIL(done);
    for (int i = 0; i < 5; i++) {
        yolanda_loop_run_once(loop, 1);
    }
    CHECK_INT(done, 1);
    CHECK_INT(completed, completed_at_done);
    CHECK_INT(yolanda_server_connections(server), 0);
    REFUSED(stop(0), ESHUTDOWN);
    REFUSED(yolanda_server_start(server), ESHUTDOWN);
    tcp_server_start(server);
    is_refused();
}

CASE(without_connections)
{
    EACH_WAY(threads, each)
    {
        for (int deadline = -1; deadline <= 1; deadline++) {
            start(threads, each);
            CHECK_INT(stop(deadline), 0);
            CHECK_INT(done, 0);
            REFUSED(stop(deadline), EALREADY);
            is_refused();
            stopped();
            end();
        }
    }
}

CASE(bad_deadlines)
{
    start(0, 0);
    REFUSED(stop(-2), EINVAL);
    echoed(visit(), "still here");
    end();
}

CASE(never_started)
{
    for (int deadline = -1; deadline <= 0; deadline++) {
        make("127.0.0.1:0", 2);
        CHECK_INT(stop(deadline), 0);
        stopped();
        end();
    }
    loop = yolanda_loop_new(NULL, NULL);
    struct acceptor *acceptor = acceptor_init(0);
    server = tcp_server_init(loop, acceptor, NULL, NULL, NULL, NULL, 0);
    CHECK_INT(stop(-1), 0);
    UNTIL(done);
    /* Its descriptor never was the server's. */
    CHECK(fcntl(acceptor->listen_fd, F_GETFD) >= 0);
    CHECK_INT(yolanda_server_free(server), 0);
    CHECK(fcntl(acceptor->listen_fd, F_GETFD) >= 0);
    close(acceptor->listen_fd);
    free(acceptor);
    end();
}

CASE(no_callback)
{
    start(2, 0);
    CHECK_INT(yolanda_server_stop(server, -1, NULL, NULL), 0);
    for (int i = 0; i < 100 && errno != ESHUTDOWN; i++) {
        yolanda_loop_run_once(loop, 10);
        REFUSED(stop(0), errno == EALREADY ? EALREADY : ESHUTDOWN);
    }
    CHECK_INT(errno, ESHUTDOWN);
    CHECK_INT(done, 0);
    end();
}

CASE(idle_connections)
{
    EACH_WAY(threads, each)
    {
        int fds[30];
        start(threads, each);
        for (int i = 0; i < 30; i++) {
            fds[i] = visit();
            echoed(fds[i], "hello");
        }
        CHECK_INT(stop(-1), 0);
        is_refused();
        for (int i = 0; i < 30; i++) {
            ends_after(fds[i], 0);
            close(fds[i]);
        }
        stopped();
        CHECK_INT(last_error, 0);
        end();
    }
}

/* What the kernel still has to send is not taken back by a reset, although the client sends more. */
static int send_some(struct buffer *input, struct tcp_connection *connection)
{
    input->readIndex = input->writeIndex;
    if (messages++ == 0) {
        CHECK(tcp_connection_send_data(connection, much, 100000) >= 0);
    }
    return 0;
}

CASE(an_answer_that_isnt_read_yet)
{
    EACH_WAY(threads, each)
    {
        start(threads, each);
        server->messageCallBack = send_some;
        struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(server->port),
                                  .sin_addr = { htonl(INADDR_LOOPBACK) } };
        int fd = socket(AF_INET, SOCK_STREAM, 0), small = 4096;
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        NEED(connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
        put(fd, "answer me");
        UNTIL(messages == 1);
        CHECK_INT(stop(-1), 0);
        for (int i = 0; i < 10; i++) {
            yolanda_loop_run_once(loop, 5);
            CHECK(send(fd, "more", 4, MSG_NOSIGNAL) == 4);
        }
        ends_after(fd, 100000);
        close(fd);
        stopped();
        end();
    }
}

static int send_much(struct buffer *input, struct tcp_connection *connection)
{
    input->readIndex = input->writeIndex;
    CHECK(tcp_connection_send_data(connection, much, MUCH) >= 0);
    messages++;
    return 0;
}

CASE(queued_data_is_sent)
{
    EACH_WAY(threads, each)
    {
        start(threads, each);
        server->messageCallBack = send_much;
        int fd = visit();
        put(fd, "much");
        UNTIL(messages == 1);
        CHECK_INT(stop(-1), 0);
        is_refused();
        for (int i = 0; i < 5; i++) {
            yolanda_loop_run_once(loop, 10);
        }
        CHECK_INT(done, 0);
        ends_after(fd, MUCH);
        close(fd);
        stopped();
        CHECK_INT(last_error, 0);
        end();
    }
}

CASE(who_never_reads_is_cut_at_the_deadline)
{
    EACH_WAY(threads, each)
    {
        start(threads, each);
        server->messageCallBack = send_much;
        int fd = visit();
        put(fd, "much");
        UNTIL(messages == 1);
        long long before = now_ms();
        CHECK_INT(stop(300), 0);
        UNTIL(done);
        /* Never early. */
        CHECK(now_ms() - before >= 300);
        stopped();
        CHECK_INT(last_error, ESHUTDOWN);
        close(fd);
        end();
    }
}

CASE(no_time_at_all)
{
    EACH_WAY(threads, each)
    {
        start(threads, each);
        server->messageCallBack = send_much;
        int fds[10];
        for (int i = 0; i < 10; i++) {
            fds[i] = visit();
            put(fds[i], "much");
        }
        UNTIL(messages == 10);
        CHECK_INT(stop(0), 0);
        CHECK_INT(closed, threads ? (int)closed : 0);
        UNTIL(done);
        stopped();
        CHECK_INT(last_error, ESHUTDOWN);
        for (int i = 0; i < 10; i++) {
            close(fds[i]);
        }
        end();
    }
}

/* Answers each complete line: half a line is unfinished work. */
static int by_lines(struct buffer *input, struct tcp_connection *connection)
{
    messages++;
    while (buffer_readable_size(input) > 0) {
        char *start = input->data + input->readIndex;
        char *line = memchr(start, '\n', buffer_readable_size(input));
        if (line == NULL) {
            break;
        }
        tcp_connection_send_data(connection, start, line + 1 - start);
        input->readIndex += line + 1 - start;
    }
    return 0;
}

CASE(unread_input_goes_on)
{
    EACH_WAY(threads, each)
    {
        start(threads, each);
        server->messageCallBack = by_lines;
        int busy = visit(), idle = visit();
        put(busy, "half a");
        put(idle, "whole\n");
        UNTIL(messages == 2);
        UNTIL(readable(idle));
        CHECK_INT(stop(-1), 0);
        ends_after(idle, 6);
        close(idle);
        UNTIL(closed == 1);
        for (int i = 0; i < 5; i++) {
            yolanda_loop_run_once(loop, 10);
        }
        CHECK_INT(done, 0);
        CHECK_INT(yolanda_server_connections(server), 1);
        put(busy, " line\nand");
        UNTIL(messages == 3);
        put(busy, " one more\n");
        ends_after(busy, 25);
        close(busy);
        stopped();
        end();
    }
}

/* A program that processes its input later: only that shows that it is done. */
static struct tcp_connection *later;

static int leave_it(struct buffer *input, struct tcp_connection *connection)
{
    CHECK(buffer_readable_size(input) > 0);
    later = connection;
    messages++;
    return 0;
}

static void consume(struct event_loop *where, void *data)
{
    (void)where;
    (void)data;
    later->input_buffer->readIndex = later->input_buffer->writeIndex;
}

CASE(input_that_is_consumed_later)
{
    for (int threads = 0; threads <= 2; threads += 2) {
        start(threads, 0);
        server->messageCallBack = leave_it;
        int fd = visit();
        put(fd, "later");
        UNTIL(messages == 1);
        CHECK_INT(stop(-1), 0);
        for (int i = 0; i < 5; i++) {
            yolanda_loop_run_once(loop, 10);
        }
        CHECK_INT(done, 0);
        CHECK_INT(yolanda_loop_post(later->eventLoop, consume, NULL), 0);
        ends_after(fd, 0);
        close(fd);
        stopped();
        end();
    }
}

/* What waits in the socket counts, too: the loop hasn't come to read it. */
static int fds[20];

static void ask_and_stop(struct event_loop *where, void *data)
{
    (void)where;
    (void)data;
    for (int i = 0; i < 20; i++) {
        put(fds[i], "last words");
    }
    CHECK_INT(stop(-1), 0);
}

CASE(what_has_just_arrived_is_answered)
{
    start(0, 0);
    for (int i = 0; i < 20; i++) {
        fds[i] = visit();
        echoed(fds[i], "hello");
    }
    CHECK_INT(yolanda_loop_post(loop, ask_and_stop, NULL), 0);
    for (int i = 0; i < 20; i++) {
        ends_after(fds[i], 10);
        close(fds[i]);
    }
    stopped();
    end();
}

/* What other threads sent before the stop belongs to what is queued. */
static struct tcp_connection *last;

static int note_it(struct tcp_connection *connection)
{
    last = connection;
    completed++;
    return 0;
}

static void send_elsewhere(void *data)
{
    (void)data;
    for (int i = 0; i < 100; i++) {
        CHECK_INT(tcp_connection_send_data(last, much, 1000), 0);
    }
}

CASE(sends_of_other_threads_are_sent)
{
    for (int threads = 0; threads <= 2; threads += 2) {
        make("127.0.0.1:0", threads);
        server->connectionCompletedCallBack = note_it;
        CHECK_INT(yolanda_server_start(server), 0);
        int fd = visit();
        echoed(fd, "hello");
        on_thread(send_elsewhere, NULL);
        CHECK_INT(stop(-1), 0);
        ends_after(fd, 100000);
        close(fd);
        stopped();
        end();
    }
}

static struct TCPserver *other_server;

CASE(the_connections_of_others_stay)
{
    EACH_WAY(threads, each)
    {
        start(threads, each);
        other_server = server;
        int stays = visit();
        echoed(stays, "first");
        start(threads, each);
        int goes = visit(), pair[2];
        echoed(goes, "second");
        make_sockets(pair);
        NEED(tcp_connection_new(pair[0], loop, on_completed, on_closed, on_message, NULL) != NULL);
        CHECK_INT(stop(0), 0);
        ends(goes);
        stopped();
        CHECK_INT(closed, 1);
        echoed(stays, "still");
        echoed(pair[1], "and still");
        CHECK_INT(yolanda_server_connections(other_server), 1);
        close(stays);
        close(goes);
        close(pair[1]);
        UNTIL(closed == 3);
        end();
    }
}

/* Clients come all the time: each is served or refused, and the stop ends. */
static atomic_int go_on = 1, served, turned_away;

static void come(void *data)
{
    int port = *(int *)data;
    while (go_on) {
        char byte = '?';
        int fd = dial_port(port);
        if (fd < 0) {
            turned_away++;
            continue;
        }
        if (send(fd, &byte, 1, MSG_NOSIGNAL) == 1 && recv(fd, &byte, 1, 0) == 1) {
            served++;
        }
        close(fd);
    }
}

CASE(clients_keep_coming)
{
    EACH_WAY(threads, each)
    {
        for (int deadline = 0; deadline <= 5000; deadline += 2500) {
            int before = open_fds();
            go_on = 1;
            served = turned_away = 0;
            start(threads, each);
            int port = server->port;
            pthread_t clients[4];
            for (int i = 0; i < 4; i++) {
                clients[i] = start_thread(come, &port);
            }
            UNTIL(served > 200);
            CHECK_INT(stop(deadline), 0);
            UNTIL(done);
            UNTIL(turned_away > 50);
            go_on = 0;
            for (int i = 0; i < 4; i++) {
                join(clients[i]);
            }
            stopped();
            CHECK_INT(completed, closed);
            CHECK_INT(lines_with(out_text(), "[err] accept"), 0);
            end();
            CHECK_INT(open_fds(), before);
        }
    }
}

/* A stop inside callbacks, and of the connection that is just being made. */
static int stop_when_completed(struct tcp_connection *connection)
{
    completed++;
    if (completed == 2) {
        CHECK_INT(stop(0), 0);
        /* Time for a thread to look before the connection has come there. */
        usleep(20000);
        CHECK(server->threadNum == 0 || yolanda_connection_is_open(connection));
    }
    return 0;
}

static int stop_when_asked(struct buffer *input, struct tcp_connection *connection)
{
    messages++;
    CHECK_INT(stop(-1), 0);
    REFUSED(stop(-1), EALREADY);
    tcp_connection_send_buffer(connection, input);
    return 0;
}

static int stop_when_closed(struct tcp_connection *connection)
{
    (void)connection;
    if (closed++ == 0) {
        CHECK_INT(stop(-1), 0);
    }
    return 0;
}

CASE(inside_the_completed_callback)
{
    for (int threads = 0; threads <= 2; threads += 2) {
        make("127.0.0.1:0", threads);
        server->connectionCompletedCallBack = stop_when_completed;
        CHECK_INT(yolanda_server_start(server), 0);
        int one = visit(), two = visit();
        ends(one);
        ends(two);
        stopped();
        CHECK_INT(last_error, ESHUTDOWN);
        close(one);
        close(two);
        end();
    }
}

CASE(inside_the_message_callback)
{
    start(0, 0);
    server->messageCallBack = stop_when_asked;
    int fd = visit(), idle = visit();
    put(fd, "stop");
    ends_after(fd, 4);
    ends_after(idle, 0);
    close(fd);
    close(idle);
    stopped();
    end();
}

CASE(inside_the_closed_callback)
{
    start(0, 0);
    server->connectionClosedCallBack = stop_when_closed;
    int fd = visit(), idle = visit();
    echoed(idle, "hello");
    close(fd);
    ends_after(idle, 0);
    close(idle);
    stopped();
    end();
}

/* At the limit others wait to be accepted: they are refused in order, not served. */
CASE(at_the_limit)
{
    EACH_WAY(threads, each)
    {
        start(threads, each);
        CHECK_INT(yolanda_server_set_max_connections(server, 1), 0);
        int fd = visit();
        echoed(fd, "hello");
        int waits = visit();
        CHECK_INT(stop(-1), 0);
        ends_after(fd, 0);
        close(fd);
        ends_after(waits, 0);
        close(waits);
        stopped();
        CHECK_INT(completed, 1);
        end();
    }
}

/* Clients that the kernel has connected, and nobody has accepted. With a socket for each thread, the
 * threads are held up in the completed callback of their first. */
enum { WAITING = 24 };
static int waiting[WAITING];
static sem_t let_go;
static atomic_int held;

static int hold_first(struct tcp_connection *connection)
{
    (void)connection;
    static _Thread_local struct TCPserver *known;
    completed++;
    if (known != server) {
        known = server;
        held++;
        while (sem_wait(&let_go) < 0) {
        }
    }
    return 0;
}

/* Every second one has asked already. */
static void let_wait(int threads, int each)
{
    sem_init(&let_go, 0, 0);
    held = 0;
    make("127.0.0.1:0", threads);
    if (each) {
        server->connectionCompletedCallBack = hold_first;
    }
    CHECK_INT(yolanda_server_set_reuseport(server, each), 0);
    CHECK_INT(yolanda_server_start(server), 0);
    int first[64], n = 0;
    while (each && held < threads) {
        NEED(n < 64);
        first[n++] = visit();
        UNTIL(readable(first[n - 1]) || held > 0);
        for (int i = 0; i < 10; i++) {
            nap();
        }
    }
    for (int i = 0; i < WAITING; i++) {
        waiting[i] = visit();
        if (i % 2 == 0) {
            put(waiting[i], "hello");
        }
    }
    for (int i = 0; i < n; i++) {
        close(first[i]);
    }
}

static void none_waits(void)
{
    for (int i = 0; i < WAITING; i++) {
        close(waiting[i]);
    }
}

/* The client's connection ends, in whatever way and after whatever bytes. */
static void is_over(int fd)
{
    char bytes[64];
    ssize_t n;
    do {
        UNTIL(readable(fd));
        n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    } while (n > 0);
}

CASE(those_who_wait_are_served)
{
    EACH_WAY(threads, each)
    {
        for (int deadline = -1; deadline <= SECONDS * 1000; deadline += SECONDS * 1000 + 1) {
            int before = open_fds();
            let_wait(threads, each);
            int already = completed;
            CHECK_INT(stop(deadline), 0);
            CHECK_INT(completed, already);
            is_refused();
            for (int i = 0; i < threads; i++) {
                sem_post(&let_go);
            }
            for (int i = 0; i < WAITING; i++) {
                ends_after(waiting[i], i % 2 == 0 ? 5 : 0);
            }
            none_waits();
            stopped();
            CHECK(completed >= WAITING);
            end();
            CHECK_INT(open_fds(), before);
        }
    }
}

CASE(those_who_wait_are_cut_when_there_is_no_time)
{
    EACH_WAY(threads, each)
    {
        int before = open_fds();
        let_wait(threads, each);
        int already = completed;
        CHECK_INT(stop(0), 0);
        for (int i = 0; i < WAITING; i++) {
            ends(waiting[i]);
        }
        for (int i = 0; i < threads; i++) {
            sem_post(&let_go);
        }
        none_waits();
        stopped();
        CHECK_INT(completed, already);
        end();
        CHECK_INT(open_fds(), before);
    }
}

/* Their thread has no time for them until the deadline. */
CASE(those_who_wait_are_cut_at_the_deadline)
{
    int before = open_fds();
    let_wait(2, 1);
    int already = completed;
    CHECK_INT(stop(50), 0);
    for (int i = 0; i < WAITING; i++) {
        ends(waiting[i]);
    }
    CHECK_INT(done, 0);
    CHECK_INT(completed, already);
    sem_post(&let_go);
    sem_post(&let_go);
    none_waits();
    stopped();
    end();
    CHECK_INT(open_fds(), before);
}

CASE(those_who_wait_are_dropped_with_their_server)
{
    EACH_WAY(threads, each)
    {
        int before = open_fds();
        let_wait(threads, each);
        CHECK_INT(stop(-1), 0);
        for (int i = 0; i < threads; i++) {
            sem_post(&let_go);
        }
        CHECK_INT(yolanda_server_free(server), 0);
        for (int i = 0; i < WAITING; i++) {
            is_over(waiting[i]);
        }
        none_waits();
        CHECK_INT(done, 0);
        end();
        CHECK_INT(open_fds(), before);
    }
}

static int free_when_completed(struct tcp_connection *connection)
{
    (void)connection;
    if (++completed == 3) {
        CHECK_INT(yolanda_server_free(server), 0);
    }
    return 0;
}

CASE(freed_by_one_of_those_who_waited)
{
    for (int threads = 0; threads <= 2; threads += 2) {
        int before = open_fds();
        let_wait(threads, 0);
        server->connectionCompletedCallBack = free_when_completed;
        CHECK_INT(stop(-1), 0);
        for (int i = 0; i < WAITING; i++) {
            is_over(waiting[i]);
        }
        none_waits();
        CHECK_INT(completed, 3);
        CHECK_INT(done, 0);
        end();
        CHECK_INT(open_fds(), before);
    }
}

static void hold_thread(struct event_loop *where, void *data)
{
    (void)where;
    (void)data;
    held++;
    while (sem_wait(&let_go) < 0) {
    }
}

static void hold_at_start(struct event_loop *where, void *data)
{
    CHECK_INT(yolanda_loop_post(where, hold_thread, data), 0);
}

/* Their thread hasn't come to its listening socket yet. */
CASE(those_who_wait_before_their_thread_listens)
{
    int before = open_fds();
    NEED(sem_init(&let_go, 0, 0) == 0);
    held = 0;
    make("127.0.0.1:0", 1);
    CHECK_INT(yolanda_server_set_reuseport(server, 1), 0);
    CHECK_INT(yolanda_server_set_thread_hooks(server, hold_at_start, NULL, NULL), 0);
    CHECK_INT(yolanda_server_start(server), 0);
    UNTIL(held == 1);
    for (int i = 0; i < WAITING; i++) {
        waiting[i] = visit();
        put(waiting[i], "hello");
    }
    CHECK_INT(stop(-1), 0);
    is_refused();
    sem_post(&let_go);
    for (int i = 0; i < WAITING; i++) {
        ends_after(waiting[i], 5);
    }
    none_waits();
    stopped();
    CHECK_INT(completed, WAITING);
    end();
    CHECK_INT(open_fds(), before);
}

/* More than may be open are refused, but not reset. */
CASE(those_who_wait_at_the_limit_are_refused)
{
    let_wait(0, 0);
    CHECK_INT(yolanda_server_set_max_connections(server, 4), 0);
    CHECK_INT(stop(-1), 0);
    for (int i = 0; i < WAITING; i++) {
        ends_after(waiting[i], i % 2 == 0 && i < 4 ? 5 : 0);
    }
    none_waits();
    stopped();
    CHECK_INT(completed, 4);
    end();
}

CASE(those_who_wait_when_descriptors_run_out)
{
    struct rlimit limit, less;
    let_wait(0, 0);
    NEED(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    less = limit;
    /* The server's reserve is one more. */
    int next = dup(0);
    close(next);
    less.rlim_cur = next + 6;
    NEED(setrlimit(RLIMIT_NOFILE, &less) == 0);
    CHECK_INT(stop(-1), 0);
    for (int i = 0; i < WAITING; i++) {
        is_over(waiting[i]);
    }
    NEED(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    none_waits();
    stopped();
    CHECK(completed >= 5 && completed < WAITING);
    end();
}

CASE(those_who_wait_on_a_unix_socket)
{
    for (int threads = 0; threads <= 2; threads += 2) {
        char path[64];
        snprintf(path, sizeof path, "unix:/tmp/yolanda-stop-%d", (int)getpid());
        serve(path, threads);
        for (int i = 0; i < WAITING; i++) {
            waiting[i] = dial(path);
            NEED(waiting[i] >= 0);
            put(waiting[i], "hello");
        }
        CHECK_INT(stop(-1), 0);
        CHECK_INT(dial(path), -1);
        CHECK_INT(errno, ENOENT);
        for (int i = 0; i < WAITING; i++) {
            ends_after(waiting[i], 5);
        }
        none_waits();
        UNTIL(done);
        CHECK_INT(completed, WAITING);
        end();
    }
}

/* An HTTP server: begun requests are answered, and the answer says that it is the last. */
static int page(struct http_request *request, struct http_response *response)
{
    (void)request;
    messages++;
    response->statusCode = OK;
    response->statusMessage = "OK";
    response->contentType = "text/plain";
    response->body = "page";
    return 0;
}

static void hear(int fd, const char *what)
{
    char text[4096] = "";
    size_t got = 0;
    while (strstr(text, "\r\n\r\npage") == NULL) {
        UNTIL(readable(fd));
        ssize_t n = recv(fd, text + got, sizeof text - 1 - got, MSG_DONTWAIT);
        NEED(n > 0);
        got += n;
    }
    CHECK(strcasestr(text, what) != NULL);
}

CASE(an_http_server)
{
    for (int threads = 0; threads <= 2; threads += 2) {
        loop = yolanda_loop_new(NULL, NULL);
        struct http_server *http = http_server_new(loop, 0, page, threads);
        NEED(http != NULL);
        server = http->tcpServer;
        http_server_start(http);
        int idle = visit(), begun = visit();
        put(idle, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        hear(idle, "Connection: keep-alive");
        put(begun, "GET / HTTP/1.1\r\n");
        UNTIL(yolanda_server_connections(server) == 2);
        for (int i = 0; i < 10; i++) {
            yolanda_loop_run_once(loop, 5);
        }
        CHECK_INT(stop(-1), 0);
        ends_after(idle, 0);
        close(idle);
        UNTIL(yolanda_server_connections(server) == 1);
        CHECK_INT(done, 0);
        put(begun, "Host: x\r\n\r\n");
        hear(begun, "Connection: close");
        ends_after(begun, 0);
        close(begun);
        UNTIL(done);
        CHECK_INT(yolanda_server_free(server), 0);
        end();
        messages = 0;
    }
}

/* A connection that the program took off the loop is found, too. */
static int take_off(struct buffer *input, struct tcp_connection *connection)
{
    input->readIndex = input->writeIndex;
    CHECK_INT(event_loop_remove_channel_event(connection->eventLoop, connection->channel->fd,
                                              connection->channel), 0);
    messages++;
    return 0;
}

CASE(an_http_server_answers_those_who_wait)
{
    for (int threads = 0; threads <= 2; threads += 2) {
        loop = yolanda_loop_new(NULL, NULL);
        struct http_server *http = http_server_new(loop, 0, page, threads);
        NEED(http != NULL);
        server = http->tcpServer;
        http_server_start(http);
        for (int i = 0; i < WAITING; i++) {
            waiting[i] = visit();
            put(waiting[i], "GET / HTTP/1.1\r\nHost: here\r\n\r\n");
        }
        CHECK_INT(stop(-1), 0);
        for (int i = 0; i < WAITING; i++) {
            hear(waiting[i], "\r\nConnection: close\r\n");
            ends_after(waiting[i], 0);
        }
        none_waits();
        UNTIL(done);
        CHECK_INT(messages, WAITING);
        CHECK_INT(yolanda_loop_free(loop), 0);
        loop = NULL;
        server = NULL;
        messages = done = 0;
    }
}

CASE(a_connection_that_is_off_its_loop)
{
    for (int threads = 0; threads <= 2; threads += 2) {
        start(threads, 0);
        server->messageCallBack = take_off;
        int fd = visit();
        put(fd, "off");
        UNTIL(messages == 1);
        CHECK_INT(stop(50), 0);
        UNTIL(done);
        stopped();
        close(fd);
        end();
    }
}

static void stop_posted(struct event_loop *where, void *data)
{
    (void)where;
    (void)data;
    CHECK_INT(stop(-1), 0);
}

static void stop_on_time(struct event_loop *where, yolanda_timer timer, void *data)
{
    (void)where;
    (void)timer;
    (void)data;
    CHECK_INT(stop(-1), 0);
}

CASE(from_a_posted_function_and_a_timer)
{
    for (int way = 0; way < 2; way++) {
        start(2, 0);
        int fd = visit();
        echoed(fd, "hello");
        if (way == 0) {
            CHECK_INT(yolanda_loop_post(loop, stop_posted, NULL), 0);
        } else {
            CHECK(yolanda_timer_start(loop, 1, 0, stop_on_time, NULL) != 0);
        }
        ends_after(fd, 0);
        close(fd);
        stopped();
        end();
    }
}
