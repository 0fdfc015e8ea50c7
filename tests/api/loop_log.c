/* Contract section 2, "log": the lines of a loop that a course reader sees, at the same points. */
#include "aid.h"

#include "lib/event_loop_thread.h"

#include <regex.h>

static struct event_loop *the_loop;

static int matches(const char *text, const char *pattern)
{
    regex_t regex;
    NEED(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) == 0);
    int found = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return found;
}

/* The output since the mark is exactly this; "%d" stands for the number. */
#define CHECK_LINES(...)                                                                           \
    do {                                                                                           \
        char *pattern = NULL, *text = out_text();                                                  \
        NEED(asprintf(&pattern, "^" __VA_ARGS__) > 0);                                             \
        NEED((pattern = realloc(pattern, strlen(pattern) + 2)) != NULL);                           \
        strcat(pattern, "$");                                                                      \
        if (!matches(text, pattern)) {                                                             \
            CHECK_TEXT(text, pattern);                                                             \
        }                                                                                          \
        free(text);                                                                                \
        free(pattern);                                                                             \
        out_mark();                                                                                \
    } while (0)

#define MSG "\\[msg\\] "
#define NAME "main thread\n"

CASE(lines_of_a_new_loop)
{
    out_mark();
    struct event_loop *loop = event_loop_init();
    int fd = loop->socketPair[1];
    if (on_epoll()) {
        CHECK_LINES(MSG "set epoll as dispatcher, " NAME MSG "add channel fd == %d, " NAME, fd);
    } else {
        CHECK_LINES(MSG "set poll as dispatcher, " NAME MSG "add channel fd == %d, " NAME MSG
                        "poll added channel fd==%d, " NAME, fd, fd);
    }
}

CASE(lines_of_changes)
{
    int fd[2];
    make_pipe(fd);
    struct event_loop *loop = event_loop_init_with_name("mine");
    out_mark();
    struct channel *channel = watch(loop, fd[0], EVENT_READ, NULL, NULL, NULL);
    if (on_epoll()) {
        CHECK_LINES(MSG "add channel fd == %d, mine\n", fd[0]);
    } else {
        CHECK_LINES(MSG "add channel fd == %d, mine\n" MSG "poll added channel fd==%d, mine\n", fd[0], fd[0]);
    }
    CHECK_INT(event_loop_update_channel_event(loop, fd[0], channel), 0);
    if (on_epoll()) {
        CHECK_LINES(MSG "update channel fd == %d, mine\n", fd[0]);
    } else {
        CHECK_LINES(MSG "update channel fd == %d, mine\n" MSG "poll updated channel fd==%d, mine\n", fd[0], fd[0]);
    }
    CHECK_INT(event_loop_remove_channel_event(loop, fd[0], channel), 0);
    if (on_epoll()) {
        CHECK_TEXT(out_text(), "");
    } else {
        CHECK_LINES(MSG "poll delete channel fd==%d, mine\n", fd[0]);
    }
}

static int quits(void *data)
{
    char byte;
    the_loop->quit = 1;
    return (int)read(*(int *)data, &byte, 1);
}

static int quits_on_write(void *data)
{
    (void)data;
    the_loop->quit = 1;
    return 0;
}

/* The name is printed as it is, in whatever encoding: here "reader" in GBK. */
CASE(names_of_any_encoding)
{
    out_mark();
    event_loop_init_with_name("\xb6\xc1\xd5\xdf");
    CHECK_INT(lines_with(out_text(), on_epoll() ? "[msg] set epoll as dispatcher, \xb6\xc1\xd5\xdf\n"
                                                : "[msg] set poll as dispatcher, \xb6\xc1\xd5\xdf\n"), 1);
}

/* event loop run, the readiness of a channel, event loop end */
CASE(lines_of_a_pass)
{
    int fd[2];
    make_sockets(fd);
    put(fd[1], "x");
    the_loop = event_loop_init();
    struct channel *channel = watch(the_loop, fd[0], EVENT_READ, quits, quits_on_write, &fd[0]);
    out_mark();
    CHECK_INT(event_loop_run(the_loop), 0);
    if (on_epoll()) {
        CHECK_LINES(MSG "event loop run, " NAME MSG "epoll_wait wakeup, " NAME MSG
                        "get message channel fd==%d for read, " NAME MSG
                        "activate channel fd == %d, revents=2, " NAME MSG "event loop end, " NAME,
                    fd[0], fd[0]);
    } else {
        CHECK_LINES(MSG "event loop run, " NAME MSG "get message channel i==[0-9]+, fd==%d, " NAME MSG
                        "activate channel fd == %d, revents=2, " NAME MSG "event loop end, " NAME,
                    fd[0], fd[0]);
    }
    channel->events = EVENT_WRITE;
    CHECK_INT(event_loop_update_channel_event(the_loop, fd[0], channel), 0);
    the_loop->quit = 0;
    out_mark();
    CHECK_INT(event_loop_run(the_loop), 0);
    if (on_epoll()) {
        CHECK_LINES(MSG "event loop run, " NAME MSG "epoll_wait wakeup, " NAME MSG
                        "get message channel fd==%d for write, " NAME MSG
                        "activate channel fd == %d, revents=4, " NAME MSG "event loop end, " NAME,
                    fd[0], fd[0]);
    } else {
        CHECK_LINES(MSG "event loop run, " NAME MSG "get message channel i==[0-9]+, fd==%d, " NAME MSG
                        "activate channel fd == %d, revents=4, " NAME MSG "event loop end, " NAME,
                    fd[0], fd[0]);
    }
}

