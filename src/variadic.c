/* The bodies of functions with variable arguments, which only C can define. The exports jump to
 * them (src/exports/common.rs, src/exports/log.rs). */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_DEBUG_TYPE 0
#define LOG_MSG_TYPE 1

/* Longer lines are written in pieces, with the stream locked. */
enum { LINE_SIZE = 4096, ERROR_TEXT_SIZE = 128 };

/* Whether a connection uses the descriptor of a standard stream (src/exports/variadic.rs). */
int yolanda_rs_is_taken(int fd);

enum tail { NO_TAIL, NEWLINE, ERROR_TEXT, ERROR_TEXT_AND_NUMBER };

void yolanda_c_err_dump(const char *format, ...) __attribute__((format(printf, 1, 2)));
void yolanda_c_err_msg(const char *format, ...) __attribute__((format(printf, 1, 2)));
void yolanda_c_err_quit(const char *format, ...) __attribute__((format(printf, 1, 2)));
void yolanda_c_err_ret(const char *format, ...) __attribute__((format(printf, 1, 2)));
void yolanda_c_err_sys(const char *format, ...) __attribute__((format(printf, 1, 2)));
void yolanda_c_error(int status, int err, char *fmt, ...) __attribute__((format(printf, 3, 4)));
void yolanda_c_msgx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void yolanda_c_debugx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* yolanda_logx() itself; the library doesn't call the exported name (src/exports/variadic.rs). */
void yolanda_rs_logx(int severity, const char *errstr, const char *fmt, va_list ap);

static void tail_text(char *text, size_t size, enum tail tail, int err)
{
    char reason[ERROR_TEXT_SIZE];

    text[0] = '\0';
    if (tail == NEWLINE)
        snprintf(text, size, "\n");
    if (tail < ERROR_TEXT)
        return;
    if (strerror_r(err, reason, sizeof reason) != 0)
        snprintf(reason, sizeof reason, "Unknown error %d", err);
    if (tail == ERROR_TEXT)
        snprintf(text, size, ": %s\n", reason);
    else
        snprintf(text, size, ": %s (%d)\n", reason, err);
}

/* Writes the message and its tail to stderr, with one call if they fit into a line; keeps errno. */
static void report(enum tail tail, int err, const char *format, va_list ap)
{
    const int kept = errno;
    char line[LINE_SIZE];
    char end[ERROR_TEXT_SIZE + 32];
    va_list again;
    int length;

    if (yolanda_rs_is_taken(fileno(stderr)))
        return;
    fflush(stdout);
    tail_text(end, sizeof end, tail, err);
    if (format == NULL)
        format = "";

    va_copy(again, ap);
    errno = kept; /* for %m */
    length = vsnprintf(line, sizeof line, format, again);
    va_end(again);

    if (length >= 0 && (size_t)length + strlen(end) < sizeof line) {
        memcpy(line + length, end, strlen(end));
        fwrite(line, 1, (size_t)length + strlen(end), stderr);
    } else {
        flockfile(stderr);
        errno = kept;
        vfprintf(stderr, format, ap);
        fputs(end, stderr);
        funlockfile(stderr);
    }
    errno = kept;
}

#define REPORT(tail, err, format)      \
    do {                               \
        va_list ap;                    \
        va_start(ap, format);          \
        report(tail, err, format, ap); \
        va_end(ap);                    \
    } while (0)

void yolanda_c_err_ret(const char *format, ...)
{
    REPORT(ERROR_TEXT, errno, format);
}

void yolanda_c_err_sys(const char *format, ...)
{
    REPORT(ERROR_TEXT, errno, format);
    exit(1);
}

void yolanda_c_err_dump(const char *format, ...)
{
    REPORT(ERROR_TEXT, errno, format);
    abort();
}

void yolanda_c_err_msg(const char *format, ...)
{
    REPORT(NEWLINE, 0, format);
}

void yolanda_c_err_quit(const char *format, ...)
{
    REPORT(NEWLINE, 0, format);
    exit(1);
}

void yolanda_c_error(int status, int err, char *fmt, ...)
{
    REPORT(err ? ERROR_TEXT_AND_NUMBER : NO_TAIL, err, fmt);
    if (status)
        exit(status);
}

void yolanda_c_msgx(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    yolanda_rs_logx(LOG_MSG_TYPE, NULL, fmt, ap);
    va_end(ap);
}

void yolanda_c_debugx(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    yolanda_rs_logx(LOG_DEBUG_TYPE, NULL, fmt, ap);
    va_end(ap);
}
