/* Contract section 2, "event_loop": the back end belongs to eventLoop->eventDispatcher. */
#include "aid.h"

#include "lib/tcp_connection.h"

#include <poll.h>

static struct event_loop *the_loop;
static int calls;

static int take_all(void *data)
{
    char bytes[4096];
    calls++;
    return (int)read(*(int *)data, bytes, sizeof bytes);
}

static void posts_a_channel(void *channel)
{
    CHECK_INT(event_loop_add_channel_event(the_loop, ((struct channel *)channel)->fd, channel), 0);
}

/* A loop does what loops do: its own channels, and what another thread queues. */
static void exercise(struct event_loop *loop, int early_fd[2])
{
    int late[2], posted[2];
    make_sockets(late);
    make_sockets(posted);
    the_loop = loop;
    calls = 0;
    put(early_fd[1], "x");
    put(late[1], "x");
    put(posted[1], "x");
    struct channel *channel = watch(loop, late[0], EVENT_READ, take_all, NULL, &late[0]);
    struct channel other = { posted[0], EVENT_READ, take_all, NULL, &posted[0] };
    on_thread(posts_a_channel, &other);
    for (int i = 0; i < 50 && calls < 3; i++) {
        passes(loop, 1);
    }
    CHECK_INT(calls, 3);
    put(late[1], "y");
    channel->events = 0;
    CHECK_INT(event_loop_update_channel_event(loop, late[0], channel), 0);
    passes(loop, 3);
    CHECK_INT(calls, 3);
    channel->events = EVENT_READ;
    CHECK_INT(event_loop_update_channel_event(loop, late[0], channel), 0);
    passes(loop, 3);
    CHECK_INT(calls, 4);
    CHECK_INT(event_loop_remove_channel_event(loop, late[0], channel), 0);
    CHECK_INT(event_loop_remove_channel_event(loop, posted[0], &other), 0);
    put(late[1], "z");
    passes(loop, 3);
    CHECK_INT(calls, 4);
    free(channel);
}

/* poll_dispatcher and epoll_dispatcher are complete. */
CASE(both_are_complete)
{
    const struct event_dispatcher *both[] = { &epoll_dispatcher, &poll_dispatcher };
    for (int i = 0; i < 2; i++) {
        CHECK(both[i]->init != NULL && both[i]->add != NULL && both[i]->del != NULL);
        CHECK(both[i]->update != NULL && both[i]->dispatch != NULL && both[i]->clear != NULL);
    }
}

/* Either can be put into a loop: every channel of the map, the wake-up's too, is added to it before
 * the next pass. A wrapped copy of either struct works. */
static void change_to(const struct event_dispatcher *next)
{
    int early[2];
    struct event_dispatcher copy = *next;
    make_sockets(early);
    struct event_loop *loop = event_loop_init();
    struct channel *channel = watch(loop, early[0], EVENT_READ, take_all, NULL, &early[0]);
    loop->eventDispatcher = &copy;
    loop->event_dispatcher_data = copy.init(loop);
    NEED(loop->event_dispatcher_data != NULL);
    exercise(loop, early);
    CHECK(entry(loop, early[0]) == channel);
}

CASE(change_to_poll)
{
    change_to(&poll_dispatcher);
}

CASE(change_to_epoll)
{
    change_to(&epoll_dispatcher);
}

/* The same without a copy, and back again while it lives. */
CASE(change_to_and_fro)
{
    int early[2];
    make_sockets(early);
    struct event_loop *loop = event_loop_init();
    watch(loop, early[0], EVENT_READ, take_all, NULL, &early[0]);
    for (int i = 0; i < 4; i++) {
        loop->eventDispatcher = i % 2 != 0 ? &epoll_dispatcher : &poll_dispatcher;
        loop->event_dispatcher_data = loop->eventDispatcher->init(loop);
        exercise(loop, early);
    }
}

