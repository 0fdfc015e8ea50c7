/* Programs that were started with descriptors 0 to 2 closed: the library's descriptors lie above them, so
 * that what is printed goes neither to the library nor to a client. */
#include "http_aid.h"

#include "lib/log.h"

static int on_request(struct http_request *request, struct http_response *response)
{
    (void)request;
    response->statusCode = OK;
    response->statusMessage = "OK";
    response->body = "the body";
    return 0;
}

static int closed_streams;

/* Bit n: descriptor n was closed, and the library has put nothing there. */
static void streams_are_untouched(void)
{
    for (int fd = 0; fd < 3; fd++) {
        if ((closed_streams & 1 << fd) != 0) {
            CHECK(fcntl(fd, F_GETFD) < 0 && errno == EBADF);
        }
    }
}

static int on_visit(struct tcp_connection *connection)
{
    char name[64];
    completed++;
    CHECK(connection->channel->fd > 2);
    snprintf(name, sizeof name, "connection-%d", connection->channel->fd);
    CHECK_TEXT(connection->name, name);
    CHECK((fcntl(connection->channel->fd, F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((fcntl(connection->channel->fd, F_GETFL) & O_NONBLOCK) != 0);
    streams_are_untouched();
    return 0;
}

static void print_all(void)
{
    yolanda_msgx("a line of the program's");
    yolanda_log(LOG_ERR_TYPE, "another");
    err_msg("a third, on stderr");
    errno = ENOENT;
    err_ret("a fourth");
    error(0, 0, "a fifth\n");
    fflush(stdout);
}

static int visit_from_above(int port)
{
    int fd = dial_port(port);
    NEED(fd >= 0);
    return out_of_the_way(fd);
}

static void idle_passes(void)
{
    struct yolanda_loop_stats before, after;
    yolanda_loop_run_once(loop, 0);
    CHECK_INT(yolanda_loop_get_stats(loop, &before, sizeof before), 0);
    for (long long end_at = now_ms() + 200; now_ms() < end_at;) {
        yolanda_loop_run_once(loop, 50);
    }
    CHECK_INT(yolanda_loop_get_stats(loop, &after, sizeof after), 0);
    CHECK(after.passes - before.passes < 50);
}

static void with_closed_streams(void)
{
    char body[64];
    setvbuf(stdout, NULL, _IONBF, 0);
    for (int fd = 0; fd < 3; fd++) {
        if ((closed_streams & 1 << fd) != 0) {
            close(fd);
        }
    }
    /* A loop, its back end and its wake-up pair; a descriptor that another loop may watch. */
    loop = event_loop_init();
    NEED(loop != NULL);
    CHECK(yolanda_loop_fd(loop) > 2);
    CHECK(loop->socketPair[0] > 2 && loop->socketPair[1] > 2);
    streams_are_untouched();

    /* Listening sockets of all kinds, with what they keep in reserve. */
    struct acceptor *acceptor = acceptor_init(0);
    CHECK(acceptor->listen_fd > 2);
    server = tcp_server_init(loop, acceptor, on_visit, on_message, NULL, on_closed, 0);
    tcp_server_start(server);
    NEED(yolanda_http_server_start(make_http(on_request)) == 0);
    NEED(yolanda_server_start(yolanda_server_new(loop, own_address(), on_visit, on_message, NULL,
                                                 on_closed, 0)) == 0);
    streams_are_untouched();

    /* Clients of the program's own kind hear the echo, and nothing else. */
    int port = acceptor->listen_port;
    for (int i = 1; i <= 3; i++) {
        int fd = visit_from_above(port);
        UNTIL(completed == i);
        print_all();
        echoed(fd, "hello");
        print_all();
        idle_passes();
        CHECK(!readable(fd));
        close(fd);
        UNTIL(closed == i);
    }

    /* The library's clients. */
    char address[64];
    snprintf(address, sizeof address, "127.0.0.1:%d", port);
    struct yolanda_client *client =
        yolanda_client_new(loop, address, on_visit, on_message, NULL, on_closed);
    NEED(client != NULL && yolanda_client_start(client) == 0);
    UNTIL(completed == 5);
    print_all();
    idle_passes();
    CHECK_INT(messages, 3);
    CHECK_INT(yolanda_client_stop(client), 0);
    UNTIL(closed == 5);

    /* A folder and its files; blocking helpers. */
    struct yolanda_http_files *files = yolanda_http_files_new("/", 0);
    NEED(files != NULL);
    streams_are_untouched();
    int listening = tcp_server_listen(0);
    CHECK(listening > 2);
    CHECK((fcntl(listening, F_GETFD) & FD_CLOEXEC) != 0);
    snprintf(body, sizeof body, "127.0.0.1");
    int plain = tcp_client(body, port);
    CHECK(plain > 2);
    CHECK_INT(fcntl(plain, F_GETFD), 0);
    close(plain);
    close(listening);
    UNTIL(closed == 6);
    CHECK_INT(yolanda_http_files_free(files), 0);
    streams_are_untouched();
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(all_combinations)
{
    for (closed_streams = 0; closed_streams < 8; closed_streams++) {
        int status;
        pid_t pid = fork();
        NEED(pid >= 0);
        if (pid == 0) {
            alarm(CASE_SECONDS);
            with_closed_streams();
            _exit(0);
        }
        NEED(waitpid(pid, &status, 0) == pid);
        CHECK_INT(status, 0);
    }
}

/* A descriptor that the program gives to a connection may have the number of a standard stream. */
static void on_number(int number)
{
    int fd[2];
    make_sockets(fd);
    int peer = out_of_the_way(fd[1]);
    setvbuf(stdout, NULL, _IONBF, 0);
    loop = event_loop_init();
    fflush(stdout);
    move_fd(fd[0], number);
    NEED(tcp_connection_new(number, loop, NULL, on_closed, on_message, NULL) != NULL);
    print_all();
    echoed(peer, "hello");
    print_all();
    CHECK(!readable(peer));
    close(peer);
    UNTIL(closed == 1);
    /* Afterwards the number may be the stream's again. */
    CHECK_INT(memfd_create("out", MFD_CLOEXEC), number);
    print_all();
    CHECK(lseek(number, 0, SEEK_END) > 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(a_connection_in_stdouts_place)
{
    on_number(1);
}

CASE(a_connection_in_stderrs_place)
{
    on_number(2);
}
