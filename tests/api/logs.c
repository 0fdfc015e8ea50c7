/* Contract section 2, "log": exact bytes, the cut, errno, the levels. */
#include "aid.h"

#include <stdarg.h>

static void logx(int severity, const char *errstr, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    yolanda_logx(severity, errstr, fmt, ap);
    va_end(ap);
}

static char *repeated(char byte, int n)
{
    char *text = malloc(n + 1);
    NEED(text != NULL);
    memset(text, byte, n);
    text[n] = '\0';
    return text;
}

/* `[debug] `, `[msg] `, `[warn] `, `[err] `, `[???] ` + text + newline, on stdout. */
CASE(one_line_each)
{
    yolanda_log(LOG_DEBUG_TYPE, "a");
    yolanda_log(LOG_MSG_TYPE, "b");
    yolanda_log(LOG_WARN_TYPE, "c");
    yolanda_log(LOG_ERR_TYPE, "d");
    yolanda_log(4, "e");
    yolanda_log(-1, "f");
    CHECK_TEXT(out_text(), "[debug] a\n[msg] b\n[warn] c\n[err] d\n[\?\?\?] e\n[\?\?\?] f\n");
}

CASE(macros)
{
    const char *text = "in a variable";
    LOG_MSG("a message");
    LOG_ERR("an error");
    LOG_MSG(text);
    if (text == NULL)
        LOG_ERR("not this one");
    else
        LOG_ERR("this one");
    CHECK_TEXT(out_text(), "[msg] a message\n[err] an error\n[msg] in a variable\n[err] this one\n");
}

CASE(formatting_functions)
{
    yolanda_msgx("fd == %d, %s", 5, "main thread");
    yolanda_debugx("%c%05.1f%%", 'x', 2.25);
    yolanda_msgx("plain");
    CHECK_TEXT(out_text(), "[msg] fd == 5, main thread\n[debug] x002.2%\n[msg] plain\n");
}

/* yolanda_logx appends `: errstr` when it is not NULL. */
CASE(logx_with_an_error_text)
{
    logx(LOG_ERR_TYPE, "No such file", "open %s", "x");
    logx(LOG_WARN_TYPE, NULL, "open %s", "y");
    logx(LOG_MSG_TYPE, "", "z");
    logx(17, "why", "w");
    CHECK_TEXT(out_text(), "[err] open x: No such file\n[warn] open y\n[msg] z: \n[\?\?\?] w: why\n");
}

/* NULL text or format counts as empty. */
CASE(null_texts)
{
    const char *none = NULL;
    yolanda_log(LOG_MSG_TYPE, NULL);
    yolanda_msgx(none);
    yolanda_debugx(none);
    logx(LOG_ERR_TYPE, "why", none);
    CHECK_TEXT(out_text(), "[msg] \n[msg] \n[debug] \n[err] : why\n");
}

/* Texts are no formats where no format is promised. */
CASE(percent_signs)
{
    yolanda_log(LOG_MSG_TYPE, "100 %s %n %");
    LOG_ERR("%d%%");
    logx(LOG_ERR_TYPE, "%s%n", "a");
    CHECK_TEXT(out_text(), "[msg] 100 %s %n %\n[err] %d%%\n[err] a: %s%n\n");
}

/* Text cut at 1,023 bytes in the formatting functions ... */
CASE(formatted_text_is_cut)
{
    int sizes[] = { 1022, 1023, 1024, 5000 };
    for (int i = 0; i < 4; i++) {
        char *text = repeated('a', sizes[i]), *want = NULL;
        int shown = sizes[i] < 1023 ? sizes[i] : 1023;
        out_mark();
        yolanda_msgx("%s", text);
        yolanda_debugx("%s", text);
        logx(LOG_ERR_TYPE, NULL, "%s", text);
        NEED(asprintf(&want, "[msg] %.*s\n[debug] %.*s\n[err] %.*s\n", shown, text, shown, text, shown, text) > 0);
        CHECK_TEXT(out_text(), want);
        out_mark();
        logx(LOG_ERR_TYPE, "why", "%s", text);
        NEED(asprintf(&want, "[err] %s: why", text) > 0);
        want[6 + 1023] = '\n';
        want[6 + 1024] = '\0';
        CHECK_TEXT(out_text(), want);
    }
}

/* ... whole in yolanda_log, LOG_MSG, LOG_ERR. */
CASE(given_text_is_whole)
{
    char *text = repeated('b', 100000), *want = NULL;
    yolanda_log(LOG_WARN_TYPE, text);
    LOG_MSG(text);
    LOG_ERR(text);
    NEED(asprintf(&want, "[warn] %s\n[msg] %s\n[err] %s\n", text, text, text) > 0);
    CHECK_TEXT(out_text(), want);
}

