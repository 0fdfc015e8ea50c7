/* yolanda.h: which thread may change a connection that another thread than the loop's makes. Until the completed
 * callback has returned, only its thread may; from then on only the loop's. */
#include "connection_aid.h"

static struct event_loop_thread *thread;
static sem_t reached, go_on; /* the loop's thread waits in `hold` */
static atomic_int arrived;

static void take(sem_t *sem)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += SECONDS;
    NEED(sem_timedwait(sem, &end) == 0);
}

/* Every function that one thread only may call. */
static void change(struct tcp_connection *one, int e)
{
#define EXPECT(call)                                                                               \
    do {                                                                                           \
        errno = 0;                                                                                 \
        CHECK_INT((call), e == 0 ? 0 : -1);                                                        \
        CHECK_INT(errno, e);                                                                       \
    } while (0)
    EXPECT(yolanda_connection_set_user_data(one, NULL, NULL));
    EXPECT(yolanda_connection_set_nodelay(one, 1));
    EXPECT(yolanda_connection_set_keepalive(one, 1, 1, 1));
    EXPECT(yolanda_connection_pause(one));
    EXPECT(yolanda_connection_resume(one));
    EXPECT(yolanda_connection_set_water_marks(one, 1, 2, NULL, NULL));
    EXPECT(yolanda_connection_set_limits(one, 0, 0, YOLANDA_LIMIT_CLOSE));
    EXPECT(yolanda_connection_set_timeouts(one, 0, 0, 0));
}

static void may_not(void *one)
{
    change(one, EPERM);
}

/* On the loop's thread: while the completed callback runs, then when it has returned. */
static void hold(struct event_loop *of, void *data)
{
    (void)of;
    (void)data;
    sem_post(&reached);
    take(&go_on);
    change(conn, EPERM);
    sem_post(&reached);
    take(&go_on);
    change(conn, 0);
}

static void let_it_look(void)
{
    sem_post(&go_on);
    take(&reached);
}

static int count_message(struct buffer *input, struct tcp_connection *one)
{
    (void)one;
    input->readIndex = input->writeIndex;
    arrived++;
    return 0;
}

static int look_around(struct tcp_connection *one)
{
    conn = one;
    change(one, 0);
    on_thread(may_not, one);
    let_it_look();
    change(one, 0);
    return 0;
}

static void start(void)
{
    static struct event_loop_thread memory;
    thread = &memory;
    NEED(sem_init(&reached, 0, 0) == 0 && sem_init(&go_on, 0, 0) == 0);
    event_loop_thread_init(thread, 0);
    loop = event_loop_thread_start(thread);
    NEED(loop != NULL);
}

static void stop(void)
{
    NEED(yolanda_loop_quit(loop) == 0);
    CHECK_INT(pthread_join(thread->thread_tid, NULL), 0);
}

static void wait_for_message(void)
{
    long long end = now_ms() + SECONDS * 1000;
    while (arrived == 0 && now_ms() < end) {
        nap();
    }
    CHECK_INT(arrived, 1);
}

CASE(the_completed_callbacks_thread_then_the_loops)
{
    int fd[2];
    start();
    tcp_pair_of(AF_INET, fd);
    NEED(yolanda_loop_post(loop, hold, NULL) == 0);
    take(&reached);
    conn = tcp_connection_new(fd[0], loop, look_around, NULL, count_message, NULL);
    NEED(conn != NULL);
    /* It hasn't come to its loop yet, whose thread is held. */
    change(conn, EPERM);
    sem_post(&go_on);
    peer = fd[1];
    say("x");
    wait_for_message();
    change(conn, EPERM);
    stop();
}

static int change_both(struct tcp_connection *one)
{
    change(one, 0);
    change(conn, 0);
    return 0;
}

static int make_another(struct tcp_connection *one)
{
    int fd[2];
    conn = one;
    tcp_pair_of(AF_INET, fd);
    peer = fd[1];
    struct tcp_connection *inner =
        tcp_connection_new(fd[0], loop, change_both, NULL, count_message, NULL);
    NEED(inner != NULL);
    change(inner, EPERM);
    change(conn, 0);
    return 0;
}

CASE(a_completed_callback_within_another)
{
    int fd[2];
    start();
    tcp_pair_of(AF_INET, fd);
    NEED(tcp_connection_new(fd[0], loop, make_another, NULL, count_message, NULL) != NULL);
    change(conn, EPERM);
    say("x");
    wait_for_message();
    stop();
}

static void send_one(void *one)
{
    CHECK_INT(tcp_connection_send_data(one, "s", 1), 0);
}

/* The loop's thread sends the byte of another thread, while this one sets the limits. */
static int limit_while_sending(struct tcp_connection *one)
{
    char byte = 0;
    CHECK_INT(yolanda_connection_set_timeouts(one, 0, 0, 1000), 0);
    on_thread(send_one, one);
    CHECK_INT(recv(peer, &byte, 1, 0), 1);
    CHECK_INT(byte, 's');
    CHECK_INT(yolanda_connection_set_timeouts(one, 1000 * SECONDS, 0, 0), 0);
    return 0;
}

CASE(limits_in_the_completed_callback_while_another_thread_sends)
{
    int fd[2];
    start();
    tcp_pair_of(AF_INET, fd);
    peer = fd[1];
    conn = tcp_connection_new(fd[0], loop, limit_while_sending, NULL, count_message, NULL);
    NEED(conn != NULL);
    say("x");
    wait_for_message();
    stop();
}

/* The loop's own thread makes it: it may change the connection all the time, and no other may. */
static int look_around_at_home(struct tcp_connection *one)
{
    change(one, 0);
    on_thread(may_not, one);
    return 0;
}

CASE(a_connection_that_the_loops_thread_makes)
{
    int fd[2];
    loop = yolanda_loop_new("test", NULL);
    tcp_pair_of(AF_INET, fd);
    conn = tcp_connection_new(fd[0], loop, look_around_at_home, NULL, count_message, NULL);
    NEED(conn != NULL);
    change(conn, 0);
    on_thread(may_not, conn);
    peer = fd[1];
    say("x");
    UNTIL(arrived == 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
}
