/* Rule 5: a thread that runs callbacks hands nothing back to free while a server serves. Here
 * free and realloc are the program's, and count. */
#include "aid.h"

#include "lib/acceptor.h"
#include "lib/http_server.h"
#include "lib/tcp_server.h"

#include <netinet/tcp.h>

void __libc_free(void *block);
void *__libc_realloc(void *block, size_t size);

static int serving, given_back;
static __thread int a_client;

void free(void *block)
{
    if (block != NULL && serving && !a_client) {
        __atomic_add_fetch(&given_back, 1, __ATOMIC_SEQ_CST);
    }
    __libc_free(block);
}

void *realloc(void *block, size_t size)
{
    if (block != NULL && serving && !a_client) {
        __atomic_add_fetch(&given_back, 1, __ATOMIC_SEQ_CST);
    }
    return __libc_realloc(block, size);
}

static int port;
static struct event_loop *loop;
static int visitors;

static int visit(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1;
    NEED(fd >= 0 && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    NEED(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

static void ask(int fd, const char *request, const char *end)
{
    static __thread char answer[1 << 16];
    int size = 0;
    put(fd, request);
    while (size == 0 || strstr(answer, end) == NULL) {
        ssize_t n = recv(fd, answer + size, sizeof answer - 1 - size, 0);
        NEED(n > 0);
        size += n;
        answer[size] = '\0';
    }
}

static void stop(void)
{
    __atomic_store_n(&serving, 0, __ATOMIC_SEQ_CST);
    loop->quit = 1;
    event_loop_wakeup(loop);
}

/* An echo server: single messages, large ones that are queued, resets. */
static int echo(struct buffer *input, struct tcp_connection *connection)
{
    tcp_connection_send_buffer(connection, input);
    return 0;
}

static int count_closed(struct tcp_connection *connection)
{
    (void)connection;
    __atomic_add_fetch(&visitors, 1, __ATOMIC_SEQ_CST);
    return 0;
}

static void visit_echo(void *unused)
{
    static char large[2000001];
    (void)unused;
    a_client = 1;
    memset(large, 'e', sizeof large - 1);
    __atomic_store_n(&serving, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 300; i++) {
        int fd = visit();
        ask(fd, "hello", "hello");
        ask(fd, "end\n", "end\n");
        if (i % 3 == 0) {
            struct linger now = { 1, 0 };
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        }
        close(fd);
    }
    for (int i = 0; i < 3; i++) {
        int fd = visit(), left = sizeof large - 1, sent = 0;
        char bytes[65536];
        while (left > 0) {
            ssize_t n = send(fd, large + sent, sizeof large - 1 - sent, MSG_DONTWAIT);
            sent += n > 0 ? n : 0;
            n = recv(fd, bytes, sizeof bytes, sent < (int)sizeof large - 1 ? MSG_DONTWAIT : 0);
            left -= n > 0 ? n : 0;
        }
        close(fd);
    }
    for (int i = 0; i < 10000 && __atomic_load_n(&visitors, __ATOMIC_SEQ_CST) < 303; i++) {
        nap();
    }
    CHECK_INT(visitors, 303);
    stop();
}

static void serve_echo(int threads)
{
    loop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(0);
    struct TCPserver *server = tcp_server_init(loop, acceptor, NULL, echo, NULL, count_closed, threads);
    tcp_server_start(server);
    port = acceptor->listen_port;
    setenv("YOLANDA_LOG", "err", 1);
    pthread_t thread = start_thread(visit_echo, NULL);
    CHECK_INT(event_loop_run(loop), 0);
    CHECK_INT(given_back, 0);
    join(thread);
}

CASE(echo_gives_nothing_back)
{
    serve_echo(0);
}

CASE(echo_with_threads_gives_nothing_back)
{
    serve_echo(2);
}

/* An HTTP server: keep-alive, close, pieces, errors. */
static int on_request(struct http_request *request, struct http_response *response)
{
    response->statusCode = OK;
    response->statusMessage = "OK";
    response->body = "body and end\n";
    response->contentType = http_request_get_header(request, "host");
    response->response_headers[0].key = "X-Url";
    response->response_headers[0].value = request->url;
    response->response_headers_number = 1;
    return 0;
}

static void visit_http(void *unused)
{
    (void)unused;
    a_client = 1;
    __atomic_store_n(&serving, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 200; i++) {
        int fd = visit();
        ask(fd, "GET /one HTTP/1.1\r\nHost: a\r\n\r\n", "end\n");
        put(fd, "GET /two HT");
        ask(fd, "TP/1.1\r\nHost: a\r\nX: y\r\n\r\n", "end\n");
        ask(fd, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "end\n");
        close(fd);
        fd = visit();
        ask(fd, "nonsense\r\n\r\n", "400");
        close(fd);
    }
    stop();
}

static void serve_http(int threads)
{
    setenv("YOLANDA_LOG", "err", 1);
    loop = event_loop_init();
    struct http_server *server = http_server_new(loop, 0, on_request, threads);
    http_server_start(server);
    port = server->tcpServer->acceptor->listen_port;
    pthread_t thread = start_thread(visit_http, NULL);
    CHECK_INT(event_loop_run(loop), 0);
    CHECK_INT(given_back, 0);
    join(thread);
}

CASE(http_gives_nothing_back)
{
    serve_http(0);
}

CASE(http_with_threads_gives_nothing_back)
{
    serve_http(2);
}

/* Channels come and go, on the loop's thread and from another. */
static void change_channels(void *unused)
{
    int fd[2];
    (void)unused;
    a_client = 1;
    __atomic_store_n(&serving, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 300; i++) {
        make_pipe(fd);
        struct channel channel = { fd[0], EVENT_READ, NULL, NULL, NULL };
        CHECK_INT(event_loop_add_channel_event(loop, fd[0], &channel), 0);
        CHECK_INT(event_loop_update_channel_event(loop, fd[0], &channel), 0);
        CHECK_INT(event_loop_remove_channel_event(loop, fd[0], &channel), 0);
        for (int n = 0; n < 10000 && __atomic_load_n((void **)&loop->pending_head, __ATOMIC_SEQ_CST) != NULL; n++) {
            nap();
        }
    }
    stop();
}

CASE(queued_changes_give_nothing_back)
{
    setenv("YOLANDA_LOG", "err", 1);
    loop = event_loop_init();
    pthread_t thread = start_thread(change_channels, NULL);
    CHECK_INT(event_loop_run(loop), 0);
    CHECK_INT(given_back, 0);
    join(thread);
}
