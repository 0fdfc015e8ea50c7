/* Contract section 2, "acceptor, tcp_server", and rules 2 to 4 for them: the public fields count. */
#include "aid.h"

#include "lib/acceptor.h"
#include "lib/http_server.h"
#include "lib/tcp_connection.h"
#include "lib/tcp_server.h"

static struct event_loop *loop;
static int completed, closed, others;
static void *last_data;
static struct tcp_connection *last;

static int visit(int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    NEED(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

/* Sends, lets the loop work, and gives back what came. */
static char *ask(int fd, const char *text)
{
    static char answer[65536];
    put(fd, text);
    ssize_t n = -1;
    for (int i = 0; i < 1000 && n < 0; i++) {
        passes(loop, 2);
        n = recv(fd, answer, sizeof answer - 1, MSG_DONTWAIT);
    }
    answer[n > 0 ? n : 0] = '\0';
    return answer;
}

static int on_completed(struct tcp_connection *connection)
{
    completed++;
    last = connection;
    last_data = connection->data;
    return 0;
}

static int echo(struct buffer *input, struct tcp_connection *connection)
{
    tcp_connection_send_buffer(connection, input);
    return 0;
}

static int shout(struct buffer *input, struct tcp_connection *connection)
{
    input->readIndex = input->writeIndex;
    tcp_connection_send_data(connection, "HEY", 3);
    others++;
    return 0;
}

static int on_closed(struct tcp_connection *connection)
{
    (void)connection;
    closed++;
    return 0;
}

static struct TCPserver *echo_server(void)
{
    loop = event_loop_init();
    struct TCPserver *server = tcp_server_init(loop, acceptor_init(0), on_completed, echo, NULL, on_closed, 0);
    NEED(server != NULL);
    return server;
}

CASE(fields_of_a_server)
{
    loop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(0);
    struct TCPserver *server = tcp_server_init(loop, acceptor, on_completed, echo, NULL, on_closed, 3);
    NEED(server != NULL);
    CHECK_INT(server->port, acceptor->listen_port);
    CHECK(server->eventLoop == loop);
    CHECK(server->acceptor == acceptor);
    CHECK(server->connectionCompletedCallBack == on_completed);
    CHECK(server->messageCallBack == echo);
    CHECK(server->writeCompletedCallBack == NULL);
    CHECK(server->connectionClosedCallBack == on_closed);
    CHECK_INT(server->threadNum, 3);
    CHECK(server->threadPool != NULL);
    CHECK(server->data == NULL);
    tcp_server_set_data(server, &loop);
    CHECK(server->data == &loop);
}

/* Nothing is accepted before the start. */
CASE(no_service_before_the_start)
{
    struct TCPserver *server = echo_server();
    int fd = visit(server->port);
    passes(loop, 5);
    CHECK_INT(completed, 0);
    tcp_server_start(server);
    CHECK_TEXT(ask(fd, "hello"), "hello");
    CHECK_INT(completed, 1);
}

/* Started twice: as if once. */
CASE(started_twice)
{
    struct TCPserver *server = echo_server();
    tcp_server_start(server);
    tcp_server_start(server);
    for (int i = 0; i < 5; i++) {
        int fd = visit(server->port);
        CHECK_TEXT(ask(fd, "hello"), "hello");
        close(fd);
    }
    passes(loop, 5);
    CHECK_INT(completed, 5);
    CHECK_INT(closed, 5);
}

/* tcp_server_start makes the listening fd non-blocking. */
CASE(blocking_listener)
{
    struct acceptor mine = { 0, tcp_server_listen(0) };
    loop = event_loop_init();
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    NEED(getsockname(mine.listen_fd, (struct sockaddr *)&address, &size) == 0);
    mine.listen_port = ntohs(address.sin_port);
    struct TCPserver *server = tcp_server_init(loop, &mine, on_completed, echo, NULL, on_closed, 0);
    tcp_server_start(server);
    CHECK(fcntl(mine.listen_fd, F_GETFL) & O_NONBLOCK);
    int fd = visit(mine.listen_port);
    CHECK_TEXT(ask(fd, "hello"), "hello");
}

/* An acceptor is a thing that C code may make itself: here one of a unix socket. */
CASE(acceptor_of_the_programs_own)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct acceptor mine = { 0, socket(AF_UNIX, SOCK_STREAM, 0) };
    snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "yolanda-api-%d", getpid());
    NEED(bind(mine.listen_fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(mine.listen_fd, 10) == 0);
    loop = event_loop_init();
    struct TCPserver *server = tcp_server_init(loop, &mine, on_completed, echo, NULL, on_closed, 0);
    NEED(server != NULL);
    tcp_server_start(server);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    NEED(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK_TEXT(ask(fd, "hello"), "hello");
    close(fd);
    passes(loop, 5);
    CHECK_INT(closed, 1);
}

/* Rule 4: callbacks and data may change at any time; the next connection gets the new ones. */
CASE(fields_that_change)
{
    struct TCPserver *server = echo_server();
    tcp_server_start(server);
    int one = visit(server->port);
    CHECK_TEXT(ask(one, "one"), "one");
    CHECK(last_data == NULL);
    server->messageCallBack = shout;
    tcp_server_set_data(server, &others);
    int two = visit(server->port);
    CHECK_TEXT(ask(two, "two"), "HEY");
    CHECK(last_data == &others);
    CHECK_TEXT(ask(one, "one"), "one");
    server->data = &closed;
    server->messageCallBack = NULL;
    server->connectionCompletedCallBack = NULL;
    server->connectionClosedCallBack = NULL;
    int three = visit(server->port);
    put(three, "three");
    passes(loop, 5);
    close(three);
    passes(loop, 5);
    CHECK_INT(completed, 2);
    CHECK_INT(closed, 0);
}

/* A name that the program has set is shown, and isn't freed when the connection ends. */
CASE(name_of_the_programs_own)
{
    static char name[] = "my connection";
    struct TCPserver *server = echo_server();
    tcp_server_start(server);
    for (int i = 0; i < 100; i++) {
        int fd = visit(server->port);
        CHECK_TEXT(ask(fd, "x"), "x");
        last->name = name;
        CHECK_TEXT(ask(fd, "y"), "y");
        close(fd);
        passes(loop, 3);
        CHECK_INT(closed, i + 1);
        CHECK_TEXT(name, "my connection");
    }
}

/* Two servers on one loop. */
CASE(two_servers_on_one_loop)
{
    struct TCPserver *one = echo_server();
    struct TCPserver *two = tcp_server_init(loop, acceptor_init(0), on_completed, shout, NULL, on_closed, 0);
    tcp_server_start(one);
    tcp_server_start(two);
    int a = visit(one->port), b = visit(two->port);
    for (int i = 0; i < 5; i++) {
        CHECK_TEXT(ask(a, "a"), "a");
        CHECK_TEXT(ask(b, "b"), "HEY");
    }
}

/* The HTTP server's callback is a public field, too. */
static int first(struct http_request *request, struct http_response *response)
{
    (void)request;
    response->statusCode = OK;
    response->statusMessage = "OK";
    response->body = "first";
    return 0;
}

static int second(struct http_request *request, struct http_response *response)
{
    (void)request;
    response->statusCode = OK;
    response->statusMessage = "OK";
    response->body = "second";
    return 0;
}

CASE(request_callback_that_changes)
{
    loop = event_loop_init();
    struct http_server *server = http_server_new(loop, 0, first, 0);
    NEED(server != NULL);
    CHECK(server->requestCallback == first);
    CHECK(server->tcpServer != NULL && server->tcpServer->acceptor->listen_port > 0);
    http_server_start(server);
    int fd = visit(server->tcpServer->acceptor->listen_port);
    const char *request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    CHECK(strstr(ask(fd, request), "\r\n\r\nfirst") != NULL);
    server->requestCallback = second;
    CHECK(strstr(ask(fd, request), "\r\n\r\nsecond") != NULL);
    server->requestCallback = NULL;
    CHECK(strncmp(ask(fd, request), "HTTP/1.1 500", 12) == 0);
}
