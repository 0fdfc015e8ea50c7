/* Contract section 2, "event_loop": what other threads may do to a loop. */
#include "aid.h"

int event_loop_handle_pending_channel(struct event_loop *eventLoop);

static struct event_loop *the_loop;
static int control[2]; /* a byte written to [1] calls on_control on the loop's thread */
static int calls;

static int count(void *data)
{
    (void)data;
    calls++;
    return 0;
}

static void drain(int fd)
{
    char bytes[64];
    NEED(read(fd, bytes, sizeof bytes) > 0);
}

static void loop_with_control(event_read_callback on_control)
{
    the_loop = event_loop_init();
    make_pipe(control);
    watch(the_loop, control[0], EVENT_READ, on_control, NULL, NULL);
}

static void add(struct channel *channel)
{
    CHECK_INT(event_loop_add_channel_event(the_loop, channel->fd, channel), 0);
}

static void removal(struct channel *channel)
{
    CHECK_INT(event_loop_remove_channel_event(the_loop, channel->fd, channel), 0);
}

static void update(struct channel *channel)
{
    CHECK_INT(event_loop_update_channel_event(the_loop, channel->fd, channel), 0);
}

static int quits(void *data)
{
    (void)data;
    drain(control[0]);
    the_loop->quit = 1;
    return 0;
}

/* On other threads they are queued ... and the loop is woken up: here it sleeps when the add is called. */
static pid_t loop_tid;

static int called_once_added(void *data)
{
    calls++;
    drain(*(int *)data);
    the_loop->quit = 1;
    return 0;
}

static void add_when_it_sleeps(void *channel)
{
    until_blocked(loop_tid);
    add(channel);
}

CASE(add_wakes_the_loop)
{
    int fd[2];
    make_pipe(fd);
    the_loop = event_loop_init();
    loop_tid = gettid();
    put(fd[1], "x");
    struct channel channel = { fd[0], EVENT_READ, called_once_added, NULL, &fd[0] };
    pthread_t thread = start_thread(add_when_it_sleeps, &channel);
    CHECK_INT(event_loop_run(the_loop), 0);
    join(thread);
    CHECK_INT(calls, 1);
    CHECK(entry(the_loop, fd[0]) == &channel);
}

/* ... in order. */
enum { ROUNDS = 500 };
static struct channel one, two;

static void many_changes(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        add(&one);
        update(&one);
        removal(&one);
        add(&two);
        update(&two);
        removal(&two);
    }
    add(&one);
    add(&two); /* the slot is taken: nothing changes */
    put(control[1], "q");
}

CASE(changes_happen_in_order)
{
    int fd[2];
    make_pipe(fd);
    loop_with_control(quits);
    one = two = (struct channel){ fd[0], EVENT_READ, count, NULL, NULL };
    pthread_t thread = start_thread(many_changes, NULL);
    CHECK_INT(event_loop_run(the_loop), 0);
    join(thread);
    passes(the_loop, 2);
    CHECK(entry(the_loop, fd[0]) == &one);
    CHECK_INT(err_lines(), 0);
}

/* What is queued before the loop runs is done when it does. */
static void add_one(void *unused)
{
    (void)unused;
    add(&one);
}

CASE(queued_before_the_loop_runs)
{
    int fd[2];
    make_pipe(fd);
    the_loop = event_loop_init();
    put(fd[1], "x");
    one = (struct channel){ fd[0], EVENT_READ, count, NULL, NULL };
    on_thread(add_one, NULL);
    passes(the_loop, 4);
    CHECK(entry(the_loop, fd[0]) == &one);
    CHECK(calls > 0);
}

/* A batch wakes the loop once. */
static sem_t inside, go_on;

static int holds_the_loop(void *data)
{
    (void)data;
    drain(control[0]);
    sem_post(&inside);
    sem_wait(&go_on);
    the_loop->quit = 1;
    return 0;
}

static struct channel batch[100];

static void post_a_batch(void *unused)
{
    int pending = -1;
    (void)unused;
    put(control[1], "h");
    sem_wait(&inside);
    for (int i = 0; i < 100; i++) {
        add(&batch[i]);
        update(&batch[i]);
    }
    CHECK_INT(ioctl(the_loop->socketPair[1], FIONREAD, &pending), 0);
    CHECK_INT(pending, 1);
    sem_post(&go_on);
}

CASE(one_wake_up_for_a_batch)
{
    sem_init(&inside, 0, 0);
    sem_init(&go_on, 0, 0);
    loop_with_control(holds_the_loop);
    for (int i = 0; i < 100; i++) {
        int fd[2];
        make_pipe(fd);
        put(fd[1], "x");
        batch[i] = (struct channel){ fd[0], EVENT_READ, count, NULL, NULL };
    }
    pthread_t thread = start_thread(post_a_batch, NULL);
    CHECK_INT(event_loop_run(the_loop), 0);
    join(thread);
    passes(the_loop, 3);
    for (int i = 0; i < 100; i++) {
        CHECK(entry(the_loop, batch[i].fd) == &batch[i]);
    }
    CHECK(calls >= 100);
}

/* Arguments that can't be right are refused there and then. */
static void post_nonsense(void *unused)
{
    (void)unused;
    errno = 0;
    CHECK_INT(event_loop_add_channel_event(the_loop, one.fd + 1, &one), -1);
    CHECK_INT(errno, EINVAL);
    errno = 0;
    CHECK_INT(event_loop_remove_channel_event(the_loop, one.fd + 1, &one), -1);
    CHECK_INT(errno, EINVAL);
    errno = 0;
    CHECK_INT(event_loop_update_channel_event(the_loop, -1, &two), -1);
    CHECK(errno != 0);
    put(control[1], "q");
}