/* A program that puts back what it found finds it in working order. */
CASE(change_and_restore)
{
    int early[2];
    make_sockets(early);
    struct event_loop *loop = event_loop_init();
    watch(loop, early[0], EVENT_READ, take_all, NULL, &early[0]);
    const struct event_dispatcher *before = loop->eventDispatcher;
    void *data = loop->event_dispatcher_data;
    for (int i = 0; i < 3; i++) {
        loop->eventDispatcher = i % 2 != 0 ? &epoll_dispatcher : &poll_dispatcher;
        loop->event_dispatcher_data = loop->eventDispatcher->init(loop);
        exercise(loop, early);
        loop->eventDispatcher = before;
        loop->event_dispatcher_data = data;
        exercise(loop, early);
    }
    CHECK_INT(err_lines(), 0);
}

/* ... or the library's init was called again for this loop (clear before it gives back the old). */
CASE(clear_and_init_again)
{
    int early[2];
    make_sockets(early);
    struct event_loop *loop = event_loop_init();
    watch(loop, early[0], EVENT_READ, take_all, NULL, &early[0]);
    passes(loop, 2);
    int before = open_fds();
    for (int i = 0; i < 10; i++) {
        loop->eventDispatcher->clear(loop);
        loop->event_dispatcher_data = loop->eventDispatcher->init(loop);
        exercise(loop, early);
    }
    CHECK(open_fds() <= before + 10 * 4); /* the sockets of exercise() only */
}

/* Both can be used in one process. */
static void run_on(void *dispatcher)
{
    int fd = eventfd(1, EFD_CLOEXEC);
    struct event_loop *loop = event_loop_init_with_name("either");
    NEED(loop != NULL && fd >= 0);
    loop->eventDispatcher = dispatcher;
    loop->event_dispatcher_data = loop->eventDispatcher->init(loop);
    struct ticker ticker = { loop, 100 };
    struct channel channel = { fd, EVENT_READ, tick, NULL, &ticker };
    CHECK_INT(event_loop_add_channel_event(loop, fd, &channel), 0);
    CHECK_INT(event_loop_run(loop), 0);
    CHECK(ticker.left <= 0);
}

CASE(both_in_one_process)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        threads[i] = start_thread(run_on, (void *)(i % 2 != 0 ? &epoll_dispatcher : &poll_dispatcher));
    }
    for (int i = 0; i < 4; i++) {
        join(threads[i]);
    }
}

/* A struct event_dispatcher of the program's own, on poll(2). */
enum { ROOM = 64 };

struct own {
    struct pollfd fds[ROOM];
    int n;
    int adds, dels, updates, dispatches;
    int fail_add, fail_update, fail_dispatches;
};

static short wanted_of(const struct channel *channel)
{
    return (channel->events & EVENT_READ ? POLLIN : 0) | (channel->events & EVENT_WRITE ? POLLOUT : 0);
}

static struct own *own_of(struct event_loop *loop)
{
    return loop->event_dispatcher_data;
}

static void *own_init(struct event_loop *loop)
{
    (void)loop;
    return calloc(1, sizeof(struct own));
}

static int own_find(struct own *own, int fd)
{
    for (int i = 0; i < own->n; i++) {
        if (own->fds[i].fd == fd) {
            return i;
        }
    }
    return -1;
}

static int own_add(struct event_loop *loop, struct channel *channel)
{
    struct own *own = own_of(loop);
    own->adds++;
    if (own->fail_add) {
        errno = ENOSPC;
        return -1;
    }
    NEED(own->n < ROOM);
    CHECK_INT(own_find(own, channel->fd), -1);
    own->fds[own->n++] = (struct pollfd){ channel->fd, wanted_of(channel), 0 };
    return 0;
}

static int own_del(struct event_loop *loop, struct channel *channel)
{
    struct own *own = own_of(loop);
    int i = own_find(own, channel->fd);
    own->dels++;
    if (i >= 0) {
        own->fds[i] = own->fds[--own->n];
    }
    return 0;
}

