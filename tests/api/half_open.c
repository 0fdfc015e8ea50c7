/* struct yolanda_callbacks: the end of the input, after which a connection may still send. */
#include "connection_aid.h"

#include "lib/tcp_server.h"

static char input[1 << 16]; /* bytes or frames in the order of their callbacks, and "$" for the end */
static int ends, pauses;
static void (*in_end)(struct tcp_connection *), (*in_frame)(struct tcp_connection *);

static void add(const void *bytes, size_t length)
{
    size_t before = strlen(input);
    NEED(before + length < sizeof input);
    memcpy(input + before, bytes, length);
    input[before + length] = '\0';
}

static void has_message(struct tcp_connection *one, struct buffer *bytes, void *data)
{
    (void)data;
    int size = buffer_readable_size(bytes);
    add(yolanda_buffer_data(bytes), size);
    bytes->readIndex = bytes->writeIndex;
    if (pauses) {
        CHECK_INT(yolanda_connection_pause(one), 0);
    }
}

static void has_frame(struct tcp_connection *one, const void *bytes, size_t length, void *data)
{
    (void)data;
    add(bytes, length);
    add("|", 1);
    if (in_frame != NULL) {
        in_frame(one);
    }
}

static void has_ended(struct tcp_connection *one, void *data)
{
    CHECK(data == input);
    CHECK_INT(closed, 0);
    add("$", 1);
    ends++;
    if (in_end != NULL) {
        in_end(one);
    }
}

static void has_closed(struct tcp_connection *one, void *data)
{
    (void)data;
    error_at_closed = yolanda_connection_error(one);
    closed++;
}

static struct yolanda_callbacks half_open(void)
{
    return (struct yolanda_callbacks){ .size = sizeof(struct yolanda_callbacks), .data = input,
                                       .message = has_message, .closed = has_closed,
                                       .input_ended = has_ended };
}

/* A connection of such callbacks, on a pair of TCP or Unix sockets. */
static void connect_with(struct yolanda_callbacks callbacks, int local)
{
    int fd[2];
    if (loop == NULL) {
        loop = yolanda_loop_new("test", NULL);
    }
    if (local) {
        make_sockets(fd);
    } else {
        tcp_pair_of(AF_INET, fd);
    }
    peer = fd[1];
    conn = yolanda_connection_new(loop, fd[0], &callbacks);
    NEED(conn != NULL);
    input[0] = '\0';
    ends = closed = 0;
    error_at_closed = -1;
}

static void peer_ends(void)
{
    NEED(shutdown(peer, SHUT_WR) == 0);
}

/* The peer gets this, and then the end of the stream. */
static void check_got(const char *text)
{
    char bytes[4096];
    size_t n = 0;
    int ended = 0;
    long long end = now_ms() + SECONDS * 1000;
    while (!ended && now_ms() < end) {
        ssize_t more = recv(peer, bytes + n, sizeof bytes - 1 - n, MSG_DONTWAIT);
        ended = more == 0;
        n += more > 0 ? more : 0;
        yolanda_loop_run_once(loop, 1);
    }
    CHECK(ended);
    bytes[n] = '\0';
    CHECK_TEXT(bytes, text);
}

static void over(void)
{
    close(peer);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(stays_open_until_it_ends_its_side_too)
{
    for (int local = 0; local <= 1; local++) {
        connect_with(half_open(), local);
        say("hello");
        peer_ends();
        UNTIL(ends == 1);
        CHECK_TEXT(input, "hello$");
        settle();
        CHECK_INT(closed, 0);
        CHECK_INT(yolanda_connection_is_open(conn), 1);
        CHECK_INT(tcp_connection_send_data(conn, "one ", 4), 4);
        settle();
        CHECK_INT(closed, 0);
        CHECK_INT(tcp_connection_send_data(conn, "two", 3), 3);
        tcp_connection_shutdown(conn);
        CHECK_INT(tcp_connection_send_data(conn, "x", 1), -1);
        check_got("one two");
        UNTIL(closed == 1);
        CHECK_INT(error_at_closed, 0);
        CHECK_INT(ends, 1);
        close(peer);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(without_the_callback_the_end_closes)
{
    struct yolanda_callbacks callbacks = half_open();
    callbacks.size = offsetof(struct yolanda_callbacks, input_ended); /* an older program's */
    connect_with(callbacks, 0);
    peer_ends();
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, 0);
    CHECK_INT(ends, 0);
    over();
}

CASE(the_own_end_comes_first)
{
    connect_with(half_open(), 0);
    tcp_connection_shutdown(conn);
    settle();
    check_got("");
    CHECK_INT(closed, 0);
    say("last");
    peer_ends();
    UNTIL(closed == 1);
    CHECK_TEXT(input, "last$");
    CHECK_INT(error_at_closed, 0);
    over();
}

static void send_and_shut(struct tcp_connection *one)
{
    CHECK_INT(tcp_connection_send_data(one, "bye", 3), 3);
    tcp_connection_shutdown(one);
}

static void close_it(struct tcp_connection *one)
{
    CHECK_INT(yolanda_connection_close(one), 0);
}

static void run_the_loop(struct tcp_connection *one)
{
    send_and_shut(one);
    UNTIL(closed == 1);
}

CASE(what_the_callback_may_do)
{
    in_end = send_and_shut;
    connect_with(half_open(), 0);
    peer_ends();
    check_got("bye");
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, 0);
    close(peer);
    in_end = close_it;
    connect_with(half_open(), 0);
    peer_ends();
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, ECANCELED);
    close(peer);
    in_end = run_the_loop;
    connect_with(half_open(), 0);
    peer_ends();
    UNTIL(closed == 1);
    CHECK_INT(ends, 1);
    check_got("bye");
    over();
}

