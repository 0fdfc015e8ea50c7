/* Contract section 4, out of memory: the error value; the connection concerned is closed through
 * its callback, the process and the other connections live. The functions through which memory
 * comes are the program's here, and refuse when told to. */
#include "aid.h"

#include "lib/acceptor.h"
#include "lib/event_loop_thread.h"
#include "lib/http_server.h"
#include "lib/inetaddress.h"
#include "lib/tcp_connection.h"
#include "lib/thread_pool.h"

#include <sys/syscall.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *block, size_t size);

static int left = -1; /* so many more requests are granted; -1: all */

static int refused(void)
{
    if (left < 0) {
        return 0;
    }
    if (left == 0) {
        errno = ENOMEM;
        return 1;
    }
    left--;
    return 0;
}

void *malloc(size_t size)
{
    return refused() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return refused() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *block, size_t size)
{
    return refused() ? NULL : __libc_realloc(block, size);
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    return refused() ? MAP_FAILED : (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset);
}

int mprotect(void *at, size_t size, int protection)
{
    return refused() ? -1 : (int)syscall(SYS_mprotect, at, size, protection);
}

/* Each constructor, with the n-th request refused: an object that works, or NULL. */
static int on_request(struct http_request *request, struct http_response *response)
{
    (void)request;
    (void)response;
    return 0;
}

static void construct(void *from)
{
    int n = *(int *)from;
    struct event_loop_thread thread;
    struct buffer *buffer;
    struct channel *channel;
    struct event_loop *loop;
    setenv("YOLANDA_LOG", "off", 1);
#define WITHOUT(expression)                                                                        \
    (left = n, (expression));                                                                      \
    left = -1
    buffer = WITHOUT(buffer_new());
    if (buffer != NULL) {
        WITHOUT(buffer_append(buffer, "0123456789", 10));
        buffer_free(buffer);
    }
    channel = WITHOUT(channel_new(0, EVENT_READ, NULL, NULL, NULL));
    free(channel);
    struct channel_map map = { NULL, 0 };
    WITHOUT(map_make_space(&map, 100, 8));
    map_clear(&map);
    free(init_inet_address(1));
    void *address = WITHOUT(init_inet_address(1));
    free(address);
    struct http_request *request = WITHOUT(http_request_new());
    if (request != NULL) {
        WITHOUT(http_request_add_header(request, "key", "value"));
        struct buffer post = { NULL, 0, 0, 0 };
        static char body[100000];
        NEED(buffer_append_string(&post, "POST /a?b=c HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n") > 0);
        NEED(buffer_append(&post, body, sizeof body) == sizeof body);
        int result = WITHOUT(parse_http_request(&post, request));
        CHECK(result == 0 || http_request_current_state(request) == REQUEST_DONE);
        free(post.data);
        left = n;
        http_request_clear(request);
        left = -1;
    }
    struct http_response *response = WITHOUT(http_response_new());
    buffer = buffer_new();
    if (response != NULL) {
        response->statusCode = OK;
        WITHOUT(http_response_encode_buffer(response, buffer));
    }
    loop = WITHOUT(event_loop_init());
    if (loop != NULL) {
        passes(loop, 2);
    }
    loop = event_loop_init();
    NEED(loop != NULL);
    struct thread_pool *pool = WITHOUT(thread_pool_new(loop, 2));
    if (pool != NULL) {
        WITHOUT(thread_pool_start(pool));
        CHECK(thread_pool_get_loop(pool) != NULL);
    }
    event_loop_thread_init(&thread, 1);
    struct event_loop *other = WITHOUT(event_loop_thread_start(&thread));
    if (other != NULL) {
        event_loop_wakeup(other);
    }
    struct acceptor *acceptor = acceptor_init(0);
    struct TCPserver *server = WITHOUT(tcp_server_init(loop, acceptor, NULL, NULL, NULL, NULL, 2));
    if (server != NULL) {
        WITHOUT(tcp_server_start(server));
    }
    struct http_server *http = WITHOUT(http_server_new(loop, 0, on_request, 0));
    if (http != NULL) {
        WITHOUT(http_server_start(http));
    }
    int fd[2];
    make_sockets(fd);
    struct tcp_connection *connection = WITHOUT(tcp_connection_new(fd[0], loop, NULL, NULL, NULL, NULL));
    if (connection != NULL) {
        tcp_connection_send_data(connection, "x", 1);
    }
    int high = out_of_the_way(dup(fd[1]));
    struct channel far = { high, EVENT_READ, NULL, NULL, NULL };
    int added = WITHOUT(event_loop_add_channel_event(loop, high, &far));
    CHECK((added == 0) == (entry(loop, high) == &far));
    passes(loop, 3);
}

