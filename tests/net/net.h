/* What the programs of this folder share: a port line, counters that SIGUSR1 prints. */
#ifndef TESTS_NET_H
#define TESTS_NET_H

#include <stdarg.h>
#include <stdatomic.h>
#include <lib/common.h>

static atomic_int completed, closed, messages, written;

/* One line to stderr in one write: whole lines from any thread, no stdio involved. */
__attribute__((format(printf, 1, 2), unused))
static void say(const char *format, ...) {
    char line[4096];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    if (size > (int) sizeof line - 2)
        size = sizeof line - 2;
    line[size++] = '\n';
    if (write(2, line, size) < 0)
        abort();
}

/* A violated promise: prints which one, and fails the test by aborting. */
#define PROMISE(condition) \
    do { \
        if (!(condition)) { \
            say("broken at %s:%d: %s", __FILE__, __LINE__, #condition); \
            abort(); \
        } \
    } while (0)

static inline void report(int signal_number) {
    int kept = errno;
    (void) signal_number;
    say("completed %d closed %d messages %d written %d", completed, closed, messages, written);
    errno = kept;
}

static inline void report_on_signal(void) {
    struct sigaction action = {.sa_handler = report};
    sigaction(SIGUSR1, &action, NULL);
}

/* Log lines through stdio reach a pipe at once. */
static inline void lines_at_once(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
}

static inline void say_port(struct acceptor *acceptor) {
    say("port %d", acceptor->listen_port);
}

/* A plain store from any thread, as course programs do it to end a loop; the library's accesses are
 * atomic. */
__attribute__((no_sanitize("thread"), unused))
static void quit_plainly(struct event_loop *loop) {
    loop->quit = 1;
}

/* A byte stream with a pattern that repeats only after 16 MiB. */
static inline unsigned char pattern(size_t i) {
    return (i ^ (i >> 8) ^ ((i >> 16) * 31)) & 0xff;
}

#endif
