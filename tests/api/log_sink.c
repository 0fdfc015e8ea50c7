/* The level by call, and lines that go to a function instead of stdout. */
#include "aid.h"

#include "yolanda.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <time.h>

/* --- the level ------------------------------------------------------------- */

static void all_severities(void)
{
    yolanda_debugx("%d", 0);
    yolanda_msgx("%d", 1);
    yolanda_log(LOG_WARN_TYPE, "2");
    yolanda_log(LOG_ERR_TYPE, "3");
    yolanda_log(99, "4");
}

#define ERRS "[err] 3\n"
#define WARNS "[warn] 2\n" ERRS
#define MSGS "[msg] 1\n" WARNS "[\?\?\?] 4\n"
#define ALL "[debug] 0\n" MSGS

static const char *const LINES_FROM[] = { ALL, MSGS, WARNS, ERRS, "" };

static void lines_of_level(void *environment)
{
    setenv("YOLANDA_LOG", environment, 1);
    for (int level = LOG_DEBUG_TYPE; level <= YOLANDA_LOG_OFF; level++) {
        out_mark();
        CHECK_INT(yolanda_log_set_level(level), 0);
        CHECK_INT(yolanda_log_level(), level);
        all_severities();
        CHECK_TEXT(out_text(), LINES_FROM[level]);
    }
}

/* A level that was set goes before the environment, read before or not. */
CASE(level_by_call)
{
    const char *values[] = { "off", "err", "debug" };
    for (int i = 0; i < 3; i++) {
        CHECK_INT(child(lines_of_level, (void *)values[i]).status, 0);
    }
    setenv("YOLANDA_LOG", "off", 1);
    LOG_ERR("nobody sees this");
    lines_of_level("off");
}

CASE(level_of_the_environment)
{
    setenv("YOLANDA_LOG", "warn", 1);
    CHECK_INT(yolanda_log_level(), LOG_WARN_TYPE);
    CHECK_INT(yolanda_log_set_level(LOG_ERR_TYPE), 0);
    CHECK_INT(yolanda_log_set_level(YOLANDA_LOG_ENVIRONMENT), 0);
    CHECK_INT(yolanda_log_level(), LOG_WARN_TYPE);
    out_mark();
    all_severities();
    CHECK_TEXT(out_text(), WARNS);
    /* Read once, until it is asked for again. */
    setenv("YOLANDA_LOG", "off", 1);
    CHECK_INT(yolanda_log_level(), LOG_WARN_TYPE);
    CHECK_INT(yolanda_log_set_level(YOLANDA_LOG_ENVIRONMENT), 0);
    CHECK_INT(yolanda_log_level(), YOLANDA_LOG_OFF);
    unsetenv("YOLANDA_LOG");
    CHECK_INT(yolanda_log_set_level(YOLANDA_LOG_ENVIRONMENT), 0);
    CHECK_INT(yolanda_log_level(), LOG_DEBUG_TYPE);
}

CASE(levels_that_are_none)
{
    int bad[] = { -2, 5, INT_MAX, INT_MIN };
    CHECK_INT(yolanda_log_set_level(LOG_WARN_TYPE), 0);
    for (int i = 0; i < 4; i++) {
        errno = 0;
        CHECK_INT(yolanda_log_set_level(bad[i]), -1);
        CHECK_INT(errno, EINVAL);
        CHECK_INT(yolanda_log_level(), LOG_WARN_TYPE);
    }
    errno = ENOTTY;
    CHECK_INT(yolanda_log_set_level(LOG_ERR_TYPE), 0);
    CHECK_INT(errno, ENOTTY);
}

/* --- the sink -------------------------------------------------------------- */

/* What a sink was given, as "SEVERITY LENGTH TEXT\n" each. */
struct taken {
    char text[400000];
    size_t size;
    pthread_t thread;
};

static struct taken taken;

