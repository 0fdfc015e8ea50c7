/* yolanda_loop_thread_stop and yolanda_thread_pool_free: threads end with all that they have. */
#include "server_aid.h"

#include "lib/event_loop_thread.h"
#include "lib/thread_pool.h"
#include "lib/utils.h"

static struct event_loop_thread thread;
static pthread_t tid;
static atomic_int posted, stopped, destroyed;

static void begin(void)
{
    NEED(event_loop_thread_init(&thread, 0) == 0);
    NEED(event_loop_thread_start(&thread) != NULL);
    tid = thread.thread_tid;
}

/* A connection on the thread; the other end. */
static int connection_on(struct event_loop *where)
{
    int fd[2], before = messages;
    char text[8];
    make_sockets(fd);
    NEED(tcp_connection_new(fd[0], where, NULL, on_closed, on_message, NULL) != NULL);
    put(fd[1], "there?");
    NEED(recv(fd[1], text, 6, MSG_WAITALL) == 6 && messages == before + 1);
    return fd[1];
}

static void on_posted(struct event_loop *where, void *data)
{
    (void)data;
    CHECK(isInSameThread(where));
    CHECK(pthread_equal(pthread_self(), tid));
    posted++;
}

CASE(connections_are_closed_on_their_thread)
{
    int before = open_fds(), peers[20];
    has_threads(1);
    begin();
    for (int i = 0; i < 20; i++) {
        peers[i] = connection_on(thread.eventLoop);
    }
    CHECK_INT(yolanda_loop_thread_stop(&thread), 0);
    CHECK_INT(closed, 20);
    CHECK_INT(last_error, ESHUTDOWN);
    CHECK(pthread_equal(closed_on, tid));
    CHECK(thread.thread_tid == 0);
    CHECK(thread.eventLoop == NULL);
    has_threads(1);
    for (int i = 0; i < 20; i++) {
        char byte;
        CHECK_INT(read(peers[i], &byte, 1), 0);
        close(peers[i]);
    }
    CHECK_INT(open_fds(), before);
    free(thread.thread_name);
}

static void post_and_block(struct event_loop *where, void *data)
{
    (void)data;
    /* The others are posted while this runs, and the stop is called meanwhile. */
    while (!stopped) {
        nap();
    }
    CHECK_INT(yolanda_loop_post(where, on_posted, NULL), 0);
}

static void tell_later(void *data)
{
    (void)data;
    usleep(20000);
    stopped = 1;
}

CASE(what_was_posted_is_run)
{
    begin();
    CHECK_INT(yolanda_loop_post(thread.eventLoop, post_and_block, NULL), 0);
    for (int i = 0; i < 100; i++) {
        CHECK_INT(yolanda_loop_post(thread.eventLoop, on_posted, NULL), 0);
    }
    pthread_t teller = start_thread(tell_later, NULL);
    CHECK_INT(yolanda_loop_thread_stop(&thread), 0);
    CHECK_INT(posted, 101);
    join(teller);
}

CASE(again_or_never_started)
{
    NEED(event_loop_thread_init(&thread, 3) == 0);
    CHECK_INT(yolanda_loop_thread_stop(&thread), 0);
    NEED(event_loop_thread_start(&thread) != NULL);
    CHECK_INT(yolanda_loop_thread_stop(&thread), 0);
    CHECK_INT(yolanda_loop_thread_stop(&thread), 0);
    REFUSED(yolanda_loop_thread_stop(NULL), EINVAL);
    CHECK_TEXT(thread.thread_name, "Thread-4");
    /* The struct can be used again. */
    NEED(event_loop_thread_start(&thread) != NULL);
    tid = thread.thread_tid;
    int fd = connection_on(thread.eventLoop);
    CHECK_INT(yolanda_loop_thread_stop(&thread), 0);
    CHECK_INT(closed, 1);
    close(fd);
    has_threads(1);
}

/* What course programs do, but for the atomic store, which ThreadSanitizer wants to see. */
static void end_loop(struct event_loop *which)
{
    __atomic_store_n(&which->quit, 1, __ATOMIC_RELEASE);
    event_loop_wakeup(which);
}

CASE(joined_by_the_program)
{
    int before = open_fds();
    begin();
    int fd = connection_on(thread.eventLoop);
    end_loop(thread.eventLoop);
    CHECK_INT(pthread_join(thread.thread_tid, NULL), 0);
    /* Nothing was closed: the loop might be run again. */
    CHECK_INT(closed, 0);
    thread.thread_tid = 0;
    CHECK_INT(yolanda_loop_thread_stop(&thread), 0);
    CHECK_INT(closed, 1);
    CHECK(pthread_equal(closed_on, pthread_self()));
    close(fd);
    CHECK_INT(open_fds(), before);
}

