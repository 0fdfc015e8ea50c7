/* yolanda.h: what a program that doesn't know the structs asks of buffers, acceptors, channels,
 * connections, loops and servers. */
#include "connection_aid.h"

#include "lib/acceptor.h"
#include "lib/tcp_server.h"

CASE(a_buffer_gives_its_bytes)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    CHECK_TEXT(yolanda_buffer_data(buffer), "");
    CHECK_INT(yolanda_buffer_length(buffer), 0);
    CHECK_INT(yolanda_buffer_append(buffer, "ab\0cd", 5), 0);
    CHECK_INT(yolanda_buffer_length(buffer), 5);
    CHECK(memcmp(yolanda_buffer_data(buffer), "ab\0cd", 6) == 0);
    CHECK_INT(yolanda_buffer_consume(buffer, 3), 0);
    CHECK_TEXT(yolanda_buffer_data(buffer), "cd");
    CHECK_INT(yolanda_buffer_length(buffer), 2);
    CHECK_INT(buffer_readable_size(buffer), 2);
    CHECK_INT(yolanda_buffer_consume(buffer, 0), 0);
    CHECK_INT(yolanda_buffer_consume(buffer, 2), 0);
    CHECK_INT(yolanda_buffer_length(buffer), 0);
    CHECK_TEXT(yolanda_buffer_data(buffer), "");
    buffer_free(buffer);
}

CASE(no_more_is_consumed_than_there_is)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL && yolanda_buffer_append(buffer, "abc", 3) == 0);
    errno = 0;
    CHECK_INT(yolanda_buffer_consume(buffer, 4), -1);
    CHECK_INT(errno, EINVAL);
    errno = 0;
    CHECK_INT(yolanda_buffer_consume(buffer, SIZE_MAX), -1);
    CHECK_INT(errno, EINVAL);
    CHECK_TEXT(yolanda_buffer_data(buffer), "abc");
    buffer_free(buffer);
}

CASE(an_append_is_whole_or_fails)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    char *large = calloc(1, 300000);
    NEED(large != NULL);
    memset(large, 'x', 300000);
    CHECK_INT(yolanda_buffer_append(buffer, large, 300000), 0);
    CHECK_INT(yolanda_buffer_length(buffer), 300000);
    CHECK(memcmp(yolanda_buffer_data(buffer), large, 300000) == 0);
    CHECK_INT(yolanda_buffer_append(buffer, NULL, 0), 0);
    errno = 0;
    CHECK_INT(yolanda_buffer_append(buffer, NULL, 1), -1);
    CHECK_INT(errno, EINVAL);
    errno = 0;
    CHECK_INT(yolanda_buffer_append(buffer, large, (size_t)INT_MAX + 1), -1);
    CHECK_INT(errno, ENOMEM);
    CHECK_INT(yolanda_buffer_length(buffer), 300000);
    /* Its own bytes, which move when it grows. */
    CHECK_INT(yolanda_buffer_append(buffer, yolanda_buffer_data(buffer), 300000), 0);
    CHECK(memcmp(yolanda_buffer_data(buffer) + 300000, large, 300000) == 0);
    free(large);
    buffer_free(buffer);
}

/* Whether the descriptor is open. */
static int is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

CASE(an_acceptor_has_a_port)
{
    struct acceptor *acceptor = acceptor_init(0);
    NEED(acceptor != NULL);
    struct sockaddr_in at;
    socklen_t len = sizeof at;
    int fd = yolanda_acceptor_fd(acceptor);
    NEED(getsockname(fd, (struct sockaddr *)&at, &len) == 0);
    CHECK(yolanda_acceptor_port(acceptor) > 0);
    CHECK_INT(yolanda_acceptor_port(acceptor), ntohs(at.sin_port));
    CHECK_INT(yolanda_acceptor_free(acceptor), 0);
    CHECK(!is_open(fd));
}

CASE(an_acceptor_is_freed_after_its_server)
{
    for (int starts = 0; starts < 2; starts++) {
        struct event_loop *own = yolanda_loop_new(NULL, NULL);
        struct acceptor *acceptor = acceptor_init(0);
        NEED(own != NULL && acceptor != NULL);
        struct TCPserver *server = tcp_server_init(own, acceptor, NULL, NULL, NULL, NULL, 0);
        NEED(server != NULL);
        if (starts) {
            CHECK_INT(yolanda_server_start(server), 0);
            CHECK_INT(yolanda_server_stop(server, 0, NULL, NULL), 0);
            CHECK_INT(yolanda_acceptor_fd(acceptor), -1);
        }
        CHECK_INT(yolanda_server_free(server), 0);
        CHECK_INT(yolanda_acceptor_free(acceptor), 0);
        CHECK_INT(yolanda_loop_free(own), 0);
    }
}

