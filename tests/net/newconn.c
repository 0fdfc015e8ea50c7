/* newconn MODE: connections that the program makes itself with tcp_connection_new.
 *   socketpair   an echo on one end of a socket pair
 *   pipe         one connection reads a pipe, one writes a pipe
 *   broken       a connection on a pipe that nobody reads: closed, no SIGPIPE
 *   tty          an echo on the master of a pseudo terminal
 *   foreign      made by a thread that doesn't own the loop, 200 times
 * Each prints "ok" at its end. */
#define _GNU_SOURCE
#include "net.h"

static int on_completed(struct tcp_connection *connection) {
    (void) connection;
    completed++;
    return 0;
}

static int echo(struct buffer *input, struct tcp_connection *connection) {
    messages++;
    tcp_connection_send_buffer(connection, input);
    return 0;
}

static int on_closed(struct tcp_connection *connection) {
    closed++;
    if (strcmp((char *) connection->eventLoop->thread_name, "main thread") == 0) {
        connection->eventLoop->quit = 1;
        event_loop_wakeup(connection->eventLoop);
    }
    return 0;
}

static void exchange(int out, int in, const char *text) {
    char answer[64] = "";
    size_t size = strlen(text);
    PROMISE(write(out, text, size) == (ssize_t) size);
    PROMISE(readn(in, answer, size) == size);
    PROMISE(memcmp(answer, text, size) == 0);
}

static void *socketpair_peer(void *data) {
    int fd = *(int *) data;
    exchange(fd, fd, "first message");
    exchange(fd, fd, "second");
    close(fd);
    return NULL;
}

static struct tcp_connection *make(int fd, struct event_loop *loop) {
    make_nonblocking(fd);
    struct tcp_connection *connection = tcp_connection_new(fd, loop, on_completed, on_closed, echo, NULL);
    PROMISE(connection != NULL && completed > 0);
    return connection;
}

static void ended(int fd) {
    PROMISE(closed == completed);
    PROMISE(fcntl(fd, F_GETFD) == -1);
    say("ok");
}

static int with_socketpair(struct event_loop *loop) {
    int ends[2];
    pthread_t peer;
    PROMISE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    make(ends[0], loop);
    pthread_create(&peer, NULL, socketpair_peer, &ends[1]);
    PROMISE(event_loop_run(loop) == 0);
    ended(ends[0]);
    return 0;
}

static struct tcp_connection *pipe_writer;

static int to_writer(struct buffer *input, struct tcp_connection *connection) {
    (void) connection;
    messages++;
    tcp_connection_send_buffer(pipe_writer, input);
    return 0;
}

struct pipes {
    int out[2], in[2];
};

static void *pipe_peer(void *data) {
    struct pipes *pipes = data;
    exchange(pipes->out[1], pipes->in[0], "through two pipes");
    /* More than a pipe holds: the writer has to queue. */
    enum { MUCH = 1 << 20 };
    char *much = malloc(MUCH), *back = malloc(MUCH);
    for (int i = 0; i < MUCH; i++)
        much[i] = pattern(i);
    int done = 0, seen = 0;
    make_nonblocking(pipes->out[1]);
    while (seen < MUCH) {
        struct pollfd both[2] = {{pipes->out[1], done < MUCH ? POLLOUT : 0, 0}, {pipes->in[0], POLLIN, 0}};
        PROMISE(poll(both, 2, 10000) > 0);
        if (both[0].revents & POLLOUT) {
            ssize_t size = write(pipes->out[1], much + done, MUCH - done);
            PROMISE(size > 0);
            done += size;
        }
        if (both[1].revents & POLLIN) {
            ssize_t size = read(pipes->in[0], back + seen, MUCH - seen);
            PROMISE(size > 0);
            seen += size;
        }
    }
    PROMISE(memcmp(much, back, MUCH) == 0);
    free(much);
    free(back);
    close(pipes->out[1]);
    return NULL;
}

static int with_pipe(struct event_loop *loop) {
    struct pipes pipes;
    pthread_t peer;
    PROMISE(pipe(pipes.out) == 0 && pipe(pipes.in) == 0);
    make_nonblocking(pipes.out[0]);
    make_nonblocking(pipes.in[1]);
    tcp_connection_new(pipes.out[0], loop, on_completed, on_closed, to_writer, NULL);
    pipe_writer = tcp_connection_new(pipes.in[1], loop, on_completed, NULL, NULL, NULL);
    PROMISE(pipe_writer != NULL);
    pthread_create(&peer, NULL, pipe_peer, &pipes);
    PROMISE(event_loop_run(loop) == 0);
    PROMISE(closed == 1 && messages > 0 && fcntl(pipes.out[0], F_GETFD) == -1);
    say("ok");
    return 0;
}

static int with_broken_pipe(struct event_loop *loop) {
    int ends[2];
    PROMISE(pipe(ends) == 0);
    struct tcp_connection *connection = make(ends[1], loop);
    close(ends[0]);
    tcp_connection_send_data(connection, "nobody reads this", 17);
    PROMISE(closed == 0);
    PROMISE(event_loop_run(loop) == 0);
    ended(ends[1]);
    return 0;
}

static void *tty_peer(void *data) {
    int fd = *(int *) data;
    exchange(fd, fd, "through a terminal");
    close(fd);
    return NULL;
}

static int with_tty(struct event_loop *loop) {
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    PROMISE(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    PROMISE(slave >= 0);
    /* No echo and no line editing by the terminal itself: through stty, which is at hand everywhere. */
    char command[64];
    snprintf(command, sizeof command, "stty raw -echo < %s", ptsname(master));
    PROMISE(system(command) == 0);
    pthread_t peer;
    make(master, loop);
    pthread_create(&peer, NULL, tty_peer, &slave);
    PROMISE(event_loop_run(loop) == 0);
    ended(master);
    return 0;
}

static int from_foreign_thread(void) {
    struct event_loop_thread thread;
    event_loop_thread_init(&thread, 0);
    struct event_loop *loop = event_loop_thread_start(&thread);
    for (int i = 0; i < 200; i++) {
        int ends[2];
        PROMISE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
        make_nonblocking(ends[0]);
        /* The peer is there already with its first bytes. */
        PROMISE(write(ends[1], "early", 5) == 5);
        PROMISE(tcp_connection_new(ends[0], loop, on_completed, on_closed, echo, NULL) != NULL);
        PROMISE(completed == i + 1);
        char answer[8] = "";
        PROMISE(readn(ends[1], answer, 5) == 5 && memcmp(answer, "early", 5) == 0);
        exchange(ends[1], ends[1], "later");
        close(ends[1]);
    }
    while (closed < 200)
        sched_yield();
    quit_plainly(loop);
    event_loop_wakeup(loop);
    PROMISE(pthread_join(thread.thread_tid, NULL) == 0);
    say("ok");
    return 0;
}

int main(int argc, char **argv) {
    const char *mode = argv[argc - 1];
    lines_at_once();
    if (strcmp(mode, "foreign") == 0)
        return from_foreign_thread();
    struct event_loop *loop = event_loop_init();
    if (strcmp(mode, "socketpair") == 0)
        return with_socketpair(loop);
    if (strcmp(mode, "pipe") == 0)
        return with_pipe(loop);
    if (strcmp(mode, "broken") == 0)
        return with_broken_pipe(loop);
    return with_tty(loop);
}