/* wakeup */
static int quits_once(void *data)
{
    uint64_t value;
    the_loop->quit = 1;
    return (int)read(*(int *)data, &value, sizeof value);
}

CASE(lines_of_a_wake_up)
{
    the_loop = event_loop_init();
    event_loop_wakeup(the_loop);
    passes(the_loop, 2);
    char *text = out_text(), line[100];
    CHECK_INT(lines_with(text, "[msg] wakeup, main thread\n"), 1);
    snprintf(line, sizeof line, "[msg] activate channel fd == %d, revents=2, main thread\n", the_loop->socketPair[1]);
    CHECK_INT(lines_with(text, line), 1);
}

static int reads(void *data)
{
    uint64_t value;
    return (int)read(*(int *)data, &value, sizeof value);
}

static void adds(void *channel)
{
    CHECK_INT(event_loop_add_channel_event(the_loop, ((struct channel *)channel)->fd, channel), 0);
}

/* What a loop is woken for follows the line that says so, also where something else came first. */
CASE(lines_of_what_it_was_woken_for)
{
    char line[100];
    int first = eventfd(1, EFD_CLOEXEC), fd[2];
    the_loop = event_loop_init();
    watch(the_loop, first, EVENT_READ, reads, NULL, &first);
    make_pipe(fd);
    struct channel *channel = channel_new(fd[0], EVENT_READ, NULL, NULL, NULL);
    out_mark();
    on_thread(adds, channel);
    passes(the_loop, 2);
    char *text = out_text();
    snprintf(line, sizeof line, "[msg] add channel fd == %d, main thread\n", fd[0]);
    char *woken = strstr(text, "[msg] wakeup, main thread\n"), *added = strstr(text, line);
    CHECK(woken != NULL && added != NULL && woken < added);
}

/* A pass in which nothing happened prints nothing. */
static const struct event_dispatcher *below;
static int empty_passes;

static int count_dispatch(struct event_loop *loop, struct timeval *longest)
{
    struct timeval none = { 0, 0 };
    (void)longest;
    if (++empty_passes == 20) {
        loop->quit = 1;
    }
    return below->dispatch(loop, &none);
}

CASE(empty_passes_print_nothing)
{
    the_loop = event_loop_init();
    below = the_loop->eventDispatcher;
    struct event_dispatcher wrapper = *below;
    wrapper.dispatch = count_dispatch;
    the_loop->eventDispatcher = &wrapper;
    out_mark();
    CHECK_INT(event_loop_run(the_loop), 0);
    CHECK_LINES(MSG "event loop run, " NAME "%s", MSG "event loop end, " NAME);
    CHECK(empty_passes >= 20);
}

/* event loop thread init and signal, event loop thread started */
CASE(lines_of_a_thread)
{
    struct event_loop_thread thread;
    event_loop_thread_init(&thread, 2);
    out_mark();
    struct event_loop *loop = event_loop_thread_start(&thread);
    NEED(loop != NULL);
    quit_plainly(loop);
    event_loop_wakeup(loop);
    CHECK_INT(pthread_join(thread.thread_tid, NULL), 0);
    char *text = out_text();
    CHECK_INT(lines_with(text, "[msg] event loop thread init and signal, Thread-3\n"), 1);
    CHECK_INT(lines_with(text, "[msg] event loop thread started, Thread-3\n"), 1);
    CHECK_INT(lines_with(text, "[msg] event loop run, Thread-3\n"), 1);
    CHECK_INT(lines_with(text, "[msg] event loop end, Thread-3\n"), 1);
}

/* The library itself writes no debug lines. */
CASE(no_debug_lines)
{
    int fd = eventfd(1, EFD_CLOEXEC);
    the_loop = event_loop_init();
    watch(the_loop, fd, EVENT_READ, quits_once, NULL, &fd);
    event_loop_wakeup(the_loop);
    CHECK_INT(event_loop_run(the_loop), 0);
    CHECK_INT(lines_with(out_text(), "[debug]"), 0);
    CHECK(lines_with(out_text(), "[msg]") > 0);
}

/* A level turns them off. */
static void quiet_loop(void *level)
{
    int fd = eventfd(1, EFD_CLOEXEC);
    setenv("YOLANDA_LOG", level, 1);
    the_loop = event_loop_init();
    watch(the_loop, fd, EVENT_READ, quits_once, NULL, &fd);
    event_loop_run(the_loop);
}

CASE(levels_hold_for_the_loop)
{
    char *levels[] = { "off", "err", "warn" };
    for (int i = 0; i < 3; i++) {
        CHECK_TEXT(child(quiet_loop, levels[i]).out, "");
    }
    CHECK(lines_with(child(quiet_loop, "msg").out, "[msg]") > 0);
}
