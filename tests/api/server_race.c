/* A client that one thread is accepting while another stops or frees the server: nothing happens after the
 * end. The program defines accept4, send and pthread_join itself, so that rare interleavings of threads
 * occur. */
#include "server_aid.h"

#include <dlfcn.h>
#include <sys/syscall.h>

/* Where accept4 waits: before the system call, or after it with the client. */
enum { NOWHERE, BEFORE, AFTER };
static atomic_int held_at, held;
static sem_t go_on;

static void hold(int where)
{
    if (held_at == where && atomic_exchange(&held_at, NOWHERE) == where) {
        held = 1;
        sem_wait(&go_on);
    }
}

int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    hold(BEFORE);
    int client = syscall(SYS_accept4, fd, address, len, flags);
    if (client >= 0) {
        int error = errno;
        hold(AFTER);
        errno = error;
    }
    return client;
}

/* What is called on the loop's thread once it has sent something. */
static void (*_Atomic after_send)(void);

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    ssize_t n = syscall(SYS_sendto, fd, bytes, size, flags, NULL, 0);
    int error = errno;
    if (after_send != NULL && pthread_equal(pthread_self(), loop->owner_thread_id)) {
        after_send();
    }
    errno = error;
    return n;
}

/* A server with a socket per thread, one of which has a client in its accept4. */
static int start(int max, int where)
{
    make("127.0.0.1:0", 2);
    CHECK_INT(yolanda_server_set_reuseport(server, 1), 0);
    CHECK_INT(yolanda_server_set_max_connections(server, max), 0);
    CHECK_INT(yolanda_server_start(server), 0);
    NEED(sem_init(&go_on, 0, 0) == 0);
    held = 0;
    held_at = where;
    int fd = visit();
    UNTIL(held);
    return fd;
}

/* A stop isn't over as long as a thread may have a client in its hands. Whoever has it or takes it from the
 * queue, the client is served where there is time. */
static void while_it_stops(int where)
{
    for (int max = 0; max <= 5; max += 5) {
        for (int deadline = -1; deadline <= 0; deadline++) {
            int fd = start(max, where);
            out_mark();
            CHECK_INT(yolanda_server_stop(server, deadline, on_done, &done), 0);
            for (int i = 0; i < 5; i++) {
                yolanda_loop_run_once(loop, 1);
            }
            CHECK_INT(done, 0);
            sem_post(&go_on);
            ends(fd);
            UNTIL(done);
            CHECK_INT(completed, deadline < 0);
            close(fd);
            end();
            CHECK_INT(err_lines(), 0);
        }
    }
}

CASE(stopped_with_a_client_in_hand)
{
    while_it_stops(AFTER);
}

CASE(stopped_right_before_accept)
{
    while_it_stops(BEFORE);
}

static void let_go_when_blocked(void *data)
{
    until_blocked(*(pid_t *)data);
    sem_post(&go_on);
}

static void while_it_is_freed(int where)
{
    pid_t tid = syscall(SYS_gettid);
    for (int max = 0; max <= 5; max += 5) {
        int before = open_fds();
        int fd = start(max, where);
        out_mark();
        /* It joins the thread, which goes on then. */
        pthread_t helper = start_thread(let_go_when_blocked, &tid);
        CHECK_INT(yolanda_server_free(server), 0);
        join(helper);
        ends(fd);
        CHECK_INT(completed, 0);
        close(fd);
        end();
        CHECK_INT(err_lines(), 0);
        CHECK_INT(open_fds(), before);
    }
}

CASE(freed_with_a_client_in_hand)
{
    while_it_is_freed(AFTER);
}

CASE(freed_right_before_accept)
{
    while_it_is_freed(BEFORE);
}

static long long passes_of(struct event_loop *which)
{
    struct yolanda_loop_stats stats;
    NEED(yolanda_loop_get_stats(which, &stats, sizeof stats) == 0);
    return stats.passes;
}

/* The first thread was told to end: the second one learns that there is room, and looks. */
static void let_the_second_look(void)
{
    struct event_loop *second = server->threadPool->eventLoopThreads[1].eventLoop;
    after_send = NULL;
    long long late = now_ms() + SECONDS * 1000;
    while (closed == 0 && now_ms() < late) {
        nap();
    }
    long long from = passes_of(second);
    for (int i = 0; i < 50 && completed == 1 && passes_of(second) < from + 3; i++) {
        nap();
    }
}

CASE(freed_at_the_limit)
{
    make("127.0.0.1:0", 2);
    CHECK_INT(yolanda_server_set_reuseport(server, 1), 0);
    CHECK_INT(yolanda_server_set_max_connections(server, 1), 0);
    CHECK_INT(yolanda_server_start(server), 0);
    pthread_t first = server->threadPool->eventLoopThreads[0].eventLoop->owner_thread_id;
    int one, waiting[12];
    /* The kernel chooses the thread. */
    for (;;) {
        one = visit();
        echoed(one, "hello");
        if (pthread_equal(completed_on, first)) {
            break;
        }
        close(one);
        UNTIL(yolanda_server_connections(server) == 0);
    }
    completed = closed = 0;
    completed++;
    for (int i = 0; i < 12; i++) {
        waiting[i] = visit();
    }
    after_send = let_the_second_look;
    CHECK_INT(yolanda_server_free(server), 0);
    CHECK(after_send == NULL);
    CHECK_INT(completed, 1);
    CHECK_INT(closed, 1);
    for (int i = 0; i < 12; i++) {
        ends(waiting[i]);
        close(waiting[i]);
    }
    close(one);
    end();
}

/* The system finds that a thread waits for this one, and doesn't join it: the server stays. */
static atomic_int deadlocks;

int pthread_join(pthread_t thread, void **result)
{
    if (deadlocks > 0 && deadlocks-- > 0) {
        long long late = now_ms() + SECONDS * 1000;
        while (closed == 0 && now_ms() < late) {
            nap();
        }
        return EDEADLK;
    }
    int (*original)(pthread_t, void **) = (int (*)(pthread_t, void **))dlsym(RTLD_NEXT, "pthread_join");
    return original(thread, result);
}

static int leave_it(struct buffer *input, struct tcp_connection *connection)
{
    (void)input;
    (void)connection;
    messages++;
    return 0;
}

CASE(a_thread_that_waits_for_this_one)
{
    int before = open_fds();
    for (int way = 0; way < 4; way++) {
        int each = way & 1, stop_first = way & 2;
        make("127.0.0.1:0", 2);
        CHECK_INT(yolanda_server_set_reuseport(server, each), 0);
        server->messageCallBack = leave_it;
        CHECK_INT(yolanda_server_start(server), 0);
        int fd = visit();
        put(fd, "busy");
        UNTIL(messages);
        if (stop_first) {
            CHECK_INT(yolanda_server_stop(server, -1, on_done, &done), 0);
            yolanda_loop_run_once(loop, 5);
            CHECK_INT(done, 0);
        }
        deadlocks = 1;
        REFUSED(yolanda_server_free(server), EDEADLK);
        CHECK_INT(closed, 1);
        if (!stop_first) {
            REFUSED(yolanda_server_start(server), EALREADY);
            CHECK_INT(yolanda_server_stop(server, -1, on_done, &done), 0);
        }
        UNTIL(done);
        CHECK_INT(yolanda_server_free(server), 0);
        ends(fd);
        close(fd);
        end();
    }
    has_threads(1);
    CHECK_INT(open_fds(), before);
}
