/* Work that depends on time gets its turn between slow callbacks, however many are due: timers, the
 * deadline of a stop, the end of a loop. The tests count callbacks, so that a busy machine makes no
 * difference. */
#include "http_aid.h"

#define SLOW_MS 25 /* more than a slice, which is 20 ms, and the clock's step */
#define MANY 20
#define FEW 6

static int since_timer, most, timed, slow, done_after = -1;
static int served[MANY];
static int peer[MANY];
static atomic_int over;

/* A callback that takes long. */
static void take_long(void)
{
    usleep(SLOW_MS * 1000);
    slow++;
    since_timer++;
    most = since_timer > most ? since_timer : most;
}

static void on_timer(struct event_loop *on, yolanda_timer timer, void *data)
{
    (void)on, (void)timer, (void)data;
    timed++;
    since_timer = 0;
}

static void begin(void)
{
    if (loop == NULL) {
        loop = yolanda_loop_new("test", NULL);
    }
    yolanda_log_set_level(YOLANDA_LOG_OFF);
    NEED(yolanda_timer_start(loop, 1, 1, on_timer, NULL) != 0);
}

static int on_bytes(struct buffer *input, struct tcp_connection *one)
{
    take_long();
    served[(size_t)one->data]++;
    input->readIndex = input->writeIndex;
    return 0;
}

/* Every connection has something to read at all times. */
static void flood(void *data)
{
    static const char block[64 << 10];
    (void)data;
    while (!over) {
        for (int i = 0; i < MANY; i++) {
            send(peer[i], block, sizeof block, MSG_DONTWAIT | MSG_NOSIGNAL);
        }
        nap();
    }
}

static void connect_all(int many)
{
    for (int i = 0; i < many; i++) {
        int fd[2];
        make_sockets(fd);
        struct tcp_connection *one = tcp_connection_new(fd[0], loop, NULL, NULL, on_bytes, NULL);
        NEED(one != NULL);
        one->data = (void *)(size_t)i;
        peer[i] = fd[1];
    }
}

static void give_up(struct event_loop *on, yolanda_timer timer, void *data)
{
    (void)timer, (void)data;
    if (slow >= 3 * MANY && done_after < 0) {
        done_after = slow;
        yolanda_loop_quit(on);
    }
}

CASE(floods_of_messages)
{
    begin();
    connect_all(MANY);
    NEED(yolanda_timer_start(loop, 1, 1, give_up, NULL) != 0);
    pthread_t thread = start_thread(flood, NULL);
    CHECK_INT(event_loop_run(loop), 0);
    over = 1;
    join(thread);
    CHECK(most <= FEW);
    CHECK(slow - done_after <= FEW);
    for (int i = 0; i < MANY; i++) {
        CHECK(served[i] > 0);
    }
}

/* One connection alone. */
CASE(a_flood_of_one)
{
    begin();
    connect_all(1);
    for (int i = 1; i < MANY; i++) {
        peer[i] = -1;
    }
    pthread_t thread = start_thread(flood, NULL);
    UNTIL(slow >= 20);
    over = 1;
    join(thread);
    CHECK(most <= FEW);
}

/* How much a callback was given, the latest last. */
static int given[64], calls;
static int ms_per_block, ms_per_call;

static int on_amount(struct buffer *input, struct tcp_connection *one)
{
    int size = buffer_readable_size(input);
    (void)one;
    if (calls < 64) {
        given[calls++] = size;
    }
    usleep((ms_per_call * 1000) + (long long)ms_per_block * 1000 * size / (64 << 10));
    input->readIndex = input->writeIndex;
    return 0;
}

static void flood_one(int many)
{
    int fd[2];
    begin();
    make_sockets(fd);
    NEED(tcp_connection_new(fd[0], loop, NULL, NULL, on_amount, NULL) != NULL);
    peer[0] = fd[1];
    for (int i = 1; i < MANY; i++) {
        peer[i] = -1;
    }
    pthread_t thread = start_thread(flood, NULL);
    UNTIL(calls >= many);
    over = 1;
    join(thread);
}

/* A callback that takes long for many bytes gets fewer, */
CASE(a_callback_that_is_slow_by_the_byte)
{
    ms_per_block = 600;
    flood_one(20);
    CHECK(given[0] > 32 << 10);
    CHECK(given[18] < 16 << 10 && given[19] < 16 << 10);
}

/* and all of them if it takes as long for fewer. */
CASE(a_callback_that_is_slow_in_any_case)
{
    int most_given = 0;
    ms_per_call = 60;
    flood_one(30);
    for (int i = 10; i < 30; i++) {
        most_given = given[i] > most_given ? given[i] : most_given;
    }
    CHECK_INT(most_given, 64 << 10);
}

static void slow_post(struct event_loop *on, void *data)
{
    (void)on, (void)data;
    take_long();
}

CASE(many_posts)
{
    begin();
    for (int i = 0; i < MANY; i++) {
        CHECK_INT(yolanda_loop_post(loop, slow_post, NULL), 0);
    }
    UNTIL(slow == MANY);
    CHECK(most <= FEW);
}