CASE(reading_is_paused)
{
    for (int local = 0; local <= 1; local++) {
        pauses = 1;
        connect_with(half_open(), local);
        say("1");
        UNTIL(input[0] == '1');
        say("2");
        peer_ends();
        settle();
        CHECK_TEXT(input, "1");
        pauses = 0;
        CHECK_INT(yolanda_connection_resume(conn), 0);
        UNTIL(ends == 1);
        CHECK_TEXT(input, "12$");
        CHECK_INT(yolanda_connection_pause(conn), 0);
        CHECK_INT(yolanda_connection_resume(conn), 0);
        settle();
        CHECK_INT(closed, 0);
        send_and_shut(conn);
        check_got("bye");
        UNTIL(closed == 1);
        CHECK_INT(ends, 1);
        close(peer);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(both_have_ended_while_reading_is_paused)
{
    connect_with(half_open(), 0);
    CHECK_INT(yolanda_connection_pause(conn), 0);
    tcp_connection_shutdown(conn);
    settle();
    peer_ends();
    settle();
    CHECK_INT(ends + closed, 0);
    CHECK_INT(yolanda_connection_resume(conn), 0);
    UNTIL(closed == 1);
    CHECK_TEXT(input, "$");
    over();
}

static void pause_it(struct tcp_connection *one)
{
    CHECK_INT(yolanda_connection_pause(one), 0);
}

CASE(after_all_frames)
{
    struct yolanda_callbacks callbacks = half_open();
    callbacks.message = NULL;
    callbacks.framing = YOLANDA_FRAMES_LINES;
    callbacks.frame = has_frame;
    for (int i = 0; i <= 1; i++) {
        in_frame = i == 0 ? NULL : pause_it;
        connect_with(callbacks, 0);
        say("a\nb\nc\npart");
        peer_ends();
        for (int frame = 1; i == 1 && frame <= 3; frame++) {
            UNTIL(strlen(input) == 2 * (size_t)frame);
            settle();
            CHECK_INT(ends, 0);
            CHECK_INT(yolanda_connection_resume(conn), 0);
        }
        UNTIL(ends == 1);
        CHECK_TEXT(input, "a|b|c|$");
        send_and_shut(conn);
        check_got("bye");
        UNTIL(closed == 1);
        close(peer);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(output_waits)
{
    connect_with(half_open(), 1);
    queue(1 << 20);
    peer_ends();
    UNTIL(ends == 1);
    tcp_connection_shutdown(conn);
    settle();
    CHECK_INT(closed, 0);
    UNTIL(drain() < 0);
    CHECK(drained > 1 << 20);
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, 0);
    over();
}

CASE(output_that_was_sent_after_the_end_leaves_it_open)
{
    connect_with(half_open(), 1);
    peer_ends();
    UNTIL(ends == 1);
    queue(1 << 20);
    UNTIL((drain(), queued() == 0));
    settle();
    CHECK_INT(closed, 0);
    tcp_connection_shutdown(conn);
    UNTIL(drain() < 0);
    UNTIL(closed == 1);
    over();
}

CASE(close_after_send)
{
    /* After the end. */
    connect_with(half_open(), 1);
    peer_ends();
    UNTIL(ends == 1);
    queue(1 << 20);
    CHECK_INT(yolanda_connection_close_after_send(conn, 1000 * SECONDS), 0);
    settle();
    CHECK_INT(closed, 0);
    UNTIL(drain() < 0);
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, 0);
    close(peer);
    /* Before it: no callback for input follows. */
    connect_with(half_open(), 0);
    settle();
    CHECK_INT(yolanda_connection_close_after_send(conn, 1000 * SECONDS), 0);
    say("late");
    peer_ends();
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, 0);
    CHECK_TEXT(input, "");
    over();
}

static void shut_it(void *data)
{
    (void)data;
    CHECK_INT(tcp_connection_send_data(conn, "there", 5), 0);
    tcp_connection_shutdown(conn);
}

CASE(another_thread_ends_it)
{
    connect_with(half_open(), 0);
    peer_ends();
    UNTIL(ends == 1);
    on_thread(shut_it, NULL);
    check_got("there");
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, 0);
    over();
}