static int reads;

static int on_read(void *data)
{
    char byte;
    CHECK(data == &reads);
    reads++;
    (void)!read(yolanda_channel_fd(entry(loop, peer)), &byte, 1);
    return 0;
}

CASE(a_channel_has_a_descriptor_and_events)
{
    struct channel *channel = channel_new(7, EVENT_READ, NULL, NULL, NULL);
    NEED(channel != NULL);
    CHECK_INT(yolanda_channel_fd(channel), 7);
    CHECK_INT(yolanda_channel_events(channel), EVENT_READ);
    CHECK_INT(yolanda_channel_set_events(channel, EVENT_READ | EVENT_WRITE), 0);
    CHECK_INT(yolanda_channel_events(channel), EVENT_READ | EVENT_WRITE);
    CHECK_INT(yolanda_channel_set_events(channel, 0), 0);
    CHECK_INT(yolanda_channel_events(channel), 0);
    for (int events = 1; events < 64; events++) {
        if ((events & ~(EVENT_READ | EVENT_WRITE)) != 0) {
            errno = 0;
            CHECK_INT(yolanda_channel_set_events(channel, events), -1);
            CHECK_INT(errno, EINVAL);
        }
    }
    CHECK_INT(yolanda_channel_events(channel), 0);
    CHECK_INT(yolanda_channel_free(channel), 0);
}

