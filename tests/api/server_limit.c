/* How many connections a server takes: the limit that a program sets, and that of descriptors. */
#include "server_aid.h"

#include <sys/prctl.h>

enum { MAX = 3, CLIENTS = 10 };

static int clients[512];
static int answered[512];
static int left;

/* Marks the clients that have their answer. */
static int count_answers(int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++) {
        char byte;
        if (clients[i] >= 0 && !answered[i] && readable(clients[i])) {
            NEED(recv(clients[i], &byte, 1, MSG_DONTWAIT) == 1);
            answered[i] = 1;
        }
        sum += answered[i];
    }
    return sum;
}

static void knock(int n)
{
    left = n;
    for (int i = 0; i < n; i++) {
        answered[i] = 0;
        clients[i] = visit();
        put(clients[i], "?");
    }
}

/* One that was served goes. */
static void one_goes(void)
{
    for (int i = 0;; i++) {
        NEED(i < 512);
        if (clients[i] >= 0 && answered[i]) {
            close(clients[i]);
            clients[i] = -1;
            left--;
            return;
        }
    }
}

static void all_go(int n)
{
    for (int i = 0; i < n; i++) {
        close(clients[i]);
        clients[i] = -1;
    }
}

/* The whole process has used less than half a core for a while: nothing spins. */
static void rests(void)
{
    for (int i = 0; i < 10; i++) {
        struct timespec before, after;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
        long long end = now_ms() + 100;
        while (now_ms() < end) {
            yolanda_loop_run_once(loop, 50);
        }
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
        if ((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 < 50) {
            return;
        }
    }
    NEED(!"it rests");
}

static void start(int threads, int each, int max)
{
    make("127.0.0.1:0", threads);
    CHECK_INT(yolanda_server_set_reuseport(server, each), 0);
    CHECK_INT(yolanda_server_set_max_connections(server, max), 0);
    CHECK_INT(yolanda_server_start(server), 0);
}

/* Without threads, with threads, with a socket for each: the same number is served. */
#define EACH_WAY(threads, each)                                                                    \
    for (int way_ = 0, threads = 0, each = 0; way_ < 3;                                            \
         way_++, threads = way_ > 0 ? 2 : 0, each = way_ == 2)

CASE(at_the_limit_clients_wait)
{
    EACH_WAY(threads, each)
    {
        start(threads, each, MAX);
        knock(CLIENTS);
        UNTIL(count_answers(CLIENTS) == MAX);
        rests();
        CHECK_INT(count_answers(CLIENTS), MAX);
        CHECK_INT(yolanda_server_connections(server), MAX);
        CHECK_INT(completed, MAX);
        for (int i = MAX + 1; i <= CLIENTS; i++) {
            one_goes();
            UNTIL(count_answers(CLIENTS) == i);
            CHECK(yolanda_server_connections(server) <= MAX);
        }
        all_go(CLIENTS);
        UNTIL(yolanda_server_connections(server) == 0);
        CHECK_INT(completed, CLIENTS);
        /* And it is ready for more. */
        knock(MAX);
        UNTIL(count_answers(MAX) == MAX);
        all_go(MAX);
        end();
    }
}

CASE(the_limit_changes)
{
    EACH_WAY(threads, each)
    {
        start(threads, each, 1);
        knock(CLIENTS);
        UNTIL(count_answers(CLIENTS) == 1);
        CHECK_INT(yolanda_server_set_max_connections(server, 4), 0);
        UNTIL(count_answers(CLIENTS) == 4);
        /* A lower one closes nothing. */
        CHECK_INT(yolanda_server_set_max_connections(server, 2), 0);
        CHECK_INT(yolanda_server_connections(server), 4);
        one_goes();
        UNTIL(yolanda_server_connections(server) == 3);
        one_goes();
        UNTIL(yolanda_server_connections(server) == 2);
        rests();
        CHECK_INT(count_answers(CLIENTS), 4);
        CHECK_INT(yolanda_server_set_max_connections(server, 0), 0);
        UNTIL(count_answers(CLIENTS) == CLIENTS);
        all_go(CLIENTS);
        end();
    }
}

/* The place of one that is closed in its own completed callback is free again. */
static int close_it(struct tcp_connection *connection)
{
    completed++;
    CHECK_INT(yolanda_connection_close(connection), 0);
    return 0;
}

CASE(closed_at_once)
{
    EACH_WAY(threads, each)
    {
        make("127.0.0.1:0", threads);
        server->connectionCompletedCallBack = close_it;
        CHECK_INT(yolanda_server_set_reuseport(server, each), 0);
        CHECK_INT(yolanda_server_set_max_connections(server, 1), 0);
        CHECK_INT(yolanda_server_start(server), 0);
        for (int i = 0; i < 50; i++) {
            clients[i] = visit();
        }
        UNTIL(closed == 50);
        all_go(50);
        end();
    }
}

/* Many come and go at the limit: no place is lost, none is given twice. */
static atomic_int most;

static int watch_count(struct tcp_connection *connection)
{
    int now = (int)yolanda_server_connections(server), seen = most;
    (void)connection;
    while (now > seen && !atomic_compare_exchange_weak(&most, &seen, now)) {
    }
    completed++;
    return 0;
}

static void crowd(void *data)
{
    int n = *(int *)data;
    for (int i = 0; i < n; i++) {
        char byte = '?';
        int fd = visit();
        NEED(write(fd, &byte, 1) == 1);
        NEED(read(fd, &byte, 1) == 1);
        close(fd);
    }
}

CASE(a_crowd_at_the_limit)
{
    EACH_WAY(threads, each)
    {
        int n = 150;
        make("127.0.0.1:0", threads);
        most = 0;
        server->connectionCompletedCallBack = watch_count;
        CHECK_INT(yolanda_server_set_reuseport(server, each), 0);
        CHECK_INT(yolanda_server_set_max_connections(server, 2), 0);
        CHECK_INT(yolanda_server_start(server), 0);
        pthread_t crowds[6];
        for (int i = 0; i < 6; i++) {
            crowds[i] = start_thread(crowd, &n);
        }
        UNTIL(closed == 6 * n);
        for (int i = 0; i < 6; i++) {
            join(crowds[i]);
        }
        CHECK(most <= 2);
        CHECK_INT(yolanda_server_connections(server), 0);
        end();
    }
}

/* Two servers have two limits. */
CASE(each_server_for_itself)
{
    struct TCPserver *first = serve("127.0.0.1:0", 0);
    CHECK_INT(yolanda_server_set_max_connections(first, 1), 0);
    echoed(visit(), "one");
    int waits = visit();
    put(waits, "?");
    serve("127.0.0.1:0", 0);
    for (int i = 0; i < 10; i++) {
        echoed(visit(), "any number");
    }
    CHECK(!readable(waits));
    CHECK_INT(yolanda_server_connections(first), 1);
    CHECK_INT(yolanda_server_connections(server), 10);
    end();
}

/* Out of descriptors. The clients are another process, so that descriptors are out for the server
 * alone. */
enum { CROWD = 40 };

static int ended(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    return n == 0 || (n < 0 && errno != EAGAIN);
}

static void visitor(int port, int order, int answer)
{
    char byte = 'c';
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < CROWD; i++) {
        clients[i] = -1;
    }
    for (;;) {
        int n = 0;
        for (int i = 0; i < CROWD; i++) {
            char seen;
            if (byte == 'c') { /* come */
                close(clients[i]);
                clients[i] = dial_port(port);
                NEED(clients[i] >= 0);
                send(clients[i], "?", 1, MSG_NOSIGNAL);
            } else if (byte == 'a') { /* how many have an answer? */
                n += recv(clients[i], &seen, 1, MSG_DONTWAIT | MSG_PEEK) == 1;
            } else if (byte == 'e') { /* ... were turned away? */
                n += ended(clients[i]);
            } else if (byte == 'g' && i < CROWD / 2) { /* half of them go */
                shutdown(clients[i], SHUT_RDWR);
            } else if (byte == 's' && n < 10 && recv(clients[i], &seen, 1, MSG_DONTWAIT) == 1) {
                shutdown(clients[i], SHUT_RDWR); /* ten of those that are served go */
                n++;
            }
        }
        byte = (char)n;
        NEED(write(answer, &byte, 1) == 1);
        NEED(read(order, &byte, 1) == 1);
    }
}

