/* yolanda_loop_free says EBUSY in each callback of the loop, also where no iteration calls it. */
#include "aid.h"

#include "lib/http_server.h"
#include "lib/tcp_connection.h"
#include "yolanda.h"

#include <poll.h>

/* Declared by no header of the course. */
int event_loop_handle_pending_channel(struct event_loop *eventLoop);

static struct event_loop *loop;
static int called, closed;

static void refused(void)
{
    called++;
    errno = 0;
    CHECK_INT(yolanda_loop_free(loop), -1);
    CHECK_INT(errno, EBUSY);
}

static int on_connection(struct tcp_connection *connection)
{
    (void)connection;
    refused();
    return 0;
}

static int on_closed(struct tcp_connection *connection)
{
    (void)connection;
    closed++;
    return 0;
}

static void destroy(void *data)
{
    (void)data;
    refused();
}

static void on_posted(struct event_loop *of, void *data)
{
    (void)of;
    (void)data;
    refused();
}

/* A connection of the loop, whose peer is `*peer`. */
static struct tcp_connection *connect_pair(connection_completed_call_back completed, int *peer)
{
    int fd[2];
    make_sockets(fd);
    struct tcp_connection *connection =
        tcp_connection_new(fd[0], loop, completed, on_closed, NULL, NULL);
    NEED(connection != NULL);
    *peer = fd[1];
    return connection;
}

CASE(completed_callback_of_a_new_connection)
{
    int peer, before = open_fds();
    loop = event_loop_init();
    connect_pair(on_connection, &peer);
    CHECK_INT(called, 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(closed, 1);
    close(peer);
    CHECK_INT(open_fds(), before);
}

static int post_again(struct tcp_connection *connection)
{
    CHECK_INT(yolanda_loop_post(connection->eventLoop, on_posted, NULL), 0);
    return 0;
}

/* Who waits for the loop's descriptor beside other things hears of what the callback has posted. */
CASE(what_is_posted_there_wakes_the_loop)
{
    int peer;
    loop = event_loop_init();
    struct pollfd descriptor = { yolanda_loop_fd(loop), POLLIN, 0 };
    connect_pair(post_again, &peer);
    CHECK_INT(poll(&descriptor, 1, 0), 1);
    while (called < 1) {
        NEED(yolanda_loop_run_once(loop, 1000) > 0);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
    close(peer);
}

CASE(destructor_of_user_data_that_is_replaced)
{
    int peer;
    loop = event_loop_init();
    struct tcp_connection *connection = connect_pair(NULL, &peer);
    CHECK_INT(yolanda_connection_set_user_data(connection, "x", destroy), 0);
    CHECK_INT(yolanda_connection_set_user_data(connection, NULL, NULL), 0);
    CHECK_INT(called, 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(closed, 1);
    close(peer);
}

CASE(destructor_of_user_data_after_the_last_release)
{
    int peer;
    loop = event_loop_init();
    struct tcp_connection *connection = yolanda_connection_retain(connect_pair(NULL, &peer));
    CHECK_INT(yolanda_connection_set_user_data(connection, "x", destroy), 0);
    CHECK_INT(yolanda_connection_close(connection), 0);
    while (closed < 1) {
        NEED(yolanda_loop_run_once(loop, 1000) >= 0);
    }
    CHECK_INT(called, 0);
    CHECK_INT(yolanda_connection_release(connection), 0);
    CHECK_INT(called, 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
    close(peer);
}

CASE(posted_function_that_the_program_has_carried_out)
{
    loop = event_loop_init();
    CHECK_INT(yolanda_loop_post(loop, on_posted, NULL), 0);
    CHECK_INT(event_loop_handle_pending_channel(loop), 0);
    CHECK_INT(called, 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static void answer(struct http_request *request, struct http_response *response, void *data)
{
    (void)request;
    (void)response;
    (void)data;
}

static struct http_server *make_server(void)
{
    struct http_server *server = yolanda_http_server_new(loop, own_address(), NULL, 0);
    NEED(server != NULL);
    CHECK_INT(yolanda_http_server_route(server, "GET", "/", answer, "x", destroy), 0);
    return server;
}

CASE(destructor_of_a_route_when_its_server_is_freed)
{
    loop = event_loop_init();
    CHECK_INT(yolanda_http_server_free(make_server()), 0);
    CHECK_INT(called, 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(destructor_of_a_route_when_the_loop_is_freed)
{
    loop = event_loop_init();
    make_server();
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(called, 1);
}

static atomic_int tid;

static void quit_here(struct event_loop *of, void *data)
{
    (void)data;
    tid = gettid();
    CHECK_INT(yolanda_loop_quit(of), 0);
}

/* Waits, for a bounded time, until the thread has ended. */
static void until_ended(void)
{
    char name[64];
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof name, "/proc/self/task/%d", (int)tid);
        if (tid != 0 && access(name, F_OK) != 0) {
            return;
        }
        nap();
    }
    NEED(!"the thread ends");
}

/* Its thread has ended by itself, so that who frees the pool closes what is left on its loop. */
CASE(closed_callback_of_a_thread_whose_pool_is_freed)
{
    int fd[2];
    loop = event_loop_init();
    struct thread_pool *pool = thread_pool_new(loop, 1);
    NEED(pool != NULL);
    thread_pool_start(pool);
    struct event_loop_thread *thread = &pool->eventLoopThreads[0];
    make_sockets(fd);
    NEED(tcp_connection_new(fd[0], thread->eventLoop, NULL, on_connection, NULL, NULL) != NULL);
    CHECK_INT(yolanda_loop_post(thread->eventLoop, quit_here, NULL), 0);
    until_ended();
    CHECK_INT(yolanda_thread_pool_free(pool), 0);
    CHECK_INT(called, 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
    close(fd[1]);
}