static void take(int severity, const char *text, size_t length, void *data)
{
    struct taken *into = data;
    CHECK_INT(text[length], 0);
    CHECK(pthread_equal(pthread_self(), into->thread));
    into->size += snprintf(into->text + into->size, sizeof into->text - into->size, "%d %zu %s\n",
                           severity, length, text);
    NEED(into->size < sizeof into->text);
    errno = EDOM;
}

static void begin(void)
{
    unsetenv("YOLANDA_LOG");
    taken.size = 0;
    taken.text[0] = '\0';
    taken.thread = pthread_self();
    CHECK_INT(yolanda_log_set_sink(take, &taken), 0);
    out_mark();
}

static void logx(int severity, const char *errstr, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    yolanda_logx(severity, errstr, fmt, ap);
    va_end(ap);
}

CASE(every_kind_of_line)
{
    begin();
    errno = ENOTTY;
    yolanda_log(LOG_WARN_TYPE, "a warning, 100 %s");
    CHECK_INT(errno, ENOTTY);
    yolanda_log(-7, NULL);
    LOG_MSG("in a macro");
    LOG_ERR("");
    yolanda_msgx("fd == %d", 5);
    CHECK_INT(errno, ENOTTY);
    yolanda_debugx("%s", "d");
    logx(LOG_ERR_TYPE, "No such file", "open %s", "x");
    logx(17, NULL, "y%c%c", 0, 'z');
    CHECK_INT(errno, ENOTTY);
    CHECK_TEXT(taken.text, "2 17 a warning, 100 %s\n-7 0 \n1 10 in a macro\n3 0 \n1 7 fd == 5\n"
                           "0 1 d\n3 20 open x: No such file\n17 3 y\n");
    CHECK_TEXT(out_text(), "");
}

CASE(long_texts)
{
    static char text[100001];
    static char want[200000];
    memset(text, 'b', sizeof text - 1);
    begin();
    yolanda_log(LOG_MSG_TYPE, text);
    snprintf(want, sizeof want, "1 100000 %s\n", text);
    CHECK_TEXT(taken.text, want);
    begin();
    yolanda_msgx("%s", text);
    snprintf(want, sizeof want, "1 1023 %.1023s\n", text);
    CHECK_TEXT(taken.text, want);
    begin();
    logx(LOG_ERR_TYPE, text, "%.1000s", text);
    snprintf(want, sizeof want, "3 1023 %.1000s: %.21s\n", text, text);
    CHECK_TEXT(taken.text, want);
    CHECK_TEXT(out_text(), "");
}

CASE(lines_of_the_library)
{
    begin();
    struct event_loop *loop = event_loop_init_with_name("mine");
    NEED(loop != NULL);
    CHECK(strstr(taken.text, "add channel fd == ") != NULL);
    CHECK(strstr(taken.text, ", mine\n") != NULL);
    taken.size = 0;
    errno = 0;
    CHECK_INT(event_loop_run(NULL), -1);
    CHECK_INT(errno, EINVAL);
    CHECK_TEXT(taken.text, "3 29 event_loop_run: no event loop\n");
    CHECK_TEXT(out_text(), "");
}

CASE(the_level_goes_before_the_sink)
{
    begin();
    CHECK_INT(yolanda_log_set_level(LOG_ERR_TYPE), 0);
    all_severities();
    yolanda_msgx("%s", (char *)1);
    CHECK_TEXT(taken.text, "3 1 3\n");
    CHECK_INT(yolanda_log_set_level(YOLANDA_LOG_OFF), 0);
    all_severities();
    CHECK_TEXT(taken.text, "3 1 3\n");
}

CASE(stdout_again)
{
    begin();
    LOG_MSG("one");
    errno = ENOTTY;
    CHECK_INT(yolanda_log_set_sink(NULL, &taken), 0);
    CHECK_INT(yolanda_log_set_sink(NULL, NULL), 0);
    CHECK_INT(errno, ENOTTY);
    LOG_MSG("two");
    yolanda_msgx("three");
    CHECK_TEXT(taken.text, "1 3 one\n");
    CHECK_TEXT(out_text(), "[msg] two\n[msg] three\n");
}

