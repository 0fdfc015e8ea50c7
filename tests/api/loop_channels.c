/* Contract section 2, "event_loop": adding, removing and updating channels on the owner's thread. */
#include "aid.h"

int event_loop_do_channel_event(struct event_loop *eventLoop, int fd, struct channel *channel1, int type);
int event_loop_handle_pending_channel(struct event_loop *eventLoop);

static struct event_loop *the_loop;
static int calls;

static int count(void *data)
{
    (void)data;
    calls++;
    return 0;
}

static int take_all(void *data)
{
    char bytes[4096];
    calls++;
    return (int)read(*(int *)data, bytes, sizeof bytes);
}

/* On the owner they take effect before they return. */
CASE(add_and_remove_take_effect_at_once)
{
    int fd[2];
    make_pipe(fd);
    struct event_loop *loop = event_loop_init();
    CHECK(entry(loop, fd[0]) == NULL);
    struct channel *channel = channel_new(fd[0], EVENT_READ, count, NULL, NULL);
    CHECK_INT(event_loop_add_channel_event(loop, fd[0], channel), 0);
    CHECK(entry(loop, fd[0]) == channel);
    put(fd[1], "x");
    passes(loop, 3);
    CHECK(calls > 0);
    CHECK_INT(event_loop_remove_channel_event(loop, fd[0], channel), 0);
    CHECK(entry(loop, fd[0]) == NULL);
    calls = 0;
    passes(loop, 3);
    CHECK_INT(calls, 0);
    free(channel);
}

CASE(update_takes_effect_at_once)
{
    int fd[2];
    make_pipe(fd);
    struct event_loop *loop = event_loop_init();
    struct channel *channel = watch(loop, fd[0], 0, count, NULL, NULL);
    put(fd[1], "x");
    passes(loop, 3);
    CHECK_INT(calls, 0);
    channel->events = EVENT_READ;
    CHECK_INT(event_loop_update_channel_event(loop, fd[0], channel), 0);
    passes(loop, 3);
    CHECK(calls > 0);
    channel->events = 0;
    CHECK_INT(event_loop_update_channel_event(loop, fd[0], channel), 0);
    calls = 0;
    passes(loop, 3);
    CHECK_INT(calls, 0);
}

/* The public fields are read where they are used (rule 4): callbacks and data may change any time. */
static int other_callback(void *data)
{
    (*(int *)data)++;
    return 0;
}

CASE(callbacks_may_change)
{
    int fd[2], counter = 0;
    make_pipe(fd);
    struct event_loop *loop = event_loop_init();
    struct channel *channel = watch(loop, fd[0], EVENT_READ, count, NULL, NULL);
    put(fd[1], "x");
    channel->eventReadCallback = other_callback;
    channel->data = &counter;
    passes(loop, 3);
    CHECK_INT(calls, 0);
    CHECK(counter > 0);
    channel->eventReadCallback = NULL;
    passes(loop, 3);
}

/* Adding an fd that is there: 0, nothing changes. */
CASE(adding_what_is_there)
{
    int fd[2];
    make_pipe(fd);
    struct event_loop *loop = event_loop_init();
    struct channel *channel = watch(loop, fd[0], EVENT_READ, count, NULL, NULL);
    struct channel other = { fd[0], EVENT_READ, other_callback, NULL, NULL };
    CHECK_INT(event_loop_add_channel_event(loop, fd[0], channel), 0);
    CHECK_INT(event_loop_add_channel_event(loop, fd[0], &other), 0);
    CHECK(entry(loop, fd[0]) == channel);
    put(fd[1], "x");
    passes(loop, 3);
    CHECK(calls > 0);
}

