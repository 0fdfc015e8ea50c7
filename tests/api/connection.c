/* Contract section 2, "tcp_connection", one call at a time, on a socket pair and a loop that the
 * case itself drives. */
#include "aid.h"

#include "lib/tcp_connection.h"

static struct event_loop *loop;
static struct tcp_connection *connection;
static int fd[2]; /* [0] the connection's, [1] the peer's */
static int completed, messages, written, closed;
static char got[200000];
static int got_size;

static int on_completed(struct tcp_connection *one)
{
    completed++;
    CHECK(entry(one->eventLoop, one->channel->fd) == NULL); /* not added to its loop yet */
    return -1;
}

static int on_message(struct buffer *input, struct tcp_connection *one)
{
    int size = buffer_readable_size(input);
    CHECK(input == one->input_buffer);
    CHECK_INT(input->data[input->writeIndex], '\0');
    memcpy(got + got_size, input->data + input->readIndex, size);
    got_size += size;
    input->readIndex += size;
    messages++;
    return -1;
}

static int on_written(struct tcp_connection *one)
{
    (void)one;
    written++;
    return -1;
}

static int on_closed(struct tcp_connection *one)
{
    char name[32];
    snprintf(name, sizeof name, "connection-%d", one->channel->fd);
    CHECK_TEXT(one->name, name); /* fd, name and data stay readable in it */
    CHECK(one->data == &got);
    CHECK(entry(one->eventLoop, one->channel->fd) == NULL); /* the channel is off the loop before */
    CHECK(fcntl(one->channel->fd, F_GETFD) >= 0);
    errno = 0;
    CHECK_INT(tcp_connection_send_data(one, "late", 4), -1);
    CHECK_INT(errno, ENOTCONN);
    closed++;
    return -1;
}

static void set_up(void)
{
    make_sockets(fd);
    loop = event_loop_init();
    connection = tcp_connection_new(fd[0], loop, on_completed, on_closed, on_message, on_written);
    NEED(connection != NULL);
    connection->data = &got;
}

