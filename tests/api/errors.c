/* Contract section 2, error(), and rule 8, the err_ family: exact text, status, errno. */
#include "aid.h"

static void error_plain(void *unused)
{
    (void)unused;
    error(0, 0, "text %d", 5);
    error(0, 0, " and %s", "more");
}

static void error_with_errno(void *unused)
{
    (void)unused;
    error(0, EACCES, "text %d", 5);
}

static void error_that_exits(void *unused)
{
    (void)unused;
    printf("not flushed yet");
    error(3, ENOENT, "bind failed ");
    _exit(77);
}

static void error_exits_without_errno(void *unused)
{
    (void)unused;
    error(7, 0, "done\n");
    _exit(77);
}

static void error_null(void *unused)
{
    (void)unused;
    error(0, EACCES, NULL);
    error(0, 0, NULL);
}

static void error_unknown_errno(void *unused)
{
    (void)unused;
    error(0, 99999, "x");
}

/* error(status, err, fmt, ...): text to stderr, then `: STRERROR (ERR)` and newline if err. */
CASE(error_writes_and_returns)
{
    struct ended ended = child(error_plain, NULL);
    CHECK_INT(ended.status, 0);
    CHECK_TEXT(ended.err, "text 5 and more");
    CHECK_TEXT(ended.out, "");
    ended = child(error_with_errno, NULL);
    CHECK_INT(ended.status, 0);
    CHECK_TEXT(ended.err, "text 5: Permission denied (13)\n");
    ended = child(error_null, NULL);
    CHECK_INT(ended.status, 0);
    CHECK_TEXT(ended.err, ": Permission denied (13)\n");
    ended = child(error_unknown_errno, NULL);
    CHECK_TEXT(ended.err, "x: Unknown error 99999 (99999)\n");
}

/* exit(status) if status. */
CASE(error_exits)
{
    struct ended ended = child(error_that_exits, NULL);
    CHECK_INT(ended.status, 3);
    CHECK_TEXT(ended.err, "bind failed : No such file or directory (2)\n");
    CHECK_TEXT(ended.out, "not flushed yet");
    ended = child(error_exits_without_errno, NULL);
    CHECK_INT(ended.status, 7);
    CHECK_TEXT(ended.err, "done\n");
}

/* err_ret: message + errno text, returns. err_msg: message, returns. */
static void ret(void *unused)
{
    (void)unused;
    errno = EACCES;
    err_ret("open %s", "file");
    CHECK_INT(errno, EACCES); /* err_ret keeps errno */
}

static void msg(void *unused)
{
    (void)unused;
    errno = EACCES;
    err_msg("plain %d", 1);
}

static void sys(void *unused)
{
    (void)unused;
    printf("out");
    errno = ENOENT;
    err_sys("open %s", "file");
    _exit(77);
}

static void quit(void *unused)
{
    (void)unused;
    errno = ENOENT;
    err_quit("usage: %s", "prog");
    _exit(77);
}

static void dump(void *unused)
{
    (void)unused;
    struct rlimit none = { 0, 0 };
    setrlimit(RLIMIT_CORE, &none);
    printf("out");
    errno = EIO;
    err_dump("read %d", 4);
    _exit(77);
}

CASE(err_functions_that_return)
{
    struct ended ended = child(ret, NULL);
    CHECK_INT(ended.status, 0);
    CHECK_TEXT(ended.err, "open file: Permission denied\n");
    ended = child(msg, NULL);
    CHECK_INT(ended.status, 0);
    CHECK_TEXT(ended.err, "plain 1\n");
}

/* err_sys (the same, then exit 1), err_dump (the same, then abort), err_quit (message, then exit 1). */
CASE(err_functions_that_end)
{
    struct ended ended = child(sys, NULL);
    CHECK_INT(ended.status, 1);
    CHECK_TEXT(ended.err, "open file: No such file or directory\n");
    CHECK_TEXT(ended.out, "out");
    ended = child(quit, NULL);
    CHECK_INT(ended.status, 1);
    CHECK_TEXT(ended.err, "usage: prog\n");
    ended = child(dump, NULL);
    CHECK_INT(ended.status, 1000 + SIGABRT);
    CHECK_TEXT(ended.err, "read 4: Input/output error\n");
    CHECK_TEXT(ended.out, "out");
}

/* Each flushes stdout first: in one file the texts stand in their order. */
static void both_in_one(void *unused)
{
    (void)unused;
    dup2(1, 2);
    NEED(fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_APPEND) == 0);
    printf("one ");
    err_msg("two");
    printf("three ");
    errno = EIO;
    err_ret("four");
    printf("five ");
    err_quit("six");
}

CASE(err_functions_flush_stdout)
{
    struct ended ended = child(both_in_one, NULL);
    CHECK_TEXT(ended.out, "one two\nthree four: Input/output error\nfive six\n");
}

/* Section 4: NULL format counts as empty. */
static void null_formats(void *unused)
{
    (void)unused;
    err_msg(NULL);
    errno = EIO;
    err_ret(NULL);
}

CASE(err_functions_without_a_format)
{
    struct ended ended = child(null_formats, NULL);
    CHECK_INT(ended.status, 0);
    CHECK_TEXT(ended.err, "\n: Input/output error\n");
}

/* A long message is no harm. */
static void long_messages(void *unused)
{
    char *text = malloc(100001);
    (void)unused;
    NEED(text != NULL);
    memset(text, 'm', 100000);
    text[100000] = '\0';
    errno = EIO;
    err_ret("%s", text);
    err_msg("%s", text);
    error(0, 0, "%s", text);
}

CASE(long_texts)
{
    struct ended ended = child(long_messages, NULL);
    CHECK_INT(ended.status, 0);
    CHECK(strncmp(ended.err, "mmmmmmmmmm", 10) == 0);
}
