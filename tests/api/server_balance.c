/* Which loop gets a new connection: each in turn, the one with the fewest, or the program's choice. */
#include "server_aid.h"

enum { THREADS = 3, CLIENTS = 12 };

static int clients[CLIENTS];

static int64_t connections_of(int thread)
{
    struct yolanda_loop_stats stats;
    struct event_loop *its = yolanda_server_thread_loop(server, thread);
    NEED(its != NULL);
    NEED(yolanda_loop_get_stats(its, &stats, sizeof stats) == 0);
    return stats.connections;
}

static int64_t all_connections(void)
{
    return connections_of(0) + connections_of(1) + connections_of(2);
}

/* Clients that come all at once, before a thread has taken in the first. */
static void arrive(int from, int to)
{
    for (int i = from; i < to; i++) {
        clients[i] = visit();
    }
}

/* All clients but the n-th of every THREADS leave. */
static void only_one_thread_keeps_its_clients(void)
{
    for (int i = 0; i < CLIENTS; i++) {
        if (i % THREADS != 0) {
            close(clients[i]);
        }
    }
}

CASE(the_fewest)
{
    make("127.0.0.1:0", THREADS);
    CHECK_INT(yolanda_server_set_balance(server, YOLANDA_BALANCE_FEWEST), 0);
    CHECK_INT(yolanda_server_start(server), 0);
    arrive(0, CLIENTS);
    UNTIL(all_connections() == CLIENTS);
    for (int i = 0; i < THREADS; i++) {
        CHECK_INT(connections_of(i), CLIENTS / THREADS);
    }
    only_one_thread_keeps_its_clients();
    UNTIL(all_connections() == CLIENTS / THREADS);
    CHECK_INT(connections_of(0), CLIENTS / THREADS);
    for (int i = 0; i < CLIENTS; i++) {
        if (i % THREADS != 0) {
            clients[i] = visit();
        }
    }
    UNTIL(all_connections() == CLIENTS);
    for (int i = 0; i < THREADS; i++) {
        CHECK_INT(connections_of(i), CLIENTS / THREADS);
    }
    end();
}

CASE(in_turn)
{
    serve("127.0.0.1:0", THREADS);
    arrive(0, CLIENTS);
    UNTIL(all_connections() == CLIENTS);
    only_one_thread_keeps_its_clients();
    UNTIL(all_connections() == CLIENTS / THREADS);
    for (int i = 0; i < THREADS; i++) {
        clients[i] = visit();
    }
    UNTIL(all_connections() == CLIENTS / THREADS + THREADS);
    CHECK_INT(connections_of(0), CLIENTS / THREADS + 1);
    /* It may change while the server runs. */
    CHECK_INT(yolanda_server_set_balance(server, YOLANDA_BALANCE_FEWEST), 0);
    for (int i = 0; i < THREADS + 1; i++) {
        clients[i] = visit();
    }
    UNTIL(all_connections() == CLIENTS / THREADS + 2 * THREADS + 1);
    CHECK_INT(connections_of(0), CLIENTS / THREADS + 1);
    end();
}

static int asked;
static struct event_loop *foreign;

/* The last thread for everybody. */
static struct event_loop *the_last(struct TCPserver *which, int fd, void *data)
{
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    CHECK(which == server);
    CHECK(data == &asked);
    CHECK(pthread_equal(pthread_self(), loop->owner_thread_id));
    CHECK_INT(getpeername(fd, (struct sockaddr *)&peer, &size), 0);
    asked++;
    return yolanda_server_thread_loop(which, THREADS - 1);
}

static struct event_loop *anything(struct TCPserver *which, int fd, void *data)
{
    (void)which, (void)fd, (void)data;
    return asked++ % 2 == 0 ? NULL : foreign;
}

static struct event_loop *the_servers_own(struct TCPserver *which, int fd, void *data)
{
    (void)which, (void)fd, (void)data;
    return loop;
}