/* Reads what the peer has got so far. */
static char *received(void)
{
    static char text[100000];
    ssize_t n = recv(fd[1], text, sizeof text - 1, MSG_DONTWAIT);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

/* Sends until something is queued; how much was sent in all. */
static int fill_the_socket(void)
{
    static char block[100000];
    int sent = 0;
    memset(block, 'q', sizeof block);
    while (buffer_readable_size(connection->output_buffer) == 0) {
        int n = tcp_connection_send_data(connection, block, sizeof block);
        NEED(n >= 0);
        CHECK_INT(buffer_readable_size(connection->output_buffer), (int)sizeof block - n);
        sent += sizeof block;
    }
    return sent;
}

static int drain_peer(void)
{
    int total = 0;
    char bytes[65536];
    for (int idle = 0; idle < 3; idle++) {
        for (ssize_t n; (n = recv(fd[1], bytes, sizeof bytes, MSG_DONTWAIT)) > 0; idle = 0) {
            total += n;
        }
        passes(loop, 2);
    }
    return total;
}

/* tcp_connection_new calls the completed callback before it returns, and registers. */
CASE(new_connection)
{
    char name[32];
    set_up();
    CHECK_INT(completed, 1);
    snprintf(name, sizeof name, "connection-%d", fd[0]);
    CHECK_TEXT(connection->name, name);
    CHECK(connection->eventLoop == loop);
    CHECK_INT(connection->channel->fd, fd[0]);
    CHECK(entry(loop, fd[0]) == connection->channel);
    CHECK(connection->connectionCompletedCallBack == on_completed);
    CHECK(connection->messageCallBack == on_message);
    CHECK(connection->writeCompletedCallBack == on_written);
    CHECK(connection->connectionClosedCallBack == on_closed);
    CHECK(connection->input_buffer != NULL && connection->output_buffer != NULL);
    CHECK(connection->input_buffer->data != NULL);
    CHECK_INT(buffer_readable_size(connection->input_buffer), 0);
    CHECK_INT(buffer_readable_size(connection->output_buffer), 0);
    passes(loop, 2);
    CHECK_INT(completed + messages + written + closed, 1);
}

/* Writes straight to the socket; returns the number of bytes written at once. */
CASE(direct_send)
{
    set_up();
    CHECK_INT(tcp_connection_send_data(connection, "hello", 5), 5);
    CHECK_TEXT(received(), "hello");
    CHECK_INT(tcp_connection_send_data(connection, "", 0), 0);
    CHECK_INT(tcp_connection_send_data(connection, NULL, 0), 0);
    passes(loop, 3);
    CHECK_INT(messages + closed, 0);
}

/* Only what the socket didn't take is queued, shown in output_buffer; write completed when it is
 * drained. */
CASE(queued_send)
{
    set_up();
    int sent = fill_the_socket();
    int queued = buffer_readable_size(connection->output_buffer);
    CHECK_INT(tcp_connection_send_data(connection, "more", 4), 0);
    CHECK_INT(buffer_readable_size(connection->output_buffer), queued + 4);
    CHECK_INT(written, 0);
    CHECK_INT(drain_peer(), sent + 4);
    CHECK_INT(buffer_readable_size(connection->output_buffer), 0);
    CHECK(written >= 1);
}

/* tcp_connection_send_buffer: it consumes them; the caller still owns and frees the buffer; blocks
 * are never swapped with a buffer that C made. */
CASE(send_buffer_consumes)
{
    set_up();
    struct buffer *output = buffer_new();
    char *block = output->data;
    CHECK_INT(buffer_append_string(output, "??hello"), 7);
    output->readIndex = 2;
    CHECK_INT(tcp_connection_send_buffer(connection, output), 5);
    CHECK_TEXT(received(), "hello");
    CHECK_INT(buffer_readable_size(output), 0);
    CHECK(output->data == block);
    int sent = fill_the_socket();
    memset(output->data, 'b', 60000);
    output->readIndex = 0;
    output->writeIndex = 60000;
    CHECK_INT(tcp_connection_send_buffer(connection, output), 0); /* queued, not lost */
    CHECK_INT(buffer_readable_size(output), 0);
    CHECK(output->data == block);
    CHECK_INT(output->total_size, 65536);
    buffer_free(output);
    CHECK_INT(drain_peer(), sent + 60000);
}

/* ... or on -1 none. -1: EPIPE after shutdown. */
CASE(sends_after_shutdown)
{
    set_up();
    struct buffer *output = buffer_new();
    CHECK_INT(buffer_append_string(output, "abc"), 3);
    tcp_connection_shutdown(connection);
    errno = 0;
    CHECK_INT(tcp_connection_send_data(connection, "x", 1), -1);
    CHECK_INT(errno, EPIPE);
    errno = 0;
    CHECK_INT(tcp_connection_send_buffer(connection, output), -1);
    CHECK_INT(errno, EPIPE);
    CHECK_INT(buffer_readable_size(output), 3);
    CHECK_INT(output->readIndex, 0);
    passes(loop, 3);
    CHECK_INT(closed, 0); /* only the write side is closed */
    char byte;
    CHECK_INT(recv(fd[1], &byte, 1, MSG_DONTWAIT), 0);
    put(fd[1], "still read");
    passes(loop, 2);
    CHECK_INT(got_size, 10);
}

/* Half-closes after everything queued has been sent. */
CASE(shutdown_behind_the_queue)
{
    set_up();
    int sent = fill_the_socket();
    tcp_connection_shutdown(connection);
    CHECK_INT(drain_peer(), sent);
    char byte;
    CHECK_INT(recv(fd[1], &byte, 1, MSG_DONTWAIT), 0);
    CHECK_INT(closed, 0);
    close(fd[1]);
    passes(loop, 3);
    CHECK_INT(closed, 1);
}

/* No function of the library calls a connection's callback before it returns: errors found by a
 * send are reported from the loop's pass. No SIGPIPE. */
CASE(errors_are_reported_from_the_pass)
{
    set_up();
    close(fd[1]);
    tcp_connection_send_data(connection, "one", 3);
    tcp_connection_send_data(connection, "two", 3);
    struct buffer *output = buffer_new();
    buffer_append_string(output, "three");
    tcp_connection_send_buffer(connection, output);
    channel_write_event_enable(connection->channel);
    channel_write_event_disable(connection->channel);
    tcp_connection_shutdown(connection);
    CHECK_INT(messages + written + closed, 0);
    passes(loop, 3);
    CHECK_INT(closed, 1);
    passes(loop, 3);
    CHECK_INT(closed, 1);
    CHECK(fcntl(fd[0], F_GETFD) < 0); /* after it returned, the library closes the fd */
}

CASE(queued_bytes_and_a_peer_that_is_gone)
{
    set_up();
    fill_the_socket();
    close(fd[1]);
    tcp_connection_send_data(connection, "more", 4);
    CHECK_INT(closed, 0);
    passes(loop, 4);
    CHECK_INT(closed, 1);
    CHECK(fcntl(fd[0], F_GETFD) < 0);
}

/* The message callback may leave bytes unread; what it took isn't shown again. */
static int takes_three(struct buffer *input, struct tcp_connection *one)
{
    (void)one;
    messages++;
    CHECK(buffer_readable_size(input) >= 1);
    for (int i = 0; i < 3 && buffer_readable_size(input) > 0; i++) {
        got[got_size++] = buffer_read_char(input);
    }
    return 0;
}

CASE(unread_bytes_stay)
{
    set_up();
    connection->messageCallBack = takes_three; /* rule 4: every public field is read where it is used */
    put(fd[1], "01234");
    passes(loop, 3);
    CHECK_TEXT(got, "012");
    put(fd[1], "567");
    passes(loop, 3);
    CHECK_TEXT(got, "012345");
    CHECK_TEXT(connection->input_buffer->data + connection->input_buffer->readIndex, "67");
    CHECK_INT(messages, 2);
}

/* Any callback may be changed, or become NULL. */
static int another_closed(struct tcp_connection *one)
{
    (void)one;
    closed += 10;
    return 0;
}

CASE(callbacks_may_change)
{
    set_up();
    connection->messageCallBack = NULL;
    connection->writeCompletedCallBack = NULL;
    connection->connectionClosedCallBack = another_closed;
    put(fd[1], "read and dropped");
    passes(loop, 3);
    connection->messageCallBack = on_message;
    put(fd[1], "seen");
    passes(loop, 3);
    CHECK_INT(got_size, 4);
    CHECK(memcmp(got, "seen", 4) == 0);
    fill_the_socket();
    drain_peer();
    CHECK_INT(written, 0);
    close(fd[1]);
    passes(loop, 3);
    CHECK_INT(closed, 10);
}

/* A connection whose channel callbacks a program replaced stays level-triggered. */
static int reads_a_byte(void *unused)
{
    char byte;
    (void)unused;
    if (recv(fd[0], &byte, 1, MSG_DONTWAIT) == 1) {
        got[got_size++] = byte;
    }
    return 0;
}

CASE(channel_callback_of_the_program)
{
    set_up();
    passes(loop, 2);
    connection->channel->eventReadCallback = reads_a_byte;
    put(fd[1], "0123456789");
    passes(loop, 15);
    CHECK_TEXT(got, "0123456789");
}

/* The peer's end of stream ends reading, not sending: what is queued is sent first. */
CASE(end_of_stream_with_a_queue)
{
    set_up();
    int sent = fill_the_socket();
    NEED(shutdown(fd[1], SHUT_WR) == 0);
    passes(loop, 4);
    CHECK_INT(closed, 0);
    CHECK_INT(drain_peer(), sent);
    passes(loop, 3);
    CHECK_INT(closed, 1);
}

/* A write event that the program enabled with nothing queued is disabled again, without a
 * write-completed callback. */
CASE(write_event_with_nothing_queued)
{
    set_up();
    CHECK_INT(channel_write_event_enable(connection->channel), 0);
    CHECK(channel_write_event_is_enabled(connection->channel));
    passes(loop, 3);
    CHECK(!channel_write_event_is_enabled(connection->channel));
    CHECK_INT(written, 0);
    CHECK_INT(closed, 0);
}

/* A send on any other thread copies and returns 0; a send on the owner first takes in what others
 * had posted before. */
static void send_elsewhere(void *unused)
{
    char text[] = "posted ";
    (void)unused;
    CHECK_INT(tcp_connection_send_data(connection, text, 7), 0);
    memset(text, '#', 7);
}

static void shut_down_elsewhere(void *unused)
{
    (void)unused;
    tcp_connection_shutdown(connection);
    errno = 0;
}

CASE(sends_of_other_threads)
{
    set_up();
    passes(loop, 1);
    on_thread(send_elsewhere, NULL);
    CHECK_TEXT(received(), "");
    CHECK_INT(tcp_connection_send_data(connection, "own", 3), 3);
    CHECK_TEXT(received(), "posted own");
    on_thread(send_elsewhere, NULL);
    on_thread(shut_down_elsewhere, NULL);
    passes(loop, 3);
    CHECK_TEXT(received(), "posted ");
    errno = 0;
    CHECK_INT(tcp_connection_send_data(connection, "x", 1), -1);
    CHECK_INT(errno, EPIPE);
}

/* ... pins the connection until it ran. */
CASE(posted_send_to_one_that_closes)
{
    set_up();
    passes(loop, 1);
    close(fd[1]);
    on_thread(send_elsewhere, NULL);
    passes(loop, 4);
    CHECK_INT(closed, 1);
    CHECK_INT(err_lines(), 0);
}

/* The program closed the descriptor, and its number is something else by now: it stays open. */
static int other;

static int closes_and_reopens(struct tcp_connection *one)
{
    close(one->channel->fd);
    other = dup(2);
    closed++;
    return 0;
}

CASE(number_taken_in_the_closed_callback)
{
    set_up();
    connection->connectionClosedCallBack = closes_and_reopens;
    close(fd[1]);
    passes(loop, 3);
    CHECK_INT(closed, 1);
    CHECK_INT(other, fd[0]);
    CHECK(fcntl(other, F_GETFD) >= 0);
}

/* connectionClosedCallBack once, for every connection whose completed callback ran, also when
 * registering it failed; here the program closed the descriptor behind the library's back. */
static int only_counts(struct tcp_connection *one)
{
    (void)one;
    closed++;
    return 0;
}

CASE(descriptor_closed_by_the_program)
{
    for (int how = 0; how < 3; how++) {
        closed = 0;
        set_up();
        connection->connectionClosedCallBack = only_counts;
        passes(loop, 1);
        struct channel *channel = connection->channel;
        int number = fd[0];
        close(number);
        if (how == 0) { /* taken off and added again */
            CHECK_INT(event_loop_remove_channel_event(loop, number, channel), 0);
            event_loop_add_channel_event(loop, number, channel);
        } else if (how == 1) {
            channel_write_event_enable(channel);
        } else {
            tcp_connection_shutdown(connection);
        }
        CHECK_INT(closed, 0); /* not before the call returns */
        passes(loop, 2);
        CHECK_INT(closed, 1);
        close(fd[1]);
    }
}

/* The library closes only if the number still names the same socket; nor does it watch another. */
static int stolen[2];

static int gives_the_number_away(struct tcp_connection *one)
{
    make_sockets(stolen);
    NEED(dup2(stolen[0], one->channel->fd) >= 0);
    return 0;
}

CASE(number_taken_in_the_completed_callback)
{
    closed = messages = 0;
    make_sockets(fd);
    loop = event_loop_init();
    NEED(tcp_connection_new(fd[0], loop, gives_the_number_away, only_counts, on_message, NULL) !=
         NULL);
    put(stolen[1], "for the program");
    passes(loop, 2);
    CHECK_INT(closed, 1);
    CHECK_INT(messages, 0);
    char text[32] = "";
    CHECK_INT(recv(fd[0], text, sizeof text, MSG_DONTWAIT), 15); /* open, and nothing is lost */
}

/* Many come and go: descriptors end where they began. */
CASE(thousands_of_connections)
{
    int before = 0;
    for (int i = 0; i < 2000; i++) {
        if (i == 0) {
            loop = event_loop_init();
            passes(loop, 1);
            before = open_fds();
        }
        make_sockets(fd);
        NEED(tcp_connection_new(fd[0], loop, NULL, NULL, on_message, NULL) != NULL);
        put(fd[1], "x");
        close(fd[1]);
        if (i % 10 == 9) {
            passes(loop, 3);
        }
        got_size = 0;
    }
    passes(loop, 3);
    CHECK_INT(messages, 2000);
    CHECK_INT(open_fds(), before);
}
