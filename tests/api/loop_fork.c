/* yolanda_loop_reinit: a child makes the loop that it has inherited its own; neither process harms the other. */
#include "server_aid.h"

#include <sys/stat.h>

/* The child's and the parent's turns: each waits for the other's byte. */
static int to_child[2], to_parent[2];

static void tell(int fd)
{
    NEED(write(fd, "x", 1) == 1);
}

static void await(int fd)
{
    char byte;
    NEED(read(fd, &byte, 1) == 1);
}

static void run_for(long long ms)
{
    for (long long end_at = now_ms() + ms; now_ms() < end_at;) {
        yolanda_loop_run_once(loop, 10);
    }
}

static pid_t fork_here(void)
{
    make_pipe(to_child);
    make_pipe(to_parent);
    pid_t pid = fork();
    NEED(pid >= 0);
    if (pid == 0) {
        alarm(CASE_SECONDS);
    }
    return pid;
}

static void ended_well(pid_t pid)
{
    int status = -1;
    NEED(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
}

static struct yolanda_loop_stats stats(void)
{
    struct yolanda_loop_stats now;
    CHECK_INT(yolanda_loop_get_stats(loop, &now, sizeof now), 0);
    return now;
}

/* The child frees its copy of all that the parent has; the parent doesn't notice. */
CASE(the_childs_copy_is_freed)
{
    char path[100];
    snprintf(path, sizeof path, "unix:/tmp/yolanda-fork-%d", getppid());
    serve("127.0.0.1:0", 0);
    int port = server->port;
    struct TCPserver *local = yolanda_server_new(loop, path, on_completed, on_message, NULL, on_closed, 0);
    NEED(local != NULL);
    CHECK_INT(yolanda_server_start(local), 0);
    int old = visit(), near = dial(path), fd[2];
    NEED(near >= 0);
    UNTIL(completed == 2);
    echoed(old, "before");
    make_pipe(fd);
    watch(loop, fd[0], EVENT_READ, NULL, NULL, NULL);

    pid_t pid = fork_here();
    if (pid == 0) {
        CHECK_INT(yolanda_loop_reinit(loop), 0);
        CHECK_INT(yolanda_server_free(local), 0);
        CHECK_INT(yolanda_loop_free(loop), 0);
        CHECK_INT(closed, 2);
        tell(to_parent[1]);
        await(to_child[0]);
        _exit(0);
    }
    await(to_parent[0]);
    run_for(50);
    CHECK_INT(closed, 0);
    echoed(old, "after");
    echoed(near, "near");
    int fresh = dial_port(port), next = dial(path);
    NEED(fresh >= 0 && next >= 0);
    echoed(fresh, "fresh");
    echoed(next, "next");
    /* The parent's loop can still be woken up. */
    uint64_t before = stats().wakeups;
    event_loop_wakeup(loop);
    UNTIL(stats().wakeups > before);
    tell(to_child[1]);
    ended_well(pid);
    echoed(old, "at the end");
    close(old);
    close(near);
    close(fresh);
    close(next);
    UNTIL(closed == 4);
    end();
}

static int ticks, signals, posts;

static void on_timer(struct event_loop *which, yolanda_timer timer, void *data)
{
    (void)which;
    (void)timer;
    (void)data;
    ticks++;
}

static void on_signal(struct event_loop *which, int number, void *data)
{
    (void)which;
    (void)number;
    (void)data;
    signals++;
}

static void on_post(struct event_loop *which, void *data)
{
    CHECK(which == loop);
    CHECK(data == &posts);
    posts++;
}

static void post_there(void *unused)
{
    (void)unused;
    CHECK_INT(yolanda_loop_post(loop, on_post, &posts), 0);
}

/* Both go on: timers, signals, posts and channels of each, and clients for one of the two. */
CASE(both_go_on)
{
    int fd[2];
    serve("127.0.0.1:0", 0);
    CHECK(yolanda_timer_start(loop, 20, 20, on_timer, NULL) != 0);
    CHECK(yolanda_signal_start(loop, SIGUSR1, on_signal, NULL) != 0);
    run_for(30);
    CHECK(ticks > 0);
    /* A post whose byte lies in the shared pair: both processes call it. */
    on_thread(post_there, NULL);
    pid_t pid = fork_here();
    if (pid == 0) {
        CHECK_INT(yolanda_loop_reinit(loop), 0);
        CHECK_INT(yolanda_loop_reinit(loop), 0);
        UNTIL(posts == 1);
        ticks = signals = 0;
        UNTIL(ticks > 1);
        raise(SIGUSR1);
        UNTIL(signals == 1);
        on_thread(post_there, NULL);
        UNTIL(posts == 2);
        make_pipe(fd);
        watch(loop, fd[0], EVENT_READ, NULL, NULL, NULL);
        put(fd[1], "x");
        run_for(100);
        tell(to_parent[1]);
        await(to_child[0]);
        /* The parent doesn't accept now: the child does. */
        echoed(visit(), "the child");
        CHECK_INT(completed, 1);
        CHECK_INT(yolanda_loop_free(loop), 0);
        _exit(0);
    }
    UNTIL(posts == 1);
    uint64_t before = stats().wakeups;
    long long since = now_ms();
    uint64_t passes = stats().passes;
    struct pollfd one = { to_parent[0], POLLIN, 0 };
    while (poll(&one, 1, 0) == 0) {
        yolanda_loop_run_once(loop, 20);
        NEED(now_ms() - since < SECONDS * 1000);
    }
    /* Nothing of the child's woke the parent. */
    CHECK_INT(stats().wakeups, before);
    CHECK(stats().passes - passes < 200 + (uint64_t)(now_ms() - since));
    CHECK_INT(signals, 0);
    CHECK_INT(posts, 1);
    tell(to_child[1]);
    ended_well(pid);
    CHECK_INT(completed, 0);
    echoed(visit(), "the parent");
    yolanda_loop_free(loop);
}

/* The parent frees its copy; the child serves on. */
CASE(the_parents_copy_is_freed)
{
    serve("127.0.0.1:0", 0);
    int port = server->port, fd = visit();
    echoed(fd, "before");
    pid_t pid = fork_here();
    if (pid == 0) {
        close(fd);
        CHECK_INT(yolanda_loop_reinit(loop), 0);
        tell(to_parent[1]);
        await(to_child[0]);
        /* The connection is the child's now, and clients come to it. */
        tell(to_parent[1]);
        UNTIL(completed == 2 && closed == 2);
        CHECK_INT(yolanda_loop_free(loop), 0);
        _exit(0);
    }
    await(to_parent[0]);
    /* The connection goes with the loop, which sends nothing. */
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(closed, 1);
    tell(to_child[1]);
    await(to_parent[0]);
    char text[8] = "";
    put(fd, "hello");
    CHECK_INT(recv(fd, text, 5, MSG_WAITALL), 5);
    CHECK_TEXT(text, "hello");
    int next = dial_port(port);
    NEED(next >= 0);
    put(next, "again");
    CHECK_INT(recv(next, text, 5, MSG_WAITALL), 5);
    CHECK_TEXT(text, "again");
    close(fd);
    close(next);
    ended_well(pid);
}

/* A loop of another thread than the one that forks. */
static void make_there(void *unused)
{
    (void)unused;
    loop = yolanda_loop_new(NULL, NULL);
    NEED(loop != NULL);
}

CASE(the_calling_thread_has_the_loop)
{
    on_thread(make_there, NULL);
    errno = 0;
    CHECK_INT(yolanda_loop_reinit(loop), -1);
    CHECK_INT(errno, EPERM);
    pid_t pid = fork_here();
    if (pid == 0) {
        CHECK_INT(yolanda_loop_reinit(loop), 0);
        CHECK_INT(yolanda_loop_post(loop, on_post, &posts), 0);
        UNTIL(posts == 1);
        CHECK_INT(yolanda_loop_free(loop), 0);
        _exit(0);
    }
    ended_well(pid);
}

static void reinit_here(struct event_loop *which, void *data)
{
    (void)data;
    REFUSED(yolanda_loop_reinit(which), EBUSY);
    posts++;
}

static void reinit_there(void *unused)
{
    (void)unused;
    REFUSED(yolanda_loop_reinit(loop), EPERM);
}

CASE(refusals)
{
    REFUSED(yolanda_loop_reinit(NULL), EINVAL);
    make("127.0.0.1:0", 1);
    CHECK_INT(yolanda_loop_post(loop, reinit_here, NULL), 0);
    UNTIL(posts == 1);
    on_thread(reinit_there, NULL);
    CHECK_INT(yolanda_loop_reinit(loop), 0);
    CHECK_INT(yolanda_server_start(server), 0);
    REFUSED(yolanda_loop_reinit(loop), EBUSY);
    CHECK_INT(yolanda_server_free(server), 0);
    CHECK_INT(yolanda_loop_reinit(loop), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(without_descriptors)
{
    serve("127.0.0.1:0", 0);
    int fd = visit(), before = open_fds();
    echoed(fd, "before");
    struct rlimit few, limit;
    NEED(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    for (rlim_t n = 0; n < 64; n++) {
        few = limit;
        few.rlim_cur = n;
        NEED(setrlimit(RLIMIT_NOFILE, &few) == 0);
        errno = 0;
        int done = yolanda_loop_reinit(loop), error = errno;
        NEED(setrlimit(RLIMIT_NOFILE, &limit) == 0);
        if (done == 0) {
            break;
        }
        CHECK_INT(error, EMFILE);
        CHECK_INT(open_fds(), before + 1);
    }
    CHECK_INT(yolanda_loop_reinit(loop), 0);
    CHECK_INT(open_fds(), before + 1);
    echoed(fd, "after");
    close(fd);
    UNTIL(closed == 1);
    end();
}
