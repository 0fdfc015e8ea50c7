/* check.h - cases, each in a process of its own, and CHECK.
 *
 * A test program is a list of CASE(name) { ... }; `program [case ...]` runs them and prints
 * "ok NAME" or "FAIL NAME" for each. What a case (or a child that it starts) writes to stdout and
 * stderr goes to files that it can read back: see out_text and struct ended. */
#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined SANITIZER_ADDRESS || defined SANITIZER_THREAD
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* How much longer than on a quiet machine everything may take; tests/harness.py knows it. */
__attribute__((unused)) static int check_scale(void)
{
    const char *scale = getenv("YOLANDA_TEST_SCALE");
    return scale != NULL && atoi(scale) > 1 ? atoi(scale) : 1;
}
#define CASE_SECONDS (20 * (unsigned)check_scale())

struct check_case {
    const char *name;
    void (*run)(void);
    struct check_case *next;
};

static struct check_case *check_first, **check_last = &check_first;
static int *check_failed;     /* shared by all processes of the run */
static int check_report = -1; /* the runner's own stdout */

#define CASE(id)                                                                                   \
    static void id(void);                                                                          \
    static struct check_case case_##id = { #id, id, NULL };                                        \
    __attribute__((constructor)) static void add_##id(void)                                        \
    {                                                                                              \
        *check_last = &case_##id;                                                                  \
        check_last = &case_##id.next;                                                              \
    }                                                                                              \
    static void id(void)

__attribute__((unused)) static int check_that(int holds, const char *text, const char *file, int line)
{
    if (!holds) {
        __atomic_add_fetch(check_failed, 1, __ATOMIC_SEQ_CST);
        dprintf(check_report, "%s:%d: %s\n", file, line, text);
    }
    return holds;
}

__attribute__((unused)) static int check_int(long long got, long long want, const char *text,
                                             const char *file, int line)
{
    if (got != want) {
        __atomic_add_fetch(check_failed, 1, __ATOMIC_SEQ_CST);
        dprintf(check_report, "%s:%d: %s is %lld, not %lld\n", file, line, text, got, want);
    }
    return got == want;
}

__attribute__((unused)) static int check_text(const char *got, const char *want, const char *text,
                                              const char *file, int line)
{
    int holds = got != NULL && want != NULL ? strcmp(got, want) == 0 : got == want;
    if (!holds) {
        __atomic_add_fetch(check_failed, 1, __ATOMIC_SEQ_CST);
        dprintf(check_report, "%s:%d: %s is <<%.300s>>, not <<%.300s>>\n", file, line, text,
                got != NULL ? got : "(null)", want != NULL ? want : "(null)");
    }
    return holds;
}

#define CHECK(x) check_that(!!(x), #x, __FILE__, __LINE__)
#define CHECK_INT(got, want) check_int((got), (want), #got, __FILE__, __LINE__)
#define CHECK_TEXT(got, want) check_text((got), (want), #got, __FILE__, __LINE__)

/* Ends the case if the condition is false: for conditions on which the rest of the case depends. */
#define NEED(x)                                                                                    \
    do {                                                                                           \
        if (!check_that(!!(x), #x, __FILE__, __LINE__)) {                                          \
            _exit(99);                                                                             \
        }                                                                                          \
    } while (0)

/* How a child ended, and what it wrote. */
struct ended {
    int status; /* the exit status, or 1000 + the signal's number */
    char *out, *err;
};

static char *check_read_all(int fd, off_t from)
{
    off_t end = lseek(fd, 0, SEEK_END);
    size_t size = end > from ? (size_t)(end - from) : 0;
    char *text = malloc(size + 1);
    ssize_t n = text != NULL ? pread(fd, text, size, from) : -1;
    if (n < 0) {
        abort();
    }
    text[n] = '\0';
    return text;
}

static off_t check_mark, check_err_mark;

/* Forgets what was written to stdout and stderr up to now. */
__attribute__((unused)) static void out_mark(void)
{
    fflush(stdout);
    fflush(stderr);
    check_mark = lseek(1, 0, SEEK_END);
    check_err_mark = lseek(2, 0, SEEK_END);
}

/* What was written to stdout since the mark. */
__attribute__((unused)) static char *out_text(void)
{
    fflush(stdout);
    return check_read_all(1, check_mark);
}

/* What was written to stderr since the mark. */
__attribute__((unused)) static char *err_text(void)
{
    fflush(stderr);
    return check_read_all(2, check_err_mark);
}

/* Runs `run(arg)` in a child process with stdout and stderr in files; waits for its end. */
static struct ended child(void (*run)(void *), void *arg)
{
    int out = memfd_create("out", MFD_CLOEXEC), err = memfd_create("err", MFD_CLOEXEC), status;
    fflush(NULL);
    pid_t pid = fork();
    if (out < 0 || err < 0 || pid < 0) {
        abort();
    }
    if (pid == 0) {
        dup2(out, 1);
        dup2(err, 2);
        close(out);
        close(err);
        check_mark = check_err_mark = 0;
        alarm(CASE_SECONDS);
        run(arg);
        fflush(NULL);
        _exit(0);
    }
    while (waitpid(pid, &status, 0) < 0) {
    }
    struct ended ended = { WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status),
                           check_read_all(out, 0), check_read_all(err, 0) };
    close(out);
    close(err);
    return ended;
}

static void check_run_case(void *which)
{
    ((struct check_case *)which)->run();
}

static const char *check_tail(const char *text)
{
    size_t n = strlen(text);
    return n > 1500 ? text + n - 1500 : text;
}

int main(int argc, char **argv)
{
    int ran = 0, bad = 0;
    check_report = fcntl(1, F_DUPFD_CLOEXEC, 100);
    check_failed = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (struct check_case *one = check_first; one != NULL; one = one->next) {
        int wanted = argc < 2;
        for (int i = 1; i < argc; i++) {
            wanted |= strcmp(argv[i], one->name) == 0;
        }
        if (!wanted) {
            continue;
        }
        int before = *check_failed;
        struct ended ended = child(check_run_case, one);
        int ok = ended.status == 0 && *check_failed == before;
        ran++;
        bad += !ok;
        if (!ok) {
            if (ended.status >= 1000) {
                dprintf(check_report, "ended by signal %d%s\n", ended.status - 1000,
                        ended.status == 1000 + SIGALRM ? " (too slow)" : "");
            } else if (ended.status != 0) {
                dprintf(check_report, "ended with status %d\n", ended.status);
            }
            dprintf(check_report, "stdout: %s\nstderr: %s\n", check_tail(ended.out), check_tail(ended.err));
        }
        dprintf(check_report, "%s %s\n", ok ? "ok" : "FAIL", one->name);
        free(ended.out);
        free(ended.err);
    }
    return ran == 0 || bad != 0;
}

#endif
