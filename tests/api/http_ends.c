/* yolanda.h: how connections end behind deferred responses: a client that still sends isn't kept waiting, and
 * a body that only the end of the stream ends (HTTP/1.0) ends in order only where it is whole. */
#include "http_aid.h"

static struct http_response *later;
static struct tcp_connection *connection;

static int on_request(struct http_request *request, struct http_response *response)
{
    connection = yolanda_http_request_connection(request);
    later = yolanda_http_response_defer(response);
    NEED(later != NULL);
    CHECK_INT(yolanda_http_response_set_status(later, 200, NULL), 0);
    return 0;
}

static void begin(void)
{
    loop = NULL;
    later = NULL;
    make_http(on_request);
    CHECK_INT(yolanda_http_server_start(http), 0);
}

static int asking(const char *text)
{
    int fd = dial_port(http->tcpServer->port);
    NEED(fd >= 0);
    put(fd, text);
    UNTIL(later != NULL);
    return fd;
}

/* Sends much more behind its request, and reads only then. */
struct sender {
    int fd, error, end;
    atomic_int done;
    char first[12];
};

static void *send_much(void *data)
{
    static char block[1 << 16];
    struct sender *sender = data;
    for (int i = 0; i < 300 && sender->error == 0; i++) {
        size_t at = 0;
        while (at < sizeof block && sender->error == 0) {
            ssize_t n = send(sender->fd, block + at, sizeof block - at, MSG_NOSIGNAL);
            sender->error = n < 0 ? errno : 0;
            at += n > 0 ? n : 0;
        }
    }
    ssize_t n = recv(sender->fd, sender->first, sizeof sender->first, MSG_WAITALL);
    CHECK_INT(n, sizeof sender->first);
    while ((n = recv(sender->fd, block, sizeof block, 0)) > 0) {
    }
    sender->end = n < 0 ? errno : 0;
    sender->done = 1;
    return NULL;
}

static void sending_on(const char *text, void (*answer)(void))
{
    pthread_t thread;
    struct sender sender = { 0 };
    begin();
    CHECK_INT(yolanda_http_server_set_deadlines(http, 0, 0, 0, 300, 0), 0);
    sender.fd = asking(text);
    NEED(pthread_create(&thread, NULL, send_much, &sender) == 0);
    /* As much as the server reads meanwhile has come. */
    int before = 0, now = -1;
    for (int i = 0; i < 50; i++) {
        yolanda_loop_run_once(loop, 2);
        now = buffer_readable_size(connection->input_buffer);
        i = now != before ? 0 : i;
        before = now;
    }
    CHECK(before >= 65536);
    answer();
    UNTIL(sender.done);
    pthread_join(thread, NULL);
    CHECK_INT(sender.error, 0);
    CHECK_INT(sender.end, 0);
    CHECK(strncmp(sender.first, "HTTP/1.1 ", 9) == 0);
    close(sender.fd);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static void give(void)
{
    CHECK_INT(yolanda_http_response_set_body(later, "late", 4), 0);
    CHECK_INT(yolanda_http_response_send(later), 0);
}

static void give_in_parts(void)
{
    CHECK_INT(yolanda_http_response_begin(later, 4), 0);
    CHECK_INT(yolanda_http_response_write(later, "late", 4), 0);
    CHECK_INT(yolanda_http_response_send(later), 0);
}

/* The library's 503. */
static void be_late(void)
{
    UNTIL(!yolanda_http_response_is_open(later));
    CHECK_INT(yolanda_http_response_send(later), -1);
}

CASE(a_client_that_sends_on)
{
    sending_on("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", give);
    sending_on("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", give_in_parts);
    sending_on("GET / HTTP/1.1\r\nHost: a\r\n\r\n", be_late);
}

#define OLD "GET / HTTP/1.0\r\n\r\n"

static void on_deadline(struct TCPserver *which, void *data)
{
    (void)which, (void)data;
    done++;
}

enum cut { COMPLETE, STOP, STOP_AT_ONCE, CLOSE, CLOSE_AFTER_SEND, SHUTDOWN, FREE_SERVER, FREE_LOOP, UNREAD, WAYS };

/* What the client hears at the end: 0 for the end of the stream, else an errno value. */
static int end_heard(int fd)
{
    static char block[1 << 16];
    for (;;) {
        struct pollfd one = { fd, POLLIN, 0 };
        if (loop != NULL) {
            UNTIL(readable(fd));
        } else {
            NEED(poll(&one, 1, SECONDS * 1000) == 1);
        }
        ssize_t n = recv(fd, block, sizeof block, MSG_DONTWAIT);
        if (n <= 0) {
            return n < 0 ? errno : 0;
        }
    }
}

static void cut(enum cut how)
{
    static char much[8 << 20];
    begin();
    int fd = asking(OLD);
    CHECK_INT(yolanda_http_response_begin(later, -1), 0);
    CHECK_INT(yolanda_http_response_write(later, how == UNREAD ? much : "part", how == UNREAD ? sizeof much : 4), 0);
    for (int i = 0; i < 3; i++) {
        yolanda_loop_run_once(loop, 1);
    }
    int given = how == COMPLETE || how == UNREAD;
    if (given) {
        CHECK_INT(yolanda_http_response_send(later), 0);
        yolanda_loop_run_once(loop, 1);
    }
    switch (how) {
    case STOP: CHECK_INT(yolanda_server_stop(http->tcpServer, 50, on_deadline, NULL), 0); break;
    case STOP_AT_ONCE: CHECK_INT(yolanda_server_stop(http->tcpServer, 0, on_deadline, NULL), 0); break;
    case UNREAD:
    case CLOSE: CHECK_INT(yolanda_connection_close(connection), 0); break;
    case CLOSE_AFTER_SEND: CHECK_INT(yolanda_connection_close_after_send(connection, 5000), 0); break;
    case SHUTDOWN: tcp_connection_shutdown(connection); break;
    case FREE_SERVER: CHECK_INT(yolanda_http_server_free(http), 0); break;
    case FREE_LOOP: CHECK_INT(yolanda_loop_free(loop), 0); loop = NULL; break;
    default: break;
    }
    CHECK_INT(end_heard(fd), how == COMPLETE ? 0 : ECONNRESET);
    if (!given) {
        yolanda_http_response_send(later);
    }
    close(fd);
    if (loop != NULL) {
        CHECK_INT(yolanda_loop_free(loop), 0);
    }
}

CASE(a_body_that_only_the_end_ends)
{
    for (enum cut how = COMPLETE; how < WAYS; how++) {
        cut(how);
    }
}

/* Elsewhere the body says itself that it isn't whole. */
CASE(a_body_in_chunks)
{
    begin();
    int fd = asking("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK_INT(yolanda_http_response_begin(later, -1), 0);
    CHECK_INT(yolanda_http_response_write(later, "part", 4), 0);
    CHECK_INT(yolanda_connection_close(connection), 0);
    CHECK_INT(end_heard(fd), 0);
    yolanda_http_response_send(later);
    close(fd);
    CHECK_INT(yolanda_loop_free(loop), 0);
}