/* What was posted runs when the loop is freed, but no timer does. */
CASE(no_timer_while_a_loop_is_freed)
{
    begin();
    for (int i = 0; i < 4; i++) {
        CHECK_INT(yolanda_loop_post(loop, slow_post, NULL), 0);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(slow, 4);
    CHECK_INT(timed, 0);
}

static int slow_channel(void *data)
{
    char byte;
    take_long();
    return (int)read(*(int *)data, &byte, 1);
}

CASE(many_channels)
{
    int fd[MANY][2];
    struct channel *channel[MANY];
    begin();
    for (int i = 0; i < MANY; i++) {
        make_pipe(fd[i]);
        put(fd[i][1], "x");
        channel[i] = watch(loop, fd[i][0], EVENT_READ, slow_channel, NULL, fd[i]);
    }
    UNTIL(slow == MANY);
    CHECK(most <= FEW);
    for (int i = 0; i < MANY; i++) {
        CHECK_INT(event_loop_remove_channel_event(loop, fd[i][0], channel[i]), 0);
        free(channel[i]);
    }
}

static int slow_completed(struct tcp_connection *one)
{
    (void)one;
    take_long();
    return 0;
}

CASE(many_clients)
{
    int client[MANY];
    begin();
    server = yolanda_server_new(loop, "127.0.0.1:0", slow_completed, NULL, NULL, NULL, 0);
    NEED(server != NULL && yolanda_server_start(server) == 0);
    for (int i = 0; i < MANY; i++) {
        client[i] = dial_port(server->port);
    }
    UNTIL(slow == MANY);
    CHECK(most <= FEW);
    for (int i = 0; i < MANY; i++) {
        close(client[i]);
    }
}

static int slow_answer(struct http_request *request, struct http_response *response)
{
    (void)request;
    take_long();
    yolanda_http_response_set_status(response, 200, NULL);
    yolanda_http_response_set_body(response, "slow", 4);
    return 0;
}

CASE(pipelined_requests)
{
    char text[MANY * 60 + 1] = "";
    begin();
    make_http(slow_answer);
    NEED(yolanda_server_start(http->tcpServer) == 0);
    for (int i = 0; i < MANY; i++) {
        strcat(text, i < MANY - 1 ? "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
                                  : "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    }
    const char *came = exchange(text);
    int answers = 0;
    while ((came = strstr(came, "HTTP/1.1 200 OK\r\n")) != NULL) {
        came++;
        answers++;
    }
    CHECK_INT(answers, MANY);
    CHECK(most <= FEW);
}

/* The deadline of a stop, while all connections flood: they are cut when it comes. */
static void on_stopped(struct TCPserver *stopped, void *data)
{
    (void)stopped, (void)data;
    done_after = slow;
}

static int on_client_bytes(struct buffer *input, struct tcp_connection *one)
{
    (void)one;
    take_long();
    input->readIndex = input->writeIndex;
    return 0;
}

CASE(the_deadline_of_a_stop)
{
    begin();
    server = yolanda_server_new(loop, "127.0.0.1:0", NULL, on_client_bytes, NULL, NULL, 0);
    NEED(server != NULL && yolanda_server_start(server) == 0);
    for (int i = 0; i < MANY; i++) {
        peer[i] = dial_port(server->port);
    }
    pthread_t thread = start_thread(flood, NULL);
    UNTIL(slow >= MANY);
    int before = slow;
    CHECK_INT(yolanda_server_stop(server, 8 * SLOW_MS, on_stopped, NULL), 0);
    UNTIL(done_after >= 0);
    over = 1;
    join(thread);
    CHECK(done_after - before <= 8 + FEW);
}

/* --- what a callback between two others may do, and where there are none -------- */

static int ended, ticked, freeing;

static int on_slow_end(struct tcp_connection *connection)
{
    (void)connection;
    if (++ended == 1) {
        take_long();
    }
    return 0;
}

static void on_tick_within(struct event_loop *loop, yolanda_timer timer, void *data)
{
    (void)timer, (void)data;
    CHECK(!freeing);
    ticked++;
    CHECK(yolanda_loop_run_once(loop, 0) >= 0);
}

static void make_ending(struct event_loop *loop, int other[3])
{
    for (int i = 0; i < 3; i++) {
        int fd[2];
        make_sockets(fd);
        other[i] = fd[1];
        struct tcp_connection *connection = tcp_connection_new(fd[0], loop, NULL, on_slow_end, NULL, NULL);
        NEED(connection != NULL);
        if (!freeing) {
            CHECK_INT(yolanda_connection_close(connection), 0);
        }
    }
}

/* The loop that a timer runs between two of them ends the others, too. */
CASE(between_two_turns_a_timer_runs_the_loop)
{
    int other[3];
    struct event_loop *loop = yolanda_loop_new(NULL, NULL);
    NEED(yolanda_timer_start(loop, 1, 1, on_tick_within, NULL) != 0);
    make_ending(loop, other);
    for (int i = 0; i < 100 && (ended < 3 || ticked == 0); i++) {
        CHECK(yolanda_loop_run_once(loop, 10) >= 0);
    }
    CHECK_INT(ended, 3);
    CHECK(ticked > 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(a_loop_that_is_freed_calls_no_timer)
{
    int other[3];
    struct event_loop *loop = yolanda_loop_new(NULL, NULL);
    NEED(yolanda_timer_start(loop, 1, 1, on_tick_within, NULL) != 0);
    freeing = 1;
    make_ending(loop, other);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(ended, 3);
}