static int order_fd[2], answer_fd[2];
static pid_t others;
static struct rlimit all;

static int heard(void)
{
    char byte;
    struct pollfd there = { answer_fd[0], POLLIN, 0 };
    UNTIL(poll(&there, 1, 0) == 1);
    NEED(read(answer_fd[0], &byte, 1) == 1);
    return byte;
}

static int ask(char what)
{
    NEED(write(order_fd[1], &what, 1) == 1);
    return heard();
}

/* A crowd comes to a server that has descriptors for some 20 of them. */
static void crowded(void)
{
    make_pipe(order_fd);
    make_pipe(answer_fd);
    int used = open_fds();
    others = fork();
    if (others == 0) {
        visitor(server->port, order_fd[0], answer_fd[1]);
    }
    getrlimit(RLIMIT_NOFILE, &all);
    struct rlimit few = all;
    few.rlim_cur = used + 20;
    NEED(setrlimit(RLIMIT_NOFILE, &few) == 0);
    heard();
    UNTIL(completed >= 10);
}

static void end_of_crowd(void)
{
    NEED(setrlimit(RLIMIT_NOFILE, &all) == 0);
    kill(others, SIGKILL);
    waitpid(others, NULL, 0);
    UNTIL(completed == closed);
    end();
    close(order_fd[0]), close(order_fd[1]), close(answer_fd[0]), close(answer_fd[1]);
}