CASE(constructors)
{
    for (int n = 0; n < 25; n++) {
        struct ended ended = child(construct, &n);
        if (ended.status != 0 && strncmp(ended.err, "listen failed : ", 16) != 0 &&
            strncmp(ended.err, "bind failed : ", 14) != 0) {
            CHECK_INT(ended.status, 0);
            CHECK_INT(n, -1);
        }
    }
}

/* acceptor_init without memory: NULL, or its exit. */
static void accept_without(void *unused)
{
    (void)unused;
    left = 0;
    acceptor_init(0);
}

CASE(acceptor_without_memory)
{
    struct ended ended = child(accept_without, NULL);
    CHECK(ended.status == 0 || ended.status == 1);
}

/* A connection for which there is no more memory, and one that goes on. */
static int closed_hungry, closed_other, messages;
static struct event_loop *the_loop;
static struct tcp_connection *hungry, *other;
static int hungry_fd[2], other_fd[2];

static int takes_nothing(struct buffer *input, struct tcp_connection *connection)
{
    (void)input;
    (void)connection;
    messages++;
    return 0;
}

static int echo(struct buffer *input, struct tcp_connection *connection)
{
    tcp_connection_send_buffer(connection, input);
    return 0;
}

static int on_closed(struct tcp_connection *connection)
{
    *(connection == hungry ? &closed_hungry : &closed_other) += 1;
    return 0;
}

static void two_connections(void)
{
    setenv("YOLANDA_LOG", "err", 1);
    make_sockets(hungry_fd);
    make_sockets(other_fd);
    NEED(fcntl(hungry_fd[1], F_SETFL, O_NONBLOCK) == 0);
    the_loop = event_loop_init();
    hungry = tcp_connection_new(hungry_fd[0], the_loop, NULL, on_closed, takes_nothing, NULL);
    other = tcp_connection_new(other_fd[0], the_loop, NULL, on_closed, echo, NULL);
    NEED(hungry != NULL && other != NULL);
    passes(the_loop, 2);
}

static void the_other_lives(void)
{
    char bytes[8] = "";
    for (int i = 0; i < 10; i++) {
        put(other_fd[1], "hello");
        passes(the_loop, 2);
        CHECK_INT(recv(other_fd[1], bytes, 5, MSG_DONTWAIT), 5);
        CHECK_TEXT(bytes, "hello");
    }
    CHECK_INT(closed_other, 0);
}

CASE(input_that_can_not_grow)
{
    static char block[65536];
    two_connections();
    left = 0;
    for (int i = 0; i < 2000 && closed_hungry == 0; i++) { /* 60 MB: below the limit of unread bytes */
        if (write(hungry_fd[1], block, 30000) < 0) {
            CHECK_INT(errno, EAGAIN);
        }
        passes(the_loop, 1);
    }
    CHECK_INT(closed_hungry, 1);
    the_other_lives();
    left = -1;
    the_other_lives();
}

CASE(queue_that_can_not_grow)
{
    static char block[1 << 20];
    int failed = 0, queued = 0;
    two_connections();
    left = 0;
    for (int i = 0; i < 60 && !failed; i++) {
        errno = 0;
        int n = tcp_connection_send_data(hungry, block, sizeof block);
        if (n < 0) {
            failed = 1;
            CHECK(errno == ENOMEM || errno == ENOBUFS);
            CHECK_INT(buffer_readable_size(hungry->output_buffer), queued); /* nothing of this call */
        } else {
            queued += sizeof block - n;
            CHECK_INT(buffer_readable_size(hungry->output_buffer), queued);
        }
    }
    CHECK(failed);
    CHECK_INT(closed_hungry, 0); /* not before the send returned */
    the_other_lives();
    left = -1;
    the_other_lives();
}