/* A thread whose loop has ended already is joined all the same. */
/* Nobody can know when a detached thread has ended: its loop isn't freed under its hands. */
CASE(detached_by_the_program)
{
    if (SANITIZED) {
        return; /* its loop stays, as said */
    }
    begin();
    int peer = connection_on(thread.eventLoop);
    NEED(pthread_detach(thread.thread_tid) == 0);
    errno = 0;
    CHECK_INT(yolanda_loop_thread_stop(&thread), -1);
    CHECK_INT(errno, EINVAL);
    /* It ends nevertheless, and closes what it has. */
    char byte;
    CHECK_INT(read(peer, &byte, 1), 0);
    CHECK_INT(closed, 1);
    close(peer);
}

CASE(after_its_loop_has_quit)
{
    begin();
    int fd = connection_on(thread.eventLoop);
    CHECK_INT(yolanda_loop_quit(thread.eventLoop), 0);
    has_threads(1);
    CHECK_INT(yolanda_loop_thread_stop(&thread), 0);
    CHECK_INT(closed, 1);
    close(fd);
}

static void stop_itself(struct event_loop *where, void *data)
{
    (void)where;
    (void)data;
    REFUSED(yolanda_loop_thread_stop(&thread), EDEADLK);
    posted++;
}

CASE(on_the_thread_itself)
{
    begin();
    CHECK_INT(yolanda_loop_post(thread.eventLoop, stop_itself, NULL), 0);
    CHECK_INT(yolanda_loop_thread_stop(&thread), 0);
    CHECK_INT(posted, 1);
}

static void stop_the_other(struct event_loop *where, void *data)
{
    (void)where;
    CHECK_INT(yolanda_loop_thread_stop(data), 0);
    stopped = 1;
}

CASE(inside_a_callback_of_another_loop)
{
    begin();
    int fd = connection_on(thread.eventLoop);
    loop = yolanda_loop_new(NULL, NULL);
    CHECK_INT(yolanda_loop_post(loop, stop_the_other, &thread), 0);
    UNTIL(stopped);
    CHECK_INT(closed, 1);
    close(fd);
    completed = closed;
    end();
}

static void destroy(void *data)
{
    (void)data;
    destroyed++;
}

static struct tcp_connection *kept;

static int keep(struct tcp_connection *connection)
{
    kept = yolanda_connection_retain(connection);
    CHECK_INT(yolanda_connection_set_user_data(connection, connection, destroy), 0);
    return 0;
}

CASE(a_retained_connection_outlives_it)
{
    int fd[2];
    begin();
    make_sockets(fd);
    NEED(tcp_connection_new(fd[0], thread.eventLoop, keep, on_closed, on_message, NULL) != NULL);
    CHECK_INT(yolanda_loop_thread_stop(&thread), 0);
    free(thread.thread_name);
    CHECK_INT(closed, 1);
    CHECK_INT(yolanda_connection_is_open(kept), 0);
    CHECK_INT(yolanda_connection_error(kept), ESHUTDOWN);
    REFUSED(tcp_connection_send_data(kept, "late", 4), ENOTCONN);
    REFUSED(yolanda_connection_close(kept), ENOTCONN);
    CHECK_INT(destroyed, 0);
    CHECK_INT(yolanda_connection_release(kept), 0);
    CHECK_INT(destroyed, 1);
    close(fd[1]);
}

static int closes_the_next(struct tcp_connection *connection)
{
    closed++;
    CHECK_INT(yolanda_loop_post(connection->eventLoop, on_posted, NULL), 0);
    return 0;
}

CASE(closed_callbacks_post)
{
    int fd[2];
    begin();
    make_sockets(fd);
    NEED(tcp_connection_new(fd[0], thread.eventLoop, NULL, closes_the_next, NULL, NULL) != NULL);
    CHECK_INT(yolanda_loop_thread_stop(&thread), 0);
    CHECK_INT(closed, 1);
    CHECK_INT(posted, 1);
    close(fd[1]);
}

/* A program that always opens another connection doesn't keep the thread. */
static atomic_int made;

