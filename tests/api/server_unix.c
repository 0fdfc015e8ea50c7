/* The path of a Unix socket: at any time at most one server has it, and that server can be reached, in
 * whatever order servers start, stop and die. */
#include "server_aid.h"

#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static char folder[64], path[200];
#define FILE_OF (path + 5)

static void make_path(const char *name)
{
    strcpy(folder, "/tmp/yolanda-unix-XXXXXX");
    NEED(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "unix:%s/%s", folder, name);
}

/* Nothing was left: neither a socket nor what servers need meanwhile. */
static void forget_path(void)
{
    CHECK_INT(rmdir(folder), 0);
}

static int is_there(void)
{
    struct stat st;
    return lstat(FILE_OF, &st) == 0 && S_ISSOCK(st.st_mode);
}

static void is_reached(void)
{
    int fd = dial(path);
    if (CHECK(fd >= 0)) {
        echoed(fd, "here");
        close(fd);
    }
}

static void left_behind(void)
{
    struct sockaddr_storage at;
    socklen_t len = read_address(path, &at);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    NEED(bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, 1) == 0);
    close(fd);
}

/* --- a thread that stops where it is about to remove or to give out a file --- */

static _Thread_local int pauses;
static sem_t paused, go;

static void pause_here(void)
{
    if (pauses > 0 && --pauses == 0) {
        sem_post(&paused);
        /* A server that starts meanwhile may have to wait for this thread. */
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 300000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        sem_timedwait(&go, &until);
    }
}

int unlink(const char *name)
{
    if (strcmp(name, FILE_OF) == 0) {
        pause_here();
    }
    return (int)syscall(SYS_unlink, name);
}

static _Thread_local int dies_in_listen;

int listen(int fd, int backlog)
{
    if (dies_in_listen) {
        raise(SIGKILL);
    }
    return (int)syscall(SYS_listen, fd, backlog);
}

/* Another server's life, on a thread of its own: starts, and serves until it may end. */
struct other {
    int error;
    sem_t started, may_end;
};

static void other_server(void *data)
{
    struct other *other = data;
    struct event_loop *own = yolanda_loop_new("other", NULL);
    struct TCPserver *its = yolanda_server_new(own, path, NULL, on_message, NULL, NULL, 0);
    other->error = its == NULL ? errno : 0;
    if (its != NULL && yolanda_server_start(its) < 0) {
        other->error = errno;
    }
    sem_post(&other->started);
    while (sem_trywait(&other->may_end) < 0) {
        yolanda_loop_run_once(own, 1);
    }
    CHECK_INT(yolanda_loop_free(own), 0);
}

static pthread_t begin_other(struct other *other)
{
    sem_init(&other->started, 0, 0);
    sem_init(&other->may_end, 0, 0);
    return start_thread(other_server, other);
}

static void reached_as(struct other *other)
{
    if (CHECK_INT(other->error, 0)) {
        char answer[8] = "";
        int fd = dial(path);
        if (CHECK(fd >= 0)) {
            put(fd, "there");
            CHECK_INT(recv(fd, answer, 5, MSG_WAITALL), 5);
            CHECK_TEXT(answer, "there");
            close(fd);
        }
    }
}

static void pausing_start(void *data)
{
    pauses = 1;
    other_server(data);
}

/* One finds the file of a dead server, and is held up when it is about to remove it. */
CASE(two_starts_on_a_file_that_was_left_behind)
{
    struct other first = { 0 }, second = { 0 };
    make_path("socket");
    left_behind();
    sem_init(&paused, 0, 0);
    sem_init(&go, 0, 0);
    sem_init(&first.started, 0, 0);
    sem_init(&first.may_end, 0, 0);
    pthread_t one = start_thread(pausing_start, &first);
    NEED(sem_wait(&paused) == 0);
    pthread_t two = begin_other(&second);
    NEED(sem_wait(&first.started) == 0 && sem_wait(&second.started) == 0);
    CHECK((first.error == 0 && second.error == EADDRINUSE) || (second.error == 0 && first.error == EADDRINUSE));
    reached_as(first.error == 0 ? &first : &second);
    sem_post(&first.may_end);
    sem_post(&second.may_end);
    join(one);
    join(two);
    CHECK_INT(is_there(), 0);
    forget_path();
}

static void wait_for_pause(void *data)
{
    NEED(sem_wait(&paused) == 0);
    other_server(data);
}

/* A server that stops is held up when it is about to remove its file: the next one's stays. */
CASE(a_start_while_another_stops)
{
    for (int threads = 0; threads <= 2; threads += 2) {
        struct other next = { 0 };
        make_path("socket");
        sem_init(&paused, 0, 0);
        sem_init(&go, 0, 0);
        sem_init(&next.started, 0, 0);
        sem_init(&next.may_end, 0, 0);
        serve(path, threads);
        pthread_t thread = start_thread(wait_for_pause, &next);
        pauses = 1;
        CHECK_INT(yolanda_server_stop(server, 0, NULL, NULL), 0);
        pauses = 0;
        NEED(sem_wait(&next.started) == 0);
        reached_as(&next);
        end();
        reached_as(&next);
        sem_post(&next.may_end);
        join(thread);
        CHECK_INT(is_there(), 0);
        forget_path();
    }
}

/* --- processes --- */

static void waits_for(pid_t child, int status)
{
    int got = -1;
    NEED(waitpid(child, &got, 0) == child);
    CHECK_INT(got, status);
}

