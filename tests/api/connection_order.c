/* yolanda.h, order: what one thread asks of a connection and of its loop takes effect in the order of its calls,
 * and what a send accepted is sent. */
#include "connection_aid.h"

#define WORKERS 4

static struct tcp_connection *second;

/* All that the peer is sent until the end of the stream; other threads may still be sending. */
static size_t all_of(int fd, char *text, size_t size)
{
    size_t have = 0;
    long long end = now_ms() + SECONDS * 1000;
    while (now_ms() < end) {
        ssize_t n = recv(fd, text + have, size - have, MSG_DONTWAIT);
        if (n == 0) {
            return have;
        }
        if (n > 0) {
            have += n;
        } else {
            NEED(errno == EAGAIN);
            yolanda_loop_run_once(loop, 10);
        }
    }
    CHECK(!"the stream has an end");
    return have;
}

static const char *rest(void)
{
    static char text[1000];
    text[all_of(peer, text, sizeof text - 1)] = '\0';
    return text;
}

static void send_text(void *text)
{
    CHECK(tcp_connection_send_data(conn, text, strlen(text)) >= 0);
}

static void post_text(struct event_loop *on, void *text)
{
    CHECK(on == loop);
    send_text(text);
}

static void end(int how)
{
    if (how == 0) {
        tcp_connection_shutdown(conn);
    } else {
        CHECK_INT(yolanda_connection_close_after_send(conn, 5000), 0);
    }
    FAILS(tcp_connection_send_data(conn, "x", 1), EPIPE);
}

static void send_tail(void *how)
{
    send_text("tail");
    end(*(int *)how);
}

/* The queue has just been sent when another thread sends and ends. */
static void while_written(struct tcp_connection *one)
{
    (void)one;
    on_thread(send_tail, one->data);
}

static void tail(int how)
{
    static char big[4 << 20], seen[5 << 20];
    set_up();
    conn->data = &how;
    in_written = while_written;
    CHECK(tcp_connection_send_data(conn, big, sizeof big) < (int)sizeof big);
    CHECK_INT(all_of(peer, seen, sizeof seen), sizeof big + 4);
    CHECK(memcmp(seen + sizeof big, "tail", 4) == 0);
}

CASE(a_tail_before_a_shutdown)
{
    tail(0);
}

CASE(a_tail_before_a_close)
{
    tail(1);
}

static void post_and_send(void *data)
{
    (void)data;
    CHECK_INT(yolanda_loop_post(loop, post_text, "F"), 0);
    send_text("X");
}

CASE(a_post_and_a_send)
{
    set_up();
    on_thread(post_and_send, NULL);
    settle();
    tcp_connection_shutdown(conn);
    CHECK_TEXT(rest(), "FX");
}

CASE(a_send_of_the_owner_between)
{
    set_up();
    on_thread(post_and_send, NULL);
    send_text("Y");
    settle();
    tcp_connection_shutdown(conn);
    CHECK_TEXT(rest(), "YFX");
}

static void post_twice_and_send(void *data)
{
    post_and_send(data);
    CHECK_INT(yolanda_loop_post(loop, post_text, "G"), 0);
    send_text("Z");
}

CASE(posts_and_sends_in_turns)
{
    set_up();
    on_thread(post_twice_and_send, NULL);
    settle();
    tcp_connection_shutdown(conn);
    CHECK_TEXT(rest(), "FXGZ");
}

static void send_other(void *data)
{
    send_text(data);
}

/* Another thread's send is taken in by the owner's next one, also within a posted function, and whatever a
 * third thread waits for. */
static void takes_in(struct event_loop *on, void *text)
{
    on_thread(send_other, "o");
    post_text(on, text);
}

static void post_taking_in(void *data)
{
    (void)data;
    CHECK_INT(yolanda_loop_post(loop, takes_in, "F"), 0);
    send_text("X");
}

