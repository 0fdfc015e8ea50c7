/* Contract section 2, "event_loop": making, running, stopping and waking a loop. */
#include "aid.h"

#include "lib/utils.h"

static struct event_loop *the_loop;

/* event_loop_init() = event_loop_init_with_name(NULL), whose thread_name is then "main thread". */
CASE(names)
{
    static char name[] = "reader";
    struct event_loop *loop = event_loop_init();
    NEED(loop != NULL);
    CHECK_TEXT(loop->thread_name, "main thread");
    loop = event_loop_init_with_name(NULL);
    NEED(loop != NULL);
    CHECK_TEXT(loop->thread_name, "main thread");
    loop = event_loop_init_with_name(name);
    NEED(loop != NULL);
    CHECK(loop->thread_name == name); /* the name is kept by pointer */
}

CASE(fields_of_a_new_loop)
{
    struct event_loop *loop = event_loop_init();
    NEED(loop != NULL);
    CHECK_INT(loop->quit, 0);
    CHECK(pthread_equal(loop->owner_thread_id, pthread_self())); /* the calling thread owns it */
    CHECK(loop->channelMap != NULL);
    CHECK(loop->eventDispatcher != NULL);
    CHECK(loop->pending_head == NULL && loop->pending_tail == NULL);
    CHECK(loop->socketPair[0] >= 0 && loop->socketPair[1] >= 0);
    struct channel *wakeup = entry(loop, loop->socketPair[1]);
    CHECK(wakeup != NULL && wakeup->fd == loop->socketPair[1]);
}

/* The default back end is epoll, or what YOLANDA_DISPATCHER says (another value counts as unset). */
CASE(dispatcher_as_the_environment_says)
{
    char *values[] = { NULL, "", "epoll", "poll", "Poll", "select", "pollx" };
    char *wanted[] = { "epoll", "epoll", "epoll", "poll", "epoll", "epoll", "epoll" };
    const char *of_this_run = getenv("YOLANDA_DISPATCHER");
    struct event_loop *loop = event_loop_init();
    CHECK_TEXT(loop->eventDispatcher->name, of_this_run != NULL ? wanted_dispatcher() : "epoll");
    CHECK_TEXT(epoll_dispatcher.name, "epoll");
    CHECK_TEXT(poll_dispatcher.name, "poll");
    for (int i = 0; i < 7; i++) {
        char command[] = "/proc/self/exe", filter[] = "name_of_the_dispatcher";
        int out[2];
        char text[200] = "";
        make_pipe(out);
        pid_t pid = fork();
        if (pid == 0) {
            if (values[i] != NULL) {
                setenv("YOLANDA_DISPATCHER", values[i], 1);
            } else {
                unsetenv("YOLANDA_DISPATCHER");
            }
            char number[20];
            snprintf(number, sizeof number, "%d", out[1]);
            setenv("REPORT_FD", number, 1);
            execl(command, command, filter, NULL);
            _exit(127);
        }
        close(out[1]);
        CHECK_INT(waitpid(pid, NULL, 0), pid);
        CHECK(read(out[0], text, sizeof text - 1) >= 0);
        CHECK_TEXT(text, wanted[i]);
    }
}

CASE(name_of_the_dispatcher) /* started again by the case before; alone it checks nothing more */
{
    struct event_loop *loop = event_loop_init();
    NEED(loop != NULL);
    if (getenv("REPORT_FD") != NULL) {
        put(atoi(getenv("REPORT_FD")), loop->eventDispatcher->name);
    }
}

/* It runs until quit is non-zero, then returns 0. */
static int quits(void *data)
{
    (*(int *)data)++;
    the_loop->quit = 1;
    return 0;
}

CASE(run_returns_0_after_quit)
{
    int calls = 0, fd = eventfd(1, EFD_CLOEXEC);
    the_loop = event_loop_init();
    watch(the_loop, fd, EVENT_READ, quits, NULL, &calls);
    CHECK_INT(event_loop_run(the_loop), 0);
    CHECK_INT(calls, 1);
    the_loop->quit = 0; /* and runs again */
    CHECK_INT(event_loop_run(the_loop), 0);
    CHECK_INT(calls, 2);
    the_loop->quit = 7;
    CHECK_INT(event_loop_run(the_loop), 0);
    CHECK_INT(calls, 2);
}

/* quit set by another thread followed by event_loop_wakeup stops it at once ... */
static pid_t loop_tid;

static void quit_and_wake(void *unused)
{
    (void)unused;
    until_blocked(loop_tid);
    quit_plainly(the_loop);
    event_loop_wakeup(the_loop);
}

CASE(quit_with_a_wake_up)
{
    the_loop = event_loop_init();
    loop_tid = gettid();
    for (int i = 0; i < 20; i++) {
        the_loop->quit = 0;
        pthread_t thread = start_thread(quit_and_wake, NULL);
        CHECK_INT(event_loop_run(the_loop), 0);
        join(thread);
    }
}