static int open_another(struct tcp_connection *connection)
{
    int fd[2];
    closed++;
    make_sockets(fd);
    close(fd[1]);
    if (tcp_connection_new(fd[0], connection->eventLoop, NULL, open_another, NULL, NULL) != NULL) {
        made++;
    } else {
        CHECK_INT(errno, ESHUTDOWN);
        close(fd[0]);
    }
    return 0;
}

CASE(closed_callbacks_open_connections)
{
    int fd[2], before = open_fds();
    begin();
    make_sockets(fd);
    NEED(tcp_connection_new(fd[0], thread.eventLoop, NULL, open_another, NULL, NULL) != NULL);
    CHECK_INT(yolanda_loop_thread_stop(&thread), 0);
    CHECK_INT(closed, made + 1);
    close(fd[1]);
    CHECK_INT(open_fds(), before);
}

static struct thread_pool *new_pool(int n)
{
    if (loop == NULL) {
        loop = yolanda_loop_new(NULL, NULL);
    }
    struct thread_pool *pool = thread_pool_new(loop, n);
    NEED(pool != NULL);
    return pool;
}

CASE(a_pool)
{
    int before = open_fds();
    for (int n = 0; n <= 3; n++) {
        struct thread_pool *pool = new_pool(n);
        thread_pool_start(pool);
        has_threads(1 + n);
        int fd = n > 0 ? connection_on(thread_pool_get_loop(pool)) : -1;
        CHECK_INT(yolanda_thread_pool_free(pool), 0);
        has_threads(1);
        CHECK_INT(closed, n);
        close(fd);
    }
    completed = closed;
    end();
    CHECK_INT(open_fds(), before);
}

CASE(a_pool_that_never_started)
{
    CHECK_INT(yolanda_thread_pool_free(new_pool(2)), 0);
    REFUSED(yolanda_thread_pool_free(NULL), EINVAL);
    end();
}

CASE(a_pool_goes_with_its_loop)
{
    int before = open_fds();
    struct thread_pool *never_started = new_pool(1);
    thread_pool_start(new_pool(2));
    thread_pool_start(new_pool(0));
    thread_pool_start(new_pool(1));
    has_threads(4);
    CHECK_INT(yolanda_thread_pool_free(never_started), 0);
    end();
    has_threads(1);
    CHECK_INT(open_fds(), before);
}

/* The program stops a thread of the pool itself: the others go on. */
CASE(one_thread_of_a_pool)
{
    struct thread_pool *pool = new_pool(3);
    thread_pool_start(pool);
    CHECK_INT(yolanda_loop_thread_stop(&pool->eventLoopThreads[1]), 0);
    for (int i = 0; i < 6; i++) {
        struct event_loop *where = thread_pool_get_loop(pool);
        CHECK(where == pool->eventLoopThreads[0].eventLoop || where == pool->eventLoopThreads[2].eventLoop);
    }
    CHECK_INT(yolanda_loop_thread_stop(&pool->eventLoopThreads[0]), 0);
    CHECK_INT(yolanda_loop_thread_stop(&pool->eventLoopThreads[2]), 0);
    CHECK(thread_pool_get_loop(pool) == loop);
    CHECK_INT(yolanda_thread_pool_free(pool), 0);
    end();
}

/* The same with the threads of a pool. */
CASE(a_pool_that_the_program_joined)
{
    struct thread_pool *pool = new_pool(2);
    thread_pool_start(pool);
    int fd = connection_on(thread_pool_get_loop(pool));
    for (int i = 0; i < 2; i++) {
        struct event_loop_thread *one = &pool->eventLoopThreads[i];
        end_loop(one->eventLoop);
        CHECK_INT(pthread_join(one->thread_tid, NULL), 0);
        one->thread_tid = 0;
    }
    CHECK_INT(closed, 0);
    CHECK_INT(yolanda_thread_pool_free(pool), 0);
    CHECK_INT(closed, 1);
    close(fd);
    completed = closed;
    end();
}

static struct thread_pool *the_pool;

static void free_elsewhere(void *data)
{
    (void)data;
    REFUSED(yolanda_thread_pool_free(the_pool), EPERM);
}

static void free_on_its_thread(struct event_loop *where, void *data)
{
    (void)where;
    (void)data;
    REFUSED(yolanda_thread_pool_free(the_pool), EDEADLK);
    posted++;
}

static void free_in_callback(struct event_loop *where, void *data)
{
    (void)where;
    (void)data;
    CHECK_INT(yolanda_thread_pool_free(the_pool), 0);
    stopped = 1;
}