static int own_update(struct event_loop *loop, struct channel *channel)
{
    struct own *own = own_of(loop);
    int i = own_find(own, channel->fd);
    own->updates++;
    if (own->fail_update) {
        errno = EIO;
        return -1;
    }
    NEED(i >= 0);
    own->fds[i].events = wanted_of(channel);
    return 0;
}

static int own_dispatch(struct event_loop *loop, struct timeval *longest)
{
    struct own *own = own_of(loop);
    struct pollfd ready[ROOM];
    own->dispatches++;
    CHECK(longest != NULL);
    if (own->fail_dispatches > 0) {
        own->fail_dispatches--;
        errno = EIO;
        return -1;
    }
    memcpy(ready, own->fds, sizeof ready);
    int n = own->n;
    if (poll(ready, n, (int)(longest->tv_sec * 1000 + longest->tv_usec / 1000)) < 0) {
        return -1;
    }
    for (int i = 0; i < n; i++) {
        if (ready[i].revents & (POLLIN | POLLHUP | POLLERR)) {
            channel_event_activate(loop, ready[i].fd, EVENT_READ);
        }
        if (ready[i].revents & POLLOUT) {
            channel_event_activate(loop, ready[i].fd, EVENT_WRITE);
        }
    }
    return 0;
}

static void own_clear(struct event_loop *loop)
{
    free(loop->event_dispatcher_data);
    loop->event_dispatcher_data = NULL;
}

static const struct event_dispatcher own_dispatcher = { "own",      own_init,     own_add,  own_del,
                                                        own_update, own_dispatch, own_clear };

static struct event_loop *loop_on_own(void)
{
    struct event_loop *loop = event_loop_init();
    NEED(loop != NULL);
    loop->eventDispatcher = &own_dispatcher;
    loop->event_dispatcher_data = own_init(loop);
    return loop;
}

/* The loop calls its back end through eventLoop->eventDispatcher. */
CASE(dispatcher_of_the_programs_own)
{
    int early[2];
    make_sockets(early);
    struct event_loop *loop = event_loop_init();
    watch(loop, early[0], EVENT_READ, take_all, NULL, &early[0]);
    loop->eventDispatcher = &own_dispatcher;
    loop->event_dispatcher_data = own_init(loop);
    exercise(loop, early);
    struct own *own = own_of(loop);
    CHECK(own_find(own, early[0]) >= 0);
    CHECK(own_find(own, loop->socketPair[1]) >= 0); /* the wake-up's too */
    CHECK(own->adds >= 4 && own->dels >= 2 && own->updates >= 2 && own->dispatches > 0);
}

/* ... connections included. */
static int echo(struct buffer *input, struct tcp_connection *connection)
{
    int size = buffer_readable_size(input);
    tcp_connection_send_data(connection, input->data + input->readIndex, size);
    input->readIndex += size;
    calls++;
    return 0;
}

static int closed;

static int on_closed(struct tcp_connection *connection)
{
    (void)connection;
    closed++;
    return 0;
}

CASE(connections_on_the_programs_own)
{
    int fd[2];
    char bytes[16];
    make_sockets(fd);
    NEED(fcntl(fd[0], F_SETFL, O_NONBLOCK) == 0);
    struct event_loop *loop = loop_on_own();
    passes(loop, 1);
    int adds = own_of(loop)->adds;
    NEED(tcp_connection_new(fd[0], loop, NULL, on_closed, echo, NULL) != NULL);
    passes(loop, 1);
    CHECK(own_of(loop)->adds > adds);
    CHECK(own_find(own_of(loop), fd[0]) >= 0);
    put(fd[1], "hello");
    passes(loop, 2);
    CHECK_INT(recv(fd[1], bytes, sizeof bytes, MSG_DONTWAIT), 5);
    close(fd[1]);
    passes(loop, 3);
    CHECK_INT(closed, 1);
    CHECK_INT(own_find(own_of(loop), fd[0]), -1);
}