CASE(sends_of_others_are_taken_in)
{
    set_up();
    on_thread(post_taking_in, NULL);
    on_thread(send_other, "1");
    send_text("Y");
    on_thread(send_other, "2");
    send_text("Z");
    settle();
    tcp_connection_shutdown(conn);
    CHECK_TEXT(rest(), "1Y2ZoFX");
}

static void post_and_end(void *how)
{
    send_text("a");
    CHECK_INT(yolanda_loop_post(loop, post_text, "b"), 0);
    send_text("c");
    CHECK_INT(yolanda_loop_post(loop, post_text, "d"), 0);
    end(*(int *)how);
}

static void posts_before_the_end(int how)
{
    set_up();
    on_thread(post_and_end, &how);
    CHECK_TEXT(rest(), "abcd");
}

CASE(posts_before_a_shutdown)
{
    posts_before_the_end(0);
}

CASE(posts_before_a_close)
{
    posts_before_the_end(1);
}

/* The same, and a send of the owner's that comes before the queue's turn. */
CASE(the_owner_sends_before_the_end)
{
    int how = 0;
    set_up();
    on_thread(post_and_end, &how);
    send_text("Y");
    CHECK_TEXT(rest(), "aYbcd");
}

static void send_and_end(void *how)
{
    send_text("a");
    end(*(int *)how);
}

CASE(the_owner_comes_after_the_end)
{
    for (int how = 0; how < 2; how++) {
        set_up();
        on_thread(send_and_end, &how);
        FAILS(tcp_connection_send_data(conn, "Y", 1), EPIPE);
        CHECK_TEXT(rest(), "a");
    }
}

static void send_too_late(struct event_loop *on, void *data)
{
    (void)on;
    FAILS(tcp_connection_send_data(conn, data, 1), EPIPE);
}

static void post_late_and_send(void *data)
{
    (void)data;
    CHECK_INT(yolanda_loop_post(loop, send_too_late, "F"), 0);
    send_text("X");
}

/* The owner ends what another thread has sent to, behind a post. */
CASE(the_owner_ends_it)
{
    for (int how = 0; how < 2; how++) {
        set_up();
        on_thread(post_late_and_send, NULL);
        end(how);
        CHECK_TEXT(rest(), "X");
    }
}

static void note_open(struct event_loop *on, void *data)
{
    (void)on;
    CHECK_INT(yolanda_connection_is_open(conn), 1);
    CHECK_INT(closed, 0);
    send_text(data);
}

static void close_it(void *data)
{
    (void)data;
    CHECK_INT(yolanda_connection_close(conn), 0);
    FAILS(yolanda_connection_close(conn), ENOTCONN);
    FAILS(yolanda_connection_close_after_send(conn, 0), ENOTCONN);
    FAILS(tcp_connection_send_data(conn, "x", 1), ENOTCONN);
    CHECK_INT(yolanda_connection_is_open(conn), 0);
    CHECK_INT(yolanda_connection_error(conn), ECANCELED);
}

static void post_and_close(void *data)
{
    CHECK_INT(yolanda_loop_post(loop, note_open, "F"), 0);
    close_it(data);
}

/* The thread that closes finds it closed; functions that it posted before find it open. */
CASE(a_post_before_a_close_at_once)
{
    set_up();
    yolanda_connection_retain(conn);
    on_thread(post_and_close, NULL);
    CHECK_TEXT(rest(), "F");
    CHECK_INT(closed, 1);
    CHECK_INT(error_at_closed, ECANCELED);
    CHECK_INT(yolanda_connection_release(conn), 0);
}

CASE(the_owner_comes_after_a_close)
{
    set_up();
    yolanda_connection_retain(conn);
    on_thread(close_it, NULL);
    CHECK_INT(yolanda_connection_is_open(conn), 0);
    CHECK_INT(yolanda_connection_error(conn), ECANCELED);
    FAILS(tcp_connection_send_data(conn, "x", 1), ENOTCONN);
    FAILS(yolanda_connection_pause(conn), ENOTCONN);
    FAILS(yolanda_connection_close(conn), ENOTCONN);
    CHECK_INT(closed, 0);
    CHECK_TEXT(rest(), "");
    CHECK_INT(closed, 1);
    CHECK_INT(yolanda_connection_release(conn), 0);
}

