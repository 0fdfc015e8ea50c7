/* Contract section 2, "event_loop": which readiness a program's channel is called with. */
#include "aid.h"

#include <sys/timerfd.h>

static struct event_loop *the_loop;
static int reads, writes, dispatched;

static int read_one(void *data)
{
    char byte;
    reads++;
    return (int)read(*(int *)data, &byte, 1);
}

static int count_read(void *data)
{
    (void)data;
    reads++;
    return 0;
}

static int count_write(void *data)
{
    (void)data;
    writes++;
    return 0;
}

/* The dispatcher of this run, with its passes counted: a busy loop makes thousands. */
static struct event_dispatcher counted;
static const struct event_dispatcher *below;

static int count_dispatch(struct event_loop *loop, struct timeval *longest)
{
    dispatched++;
    return below->dispatch(loop, longest);
}

static struct event_loop *counting_loop(void)
{
    struct event_loop *loop = event_loop_init();
    NEED(loop != NULL);
    below = loop->eventDispatcher;
    counted = *below;
    counted.dispatch = count_dispatch;
    loop->eventDispatcher = &counted;
    return loop;
}

static int time_is_up(void *data)
{
    (void)data;
    the_loop->quit = 1;
    return 0;
}

/* How many passes the loop makes while a timer runs off: few when nothing is ready. */
static int passes_of_a_while(struct event_loop *loop)
{
    struct itimerspec soon = { { 0, 0 }, { 0, 100000000 } };
    int timer = out_of_the_way(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    NEED(timer >= 0 && timerfd_settime(timer, 0, &soon, NULL) == 0);
    struct channel channel = { timer, EVENT_READ, time_is_up, NULL, NULL };
    the_loop = loop;
    loop->quit = 0;
    CHECK_INT(event_loop_add_channel_event(loop, timer, &channel), 0);
    dispatched = 0;
    CHECK_INT(event_loop_run(loop), 0);
    CHECK_INT(event_loop_remove_channel_event(loop, timer, &channel), 0);
    close(timer);
    loop->quit = 0;
    return dispatched;
}

enum { FEW = 30 };

CASE(busy_loops_are_seen)
{
    int fd[2];
    make_pipe(fd);
    struct event_loop *loop = counting_loop();
    watch(loop, fd[0], EVENT_READ, count_read, NULL, NULL);
    CHECK(passes_of_a_while(loop) <= FEW);
    put(fd[1], "x");
    CHECK(passes_of_a_while(loop) > FEW);
}

/* A program's channel gets level-triggered readiness. */
CASE(level_triggered_reading)
{
    int fd[2];
    make_sockets(fd);
    struct event_loop *loop = event_loop_init();
    watch(loop, fd[0], EVENT_READ, read_one, NULL, &fd[0]);
    put(fd[1], "12345");
    passes(loop, 12);
    CHECK_INT(reads, 5);
}

CASE(level_triggered_writing)
{
    int fd[2];
    make_sockets(fd);
    struct event_loop *loop = event_loop_init();
    watch(loop, fd[0], EVENT_WRITE, count_read, count_write, NULL);
    passes(loop, 8);
    CHECK(writes >= 5);
    CHECK_INT(reads, 0);
}

/* Both at once: the read callback, then the write callback. */
static char order[100];

static int note_read(void *data)
{
    (void)data;
    strcat(order, "r");
    return 0;
}

static int note_write(void *data)
{
    (void)data;
    strcat(order, "w");
    return 0;
}

CASE(reading_comes_before_writing)
{
    int fd[2];
    make_sockets(fd);
    struct event_loop *loop = event_loop_init();
    put(fd[1], "x");
    watch(loop, fd[0], EVENT_READ | EVENT_WRITE, note_read, note_write, NULL);
    passes(loop, 4);
    CHECK(strncmp(order, "rwrw", 4) == 0);
}

/* Only what is asked for is delivered. */
CASE(what_was_not_asked_for)
{
    int fd[2];
    make_sockets(fd);
    struct event_loop *loop = event_loop_init();
    watch(loop, fd[0], EVENT_READ, count_read, count_write, NULL);
    watch(loop, fd[1], EVENT_WRITE, count_read, count_write, NULL);
    passes(loop, 4);
    CHECK_INT(reads, 0);
    CHECK(writes > 0);
    put(fd[0], "x"); /* readable at fd[1], which doesn't ask for it */
    passes(loop, 4);
    CHECK_INT(reads, 0);
}

/* EVENT_TIMEOUT and EVENT_SIGNAL mean nothing, alone or beside others, and stay where they are. */
CASE(events_without_effect)
{
    enum { BOTH = EVENT_TIMEOUT | EVENT_SIGNAL };
    int fd[2];
    make_pipe(fd);
    struct event_loop *loop = counting_loop();
    struct channel *channel = watch(loop, fd[0], EVENT_READ | BOTH, count_read, count_write, NULL);
    CHECK(passes_of_a_while(loop) <= FEW);
    CHECK_INT(reads + writes, 0);
    put(fd[1], "x");
    passes(loop, 2);
    CHECK(reads > 0);
    CHECK_INT(channel->events, EVENT_READ | BOTH);
    reads = 0;
    channel->events = BOTH;
    CHECK_INT(event_loop_update_channel_event(loop, fd[0], channel), 0);
    CHECK(passes_of_a_while(loop) <= FEW);
    CHECK_INT(reads + writes, 0);
    CHECK_INT(channel->events, BOTH);
}

/* Hang-up and error are delivered as readiness: for reading where that is wanted ... */
CASE(hang_up_for_a_reader)
{
    int fd[2], two[2];
    make_pipe(fd);
    make_sockets(two);
    struct event_loop *loop = event_loop_init();
    watch(loop, fd[0], EVENT_READ, count_read, count_write, NULL);
    close(fd[1]);
    passes(loop, 4);
    CHECK(reads > 0);
    CHECK_INT(writes, 0);
    reads = 0;
    watch(loop, two[0], EVENT_READ, count_read, count_write, NULL);
    struct channel *first = entry(loop, fd[0]);
    CHECK_INT(event_loop_remove_channel_event(loop, fd[0], first), 0);
    passes(loop, 4);
    CHECK_INT(reads, 0);
    close(two[1]);
    passes(loop, 4);
    CHECK(reads > 0);
    CHECK_INT(writes, 0);
}

/* ... else for writing: a pipe that nobody reads any more is in error. */
CASE(error_for_a_writer)
{
    int fd[2];
    make_pipe(fd);
    while (fcntl(fd[1], F_SETFL, O_NONBLOCK) == 0 && write(fd[1], order, sizeof order) > 0) {
    }
    struct event_loop *loop = event_loop_init();
    watch(loop, fd[1], EVENT_WRITE, count_read, count_write, NULL);
    passes(loop, 4);
    CHECK_INT(writes, 0);
    close(fd[0]);
    passes(loop, 4);
    CHECK(writes > 0);
    CHECK_INT(reads, 0);
}

CASE(refused_connect_for_a_writer)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int unused = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    NEED(bind(unused, (struct sockaddr *)&address, size) == 0); /* bound, not listening */
    NEED(getsockname(unused, (struct sockaddr *)&address, &size) == 0);
    (void)!connect(fd, (struct sockaddr *)&address, size);
    struct event_loop *loop = event_loop_init();
    watch(loop, fd, EVENT_WRITE, count_read, count_write, NULL);
    passes(loop, 4);
    CHECK(writes > 0);
    CHECK_INT(reads, 0);
    int error = 0;
    size = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    CHECK_INT(error, ECONNREFUSED);
}