/* ... without the wake-up within 1 s. */
static void quit_only(void *unused)
{
    (void)unused;
    until_blocked(loop_tid);
    quit_plainly(the_loop);
}

CASE(quit_without_a_wake_up)
{
    the_loop = event_loop_init();
    loop_tid = gettid();
    pthread_t thread = start_thread(quit_only, NULL);
    CHECK_INT(event_loop_run(the_loop), 0);
    join(thread);
}

/* event_loop_run on a thread that doesn't own the loop: exits the process with status 1. */
static void run_it(void *loop)
{
    event_loop_run(loop);
}

static void run_on_a_foreign_thread(void *unused)
{
    (void)unused;
    on_thread(run_it, event_loop_init());
    _exit(77);
}

CASE(run_on_a_foreign_thread_exits_1)
{
    struct ended ended = child(run_on_a_foreign_thread, NULL);
    CHECK_INT(ended.status, 1);
}

/* owner_thread_id is read where it is used: a loop can be handed to another thread. */
static sem_t handed;

static void own_and_run(void *unused)
{
    (void)unused;
    sem_wait(&handed);
    CHECK_INT(isInSameThread(the_loop), 1);
    assertInSameThread(the_loop);
    passes(the_loop, 3);
}

CASE(loop_handed_to_another_thread)
{
    sem_init(&handed, 0, 0);
    the_loop = event_loop_init();
    pthread_t thread = start_thread(own_and_run, NULL);
    the_loop->owner_thread_id = thread;
    CHECK_INT(isInSameThread(the_loop), 0);
    sem_post(&handed);
    join(thread);
}

/* event_loop_wakeup may be called from a signal handler; a full pipe is no error. */
static atomic_int signals;

static void wakes(int number)
{
    (void)number;
    signals++;
    the_loop->quit = 1;
    event_loop_wakeup(the_loop);
}

static void send_signal(void *unused)
{
    (void)unused;
    until_blocked(loop_tid);
    kill(getpid(), SIGUSR1);
}

CASE(wake_up_from_a_signal_handler)
{
    the_loop = event_loop_init();
    loop_tid = gettid();
    signal(SIGUSR1, wakes);
    for (int i = 0; i < 10; i++) {
        the_loop->quit = 0;
        pthread_t thread = start_thread(send_signal, NULL);
        CHECK_INT(event_loop_run(the_loop), 0);
        join(thread);
    }
    CHECK_INT(signals, 10);
}

CASE(wake_ups_fill_no_pipe)
{
    struct event_loop *loop = event_loop_init();
    for (int i = 0; i < 200000; i++) {
        event_loop_wakeup(loop);
    }
    CHECK_INT(err_lines(), 0);
    passes(loop, 5);
}

static void wake_often(void *loop)
{
    for (int i = 0; i < 20000; i++) {
        event_loop_wakeup(loop);
    }
    quit_plainly(loop);
    event_loop_wakeup(loop);
}

CASE(wake_ups_from_several_threads)
{
    struct event_loop *loop = event_loop_init();
    pthread_t one = start_thread(wake_often, loop), two = start_thread(wake_often, loop);
    CHECK_INT(event_loop_run(loop), 0);
    join(one);
    join(two);
}

/* A signal without SA_RESTART doesn't end the loop. */
static void only_counts(int number)
{
    (void)number;
    signals++;
}

static void many_signals(void *unused)
{
    (void)unused;
    for (int i = 1; i <= 20; i++) {
        until_blocked(loop_tid);
        kill(getpid(), SIGUSR1);
        while (signals < i) {
            nap();
        }
    }
    quit_plainly(the_loop);
    event_loop_wakeup(the_loop);
}