CASE(a_channel_is_freed_once_it_is_off_its_loop)
{
    int pipes[2];
    make_pipe(pipes);
    loop = yolanda_loop_new(NULL, NULL);
    peer = pipes[0];
    struct channel *channel = watch(loop, pipes[0], 0, on_read, NULL, &reads);
    put(pipes[1], "xy");
    yolanda_loop_run_once(loop, 0);
    CHECK_INT(reads, 0);
    CHECK_INT(yolanda_channel_set_events(channel, EVENT_READ), 0);
    CHECK_INT(event_loop_update_channel_event(loop, pipes[0], channel), 0);
    UNTIL(reads == 2);
    errno = 0;
    CHECK_INT(yolanda_channel_free(channel), -1);
    CHECK_INT(errno, EBUSY);
    CHECK_INT(event_loop_remove_channel_event(loop, pipes[0], channel), 0);
    CHECK_INT(yolanda_channel_free(channel), 0);
    CHECK(is_open(pipes[0]));
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(the_channel_of_a_connection_is_not_freed)
{
    set_up();
    errno = 0;
    CHECK_INT(yolanda_channel_free(conn->channel), -1);
    CHECK(errno == EINVAL || errno == EBUSY);
    put(peer, "x");
    UNTIL(messages == 1);
}

static int data_in_completed;

static void set_data(struct tcp_connection *one)
{
    CHECK(yolanda_connection_data(one) == NULL);
    CHECK_INT(yolanda_connection_set_data(one, &data_in_completed), 0);
    CHECK(yolanda_connection_loop(one) == loop);
    CHECK(yolanda_connection_fd(one) >= 0);
    CHECK(yolanda_connection_input(one) != NULL);
    errno = 0;
    CHECK(yolanda_connection_server(one) == NULL);
    CHECK_INT(errno, ENOENT);
}

static void look_when_closed(struct tcp_connection *one)
{
    CHECK(yolanda_connection_data(one) == &data_in_completed);
    CHECK(is_open(yolanda_connection_fd(one)));
    CHECK(yolanda_connection_loop(one) == loop);
    CHECK_INT(yolanda_connection_queued(one), 0);
}

CASE(a_connection_tells_what_it_has)
{
    char name[50];
    in_completed = set_data;
    in_closed = look_when_closed;
    set_up();
    int fd = yolanda_connection_fd(conn);
    CHECK_INT(fd, conn->channel->fd);
    snprintf(name, sizeof name, "connection-%d", fd);
    CHECK_TEXT(yolanda_connection_name(conn), name);
    CHECK(yolanda_connection_data(conn) == &data_in_completed);
    CHECK(yolanda_connection_loop(conn) == loop);
    CHECK(yolanda_connection_retain(conn) == conn);
    close(peer);
    UNTIL(closed == 1);
    for (int i = 0; i < 3; i++) {
        yolanda_loop_run_once(loop, 0);
    }
    /* Closed, and kept. */
    CHECK_TEXT(yolanda_connection_name(conn), name);
    CHECK(yolanda_connection_data(conn) == &data_in_completed);
    CHECK_INT(yolanda_connection_set_data(conn, NULL), 0);
    CHECK(yolanda_connection_data(conn) == NULL);
    CHECK_INT(yolanda_buffer_length(yolanda_connection_input(conn)), 0);
    errno = 0;
    CHECK_INT(yolanda_connection_fd(conn), -1);
    CHECK_INT(errno, ENOTCONN);
    errno = 0;
    CHECK_INT(yolanda_connection_send(conn, "x", 1), -1);
    CHECK_INT(errno, ENOTCONN);
    CHECK_INT(yolanda_connection_queued(conn), 0);
    CHECK(yolanda_connection_loop(conn) == loop);
    /* The next one gets its number. */
    struct tcp_connection *old = conn;
    int pair[2];
    tcp_pair_of(AF_INET, pair);
    if (pair[0] != fd) {
        move_fd(pair[0], fd);
    }
    connect_on(fd, pair[1]);
    CHECK_INT(yolanda_connection_fd(conn), fd);
    errno = 0;
    CHECK_INT(yolanda_connection_fd(old), -1);
    CHECK_INT(errno, ENOTCONN);
    /* Its closed callback still sees the loop. */
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(closed, 2);
    errno = 0;
    CHECK(yolanda_connection_loop(old) == NULL);
    CHECK_INT(errno, ESHUTDOWN);
    CHECK_INT(yolanda_connection_release(old), 0);
}

static void look_at_input(struct tcp_connection *one)
{
    struct buffer *input = yolanda_connection_input(one);
    CHECK(input == one->input_buffer);
    if (yolanda_buffer_length(input) == 4) {
        CHECK(memcmp(yolanda_buffer_data(input), "pi\0g", 4) == 0);
        CHECK_INT(yolanda_buffer_consume(input, 3), 0);
        CHECK_INT(yolanda_connection_send(one, yolanda_buffer_data(input), 1), 0);
    }
}

static char room[10]; /* what the peer has got */
static size_t room_used;

/* How many bytes the peer has got by now. */
static size_t taken(void)
{
    ssize_t n = recv(peer, room + room_used, sizeof room - room_used, MSG_DONTWAIT);
    room_used += n > 0 ? (size_t)n : 0;
    return room_used;
}

CASE(a_connection_reads_and_sends)
{
    in_message = look_at_input;
    keeps = 1;
    set_up();
    NEED(write(peer, "pi\0g", 4) == 4);
    UNTIL(taken() == 1);
    CHECK_INT(room[0], 'g');
    CHECK_TEXT(yolanda_buffer_data(yolanda_connection_input(conn)), "g");
}

CASE(a_send_takes_bytes_of_any_kind)
{
    set_up();
    CHECK_INT(yolanda_connection_send(conn, "a\0b", 3), 0);
    UNTIL(taken() == 3);
    CHECK(memcmp(room, "a\0b", 3) == 0);
    CHECK_INT(yolanda_connection_send(conn, NULL, 0), 0);
    CHECK_INT(yolanda_connection_send(conn, "", 0), 0);
    errno = 0;
    CHECK_INT(yolanda_connection_send(conn, NULL, 1), -1);
    CHECK_INT(errno, EINVAL);
    errno = 0;
    CHECK_INT(yolanda_connection_send(conn, "a", (size_t)INT_MAX + 1), -1);
    CHECK_INT(errno, EMSGSIZE);
    errno = 0;
    CHECK_INT(yolanda_connection_send(conn, "a", SIZE_MAX), -1);
    CHECK_INT(errno, EMSGSIZE);
    CHECK_INT(yolanda_connection_is_open(conn), 1);
    tcp_connection_shutdown(conn);
    errno = 0;
    CHECK_INT(yolanda_connection_send(conn, "a", 1), -1);
    CHECK_INT(errno, EPIPE);
}

static void send_elsewhere(void *data)
{
    CHECK_INT(yolanda_connection_send(data, "hi", 2), 0);
    CHECK_INT(yolanda_connection_queued(data), 2);
    CHECK(yolanda_connection_loop(data) == loop);
    CHECK(yolanda_connection_name(data) != NULL);
}

CASE(a_send_on_another_thread_is_queued)
{
    set_up();
    on_thread(send_elsewhere, conn);
    UNTIL(taken() == 2);
    CHECK_INT(yolanda_connection_queued(conn), 0);
}

CASE(what_the_socket_does_not_take_is_queued)
{
    static char block[1 << 20], part[1 << 16];
    size_t sent = 0, got_back = 0;
    set_up();
    while (yolanda_connection_queued(conn) < 3 * sizeof block) {
        CHECK_INT(yolanda_connection_send(conn, block, sizeof block), 0);
        sent += sizeof block;
    }
    CHECK_INT(yolanda_connection_queued(conn), buffer_readable_size(conn->output_buffer));
    while (got_back < sent) {
        ssize_t n = recv(peer, part, sizeof part, MSG_DONTWAIT);
        got_back += n > 0 ? (size_t)n : 0;
        yolanda_loop_run_once(loop, 0);
    }
    UNTIL(yolanda_connection_queued(conn) == 0);
    yolanda_connection_set_limits(conn, 100, 0, YOLANDA_LIMIT_REFUSE);
    errno = 0;
    CHECK_INT(yolanda_connection_send(conn, block, 101), -1);
    CHECK_INT(errno, ENOBUFS);
}

CASE(a_loop_is_told_to_quit_and_runs_again)
{
    loop = yolanda_loop_new("a loop", NULL);
    NEED(loop != NULL);
    CHECK_TEXT(yolanda_loop_name(loop), "a loop");
    CHECK_INT(yolanda_loop_is_quitting(loop), 0);
    CHECK_INT(yolanda_loop_quit(loop), 0);
    CHECK_INT(yolanda_loop_is_quitting(loop), 1);
    CHECK_INT(event_loop_run(loop), 0);
    CHECK_INT(yolanda_loop_is_quitting(loop), 1);
    CHECK_INT(yolanda_loop_clear_quit(loop), 0);
    CHECK_INT(yolanda_loop_is_quitting(loop), 0);
    CHECK_INT(yolanda_loop_run_once(loop, 0), 0);
    quit_plainly(loop);
    CHECK_INT(yolanda_loop_is_quitting(loop), 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
    struct event_loop *other = event_loop_init();
    CHECK_TEXT(yolanda_loop_name(other), "main thread");
    CHECK_INT(yolanda_loop_free(other), 0);
}

static struct TCPserver *server;
static int served;

static int look_at_server(struct tcp_connection *one)
{
    served++;
    CHECK(yolanda_connection_server(one) == server);
    CHECK(yolanda_connection_data(one) == &served);
    return 0;
}

static void ask_for_loop(void *data)
{
    CHECK(yolanda_server_loop(data) == loop);
}

CASE(a_server_tells_what_it_has)
{
    loop = yolanda_loop_new(NULL, NULL);
    server = yolanda_server_new(loop, "127.0.0.1:0", look_at_server, NULL, NULL, look_at_server, 0);
    NEED(loop != NULL && server != NULL);
    char text[128], wanted[128];
    CHECK_INT(yolanda_server_address(server, text, sizeof text), 0);
    snprintf(wanted, sizeof wanted, "127.0.0.1:%d", yolanda_server_port(server));
    CHECK_TEXT(text, wanted);
    CHECK(yolanda_server_loop(server) == loop);
    on_thread(ask_for_loop, server);
    CHECK(yolanda_server_data(server) == NULL);
    tcp_server_set_data(server, &served);
    CHECK(yolanda_server_data(server) == &served);
    CHECK_INT(yolanda_server_start(server), 0);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(yolanda_server_port(server)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    NEED(connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
    UNTIL(served == 1);
    close(fd);
    UNTIL(served == 2);
    CHECK_INT(yolanda_server_free(server), 0);
    struct TCPserver *local = yolanda_server_new(loop, own_address(), NULL, NULL, NULL, NULL, 0);
    NEED(local != NULL);
    CHECK_INT(yolanda_server_port(local), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static struct tcp_connection *kept;

static int keep(struct tcp_connection *one)
{
    kept = yolanda_connection_retain(one);
    return 0;
}

CASE(a_freed_server_is_not_given)
{
    loop = yolanda_loop_new(NULL, NULL);
    server = yolanda_server_new(loop, own_address(), keep, NULL, NULL, NULL, 0);
    char address[128];
    NEED(loop != NULL && server != NULL && yolanda_server_start(server) == 0);
    NEED(yolanda_server_address(server, address, sizeof address) == 0);
    struct yolanda_client *client = yolanda_client_new(loop, address, NULL, NULL, NULL, NULL);
    NEED(client != NULL && yolanda_client_start(client) == 0);
    UNTIL(kept != NULL);
    CHECK(yolanda_connection_server(kept) == server);
    CHECK_INT(yolanda_server_free(server), 0);
    errno = 0;
    CHECK(yolanda_connection_server(kept) == NULL);
    CHECK_INT(errno, ENOENT);
    CHECK_INT(yolanda_connection_release(kept), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}