/* Where neither is wanted, a program's channel leaves the back end until its next update: no busy
 * loop. */
CASE(hang_up_for_nobody)
{
    int fd[2];
    make_sockets(fd);
    struct event_loop *loop = counting_loop();
    struct channel *channel = watch(loop, fd[0], 0, count_read, count_write, NULL);
    close(fd[1]);
    CHECK(passes_of_a_while(loop) <= FEW);
    CHECK_INT(reads + writes, 0);
    CHECK(entry(loop, fd[0]) == channel);
    channel->events = EVENT_READ;
    CHECK_INT(event_loop_update_channel_event(loop, fd[0], channel), 0);
    passes(loop, 4);
    CHECK(reads > 0);
    channel->events = 0; /* and again */
    CHECK_INT(event_loop_update_channel_event(loop, fd[0], channel), 0);
    CHECK(passes_of_a_while(loop) <= FEW);
    CHECK_INT(channel_write_event_enable(channel), 0);
    writes = 0;
    passes(loop, 4);
    CHECK(writes > 0);
    CHECK_INT(event_loop_remove_channel_event(loop, fd[0], channel), 0);
}

CASE(hang_up_before_the_add)
{
    int fd[2];
    make_pipe(fd);
    close(fd[1]);
    struct event_loop *loop = counting_loop();
    struct channel *channel = watch(loop, fd[0], 0, count_read, count_write, NULL);
    CHECK(passes_of_a_while(loop) <= FEW);
    CHECK_INT(reads + writes, 0);
    CHECK_INT(event_loop_remove_channel_event(loop, fd[0], channel), 0);
    CHECK(entry(loop, fd[0]) == NULL);
}