CASE(signals_do_not_end_the_loop)
{
    struct sigaction action = { .sa_handler = only_counts };
    sigset_t set;
    the_loop = event_loop_init();
    loop_tid = gettid();
    sigaction(SIGUSR1, &action, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* so that the loop's thread gets them */
    pthread_t thread = start_thread(many_signals, NULL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    CHECK_INT(event_loop_run(the_loop), 0);
    join(thread);
    CHECK_INT(signals, 20);
    CHECK_INT(err_lines(), 0);
}

/* socketPair is a byte stream, [0] written, [1] read. */
static void quit_by_hand(void *unused)
{
    (void)unused;
    until_blocked(loop_tid);
    quit_plainly(the_loop);
    put(the_loop->socketPair[0], "abc");
}

CASE(socket_pair_is_a_byte_stream)
{
    int pending = 0, type = 0;
    socklen_t size = sizeof type;
    struct stat status;
    char byte;
    the_loop = event_loop_init();
    loop_tid = gettid();
    NEED(fstat(the_loop->socketPair[1], &status) == 0);
    if (S_ISSOCK(status.st_mode)) {
        CHECK_INT(getsockopt(the_loop->socketPair[1], SOL_SOCKET, SO_TYPE, &type, &size), 0);
        CHECK_INT(type, SOCK_STREAM);
    } else {
        CHECK(S_ISFIFO(status.st_mode));
    }
    event_loop_wakeup(the_loop);
    CHECK_INT(ioctl(the_loop->socketPair[1], FIONREAD, &pending), 0);
    CHECK_INT(pending, 1);
    CHECK_INT(read(the_loop->socketPair[1], &byte, 1), 1);
    pthread_t thread = start_thread(quit_by_hand, NULL);
    CHECK_INT(event_loop_run(the_loop), 0);
    join(thread);
}

/* What a program wrote and read there itself doesn't cost the loop a wake-up. */
static void quits_and_wakes(void *unused)
{
    quit_and_wake(unused);
}

CASE(wake_up_after_the_program_emptied_the_pair)
{
    char byte;
    the_loop = event_loop_init();
    loop_tid = gettid();
    event_loop_wakeup(the_loop);
    CHECK_INT(read(the_loop->socketPair[1], &byte, 1), 1);
    pthread_t thread = start_thread(quits_and_wakes, NULL);
    CHECK_INT(event_loop_run(the_loop), 0);
    join(thread);
}

/* Several loops, each in its own thread. */
static void live_a_loop(void *name)
{
    struct event_loop *loop = event_loop_init_with_name(name);
    NEED(loop != NULL);
    CHECK(pthread_equal(loop->owner_thread_id, pthread_self()));
    CHECK_INT(isInSameThread(loop), 1);
    for (int i = 0; i < 20; i++) {
        passes(loop, 20);
    }
}

CASE(loops_in_several_threads)
{
    pthread_t threads[6];
    char *names[] = { "a", "b", "c", "d", "e", "f" };
    for (int i = 0; i < 6; i++) {
        threads[i] = start_thread(live_a_loop, names[i]);
    }
    for (int i = 0; i < 6; i++) {
        join(threads[i]);
    }
}

/* A loop made before fork runs in the child, if only the child uses it. */
static int echoes(void *data)
{
    char bytes[64];
    int fd = *(int *)data;
    ssize_t n = read(fd, bytes, sizeof bytes);
    if (n <= 0) {
        the_loop->quit = 1;
        return 0;
    }
    return write(fd, bytes, n) == n ? 0 : -1;
}

CASE(loop_made_before_fork)
{
    int early[2], late[2];
    char bytes[64];
    make_sockets(early);
    make_sockets(late);
    the_loop = event_loop_init();
    watch(the_loop, early[0], EVENT_READ, echoes, NULL, &early[0]);
    pid_t pid = fork();
    NEED(pid >= 0);
    if (pid == 0) {
        close(early[1]);
        close(late[1]);
        watch(the_loop, late[0], EVENT_READ, echoes, NULL, &late[0]);
        _exit(event_loop_run(the_loop) == 0 ? 0 : 1);
    }
    close(early[0]);
    close(late[0]);
    for (int i = 0; i < 10; i++) {
        put(early[1], "one");
        put(late[1], "two");
        CHECK_INT(read(early[1], bytes, sizeof bytes), 3);
        CHECK_INT(read(late[1], bytes, sizeof bytes), 3);
    }
    close(early[1]);
    int status = -1;
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* isInSameThread: 1 or 0. assertInSameThread on a foreign thread: logs `not in the same thread` as
 * an error and exits with -1. */
static void is_not_here(void *loop)
{
    CHECK_INT(isInSameThread(loop), 0);
}

static void assert_it(void *loop)
{
    assertInSameThread(loop);
}

static void assert_on_a_foreign_thread(void *unused)
{
    (void)unused;
    on_thread(assert_it, event_loop_init());
    _exit(77);
}

CASE(is_in_same_thread)
{
    struct event_loop *loop = event_loop_init();
    CHECK_INT(isInSameThread(loop), 1);
    assertInSameThread(loop);
    on_thread(is_not_here, loop);
    CHECK_INT(err_lines(), 0);
}

CASE(assert_on_a_foreign_thread_exits)
{
    struct ended ended = child(assert_on_a_foreign_thread, NULL);
    CHECK_INT(ended.status, 255);
    CHECK_INT(lines_with(ended.out, "[err] "), 1);
    CHECK(strstr(ended.out, "[err] not in the same thread\n") != NULL);
}

/* Section 4, out of memory or descriptors: the error value. */
CASE(init_without_descriptors)
{
    struct rlimit limit = { 10, 10 };
    NEED(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    while (dup(0) >= 0) {
    }
    CHECK(event_loop_init() == NULL);
    int fds = open_fds();
    CHECK(event_loop_init() == NULL);
    CHECK_INT(open_fds(), fds);
}
