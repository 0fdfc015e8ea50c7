/* aid.h - what several test programs need: descriptors, loops, threads, lines. */
#ifndef AID_H
#define AID_H

#include "check.h"

#include "lib/buffer.h"
#include "lib/common.h"
#include "lib/event_loop.h"

#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define UNUSED __attribute__((unused))

/* An address of a Unix socket that no other process takes, nor another case; valid until the next call. */
UNUSED static const char *own_address(void)
{
    static char text[64];
    static int calls;
    snprintf(text, sizeof text, "unix:@yolanda-%ld-%d", (long)getpid(), calls++);
    return text;
}

UNUSED static void make_pipe(int fd[2])
{
    NEED(pipe(fd) == 0);
}

UNUSED static void make_sockets(int fd[2])
{
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
}

UNUSED static void put(int fd, const char *text)
{
    NEED(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

/* Moves the descriptor `from` to the number `to`. */
UNUSED static void move_fd(int from, int to)
{
    NEED(dup2(from, to) == to);
    NEED(close(from) == 0);
}

UNUSED static struct channel *watch(struct event_loop *loop, int fd, int events,
                                    event_read_callback on_read, event_write_callback on_write,
                                    void *data)
{
    struct channel *channel = channel_new(fd, events, on_read, on_write, data);
    NEED(channel != NULL);
    NEED(event_loop_add_channel_event(loop, fd, channel) == 0);
    return channel;
}

/* A plain store from any thread, as course programs do it to end a loop; the library's accesses are
 * atomic. */
__attribute__((no_sanitize("thread"))) UNUSED static void quit_plainly(struct event_loop *loop)
{
    loop->quit = 1;
}

/* The registered channel of a number, NULL where none. */
UNUSED static struct channel *entry(struct event_loop *loop, int fd)
{
    return fd < loop->channelMap->nentries ? loop->channelMap->entries[fd] : NULL;
}

/* Moves the descriptor to a number that no other descriptor of the case gets. */
UNUSED static int out_of_the_way(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 200);
    NEED(high >= 200);
    close(fd);
    return high;
}

struct ticker {
    struct event_loop *loop;
    int left;
};

UNUSED static int tick(void *data)
{
    struct ticker *ticker = data;
    if (--ticker->left <= 0) {
        ticker->loop->quit = 1;
    }
    return 0;
}

/* Lets the loop make n passes. */
UNUSED static void passes(struct event_loop *loop, int n)
{
    struct ticker ticker = { loop, n };
    int fd = out_of_the_way(eventfd(1, EFD_CLOEXEC));
    struct channel channel = { fd, EVENT_READ, tick, NULL, &ticker };
    NEED(event_loop_add_channel_event(loop, fd, &channel) == 0);
    loop->quit = 0;
    CHECK_INT(event_loop_run(loop), 0);
    CHECK_INT(event_loop_remove_channel_event(loop, fd, &channel), 0);
    close(fd);
    loop->quit = 0;
}

struct thread_job {
    void (*run)(void *);
    void *arg;
};

UNUSED static void *thread_main(void *data)
{
    struct thread_job job = *(struct thread_job *)data;
    free(data);
    job.run(job.arg);
    return NULL;
}

UNUSED static pthread_t start_thread(void (*run)(void *), void *arg)
{
    pthread_t thread;
    struct thread_job *job = malloc(sizeof *job);
    NEED(job != NULL);
    *job = (struct thread_job){ run, arg };
    NEED(pthread_create(&thread, NULL, thread_main, job) == 0);
    return thread;
}

UNUSED static void join(pthread_t thread)
{
    CHECK_INT(pthread_join(thread, NULL), 0);
}

UNUSED static void on_thread(void (*run)(void *), void *arg)
{
    join(start_thread(run, arg));
}

UNUSED static void nap(void)
{
    usleep(1000);
}

/* Waits, for a bounded time, until the thread sleeps in a system call. */
UNUSED static void until_blocked(pid_t tid)
{
    char name[64], text[256] = "";
    snprintf(name, sizeof name, "/proc/self/task/%d/stat", (int)tid);
    for (int i = 0; i < 10000; i++) {
        FILE *file = fopen(name, "r");
        NEED(file != NULL && fgets(text, sizeof text, file) != NULL);
        fclose(file);
        char *end = strrchr(text, ')');
        if (end != NULL && end[2] == 'S') {
            return;
        }
        nap();
    }
    NEED(!"the thread sleeps");
}

/* How many lines of the text begin with this. */
UNUSED static int lines_with(const char *text, const char *start)
{
    int n = 0;
    for (const char *line = text; line != NULL && *line != '\0';) {
        n += strncmp(line, start, strlen(start)) == 0;
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    return n;
}

/* Errors that were logged: on stdout, or on stderr where yolanda_loop_new() made the first loop. */
UNUSED static int err_lines(void)
{
    char *out = out_text(), *err = err_text();
    int n = lines_with(out, "[err] ") + lines_with(err, "[err] ");
    free(out);
    free(err);
    return n;
}

/* All fields are equal; the padding may differ. */
UNUSED static int same_buffer(const struct buffer *one, const struct buffer *two)
{
    return one->data == two->data && one->readIndex == two->readIndex &&
           one->writeIndex == two->writeIndex && one->total_size == two->total_size;
}

UNUSED static int open_fds(void)
{
    int n = 0;
    for (int fd = 0; fd < 1024; fd++) {
        n += fcntl(fd, F_GETFD) >= 0;
    }
    return n;
}

/* Limits the address space of the process to this many additional bytes. */
UNUSED static void limit_memory(size_t more)
{
    if (SANITIZED) {
        _exit(0); /* shadow memory is beyond every limit: the case ends here */
    }
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    NEED(file != NULL && fscanf(file, "%lu", &pages) == 1);
    fclose(file);
    struct rlimit limit = { pages * (size_t)getpagesize() + more, RLIM_INFINITY };
    NEED(setrlimit(RLIMIT_AS, &limit) == 0);
}

/* The back end that this run asks for. */
UNUSED static const char *wanted_dispatcher(void)
{
    const char *name = getenv("YOLANDA_DISPATCHER");
    return name != NULL && strcmp(name, "poll") == 0 ? "poll" : "epoll";
}

UNUSED static int on_epoll(void)
{
    return strcmp(wanted_dispatcher(), "epoll") == 0;
}

#endif