/* Through C stdio, so it interleaves with the program's own printf. */
CASE(interleaves_with_printf)
{
    printf("one\n");
    yolanda_msgx("two");
    printf("three");
    LOG_ERR("four");
    printf("five\n");
    CHECK_TEXT(out_text(), "one\n[msg] two\nthree[err] four\nfive\n");
}

/* Log functions keep errno, also when stdout can't be written. */
static void log_all(void)
{
    errno = ENOTTY;
    yolanda_log(LOG_MSG_TYPE, "a");
    CHECK_INT(errno, ENOTTY);
    yolanda_msgx("%d", 1);
    CHECK_INT(errno, ENOTTY);
    yolanda_debugx("%d", 1);
    CHECK_INT(errno, ENOTTY);
    logx(LOG_ERR_TYPE, "why", "%d", 1);
    CHECK_INT(errno, ENOTTY);
    LOG_ERR("b");
    CHECK_INT(errno, ENOTTY);
}

CASE(errno_is_kept)
{
    log_all();
    NEED(freopen("/dev/full", "w", stdout) != NULL);
    setvbuf(stdout, NULL, _IONBF, 0);
    log_all();
    close(1);
    log_all();
}

/* Lines of several threads don't mix. */
static void log_many(void *name)
{
    for (int i = 0; i < 1000; i++) {
        yolanda_msgx("from %s", (char *)name);
    }
}

CASE(lines_of_several_threads)
{
    char *names[] = { "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc", "dddddddddddddddd" };
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        threads[i] = start_thread(log_many, names[i]);
    }
    for (int i = 0; i < 4; i++) {
        join(threads[i]);
    }
    char *text = out_text(), line[64];
    for (int i = 0; i < 4; i++) {
        snprintf(line, sizeof line, "[msg] from %s\n", names[i]);
        CHECK_INT(lines_with(text, line), 1000);
    }
    CHECK_INT(strlen(text), 4000 * strlen(line));
}

/* A level turns lines off: YOLANDA_LOG=off|err|warn|msg|debug, default debug, another value counts
 * as unset. An unknown severity counts as msg for the level. */
static void all_severities(void *level)
{
    if (level != NULL) {
        setenv("YOLANDA_LOG", level, 1);
    } else {
        unsetenv("YOLANDA_LOG");
    }
    yolanda_debugx("%d", 0);
    yolanda_log(LOG_DEBUG_TYPE, "1");
    yolanda_msgx("%d", 2);
    LOG_MSG("3");
    yolanda_log(99, "4");
    logx(99, NULL, "%d", 5);
    yolanda_log(LOG_WARN_TYPE, "6");
    logx(LOG_WARN_TYPE, "x", "%d", 7);
    LOG_ERR("8");
    logx(LOG_ERR_TYPE, "x", "%d", 9);
}

CASE(levels)
{
#define ERRS "[err] 8\n[err] 9: x\n"
#define WARNS "[warn] 6\n[warn] 7: x\n" ERRS
#define MSGS "[msg] 2\n[msg] 3\n[\?\?\?] 4\n[\?\?\?] 5\n" WARNS
#define ALL "[debug] 0\n[debug] 1\n" MSGS
    char *level[] = { "off", "err", "warn", "msg", "debug", NULL, "", "OFF", "error", "3" };
    char *want[] = { "", ERRS, WARNS, MSGS, ALL, ALL, ALL, ALL, ALL, ALL };
    for (int i = 0; i < 10; i++) {
        struct ended ended = child(all_severities, level[i]);
        CHECK_INT(ended.status, 0);
        CHECK_TEXT(ended.out, want[i]);
        CHECK_TEXT(ended.err, "");
    }
}

/* When off, a line formats nothing: an argument that can't be read isn't. */
static void unreadable_argument(void *unused)
{
    (void)unused;
    setenv("YOLANDA_LOG", "err", 1);
    yolanda_msgx("%s", (char *)1);
    yolanda_debugx("%s", (char *)1);
    logx(LOG_WARN_TYPE, NULL, "%s", (char *)1);
    yolanda_log(LOG_WARN_TYPE, (char *)1);
}

CASE(lines_that_are_off_format_nothing)
{
    struct ended ended = child(unreadable_argument, NULL);
    CHECK_INT(ended.status, 0);
    CHECK_TEXT(ended.out, "");
}