CASE(the_programs_choice)
{
    make("127.0.0.1:0", THREADS);
    CHECK_INT(yolanda_server_set_choose_callback(server, the_last, &asked), 0);
    CHECK_INT(yolanda_server_start(server), 0);
    arrive(0, CLIENTS);
    UNTIL(all_connections() == CLIENTS);
    CHECK_INT(connections_of(THREADS - 1), CLIENTS);
    CHECK_INT(asked, CLIENTS);
    /* NULL, and a loop that isn't the server's: the policy's choice. */
    foreign = yolanda_loop_new(NULL, NULL);
    CHECK_INT(yolanda_server_set_choose_callback(server, anything, NULL), 0);
    int lines = err_lines();
    arrive(0, 2 * THREADS);
    UNTIL(all_connections() == CLIENTS + 2 * THREADS);
    CHECK_INT(connections_of(0), 2);
    CHECK_INT(connections_of(1), 2);
    CHECK_INT(err_lines(), lines + THREADS);
    CHECK_INT(yolanda_loop_free(foreign), 0);
    /* The loop that accepts may serve as well. */
    CHECK_INT(yolanda_server_set_choose_callback(server, the_servers_own, NULL), 0);
    echoed(visit(), "here");
    CHECK(pthread_equal(message_on, loop->owner_thread_id));
    CHECK_INT(yolanda_server_set_choose_callback(server, NULL, NULL), 0);
    CHECK_INT(all_connections(), CLIENTS + 2 * THREADS);
    end();
}

static struct event_loop *end_it(struct TCPserver *which, int fd, void *data)
{
    (void)fd;
    struct event_loop *chosen = yolanda_server_thread_loop(which, 0);
    if (*(int *)data) {
        CHECK_INT(yolanda_server_free(which), 0);
    } else {
        CHECK_INT(yolanda_server_stop(which, 0, on_done, &done), 0);
    }
    return chosen;
}

CASE(a_server_that_ends_while_it_is_asked)
{
    for (int frees = 0; frees < 2; frees++) {
        make("127.0.0.1:0", THREADS);
        CHECK_INT(yolanda_server_set_choose_callback(server, end_it, &frees), 0);
        CHECK_INT(yolanda_server_start(server), 0);
        int client = visit();
        UNTIL(readable(client));
        char byte;
        CHECK(recv(client, &byte, 1, MSG_DONTWAIT) <= 0);
        CHECK_INT(completed, 0);
        if (!frees) {
            UNTIL(done == 1);
        }
        close(client);
        end();
    }
}

static void set_here(void *which)
{
    CHECK_INT(yolanda_server_set_balance(which, YOLANDA_BALANCE_FEWEST), -1);
    CHECK_INT(errno, EPERM);
    CHECK_INT(yolanda_server_set_choose_callback(which, the_last, NULL), -1);
    CHECK_INT(errno, EPERM);
    CHECK(yolanda_server_thread_loop(which, 0) == NULL);
    CHECK_INT(errno, EPERM);
}

CASE(bad_arguments)
{
    make("127.0.0.1:0", 2);
    CHECK_INT(yolanda_server_set_balance(NULL, 0), -1);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(yolanda_server_set_balance(server, 2), -1);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(yolanda_server_set_choose_callback(NULL, NULL, NULL), -1);
    CHECK_INT(errno, EINVAL);
    CHECK(yolanda_server_thread_loop(NULL, 0) == NULL);
    CHECK_INT(errno, EINVAL);
    on_thread(set_here, server);
    /* Threads run from the start on. */
    errno = 0;
    CHECK(yolanda_server_thread_loop(server, 0) == NULL);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(yolanda_server_start(server), 0);
    CHECK(yolanda_server_thread_loop(server, 1) != NULL);
    CHECK(yolanda_server_thread_loop(server, 2) == NULL);
    CHECK(yolanda_server_thread_loop(server, -1) == NULL);
    end();
    serve("127.0.0.1:0", 0);
    CHECK(yolanda_server_thread_loop(server, 0) == loop);
    CHECK(yolanda_server_thread_loop(server, 1) == NULL);
    end();
}