/* If the slot holds another channel whose descriptor has died meanwhile, the new one replaces it. */
static void replace(void (*make)(int fd[2]), int readable, int writable)
{
    int old[2], fresh[2], counter = 0;
    struct event_loop *loop = event_loop_init();
    make(old);
    int number = old[readable];
    struct channel *channel = watch(loop, number, EVENT_READ, count, NULL, NULL);
    close(old[0]);
    close(old[1]);
    make(fresh);
    if (fresh[readable] != number) {
        move_fd(fresh[readable], number);
    }
    int writer = fresh[writable];
    struct channel *next = channel_new(number, EVENT_READ, other_callback, NULL, &counter);
    CHECK_INT(event_loop_add_channel_event(loop, number, next), 0);
    CHECK(entry(loop, number) == next);
    memset(channel, 0x5a, sizeof *channel);
    free(channel);
    put(writer, "x");
    passes(loop, 4);
    CHECK_INT(calls, 0);
    CHECK(counter > 0);
    CHECK_INT(event_loop_remove_channel_event(loop, number, next), 0);
}

CASE(dead_socket_is_replaced)
{
    replace(make_sockets, 0, 1);
}

CASE(dead_pipe_is_replaced)
{
    replace(make_pipe, 0, 1);
}

/* The same with a socket that takes the number of a pipe. */
CASE(dead_pipe_is_replaced_by_a_socket)
{
    int old[2], fresh[2], counter = 0;
    struct event_loop *loop = event_loop_init();
    make_pipe(old);
    int number = old[0];
    watch(loop, number, EVENT_READ, count, NULL, NULL);
    close(number);
    make_sockets(fresh);
    struct channel *next = channel_new(number, EVENT_READ, other_callback, NULL, &counter);
    NEED(fresh[0] == number);
    CHECK_INT(event_loop_add_channel_event(loop, number, next), 0);
    CHECK(entry(loop, number) == next);
    put(fresh[1], "x");
    passes(loop, 4);
    CHECK_INT(calls, 0);
    CHECK(counter > 0);
}

/* Removing a channel whose descriptor is closed takes it off the map and returns 0. */
CASE(remove_of_a_closed_descriptor)
{
    int fd[2];
    make_pipe(fd);
    struct event_loop *loop = event_loop_init();
    struct channel *channel = watch(loop, fd[0], EVENT_READ, count, NULL, NULL);
    close(fd[0]);
    CHECK_INT(event_loop_remove_channel_event(loop, fd[0], channel), 0);
    CHECK(entry(loop, fd[0]) == NULL);
    free(channel);
    passes(loop, 3);
    CHECK_INT(calls, 0);
}

/* An fd that isn't channel->fd: -1, EINVAL. */
CASE(number_that_is_not_the_channels)
{
    int fd[2];
    make_pipe(fd);
    struct event_loop *loop = event_loop_init();
    struct channel channel = { fd[0], EVENT_READ, count, NULL, NULL };
    errno = 0;
    CHECK_INT(event_loop_add_channel_event(loop, fd[1], &channel), -1);
    CHECK_INT(errno, EINVAL);
    CHECK(entry(loop, fd[0]) == NULL && entry(loop, fd[1]) == NULL);
    CHECK_INT(event_loop_add_channel_event(loop, fd[0], &channel), 0);
    errno = 0;
    CHECK_INT(event_loop_update_channel_event(loop, fd[1], &channel), -1);
    CHECK_INT(errno, EINVAL);
    errno = 0;
    CHECK_INT(event_loop_remove_channel_event(loop, fd[1], &channel), -1);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(event_loop_handle_pending_add(loop, fd[1], &channel), -1);
    CHECK_INT(event_loop_handle_pending_update(loop, fd[1], &channel), -1);
    CHECK_INT(event_loop_handle_pending_remove(loop, fd[1], &channel), -1);
    CHECK(entry(loop, fd[0]) == &channel && entry(loop, fd[1]) == NULL);
}