/* A sink's own lines go to stdout: it can hand on what it doesn't want. */
static int depth;

static void hand_on(int severity, const char *text, size_t length, void *data)
{
    (void)length;
    CHECK_INT(depth++, 0);
    yolanda_log(severity, text);
    yolanda_msgx("from %s", (char *)data);
    event_loop_wakeup(NULL);
    depth--;
}

CASE(lines_of_the_sink_itself)
{
    unsetenv("YOLANDA_LOG");
    out_mark();
    CHECK_INT(yolanda_log_set_sink(hand_on, "within"), 0);
    LOG_ERR("an error");
    yolanda_debugx("a %s", "detail");
    CHECK_TEXT(out_text(), "[err] an error\n[msg] from within\n"
                           "[err] event_loop_wakeup: no event loop\n"
                           "[debug] a detail\n[msg] from within\n"
                           "[err] event_loop_wakeup: no event loop\n");
}

/* Another sink from within the sink counts from the next line on. */
static void change_over(int severity, const char *text, size_t length, void *data)
{
    CHECK_INT(yolanda_log_set_sink(take, data), 0);
    LOG_MSG("still within");
    (void)severity, (void)text, (void)length;
}

CASE(another_sink_from_within)
{
    for (int i = 0; i < 1000; i++) {
        begin();
        CHECK_INT(yolanda_log_set_sink(change_over, &taken), 0);
        out_mark();
        LOG_MSG("first");
        CHECK_TEXT(taken.text, "");
        LOG_MSG("second");
        CHECK_TEXT(taken.text, "1 6 second\n");
        CHECK_TEXT(out_text(), "[msg] still within\n");
        NEED(ftruncate(1, 0) == 0);
    }
}

/* --- threads --------------------------------------------------------------- */

struct target {
    atomic_int alive; /* which sink it belongs to; 0 once that was replaced */
};

static atomic_int stop, wrong, seen[3];

static void check_target(struct target *target, int number)
{
    wrong += target->alive != number;
    if (seen[number]++ % 16 == 0) {
        sched_yield();
        wrong += target->alive != number;
    }
}

static void sink_1(int severity, const char *text, size_t length, void *data)
{
    (void)severity, (void)text, (void)length;
    check_target(data, 1);
}

static void sink_2(int severity, const char *text, size_t length, void *data)
{
    (void)severity, (void)text, (void)length;
    check_target(data, 2);
}

static void log_until_told(void *unused)
{
    (void)unused;
    while (!stop) {
        yolanda_msgx("%d", 1);
    }
}

static void hold_up(int number)
{
    (void)number;
    int kept = errno;
    usleep(200);
    errno = kept;
}