CASE(a_peer_that_resets)
{
    connect_with(half_open(), 0);
    peer_ends();
    UNTIL(ends == 1);
    settle();
    reset();
    UNTIL(closed == 1);
    CHECK(error_at_closed == ECONNRESET || error_at_closed == EPIPE);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(time_limits)
{
    connect_with(half_open(), 0);
    peer_ends();
    UNTIL(ends == 1);
    /* There is nothing to read: this limit doesn't count. */
    CHECK_INT(yolanda_connection_set_timeouts(conn, 0, 1, 0), 0);
    for (int i = 0; i < 5; i++) {
        yolanda_loop_run_once(loop, 5);
    }
    CHECK_INT(closed, 0);
    CHECK_INT(yolanda_connection_set_timeouts(conn, 20, 0, 0), 0);
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, ETIMEDOUT);
    over();
}

static struct TCPserver *server;
static int stopped;

static void is_stopped(struct TCPserver *one, void *data)
{
    (void)one, (void)data;
    stopped++;
}

static void remember(struct tcp_connection *one, void *data)
{
    (void)data;
    conn = one;
}

static void serve_with(struct yolanda_callbacks callbacks)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    if (loop == NULL) {
        loop = yolanda_loop_new("test", NULL);
    }
    callbacks.completed = remember;
    server = yolanda_server_new(loop, "127.0.0.1:0", NULL, NULL, NULL, NULL, 0);
    NEED(server != NULL);
    CHECK_INT(yolanda_server_set_callbacks(server, &callbacks), 0);
    CHECK_INT(yolanda_server_start(server), 0);
    at.sin_port = htons(yolanda_acceptor_port(server->acceptor));
    peer = socket(AF_INET, SOCK_STREAM, 0);
    NEED(connect(peer, (struct sockaddr *)&at, sizeof at) == 0);
    input[0] = '\0';
    conn = NULL;
    ends = closed = stopped = 0;
    UNTIL(conn != NULL);
}

CASE(a_server_that_stops)
{
    /* Nothing to send. */
    serve_with(half_open());
    peer_ends();
    UNTIL(ends == 1);
    CHECK_INT(yolanda_server_stop(server, 1000 * SECONDS, is_stopped, NULL), 0);
    UNTIL(stopped == 1);
    CHECK_INT(closed, 1);
    CHECK_INT(error_at_closed, 0);
    CHECK_INT(yolanda_server_free(server), 0);
    close(peer);
    /* A peer that doesn't read what is sent: the deadline. */
    serve_with(half_open());
    peer_ends();
    UNTIL(ends == 1);
    queue(8 << 20);
    CHECK_INT(yolanda_server_stop(server, 50, is_stopped, NULL), 0);
    UNTIL(stopped == 1);
    CHECK_INT(closed, 1);
    CHECK_INT(error_at_closed, ESHUTDOWN);
    over();
}

/* A proxy: each connection has the other one as its data. */
struct way {
    struct tcp_connection *from, *to;
    int closed;
};

static struct way ways[2];

static void pass_on(struct tcp_connection *one, struct buffer *bytes, void *data)
{
    struct way *way = data;
    CHECK(one == way->from);
    if (!way[0].closed && way->to != NULL) {
        tcp_connection_send_buffer(way->to, bytes);
    }
}

static void pass_the_end_on(struct tcp_connection *one, void *data)
{
    (void)one;
    tcp_connection_shutdown(((struct way *)data)->to);
}

static void way_closed(struct tcp_connection *one, void *data)
{
    CHECK_INT(yolanda_connection_error(one), 0);
    ((struct way *)data)->closed++;
}

CASE(a_proxy_with_half_close)
{
    int client[2], upstream[2];
    loop = yolanda_loop_new("test", NULL);
    tcp_pair_of(AF_INET, client);
    tcp_pair_of(AF_INET, upstream);
    struct yolanda_callbacks callbacks = { .size = sizeof callbacks, .message = pass_on,
                                           .input_ended = pass_the_end_on, .closed = way_closed };
    callbacks.data = &ways[0];
    ways[0].from = yolanda_connection_retain(yolanda_connection_new(loop, client[0], &callbacks));
    callbacks.data = &ways[1];
    ways[1].from = yolanda_connection_retain(yolanda_connection_new(loop, upstream[0], &callbacks));
    NEED(ways[0].from != NULL && ways[1].from != NULL);
    ways[0].to = ways[1].from;
    ways[1].to = ways[0].from;
    /* The request, and its end. */
    put(client[1], "question");
    NEED(shutdown(client[1], SHUT_WR) == 0);
    peer = upstream[1];
    check_got("question");
    CHECK_INT(ways[0].closed + ways[1].closed, 0);
    /* The answer, after the end of the request. */
    put(upstream[1], "answer");
    NEED(shutdown(upstream[1], SHUT_WR) == 0);
    peer = client[1];
    check_got("answer");
    UNTIL(ways[0].closed == 1 && ways[1].closed == 1);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(yolanda_connection_release(ways[i].from), 0);
    }
    close(client[1]);
    close(upstream[1]);
    CHECK_INT(yolanda_loop_free(loop), 0);
}