/* 0, or -1 with errno for a bad fd ... */
CASE(bad_descriptor)
{
    int fd[2];
    make_pipe(fd);
    struct event_loop *loop = event_loop_init();
    close(fd[0]);
    struct channel closed = { fd[0], EVENT_READ, count, NULL, NULL };
    struct channel none = { -1, EVENT_READ, count, NULL, NULL };
    errno = 0;
    CHECK_INT(event_loop_add_channel_event(loop, fd[0], &closed), -1);
    CHECK_INT(errno, EBADF);
    CHECK(entry(loop, fd[0]) == NULL);
    errno = 0;
    CHECK_INT(event_loop_add_channel_event(loop, -1, &none), -1);
    CHECK(errno != 0);
    errno = 0;
    CHECK_INT(event_loop_update_channel_event(loop, -1, &none), -1);
    CHECK(errno != 0);
    errno = 0;
    CHECK_INT(event_loop_remove_channel_event(loop, -1, &none), -1);
    CHECK(errno != 0);
    passes(loop, 2);
}

/* ... an unknown channel ... */
CASE(unknown_channel)
{
    int fd[2];
    make_pipe(fd);
    struct event_loop *loop = event_loop_init();
    struct channel channel = { fd[0], EVENT_READ, count, NULL, NULL };
    struct channel far = { 100000, EVENT_READ, count, NULL, NULL };
    errno = 0;
    CHECK_INT(event_loop_update_channel_event(loop, fd[0], &channel), -1);
    CHECK(errno != 0);
    errno = 0;
    CHECK_INT(event_loop_remove_channel_event(loop, fd[0], &channel), -1);
    CHECK(errno != 0);
    CHECK_INT(event_loop_update_channel_event(loop, 100000, &far), -1);
    CHECK_INT(event_loop_remove_channel_event(loop, 100000, &far), -1);
    CHECK(entry(loop, fd[0]) == NULL);
}

/* ... or a failing back end: epoll refuses a regular file. */
CASE(failing_back_end)
{
    FILE *file = tmpfile();
    NEED(file != NULL);
    struct event_loop *loop = event_loop_init();
    struct channel channel = { fileno(file), EVENT_READ, count, NULL, NULL };
    errno = 0;
    if (on_epoll()) {
        CHECK_INT(event_loop_add_channel_event(loop, channel.fd, &channel), -1);
        CHECK_INT(errno, EPERM);
        CHECK(entry(loop, channel.fd) == NULL);
    } else {
        CHECK_INT(event_loop_add_channel_event(loop, channel.fd, &channel), 0);
    }
    passes(loop, 2);
}

/* event_loop_handle_pending_{add,remove,update}: 1 (done), 0 (nothing to do), -1. */
CASE(handle_pending_results)
{
    int fd[2];
    make_pipe(fd);
    struct event_loop *loop = event_loop_init();
    struct channel *channel = channel_new(fd[0], EVENT_READ, count, NULL, NULL);
    struct channel none = { -1, EVENT_READ, count, NULL, NULL };
    CHECK_INT(event_loop_handle_pending_update(loop, fd[0], channel), -1);
    CHECK(event_loop_handle_pending_remove(loop, fd[0], channel) <= 0);
    CHECK_INT(event_loop_handle_pending_add(loop, fd[0], channel), 1);
    CHECK(entry(loop, fd[0]) == channel);
    CHECK_INT(event_loop_handle_pending_add(loop, fd[0], channel), 0);
    put(fd[1], "x");
    passes(loop, 3);
    CHECK(calls > 0);
    channel->events = 0;
    CHECK_INT(event_loop_handle_pending_update(loop, fd[0], channel), 1);
    calls = 0;
    passes(loop, 3);
    CHECK_INT(calls, 0);
    CHECK_INT(event_loop_handle_pending_remove(loop, fd[0], channel), 1);
    CHECK(entry(loop, fd[0]) == NULL);
    CHECK(event_loop_handle_pending_remove(loop, fd[0], channel) <= 0);
    free(channel);
    CHECK_INT(event_loop_handle_pending_add(loop, -1, &none), -1);
    CHECK_INT(event_loop_handle_pending_update(loop, -1, &none), -1);
    CHECK_INT(event_loop_handle_pending_remove(loop, -1, &none), -1);
}