CASE(nonsense_from_another_thread)
{
    int fd[2];
    make_pipe(fd);
    loop_with_control(quits);
    one = (struct channel){ fd[0], EVENT_READ, count, NULL, NULL };
    two = (struct channel){ -1, EVENT_READ, count, NULL, NULL };
    pthread_t thread = start_thread(post_nonsense, NULL);
    CHECK_INT(event_loop_run(the_loop), 0);
    join(thread);
    CHECK(entry(the_loop, fd[0]) == NULL);
}

/* What fails only when the loop comes to it does no harm. */
static void post_what_fails_later(void *unused)
{
    (void)unused;
    update(&one); /* never added */
    add(&two);    /* closed meanwhile */
    removal(&one);
    put(control[1], "q");
}

CASE(queued_changes_that_fail)
{
    int fd[2], dead[2];
    make_pipe(fd);
    make_pipe(dead);
    loop_with_control(quits);
    one = (struct channel){ fd[0], EVENT_READ, count, NULL, NULL };
    two = (struct channel){ dead[0], EVENT_READ, count, NULL, NULL };
    close(dead[0]);
    on_thread(post_what_fails_later, NULL);
    CHECK_INT(event_loop_run(the_loop), 0);
    passes(the_loop, 3);
    CHECK(entry(the_loop, fd[0]) == NULL && entry(the_loop, dead[0]) == NULL);
    CHECK_INT(calls, 0);
}

/* After a remove that was queued from another thread it may be freed on the loop's thread. */
static struct channel *mortal;

static void post_remove(void *unused)
{
    (void)unused;
    removal(mortal);
    put(control[1], "f");
}

static int frees_it(void *data)
{
    (void)data;
    drain(control[0]);
    CHECK_INT(event_loop_handle_pending_channel(the_loop), 0); /* so that the remove has run */
    CHECK(entry(the_loop, mortal->fd) == NULL);
    memset(mortal, 0x5a, sizeof *mortal);
    free(mortal);
    the_loop->quit = 1;
    return 0;
}

CASE(removed_elsewhere_and_freed_here)
{
    for (int i = 0; i < 50; i++) {
        int fd[2];
        make_pipe(fd);
        the_loop = i == 0 ? NULL : the_loop;
        if (the_loop == NULL) {
            loop_with_control(frees_it);
        }
        the_loop->quit = 0;
        mortal = watch(the_loop, fd[0], EVENT_READ, count, NULL, NULL);
        pthread_t thread = start_thread(post_remove, NULL);
        CHECK_INT(event_loop_run(the_loop), 0);
        join(thread);
        close(fd[0]);
        close(fd[1]);
    }
}

/* Several threads at once lose nothing. */
enum { THREADS = 8, EACH = 50 };
static struct channel crowd[THREADS][EACH];

static void add_some(void *row)
{
    struct channel *some = row;
    for (int i = 0; i < EACH; i++) {
        add(&some[i]);
        update(&some[i]);
    }
}

static int drains_and_counts(void *data)
{
    uint64_t value;
    NEED(read(((struct channel *)data)->fd, &value, sizeof value) == sizeof value);
    if (++calls == THREADS * EACH) {
        the_loop->quit = 1;
    }
    return 0;
}

CASE(several_threads_at_once)
{
    pthread_t threads[THREADS];
    the_loop = event_loop_init();
    for (int t = 0; t < THREADS; t++) {
        for (int i = 0; i < EACH; i++) {
            int fd = eventfd(1, EFD_CLOEXEC);
            NEED(fd >= 0);
            crowd[t][i] = (struct channel){ fd, EVENT_READ, drains_and_counts, NULL, &crowd[t][i] };
        }
        threads[t] = start_thread(add_some, crowd[t]);
    }
    CHECK_INT(event_loop_run(the_loop), 0);
    for (int t = 0; t < THREADS; t++) {
        join(threads[t]);
    }
    CHECK_INT(calls, THREADS * EACH);
    passes(the_loop, 2);
    CHECK_INT(err_lines(), 0);
}

/* D23: nothing of the queue is left behind: descriptors and memory stay as they were. */
static void post_thousands(void *unused)
{
    (void)unused;
    for (int i = 0; i < 20000; i++) {
        update(&one);
    }
}

static long resident(void)
{
    long size = 0, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    NEED(file != NULL && fscanf(file, "%ld %ld", &size, &pages) == 2);
    fclose(file);
    return pages * getpagesize();
}

CASE(queue_elements_are_not_leaked)
{
    int fd[2];
    make_pipe(fd);
    the_loop = event_loop_init();
    one = (struct channel){ fd[0], EVENT_READ, count, NULL, NULL };
    add(&one);
    NEED(freopen("/dev/null", "w", stdout) != NULL); /* the log would be memory, too */
    for (int i = 0; i < 3; i++) {
        on_thread(post_thousands, NULL);
        passes(the_loop, 2);
    }
    long before = resident();
    int fds = open_fds();
    for (int i = 0; i < 10; i++) {
        on_thread(post_thousands, NULL);
        passes(the_loop, 2);
    }
    CHECK(SANITIZED || resident() <= before + (1 << 20)); /* leaked: 200,000 elements, 4.8 MB at least */
    CHECK_INT(open_fds(), fds);
}