CASE(a_pool_on_other_threads)
{
    the_pool = new_pool(2);
    thread_pool_start(the_pool);
    on_thread(free_elsewhere, NULL);
    CHECK_INT(yolanda_loop_post(the_pool->eventLoopThreads[0].eventLoop, free_on_its_thread, NULL), 0);
    while (!posted) {
        nap();
    }
    CHECK_INT(yolanda_loop_post(loop, free_in_callback, NULL), 0);
    UNTIL(stopped);
    has_threads(1);
    end();
}

CASE(a_servers_pool)
{
    make("127.0.0.1:0", 2);
    REFUSED(yolanda_thread_pool_free(server->threadPool), EBUSY);
    CHECK_INT(yolanda_server_start(server), 0);
    REFUSED(yolanda_thread_pool_free(server->threadPool), EBUSY);
    end();
    has_threads(1);
}

/* Others post while the loop ends: what was accepted is run, the rest is refused. */
static atomic_int accepted, refused_posts, go_on = 1;

static void count_it(struct event_loop *where, void *data)
{
    (void)where;
    (void)data;
    posted++;
}

static void post_for_ever(void *data)
{
    struct tcp_connection *connection = data;
    while (go_on) {
        if (yolanda_loop_post(connection->eventLoop, count_it, NULL) == 0) {
            accepted++;
        } else {
            CHECK_INT(errno, ESHUTDOWN);
            refused_posts++;
            nap();
        }
    }
}

CASE(posts_while_it_ends)
{
    for (int i = 0; i < 20; i++) {
        int fd[2];
        accepted = refused_posts = posted = 0;
        go_on = 1;
        begin();
        make_sockets(fd);
        /* It keeps the memory of its loop. */
        NEED(tcp_connection_new(fd[0], thread.eventLoop, keep, on_closed, NULL, NULL) != NULL);
        pthread_t posters[2] = { start_thread(post_for_ever, kept), start_thread(post_for_ever, kept) };
        while (posted < 100) {
            nap();
        }
        CHECK_INT(yolanda_loop_thread_stop(&thread), 0);
        while (!refused_posts) {
            nap();
        }
        go_on = 0;
        join(posters[0]);
        join(posters[1]);
        CHECK_INT(posted, accepted);
        CHECK_INT(yolanda_connection_release(kept), 0);
        close(fd[1]);
        free(thread.thread_name);
    }
}

CASE(again_and_again)
{
    int before = 0;
    for (int i = 0; i < 300; i++) {
        begin();
        int fd = i % 3 == 0 ? connection_on(thread.eventLoop) : -1;
        CHECK_INT(yolanda_loop_thread_stop(&thread), 0);
        free(thread.thread_name);
        close(fd);
        if (i == 10) {
            before = open_fds();
        }
    }
    CHECK_INT(open_fds(), before);
    has_threads(1);
}

static int ran_there;

static void on_there(struct event_loop *where, void *data)
{
    CHECK(isInSameThread(where));
    CHECK(yolanda_loop_thread_loop(data) == where);
    CHECK_INT(yolanda_loop_thread_free(data), -1);
    CHECK_INT(errno, EDEADLK);
    ran_there++;
}

/* The struct is the library's. */
CASE(a_thread_in_memory_of_the_library)
{
    struct event_loop_thread *one = yolanda_loop_thread_new(4);
    NEED(one != NULL);
    has_threads(1);
    errno = 0;
    CHECK(yolanda_loop_thread_loop(one) == NULL);
    CHECK_INT(errno, ENOENT);
    struct event_loop *where = event_loop_thread_start(one);
    NEED(where != NULL);
    has_threads(2);
    CHECK(yolanda_loop_thread_loop(one) == where);
    CHECK_TEXT(yolanda_loop_name(where), "Thread-5");
    CHECK_INT(yolanda_loop_post(where, on_there, one), 0);
    CHECK_INT(yolanda_loop_thread_stop(one), 0);
    CHECK_INT(ran_there, 1);
    has_threads(1);
    CHECK(yolanda_loop_thread_loop(one) == NULL);
    /* Started again, and freed while it runs. */
    NEED(event_loop_thread_start(one) != NULL);
    has_threads(2);
    CHECK_INT(yolanda_loop_thread_free(one), 0);
    has_threads(1);
    one = yolanda_loop_thread_new(0);
    NEED(one != NULL);
    CHECK_INT(yolanda_loop_thread_free(one), 0);
}