/* event_loop_do_channel_event: type 1 add, 2 remove, 3 update. */
CASE(do_channel_event)
{
    int fd[2];
    make_pipe(fd);
    struct event_loop *loop = event_loop_init();
    struct channel channel = { fd[0], 0, count, NULL, NULL };
    CHECK_INT(event_loop_do_channel_event(loop, fd[0], &channel, 1), 0);
    CHECK(entry(loop, fd[0]) == &channel);
    channel.events = EVENT_READ;
    put(fd[1], "x");
    CHECK_INT(event_loop_do_channel_event(loop, fd[0], &channel, 3), 0);
    passes(loop, 3);
    CHECK(calls > 0);
    CHECK_INT(event_loop_do_channel_event(loop, fd[0], &channel, 2), 0);
    CHECK(entry(loop, fd[0]) == NULL);
    CHECK_INT(event_loop_do_channel_event(loop, fd[0], &channel, 0), -1);
    CHECK_INT(event_loop_do_channel_event(loop, fd[0], &channel, 4), -1);
    CHECK(entry(loop, fd[0]) == NULL);
}

static void add_it(void *channel)
{
    CHECK_INT(event_loop_add_channel_event(the_loop, ((struct channel *)channel)->fd, channel), 0);
}

/* event_loop_handle_pending_channel: runs what is queued, 0. */
CASE(handle_pending_channel)
{
    int fd[2];
    make_pipe(fd);
    the_loop = event_loop_init();
    struct channel channel = { fd[0], EVENT_READ, count, NULL, NULL };
    on_thread(add_it, &channel);
    CHECK_INT(event_loop_handle_pending_channel(the_loop), 0);
    CHECK(entry(the_loop, fd[0]) == &channel);
    CHECK_INT(event_loop_handle_pending_channel(the_loop), 0);
}

/* channel_event_activate calls the read callback for EVENT_READ, then the write callback for
 * EVENT_WRITE if the channel is still there. */
static char order[16];

static int note_read(void *data)
{
    (void)data;
    strcat(order, "r");
    return -1; /* what callbacks return is ignored */
}

static int note_write(void *data)
{
    (void)data;
    strcat(order, "w");
    return -1;
}

static int leave(void *data)
{
    struct channel *channel = *(struct channel **)data;
    strcat(order, "l");
    CHECK_INT(event_loop_remove_channel_event(the_loop, channel->fd, channel), 0);
    memset(channel, 0x5a, sizeof *channel);
    free(channel);
    return 0;
}

CASE(activate_calls_read_then_write)
{
    int fd[2];
    make_pipe(fd);
    the_loop = event_loop_init();
    struct channel *channel = watch(the_loop, fd[0], EVENT_READ, note_read, note_write, NULL);
    CHECK_INT(channel_event_activate(the_loop, fd[0], EVENT_READ), 0);
    CHECK_TEXT(order, "r");
    CHECK_INT(channel_event_activate(the_loop, fd[0], EVENT_WRITE), 0);
    CHECK_TEXT(order, "rw");
    CHECK_INT(channel_event_activate(the_loop, fd[0], EVENT_READ | EVENT_WRITE), 0);
    CHECK_TEXT(order, "rwrw");
    CHECK_INT(channel_event_activate(the_loop, fd[0], 0), 0);
    CHECK_TEXT(order, "rwrw");
    channel->eventReadCallback = NULL;
    channel->eventWriteCallback = NULL;
    CHECK_INT(channel_event_activate(the_loop, fd[0], EVENT_READ | EVENT_WRITE), 0);
    CHECK_TEXT(order, "rwrw");
    order[0] = '\0';
    channel->eventReadCallback = leave;
    channel->eventWriteCallback = note_write;
    channel->data = &channel;
    channel_event_activate(the_loop, fd[0], EVENT_READ | EVENT_WRITE);
    CHECK_TEXT(order, "l");
}