/* 0, or -1 with errno for a failing back end. A failing back end never ends the process. */
CASE(back_end_that_refuses)
{
    int fd[2];
    make_sockets(fd);
    struct event_loop *loop = loop_on_own();
    passes(loop, 1);
    struct channel *channel = channel_new(fd[0], EVENT_READ, take_all, NULL, &fd[0]);
    own_of(loop)->fail_add = 1;
    errno = 0;
    CHECK_INT(event_loop_add_channel_event(loop, fd[0], channel), -1);
    CHECK_INT(errno, ENOSPC);
    CHECK(entry(loop, fd[0]) == NULL);
    CHECK_INT(event_loop_handle_pending_add(loop, fd[0], channel), -1);
    own_of(loop)->fail_add = 0;
    CHECK_INT(event_loop_add_channel_event(loop, fd[0], channel), 0);
    own_of(loop)->fail_update = 1;
    errno = 0;
    CHECK_INT(event_loop_update_channel_event(loop, fd[0], channel), -1);
    CHECK_INT(errno, EIO);
    CHECK_INT(event_loop_handle_pending_update(loop, fd[0], channel), -1);
    own_of(loop)->fail_update = 0;
    own_of(loop)->fail_dispatches = 3;
    put(fd[1], "x");
    passes(loop, 2);
    CHECK_INT(own_of(loop)->fail_dispatches, 0);
    CHECK(calls > 0);
}

/* A connection that can't be registered gets its closed callback. */
CASE(back_end_that_refuses_a_connection)
{
    int fd[2];
    make_sockets(fd);
    NEED(fcntl(fd[0], F_SETFL, O_NONBLOCK) == 0);
    struct event_loop *loop = loop_on_own();
    passes(loop, 1);
    own_of(loop)->fail_add = 1;
    tcp_connection_new(fd[0], loop, NULL, on_closed, echo, NULL);
    own_of(loop)->fail_add = 0;
    passes(loop, 3);
    CHECK_INT(closed, 1);
    char byte;
    CHECK_INT(recv(fd[1], &byte, 1, MSG_DONTWAIT), 0); /* the descriptor was closed */
}

/* A wrapper that changes eventDispatcher alone gets nothing added. */
static const struct event_dispatcher *below;
static int wrapped_adds, wrapped_dispatches;

static int wrapped_add(struct event_loop *loop, struct channel *channel)
{
    wrapped_adds++;
    return below->add(loop, channel);
}

static int wrapped_dispatch(struct event_loop *loop, struct timeval *longest)
{
    wrapped_dispatches++;
    CHECK(longest->tv_sec >= 0 && longest->tv_usec >= 0);
    return below->dispatch(loop, longest);
}

CASE(wrapper_alone_gets_nothing_added)
{
    int fd[2];
    make_sockets(fd);
    struct event_loop *loop = event_loop_init();
    watch(loop, fd[0], EVENT_READ, take_all, NULL, &fd[0]);
    below = loop->eventDispatcher;
    struct event_dispatcher wrapper = *below;
    wrapper.add = wrapped_add;
    wrapper.dispatch = wrapped_dispatch;
    loop->eventDispatcher = &wrapper;
    put(fd[1], "x");
    passes(loop, 3);
    CHECK_INT(calls, 1);
    CHECK_INT(wrapped_adds, 1); /* the ticker of passes() */
    CHECK(wrapped_dispatches > 0);
    exercise(loop, fd);
}

/* The timeval is the longest wait; dispatch runs one pass by hand. */
CASE(dispatch_by_hand)
{
    int fd[2];
    make_sockets(fd);
    struct event_loop *loop = event_loop_init();
    watch(loop, fd[0], EVENT_READ, take_all, NULL, &fd[0]);
    struct timeval none = { 0, 0 }, short_wait = { 0, 1000 }, long_wait = { 3600, 0 };
    CHECK_INT(loop->eventDispatcher->dispatch(loop, &none), 0);
    CHECK_INT(loop->eventDispatcher->dispatch(loop, &short_wait), 0);
    CHECK_INT(calls, 0);
    put(fd[1], "x");
    CHECK_INT(loop->eventDispatcher->dispatch(loop, &long_wait), 0);
    CHECK_INT(calls, 1);
}