/* The peer has ended its side: what was sent to it before comes all the same. */
CASE(the_peer_has_ended)
{
    set_up();
    on_thread(post_and_send, NULL);
    CHECK_INT(shutdown(peer, SHUT_WR), 0);
    CHECK_TEXT(rest(), "FX");
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, 0);
}

static void send_to_both(void *data)
{
    (void)data;
    CHECK_INT(tcp_connection_send_data(second, "first", 5), 0);
    send_text("then");
}

CASE(two_connections)
{
    char text[6] = "";
    set_up();
    int other = peer;
    second = conn;
    set_up();
    on_thread(send_to_both, NULL);
    send_text("Y");
    CHECK_INT(recv(other, text, 5, MSG_DONTWAIT), 5);
    CHECK_TEXT(text, "first");
    tcp_connection_shutdown(conn);
    CHECK_TEXT(rest(), "thenY");
}

static int posted;
static struct channel *watched;

static void note(struct event_loop *on, void *data)
{
    (void)data;
    /* The change that was asked for between is made, whatever was sent meanwhile. */
    CHECK(entry(on, watched->fd) == (posted++ == 0 ? NULL : watched));
}

static void change_and_post(void *data)
{
    (void)data;
    CHECK_INT(yolanda_loop_post(loop, note, NULL), 0);
    CHECK_INT(event_loop_add_channel_event(loop, watched->fd, watched), 0);
    send_text("a");
    CHECK_INT(yolanda_loop_post(loop, note, NULL), 0);
    send_text("b");
}

CASE(changes_of_channels)
{
    int fd[2];
    set_up();
    make_pipe(fd);
    watched = channel_new(fd[0], EVENT_READ, NULL, NULL, NULL);
    on_thread(change_and_post, NULL);
    send_text("Y");
    settle();
    CHECK_INT(posted, 2);
    tcp_connection_shutdown(conn);
    CHECK_TEXT(rest(), "Yab");
    CHECK_INT(event_loop_remove_channel_event(loop, fd[0], watched), 0);
    free(watched);
}

static void post_and_quit(struct event_loop *on, yolanda_timer timer, void *data)
{
    (void)timer, (void)data;
    CHECK_INT(yolanda_loop_post(on, note, NULL), 0);
    CHECK_INT(yolanda_loop_quit(on), 0);
}