/* Stops one of the other threads again and again, wherever it is. */
static void disturb_others(void)
{
    struct sigaction action = { .sa_handler = hold_up, .sa_flags = SA_RESTART };
    struct itimerspec often = { { 0, 1000000 }, { 0, 1000000 } };
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
    timer_t timer;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    NEED(sigaction(SIGUSR2, &action, NULL) == 0 && pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    NEED(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    NEED(timer_settime(timer, 0, &often, NULL) == 0);
}

/* No line finds one sink with another's data, or data that the program has taken back. */
CASE(changes_while_others_log)
{
    unsetenv("YOLANDA_LOG");
    static struct target targets[2];
    pthread_t threads[3];
    targets[0].alive = 1;
    CHECK_INT(yolanda_log_set_sink(sink_1, &targets[0]), 0);
    for (int i = 0; i < 3; i++) {
        threads[i] = start_thread(log_until_told, NULL);
    }
    disturb_others();
    for (int turn = 1; turn < 300 || seen[1] < 100 || seen[2] < 100; turn++) {
        struct target *now = &targets[turn % 2];
        now->alive = turn % 2 + 1;
        NEED(yolanda_log_set_sink(turn % 2 == 0 ? sink_1 : sink_2, now) == 0);
        targets[(turn + 1) % 2].alive = 0;
    }
    stop = 1;
    for (int i = 0; i < 3; i++) {
        join(threads[i]);
    }
    CHECK_INT(wrong, 0);
}

static sem_t entered, go;
static atomic_int is_set;

static void slow(int severity, const char *text, size_t length, void *data)
{
    (void)severity, (void)text, (void)length, (void)data;
    sem_post(&entered);
    while (sem_wait(&go) < 0) {
    }
    for (int i = 0; i < 50; i++) {
        nap();
    }
    CHECK_INT(is_set, 0);
}

static void log_one(void *unused)
{
    (void)unused;
    LOG_MSG("one");
}

/* The old sink's data may be freed once another sink has been set. */
CASE(setting_waits_for_the_old_sink)
{
    unsetenv("YOLANDA_LOG");
    sem_init(&entered, 0, 0);
    sem_init(&go, 0, 0);
    CHECK_INT(yolanda_log_set_sink(slow, NULL), 0);
    pthread_t thread = start_thread(log_one, NULL);
    sem_wait(&entered);
    sem_post(&go);
    CHECK_INT(yolanda_log_set_sink(NULL, NULL), 0);
    is_set = 1;
    join(thread);
}

static void replaces_itself(int severity, const char *text, size_t length, void *data)
{
    (void)severity, (void)text, (void)length;
    sem_post(&entered);
    sem_wait(&go);
    CHECK_INT(yolanda_log_set_sink(data == NULL ? replaces_itself : NULL, "twice"), 0);
}

/* Two threads within the sink that both set another one don't wait for each other. */
CASE(two_threads_that_replace_the_sink_from_within)
{
    unsetenv("YOLANDA_LOG");
    for (int i = 0; i < 200; i++) {
        sem_init(&entered, 0, 0);
        sem_init(&go, 0, 0);
        CHECK_INT(yolanda_log_set_sink(replaces_itself, NULL), 0);
        pthread_t one = start_thread(log_one, NULL), two = start_thread(log_one, NULL);
        sem_wait(&entered);
        sem_wait(&entered);
        sem_post(&go);
        sem_post(&go);
        join(one);
        join(two);
        CHECK_INT(yolanda_log_set_sink(NULL, NULL), 0);
    }
}

static void set_and_log(void *unused)
{
    (void)unused;
    CHECK_INT(yolanda_log_set_sink(NULL, NULL), 0);
    LOG_MSG("from the child");
}

/* A child that was forked while a thread was in the sink doesn't wait for that thread. */
CASE(fork_while_a_thread_is_in_the_sink)
{
    unsetenv("YOLANDA_LOG");
    sem_init(&entered, 0, 0);
    sem_init(&go, 0, 0);
    CHECK_INT(yolanda_log_set_sink(slow, NULL), 0);
    pthread_t thread = start_thread(log_one, NULL);
    sem_wait(&entered);
    struct ended ended = child(set_and_log, NULL);
    CHECK_INT(ended.status, 0);
    CHECK_TEXT(ended.out, "[msg] from the child\n");
    sem_post(&go);
    join(thread);
}

static void forks(int severity, const char *text, size_t length, void *data)
{
    (void)severity, (void)text, (void)length;
    *(pid_t *)data = fork();
}

/* fork() in the sink itself: both processes come out of it. */
CASE(fork_in_the_sink)
{
    static pid_t pid;
    unsetenv("YOLANDA_LOG");
    CHECK_INT(yolanda_log_set_sink(forks, &pid), 0);
    LOG_MSG("go");
    alarm(CASE_SECONDS);
    CHECK_INT(yolanda_log_set_sink(NULL, NULL), 0);
    if (pid == 0) {
        _exit(7);
    }
    int status;
    NEED(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}
