/* dispatcher THREADS MODE: an echo server on a back end that the program supplies.
 *   wrap     copies what the loop has, counts the calls and passes them on
 *   own      a complete one on select()
 *   switch   the library's other back end, set by hand after event_loop_init
 *   both     one loop on epoll, one on poll, in one process
 * SIGUSR1 also prints the calls: "init I add A del D update U dispatch P". */
#include "net.h"

static atomic_int inits, adds, dels, updates, dispatches;
static const struct event_dispatcher *inner;

static void report_calls(int number) {
    int kept = errno;
    say("init %d add %d del %d update %d dispatch %d", inits, adds, dels, updates, dispatches);
    report(number);
    errno = kept;
}

/* --- wrap --- */

static int wrap_add(struct event_loop *loop, struct channel *channel) {
    adds++;
    return inner->add(loop, channel);
}

static int wrap_del(struct event_loop *loop, struct channel *channel) {
    dels++;
    return inner->del(loop, channel);
}

static int wrap_update(struct event_loop *loop, struct channel *channel) {
    updates++;
    return inner->update(loop, channel);
}

static int wrap_dispatch(struct event_loop *loop, struct timeval *longest) {
    dispatches++;
    return inner->dispatch(loop, longest);
}

/* --- own --- */

struct own {
    struct channel *channels[FD_SETSIZE];
};

static void *own_init(struct event_loop *loop) {
    (void) loop;
    inits++;
    return calloc(1, sizeof(struct own));
}

static int own_add(struct event_loop *loop, struct channel *channel) {
    struct own *own = loop->event_dispatcher_data;
    PROMISE(channel->fd >= 0 && channel->fd < FD_SETSIZE);
    adds++;
    own->channels[channel->fd] = channel;
    return 0;
}

static int own_del(struct event_loop *loop, struct channel *channel) {
    struct own *own = loop->event_dispatcher_data;
    dels++;
    own->channels[channel->fd] = NULL;
    return 0;
}

static int own_update(struct event_loop *loop, struct channel *channel) {
    struct own *own = loop->event_dispatcher_data;
    updates++;
    PROMISE(own->channels[channel->fd] == channel);
    return 0;
}

static int own_dispatch(struct event_loop *loop, struct timeval *longest) {
    struct own *own = loop->event_dispatcher_data;
    struct timeval wait = *longest;
    fd_set reading, writing;
    int most = -1;
    dispatches++;
    FD_ZERO(&reading);
    FD_ZERO(&writing);
    for (int fd = 0; fd < FD_SETSIZE; fd++) {
        struct channel *channel = own->channels[fd];
        if (channel == NULL)
            continue;
        most = fd;
        if (channel->events & EVENT_READ)
            FD_SET(fd, &reading);
        if (channel->events & EVENT_WRITE)
            FD_SET(fd, &writing);
    }
    if (select(most + 1, &reading, &writing, NULL, &wait) <= 0)
        return 0;
    for (int fd = 0; fd <= most; fd++) {
        if (FD_ISSET(fd, &reading) && own->channels[fd] != NULL)
            channel_event_activate(loop, fd, EVENT_READ);
        if (FD_ISSET(fd, &writing) && own->channels[fd] != NULL)
            channel_event_activate(loop, fd, EVENT_WRITE);
    }
    return 0;
}

static void own_clear(struct event_loop *loop) {
    free(loop->event_dispatcher_data);
    loop->event_dispatcher_data = NULL;
}

static const struct event_dispatcher own = {
    "select", own_init, own_add, own_del, own_update, own_dispatch, own_clear,
};
static struct event_dispatcher wrapper;

/* --- the server --- */

static int on_completed(struct tcp_connection *connection) {
    (void) connection;
    completed++;
    return 0;
}

static int on_message(struct buffer *input, struct tcp_connection *connection) {
    messages++;
    tcp_connection_send_buffer(connection, input);
    return 0;
}

static int on_closed(struct tcp_connection *connection) {
    (void) connection;
    closed++;
    return 0;
}

static void use(struct event_loop *loop, const struct event_dispatcher *dispatcher) {
    loop->eventDispatcher = dispatcher;
    loop->event_dispatcher_data = dispatcher->init(loop);
    PROMISE(loop->event_dispatcher_data != NULL);
}

static void serve(struct event_loop *loop, int threads) {
    struct acceptor *acceptor = acceptor_init(0);
    tcp_server_start(tcp_server_init(loop, acceptor, on_completed, on_message, NULL, on_closed, threads));
    say_port(acceptor);
}

static void *second_loop(void *data) {
    (void) data;
    struct event_loop *loop = event_loop_init_with_name("second");
    use(loop, loop->eventDispatcher == &poll_dispatcher ? &epoll_dispatcher : &poll_dispatcher);
    struct acceptor *acceptor = acceptor_init(0);
    tcp_server_start(tcp_server_init(loop, acceptor, on_completed, on_message, NULL, on_closed, 0));
    say("second %d", acceptor->listen_port);
    event_loop_run(loop);
    return NULL;
}

int main(int argc, char **argv) {
    const char *mode = argv[argc - 1];
    pthread_t second;
    struct sigaction action = {.sa_handler = report_calls};
    sigaction(SIGUSR1, &action, NULL);
    lines_at_once();
    struct event_loop *loop = event_loop_init();
    if (strcmp(mode, "wrap") == 0) {
        inner = loop->eventDispatcher;
        wrapper = *inner;
        wrapper.add = wrap_add;
        wrapper.del = wrap_del;
        wrapper.update = wrap_update;
        wrapper.dispatch = wrap_dispatch;
        loop->eventDispatcher = &wrapper;
    } else if (strcmp(mode, "own") == 0) {
        use(loop, &own);
    } else if (strcmp(mode, "switch") == 0) {
        use(loop, loop->eventDispatcher == &poll_dispatcher ? &epoll_dispatcher : &poll_dispatcher);
    } else {
        pthread_create(&second, NULL, second_loop, NULL);
    }
    serve(loop, argc > 2 ? atoi(argv[1]) : 0);
    return event_loop_run(loop);
}