/* Where poll reports POLLNVAL ... a program's channel leaves the back end until its next update. */
CASE(descriptor_closed_under_the_loop)
{
    int fd[2], fresh[2];
    make_sockets(fd);
    struct event_loop *loop = counting_loop();
    struct channel *channel = watch(loop, fd[0], EVENT_READ, count_read, NULL, NULL);
    close(fd[0]);
    CHECK(passes_of_a_while(loop) <= FEW);
    CHECK(entry(loop, fd[0]) == channel);
    make_sockets(fresh);
    NEED(fresh[0] == fd[0]);
    put(fresh[1], "x");
    CHECK_INT(event_loop_update_channel_event(loop, fd[0], channel), 0);
    reads = 0;
    passes(loop, 4);
    CHECK(reads > 0);
}

/* One that died doesn't disturb the others. */
CASE(others_go_on)
{
    int dead[2], alive[2];
    make_pipe(dead);
    make_pipe(alive);
    struct event_loop *loop = event_loop_init();
    struct channel *channel = watch(loop, dead[0], EVENT_READ, count_read, NULL, NULL);
    watch(loop, alive[0], EVENT_READ, read_one, NULL, &alive[0]);
    close(dead[0]);
    put(alive[1], "123");
    passes(loop, 10);
    CHECK_INT(reads, 3);
    CHECK_INT(event_loop_remove_channel_event(loop, dead[0], channel), 0);
    put(alive[1], "45");
    passes(loop, 10);
    CHECK_INT(reads, 5);
}

/* A back end that is put back may still watch what was removed meanwhile: no busy loop. */
CASE(removed_while_another_back_end_was_in_place)
{
    int fd[2];
    make_sockets(fd);
    struct event_loop *loop = counting_loop();
    struct channel *channel = watch(loop, fd[0], EVENT_READ, count_read, NULL, NULL);
    passes(loop, 2);
    void *data = loop->event_dispatcher_data;
    loop->eventDispatcher = on_epoll() ? &poll_dispatcher : &epoll_dispatcher;
    loop->event_dispatcher_data = loop->eventDispatcher->init(loop);
    passes(loop, 2);
    CHECK_INT(event_loop_remove_channel_event(loop, fd[0], channel), 0);
    free(channel);
    put(fd[1], "x");
    loop->eventDispatcher = &counted;
    loop->event_dispatcher_data = data;
    CHECK(passes_of_a_while(loop) <= FEW);
    CHECK_INT(reads, 0);
}

/* Every update looks at readiness afresh. */
CASE(update_looks_afresh)
{
    int fd[2];
    make_sockets(fd);
    struct event_loop *loop = event_loop_init();
    struct channel *channel = watch(loop, fd[0], 0, count_read, count_write, NULL);
    put(fd[1], "x");
    for (int i = 0; i < 5; i++) {
        reads = writes = 0;
        channel->events = EVENT_READ;
        CHECK_INT(event_loop_update_channel_event(loop, fd[0], channel), 0);
        passes(loop, 3);
        CHECK(reads > 0);
        CHECK_INT(writes, 0);
        reads = writes = 0;
        channel->events = EVENT_WRITE;
        CHECK_INT(event_loop_update_channel_event(loop, fd[0], channel), 0);
        passes(loop, 3);
        CHECK(writes > 0);
        CHECK_INT(reads, 0);
    }
}

/* No busy loop on channels of which nothing is ready, whatever was read before. */
CASE(quiet_channels_cost_nothing)
{
    struct event_loop *loop = counting_loop();
    int fds[100][2];
    for (int i = 0; i < 100; i++) {
        make_sockets(fds[i]);
        watch(loop, fds[i][0], EVENT_READ, read_one, NULL, &fds[i][0]);
        put(fds[i][1], "x");
    }
    passes(loop, 3);
    CHECK_INT(reads, 100);
    CHECK(passes_of_a_while(loop) <= FEW);
}