CASE(what_was_posted_before_the_end_of_a_loop)
{
    struct channel none = { 0, 0, NULL, NULL, NULL };
    watched = &none;
    none.fd = 900; /* no channel of that number */
    loop = yolanda_loop_new("test", NULL);
    yolanda_timer_start(loop, 0, 0, post_and_quit, NULL);
    CHECK_INT(event_loop_run(loop), 0);
    CHECK_INT(posted, 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(posted, 1);
}

/* A queue of alternating posts and sends takes time proportional to its length. */
#define TURNS 60000

static void post_turns(void *data)
{
    (void)data;
    for (int i = 0; i < TURNS; i++) {
        CHECK_INT(yolanda_loop_post(loop, post_text, "p"), 0);
        send_text("s");
    }
    end(0);
}

CASE(many_turns)
{
    static char seen[2 * TURNS + 1];
    set_up();
    on_thread(post_turns, NULL);
    CHECK_INT(all_of(peer, seen, sizeof seen), 2 * TURNS);
    for (int i = 0; i < TURNS; i++) {
        if (!CHECK(memcmp(seen + 2 * i, "ps", 2) == 0)) {
            break;
        }
    }
}

/* Numbered records of several threads, posts of theirs between them. */
struct record {
    unsigned char worker, number[3];
};

#define RECORDS 400
#define ROUNDS 60

static struct worker {
    int index, how, last; /* the number of its latest record */
    unsigned seed;
    pthread_t thread;
    atomic_int posts; /* that haven't run */
    char accepted[RECORDS];
} worker[WORKERS];
static atomic_int enders;

static int send_record(struct worker *own, int number)
{
    struct record record = { (unsigned char)own->index,
                             { (unsigned char)(number >> 16), (unsigned char)(number >> 8),
                               (unsigned char)number } };
    int sent = tcp_connection_send_data(conn, &record, sizeof record);
    CHECK(sent >= 0 || errno == EPIPE);
    own->accepted[number] = sent >= 0;
    return sent;
}

struct posted {
    struct worker *own;
    int number;
};

static void send_posted(struct event_loop *on, void *data)
{
    struct posted *what = data;
    (void)on;
    send_record(what->own, what->number);
    what->own->posts--;
    free(what);
}

static void send_records(void *data)
{
    struct worker *own = data;
    for (int i = 0, n = rand_r(&own->seed) % RECORDS; i < n; i++) {
        if (rand_r(&own->seed) % 4 == 0) {
            struct posted *what = malloc(sizeof *what);
            *what = (struct posted){ own, i };
            own->posts++;
            CHECK_INT(yolanda_loop_post(loop, send_posted, what), 0);
        } else if (send_record(own, i) < 0) {
            break;
        }
        if (rand_r(&own->seed) % 50 == 0) {
            sched_yield();
        }
    }
    if (own->how < 2) {
        end(own->how);
    } else if (++enders == WORKERS) {
        end(0); /* nobody else does */
    }
}

/* Every record that was accepted, in the order of its thread. */
static void see_records(const char *seen, size_t have)
{
    char came[WORKERS][RECORDS] = { { 0 } };
    int last[WORKERS];
    memset(last, -1, sizeof last);
    CHECK_INT(have % sizeof(struct record), 0);
    for (size_t at = 0; at + sizeof(struct record) <= have; at += sizeof(struct record)) {
        struct record record;
        memcpy(&record, seen + at, sizeof record);
        int number = record.number[0] << 16 | record.number[1] << 8 | record.number[2];
        NEED(record.worker < WORKERS && number < RECORDS);
        if (!CHECK(number > last[record.worker])) {
            return;
        }
        last[record.worker] = number;
        came[record.worker][number] = 1;
    }
    for (int i = 0; i < WORKERS; i++) {
        CHECK(memcmp(came[i], worker[i].accepted, RECORDS) == 0);
    }
}

static void records(int workers, int how_many)
{
    static char seen[WORKERS * RECORDS * sizeof(struct record)];
    printf("seed %d\n", workers * 1000 + how_many);
    for (int round = 0; round < ROUNDS; round++) {
        set_up();
        yolanda_connection_retain(conn);
        enders = WORKERS - workers;
        memset(worker, 0, sizeof worker);
        for (int i = 0; i < workers; i++) {
            worker[i].index = i;
            worker[i].how = i < how_many ? (i + round) % 2 : 2;
            worker[i].seed = (unsigned)(workers * 1000 + how_many * 100 + round * 10 + i);
            worker[i].thread = start_thread(send_records, &worker[i]);
        }
        size_t have = all_of(peer, seen, sizeof seen);
        for (int i = 0; i < workers; i++) {
            join(worker[i].thread);
            UNTIL(worker[i].posts == 0);
        }
        if (how_many == 1 && workers == 1) {
            /* Nobody else ended it: nothing was refused. */
            CHECK_INT(have, strlen(worker[0].accepted) * sizeof(struct record));
        }
        see_records(seen, have);
        close(peer);
        UNTIL(closed == connections);
        CHECK_INT(yolanda_connection_release(conn), 0);
    }
}

CASE(a_worker_sends_and_ends)
{
    records(1, 1);
}

CASE(workers_send_and_one_ends)
{
    records(WORKERS, 1);
}

CASE(workers_send_and_all_end)
{
    records(WORKERS, WORKERS);
}

CASE(workers_send_and_the_last_ends)
{
    records(WORKERS, 0);
}