CASE(out_of_descriptors)
{
    EACH_WAY(threads, each)
    {
        start(threads, each, 0);
        crowded();
        /* Nobody waits: whoever isn't served is turned away. */
        UNTIL(ask('a') + ask('e') == CROWD);
        CHECK(ask('a') >= 10 && ask('e') >= 10);
        rests();
        CHECK(err_lines() >= 1);
        CHECK_INT(ask('s'), 10);
        UNTIL(closed >= 10);
        out_mark();
        ask('c');
        UNTIL(ask('a') + ask('e') == CROWD);
        CHECK(ask('a') >= 10);
        end_of_crowd();
    }
}

/* A server of the original's functions has no descriptor in reserve: its clients wait. */
CASE(the_original_out_of_descriptors)
{
    make("127.0.0.1:0", 0);
    CHECK_INT(yolanda_server_free(server), 0);
    struct acceptor *acceptor = acceptor_init(0);
    NEED(acceptor != NULL);
    struct sockaddr_in at;
    socklen_t size = sizeof at;
    NEED(getsockname(acceptor->listen_fd, (struct sockaddr *)&at, &size) == 0);
    server = tcp_server_init(loop, acceptor, on_completed, on_message, NULL, on_closed, 0);
    NEED(server != NULL);
    tcp_server_start(server);
    server->port = ntohs(at.sin_port);
    crowded();
    rests();
    rests();
    int first = completed;
    CHECK(first < CROWD);
    CHECK(ask('a') <= first);
    CHECK_INT(ask('e'), 0);
    CHECK(err_lines() >= 1 && err_lines() <= 2);
    /* Some go: others take their places. */
    ask('g');
    UNTIL(completed == CROWD);
    UNTIL(closed >= CROWD / 2);
    UNTIL(ask('a') >= CROWD / 2);
    end_of_crowd();
    close(acceptor->listen_fd);
    free(acceptor);
}

/* The reserve is made up for as soon as there are descriptors. */
CASE(none_in_reserve_at_the_start)
{
    int one = socket(AF_INET, SOCK_STREAM, 0), two = socket(AF_INET, SOCK_STREAM, 0);
    make("127.0.0.1:0", 0);
    int fds[2] = { dup(0), dup(0) };
    struct rlimit none;
    getrlimit(RLIMIT_NOFILE, &all);
    none = all;
    none.rlim_cur = fds[1] + 1;
    NEED(setrlimit(RLIMIT_NOFILE, &none) == 0);
    CHECK_INT(yolanda_server_start(server), 0);
    close(fds[0]), close(fds[1]);
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons(server->port),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    NEED(connect(one, (struct sockaddr *)&at, sizeof at) == 0);
    echoed(one, "hello");
    NEED(connect(two, (struct sockaddr *)&at, sizeof at) == 0);
    ends(two);
    echoed(one, "still here");
    NEED(setrlimit(RLIMIT_NOFILE, &all) == 0);
    close(one), close(two);
    end();
}

CASE(one_socket_two_servers)
{
    make("127.0.0.1:0", 0);
    CHECK_INT(yolanda_server_start(server), 0);
    int fd = server->acceptor->listen_fd;
    errno = 0;
    CHECK(yolanda_server_new_fd(loop, fd, NULL, on_message, NULL, NULL, 0) == NULL);
    CHECK_INT(errno, EBUSY);
    echoed(visit(), "hello");
    end();
}