/* -1 for an fd that isn't in the map. */
CASE(activate_of_an_unknown_number)
{
    int fd[2];
    make_pipe(fd);
    struct event_loop *loop = event_loop_init();
    CHECK_INT(channel_event_activate(loop, fd[0], EVENT_READ), -1);
    CHECK_INT(channel_event_activate(loop, -1, EVENT_READ), -1);
    CHECK_INT(channel_event_activate(loop, 1000000, EVENT_READ), -1);
    CHECK_INT(channel_event_activate(loop, INT_MAX, EVENT_READ), -1);
}

/* The map grows with the numbers, and keeps what it has. */
CASE(large_numbers)
{
    int fd[2], numbers[] = { 31, 32, 33, 500, 900 };
    struct channel *channels[5];
    struct event_loop *loop = event_loop_init();
    for (int i = 0; i < 5; i++) {
        make_pipe(fd);
        move_fd(fd[0], numbers[i]);
        put(fd[1], "x");
        channels[i] = watch(loop, numbers[i], EVENT_READ, take_all, NULL, &numbers[i]);
    }
    passes(loop, 3);
    CHECK_INT(calls, 5);
    for (int i = 0; i < 5; i++) {
        CHECK(entry(loop, numbers[i]) == channels[i]);
        CHECK_INT(event_loop_remove_channel_event(loop, numbers[i], channels[i]), 0);
    }
}

/* Callbacks add and remove other channels. */
static int second_fd[2];

static int adds_another(void *data)
{
    take_all(data);
    watch(the_loop, second_fd[0], EVENT_READ, take_all, NULL, &second_fd[0]);
    return 0;
}

CASE(adding_in_a_callback)
{
    int fd[2];
    make_pipe(fd);
    make_pipe(second_fd);
    the_loop = event_loop_init();
    put(fd[1], "x");
    put(second_fd[1], "x");
    watch(the_loop, fd[0], EVENT_READ, adds_another, NULL, &fd[0]);
    passes(the_loop, 4);
    CHECK_INT(calls, 2);
}

/* D18: the poll back end serves 1,024 descriptors, and loses the rest. */
CASE(thousands_of_channels)
{
    enum { MANY = 3000 };
    struct rlimit limit;
    NEED(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max < MANY + 100 ? limit.rlim_max : MANY + 100;
    NEED(setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= MANY + 100);
    static int fds[MANY];
    static struct channel *channels[MANY];
    struct event_loop *loop = event_loop_init();
    for (int i = 0; i < MANY; i++) {
        NEED((fds[i] = eventfd(1, EFD_CLOEXEC)) >= 0);
        channels[i] = watch(loop, fds[i], EVENT_READ, take_all, NULL, &fds[i]);
    }
    for (int i = 0; i < 200 && calls < MANY; i++) {
        passes(loop, 2);
    }
    CHECK_INT(calls, MANY);
    for (int i = 0; i < MANY; i += 2) { /* every second one goes, the others stay */
        CHECK_INT(event_loop_remove_channel_event(loop, fds[i], channels[i]), 0);
    }
    uint64_t one = 1;
    for (int i = 0; i < MANY; i++) {
        CHECK(write(fds[i], &one, sizeof one) == sizeof one);
    }
    calls = 0;
    for (int i = 0; i < 200 && calls < MANY / 2; i++) {
        passes(loop, 2);
    }
    passes(loop, 2);
    CHECK_INT(calls, MANY / 2);
}

/* Freeing is the program's: nothing of the loop's doings gives a channel or descriptor back. */
CASE(no_descriptor_is_left_or_lost)
{
    int fd[2];
    make_pipe(fd);
    struct event_loop *loop = event_loop_init();
    struct channel *channel = watch(loop, fd[0], EVENT_READ, count, NULL, NULL);
    passes(loop, 1);
    int before = open_fds();
    for (int i = 0; i < 2000; i++) {
        CHECK_INT(event_loop_remove_channel_event(loop, fd[0], channel), 0);
        CHECK_INT(event_loop_add_channel_event(loop, fd[0], channel), 0);
        CHECK_INT(event_loop_update_channel_event(loop, fd[0], channel), 0);
    }
    CHECK_INT(open_fds(), before);
}
