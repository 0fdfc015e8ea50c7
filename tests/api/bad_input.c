/* Contract section 4: bad input gets the function's error value and, for a NULL library object, one
 * [err] line; never a crash, never an exit. One table for all functions. */
#include "aid.h"

#include "lib/acceptor.h"
#include "lib/event_loop_thread.h"
#include "lib/http_server.h"
#include "lib/inetaddress.h"
#include "lib/tcp_connection.h"
#include "lib/thread_pool.h"
#include "lib/utils.h"

void make_room(struct buffer *buffer, int size);
size_t readline_2(int fd, char *buffer, size_t length);
int read_line(int fd, char *buf, int size);
int event_loop_do_channel_event(struct event_loop *eventLoop, int fd, struct channel *channel1, int type);
int event_loop_handle_pending_channel(struct event_loop *eventLoop);

enum { ANY = -1 };

/* function, what is bad, how many [err] lines, the calls */
#define BAD(function, what, lines, ...)                                                            \
    CASE(function##__##what)                                                                       \
    {                                                                                              \
        setup();                                                                                   \
        errno = 0;                                                                                 \
        out_mark();                                                                                \
        __VA_ARGS__;                                                                               \
        if ((lines) != ANY) {                                                                      \
            CHECK_INT(err_lines(), lines);                                                         \
        }                                                                                          \
    }

static struct event_loop *loop;
static struct buffer *buffer;
static struct channel *channel;
static struct http_request *request;
static struct http_response *response;
static struct tcp_connection *connection;
static struct acceptor *acceptor;
static int pair[2], closed_fd;
static char room[16];

static void setup(void)
{
    int fd[2];
    make_sockets(pair);
    make_pipe(fd);
    closed_fd = fd[0];
    buffer = buffer_new();
    loop = event_loop_init();
    channel = channel_new(pair[1], EVENT_READ, NULL, NULL, NULL);
    request = http_request_new();
    response = http_response_new();
    acceptor = acceptor_init(0);
    NEED(fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0);
    connection = tcp_connection_new(pair[0], loop, NULL, NULL, NULL, NULL);
    NEED(buffer && loop && channel && request && response && acceptor && connection);
    NEED(buffer_append_string(buffer, "abc") == 3);
    close(closed_fd);
}

static int on_request(struct http_request *in, struct http_response *out)
{
    (void)in;
    (void)out;
    return 0;
}

BAD(buffer_free, null, 0, buffer_free(NULL))
BAD(buffer_writeable_size, null, 1, CHECK(buffer_writeable_size(NULL) <= 0))
BAD(buffer_readable_size, null, 1, CHECK(buffer_readable_size(NULL) <= 0))
BAD(buffer_front_spare_size, null, 1, CHECK(buffer_front_spare_size(NULL) <= 0))
BAD(buffer_append, null, 1, CHECK_INT(buffer_append(NULL, "x", 1), -1))
BAD(buffer_append, null_data, ANY, CHECK_INT(buffer_append(buffer, NULL, 1), 0))
BAD(buffer_append_char, null, 1, CHECK_INT(buffer_append_char(NULL, 'x'), -1))
BAD(buffer_append_string, null, 1, CHECK_INT(buffer_append_string(NULL, "x"), -1))
BAD(buffer_append_string, null_text, ANY, CHECK_INT(buffer_append_string(buffer, NULL), 0))
BAD(buffer_socket_read, null, 1, CHECK_INT(buffer_socket_read(NULL, pair[0]), -1))
BAD(buffer_socket_read, closed, ANY, CHECK_INT(buffer_socket_read(buffer, closed_fd), -1); CHECK_INT(errno, EBADF))
BAD(buffer_socket_read, minus, ANY, CHECK_INT(buffer_socket_read(buffer, -1), -1); CHECK_INT(errno, EBADF))
BAD(buffer_read_char, null, 1, CHECK_INT(buffer_read_char(NULL), 0))
BAD(buffer_find_CRLF, null, 1, CHECK(buffer_find_CRLF(NULL) == NULL))
BAD(make_room, null, 1, make_room(NULL, 10))
BAD(make_room, negative, ANY, make_room(buffer, -10); CHECK_INT(buffer->total_size, 65536))

BAD(channel_new, minus, ANY, channel_new(-1, EVENT_READ, NULL, NULL, NULL))
BAD(channel_write_event_is_enabled, null, 1, CHECK_INT(channel_write_event_is_enabled(NULL), 0))
BAD(channel_write_event_enable, null, 1, CHECK_INT(channel_write_event_enable(NULL), -1))
BAD(channel_write_event_disable, null, 1, CHECK_INT(channel_write_event_disable(NULL), -1))

BAD(map_make_space, null, 1, CHECK_INT(map_make_space(NULL, 1, 8), -1))
BAD(map_init, null, 1, map_init(NULL))
BAD(map_clear, null, 0, map_clear(NULL))

BAD(err_msg, null, 0, err_msg(NULL))
BAD(err_ret, null, 0, err_ret(NULL))
static void end_without_format(void *which)
{
    void (*function)(const char *, ...) = which;
    function(NULL);
}
static void error_without_format(void *unused)
{
    (void)unused;
    error(1, 0, NULL);
}
BAD(err_quit, null, 0, CHECK_INT(child(end_without_format, (void *)err_quit).status, 1))
BAD(err_sys, null, 0, CHECK_INT(child(end_without_format, (void *)err_sys).status, 1))
BAD(err_dump, null, 0, CHECK_INT(child(end_without_format, (void *)err_dump).status, 1000 + SIGABRT))
BAD(error, null, 0, CHECK_INT(child(error_without_format, NULL).status, 1); error(0, 0, NULL))
BAD(sock_ntop, null, ANY, sock_ntop(NULL, sizeof(struct sockaddr_in)))
BAD(readn, closed, ANY, CHECK(readn(closed_fd, room, 5) == (size_t)-1); CHECK_INT(errno, EBADF))
BAD(readn, null, ANY, put(pair[0], "abc"); readn(pair[1], NULL, 3))
BAD(readline, closed, ANY, CHECK(readline(closed_fd, room, 5) == (size_t)-1); CHECK_INT(errno, EBADF))
BAD(readline, null, ANY, put(pair[0], "abc\n"); readline(pair[1], NULL, 3))
BAD(readline_2, closed, ANY, CHECK(readline_2(closed_fd, room, 5) == (size_t)-1); CHECK_INT(errno, EBADF))
BAD(readline_2, null, ANY, put(pair[0], "abc\n"); readline_2(pair[1], NULL, 3))
BAD(read_line, closed, ANY, CHECK_INT(read_line(closed_fd, room, 5), 0))
BAD(read_line, null, ANY, put(pair[0], "abc\n"); CHECK(read_line(pair[1], NULL, 3) <= 0))
BAD(read_message, closed, ANY, CHECK(read_message(closed_fd, room, 5) == (size_t)-1); CHECK_INT(errno, EBADF))
BAD(read_message, null, ANY, NEED(write(pair[0], "\0\0\0\1\0\0\0\1x", 9) == 9); read_message(pair[1], NULL, 3))
BAD(make_nonblocking, closed, ANY, make_nonblocking(closed_fd); make_nonblocking(-1))
static void connect_nowhere(void *address)
{
    tcp_client(address, acceptor->listen_port);
}
BAD(tcp_client, address, ANY, close(acceptor->listen_fd); CHECK_INT(child(connect_nowhere, NULL).status, 1);
    CHECK_INT(child(connect_nowhere, "not an address!").status, 1))

BAD(event_loop_init_with_name, null, 0, CHECK(event_loop_init_with_name(NULL) != NULL))
BAD(event_loop_run, null, 1, CHECK_INT(event_loop_run(NULL), -1))
BAD(event_loop_wakeup, null, 1, event_loop_wakeup(NULL))

#define CHANNEL_EVENT(function)                                                                    \
    BAD(function, null_loop, 1, CHECK_INT(function(NULL, pair[1], channel), -1))                   \
    BAD(function, null_channel, 1, CHECK_INT(function(loop, pair[1], NULL), -1);                   \
        CHECK(entry(loop, pair[1]) == NULL))                                                       \
    BAD(function, other_number, ANY, CHECK_INT(function(loop, pair[1] + 1, channel), -1);          \
        CHECK_INT(errno, EINVAL))                                                                  \
    BAD(function, minus, ANY, channel->fd = -1; CHECK_INT(function(loop, -1, channel), -1);        \
        CHECK(errno != 0))                                                                         \
    BAD(function, not_there, ANY, channel->fd = closed_fd;                                         \
        CHECK(function(loop, closed_fd, channel) <= 0); CHECK(entry(loop, closed_fd) == NULL))

CHANNEL_EVENT(event_loop_add_channel_event)
CHANNEL_EVENT(event_loop_remove_channel_event)
CHANNEL_EVENT(event_loop_update_channel_event)
CHANNEL_EVENT(event_loop_handle_pending_add)
CHANNEL_EVENT(event_loop_handle_pending_remove)
CHANNEL_EVENT(event_loop_handle_pending_update)
BAD(event_loop_do_channel_event, null_loop, 1, CHECK_INT(event_loop_do_channel_event(NULL, pair[1], channel, 1), -1))
BAD(event_loop_do_channel_event, null_channel, 1, CHECK_INT(event_loop_do_channel_event(loop, pair[1], NULL, 1), -1))
BAD(event_loop_do_channel_event, type, ANY, CHECK_INT(event_loop_do_channel_event(loop, pair[1], channel, 77), -1))
BAD(event_loop_handle_pending_channel, null, 1, CHECK_INT(event_loop_handle_pending_channel(NULL), -1))
BAD(channel_event_activate, null, 1, CHECK_INT(channel_event_activate(NULL, pair[1], EVENT_READ), -1))
BAD(channel_event_activate, minus, ANY, CHECK_INT(channel_event_activate(loop, -1, EVENT_READ), -1))

static struct event_loop_thread thread;
BAD(event_loop_thread_init, null, 1, CHECK_INT(event_loop_thread_init(NULL, 0), -1))
BAD(event_loop_thread_init, negative, ANY, event_loop_thread_init(&thread, -1))
BAD(event_loop_thread_start, null, 1, CHECK(event_loop_thread_start(NULL) == NULL))

BAD(http_request_clear, null, 0, http_request_clear(NULL))
BAD(http_request_reset, null, 1, http_request_reset(NULL))
BAD(http_request_add_header, null, 1, http_request_add_header(NULL, "a", "b"))
BAD(http_request_add_header, null_texts, ANY, http_request_add_header(request, NULL, "b");
    http_request_add_header(request, "a", NULL); http_request_add_header(request, NULL, NULL);
    http_request_add_header(request, "c", "d"); CHECK_TEXT(http_request_get_header(request, "c"), "d"))
BAD(http_request_get_header, null, 1, CHECK(http_request_get_header(NULL, "a") == NULL))
BAD(http_request_get_header, null_key, ANY, http_request_add_header(request, "a", "b");
    CHECK(http_request_get_header(request, NULL) == NULL))
BAD(http_request_current_state, null, 1, http_request_current_state(NULL))
BAD(http_request_close_connection, null, 1, http_request_close_connection(NULL))
BAD(http_response_encode_buffer, null, 1, http_response_encode_buffer(NULL, buffer);
    CHECK_INT(buffer_readable_size(buffer), 3))
BAD(http_response_encode_buffer, null_buffer, 1, http_response_encode_buffer(response, NULL))
BAD(http_server_new, null, 1, CHECK(http_server_new(NULL, 0, on_request, 0) == NULL))
BAD(http_server_new, no_callback, ANY, CHECK(http_server_new(loop, 0, NULL, 0) != NULL))
BAD(http_server_new, negative_threads, ANY, struct http_server *server = http_server_new(loop, 0, on_request, -3);
    CHECK(server != NULL); http_server_start(server))
BAD(http_server_start, null, 1, http_server_start(NULL))
BAD(parse_http_request, null, 1, CHECK(parse_http_request(NULL, request) <= 0))
BAD(parse_http_request, null_request, 1, CHECK(parse_http_request(buffer, NULL) <= 0);
    CHECK_INT(buffer_readable_size(buffer), 3))

BAD(init_inet_address, negative, ANY, init_inet_address(-1))

static void logx(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    yolanda_logx(LOG_MSG_TYPE, NULL, fmt, ap);
    va_end(ap);
}
BAD(yolanda_log, null, 0, yolanda_log(LOG_MSG_TYPE, NULL))
BAD(yolanda_logx, null, 0, logx(NULL))
BAD(yolanda_msgx, null, 0, yolanda_msgx(NULL))
BAD(yolanda_debugx, null, 0, yolanda_debugx(NULL))

BAD(tcp_connection_new, null_loop, 1, CHECK(tcp_connection_new(pair[1], NULL, NULL, NULL, NULL, NULL) == NULL))
BAD(tcp_connection_new, minus, ANY, CHECK(tcp_connection_new(-1, loop, NULL, NULL, NULL, NULL) == NULL);
    CHECK(errno != 0))
BAD(tcp_connection_new, closed, ANY, CHECK(tcp_connection_new(closed_fd, loop, NULL, NULL, NULL, NULL) == NULL);
    CHECK(errno != 0); CHECK(entry(loop, closed_fd) == NULL))
BAD(tcp_connection_send_data, null, 1, CHECK_INT(tcp_connection_send_data(NULL, "x", 1), -1))
BAD(tcp_connection_send_data, null_data, ANY, CHECK_INT(tcp_connection_send_data(connection, NULL, 5), 0))
BAD(tcp_connection_send_data, negative, ANY, CHECK_INT(tcp_connection_send_data(connection, "x", -1), -1);
    CHECK_INT(errno, EINVAL); CHECK_INT(recv(pair[1], room, 1, MSG_DONTWAIT), -1))
BAD(tcp_connection_send_data, empty, 0, CHECK_INT(tcp_connection_send_data(connection, "x", 0), 0))
BAD(tcp_connection_send_buffer, null, 1, CHECK_INT(tcp_connection_send_buffer(NULL, buffer), -1);
    CHECK_INT(buffer_readable_size(buffer), 3))
BAD(tcp_connection_send_buffer, null_buffer, 1, CHECK_INT(tcp_connection_send_buffer(connection, NULL), -1))
BAD(tcp_connection_shutdown, null, 1, tcp_connection_shutdown(NULL))
BAD(buffer_free, of_a_connection, 1, buffer_free(connection->input_buffer);
    NEED(tcp_connection_send_data(connection, "x", 1) == 1); passes(loop, 2))
BAD(buffer_free, of_a_connections_output, 1, buffer_free(connection->output_buffer);
    NEED(tcp_connection_send_data(connection, "x", 1) == 1); passes(loop, 2))

BAD(tcp_server_init, null_loop, 1, CHECK(tcp_server_init(NULL, acceptor, NULL, NULL, NULL, NULL, 0) == NULL))
BAD(tcp_server_init, null_acceptor, 1, CHECK(tcp_server_init(loop, NULL, NULL, NULL, NULL, NULL, 0) == NULL))
BAD(tcp_server_init, negative_threads, ANY,
    struct TCPserver *server = tcp_server_init(loop, acceptor, NULL, NULL, NULL, NULL, -1);
    CHECK(server != NULL); tcp_server_start(server))
BAD(tcp_server_start, null, 1, tcp_server_start(NULL))
BAD(tcp_server_set_data, null, ANY, tcp_server_set_data(NULL, room); CHECK(err_lines() <= 1))

BAD(thread_pool_new, null, 1, CHECK(thread_pool_new(NULL, 2) == NULL))
BAD(thread_pool_start, null, 1, thread_pool_start(NULL))
BAD(thread_pool_get_loop, null, 1, CHECK(thread_pool_get_loop(NULL) == NULL))

BAD(assertInSameThread, null, 1, assertInSameThread(NULL))
BAD(isInSameThread, null, 1, CHECK_INT(isInSameThread(NULL), 0))