CASE(a_crash_and_a_start)
{
    for (int when = 0; when < 2; when++) {
        make_path("socket");
        pid_t child = fork();
        if (child == 0) {
            dies_in_listen = when;
            serve(path, 0);
            raise(SIGKILL);
        }
        waits_for(child, SIGKILL);
        CHECK(is_there());
        serve(path, 0);
        is_reached();
        end();
        CHECK_INT(is_there(), 0);
        forget_path();
    }
}

/* Whose turn it is; 0: nobody's. */
static _Atomic pid_t *holder;

/* A server's life in a process of its own. 1: it had the path. */
static int live(unsigned number)
{
    loop = yolanda_loop_new(NULL, NULL);
    server = yolanda_server_new(loop, path, on_completed, on_message, NULL, on_closed, 0);
    if (server == NULL) {
        NEED(errno == EADDRINUSE);
        return 0;
    }
    NEED(yolanda_server_start(server) == 0);
    NEED(atomic_exchange(holder, getpid()) == 0);
    char text[32], answer[32] = "";
    int fd = dial(path);
    NEED(fd >= 0);
    snprintf(text, sizeof text, "%d", (int)getpid());
    put(fd, text);
    for (int got = 0; got < (int)strlen(text);) {
        yolanda_loop_run_once(loop, 5);
        ssize_t n = recv(fd, answer + got, sizeof answer - got, MSG_DONTWAIT);
        /* Connections to the path reach this server. */
        NEED(n > 0 || errno == EAGAIN);
        got += n > 0 ? n : 0;
    }
    NEED(messages > 0);
    NEED(strcmp(text, answer) == 0);
    NEED(atomic_exchange(holder, 0) == getpid());
    if (number % 3 == 0) {
        raise(SIGKILL);
    }
    NEED(yolanda_loop_free(loop) == 0);
    return 1;
}

CASE(many_processes_on_one_path)
{
    enum { PROCESSES = 6, LIVES = 120 };
    make_path("socket");
    holder = mmap(NULL, sizeof *holder, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            unsigned served = 0;
            for (unsigned n = 0; n < LIVES; n++) {
                int status;
                pid_t one = fork();
                if (one == 0) {
                    _exit(live(n));
                }
                NEED(waitpid(one, &status, 0) == one);
                NEED(status == SIGKILL || (WIFEXITED(status) && WEXITSTATUS(status) <= 1));
                served += status != 0;
            }
            _exit(served == 0);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;
        NEED(wait(&status) > 0);
        CHECK_INT(status, 0);
    }
    serve(path, 0);
    is_reached();
    end();
    forget_path();
}

/* A child that frees what it has by fork leaves the path to its parent. */
CASE(a_child_that_frees_its_copy)
{
    make_path("socket");
    serve(path, 0);
    pid_t child = fork();
    if (child == 0) {
        _exit(yolanda_loop_free(loop) != 0);
    }
    waits_for(child, 0);
    CHECK(is_there());
    int fd = dial(path);
    CHECK(fd >= 0);
    NO_SERVER(yolanda_server_new(loop, path, NULL, NULL, NULL, NULL, 0), EADDRINUSE);
    close(fd);
    end();
    CHECK_INT(is_there(), 0);
    forget_path();
}

/* As daemon(3) does it: the parent ends, the child serves on, and removes the file. */
CASE(a_child_whose_parent_has_gone)
{
    int fds[2];
    make_path("socket");
    make_pipe(fds);
    pid_t parent = fork();
    if (parent == 0) {
        serve(path, 0);
        if (fork() == 0) {
            char byte;
            close(fds[1]);
            /* The parent's end of the pipe closes with it. */
            NEED(read(fds[0], &byte, 1) == 0);
            is_reached();
            end();
            _exit(*check_failed);
        }
        _exit(0);
    }
    close(fds[1]);
    waits_for(parent, 0);
    for (long long late = now_ms() + SECONDS * 1000; is_there() && now_ms() < late; nap()) {
    }
    CHECK_INT(is_there(), 0);
    /* The lock goes right after the file. */
    for (long long late = now_ms() + SECONDS * 1000; rmdir(folder) < 0 && now_ms() < late; nap()) {
    }
    CHECK(access(folder, F_OK) < 0);
}

/* The file of a live server was removed, and another server has taken the path. */
CASE(a_file_that_was_removed)
{
    make_path("socket");
    serve(path, 0);
    struct event_loop *old = loop;
    NEED(syscall(SYS_unlink, FILE_OF) == 0);
    loop = NULL;
    serve(path, 0);
    CHECK_INT(yolanda_loop_free(old), 0);
    is_reached();
    end();
    CHECK_INT(is_there(), 0);
    forget_path();
}

CASE(the_longest_path)
{
    struct sockaddr_un at;
    make_path("");
    size_t len = strlen(FILE_OF);
    memset(FILE_OF + len, 's', sizeof at.sun_path - 1 - len);
    serve(path, 0);
    is_reached();
    end();
    forget_path();
}

/* A process that holds the lock for long only keeps others from using the path. */
CASE(a_lock_that_is_not_to_be_had)
{
    char lock[256];
    make_path("socket");
    serve(path, 0);
    snprintf(lock, sizeof lock, "%s.yolanda-lock", FILE_OF);
    int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    NEED(fd >= 0 && flock(fd, LOCK_EX) == 0);
    NO_SERVER(yolanda_server_new(loop, path, NULL, NULL, NULL, NULL, 0), EADDRINUSE);
    end();
    CHECK(is_there());
    CHECK(dial(path) < 0);
    close(fd);
    serve(path, 0);
    is_reached();
    end();
    forget_path();
}
