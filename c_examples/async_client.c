/*
 * A client that never blocks in connect, and reconnects when the server is back. It sends its standard
 * input to the server, and writes what the server sends to standard output.
 *
 *     ./async_client [ADDRESS]        default: localhost:43211; also a host name or unix:/path
 *
 * You can start it before its server, or restart the server while it runs. It waits a tenth of a second
 * before it tries again, then longer each time, up to 5 seconds. Data in transit is lost when a connection
 * breaks: only the server could know how much of it has arrived.
 */
#include "lib/channel.h"
#include "yolanda.h"
#include "example.h"

/* If the server doesn't read, no more than this is queued for it. */
#define HIGH_MARK (256 * 1024)
#define LOW_MARK (64 * 1024)

struct session {
    struct event_loop *loop;
    struct yolanda_client *client;
    struct channel *input; /* the program's own channel: the loop watches fd 0 */
    int is_watched;
    int has_ended; /* the input has ended */
    const char *address;
};

/* Input is read only while it can be sent. Without a connection, or with a full queue, it stays in the
 * pipe, and the program that writes to the pipe has to wait. */
static void watch_input(struct session *session, int is_wanted)
{
    int fd = session->input->fd;

    is_wanted = is_wanted && !session->has_ended;
    if (is_wanted == session->is_watched)
        return;
    if (!is_wanted)
        event_loop_remove_channel_event(session->loop, fd, session->input);
    else if (event_loop_add_channel_event(session->loop, fd, session->input) < 0)
        err_sys("can't watch the input"); /* epoll doesn't accept files; use cat FILE | */
    session->is_watched = is_wanted;
}

/* After the end of the input, the connection stays open until the answers have arrived. */
static void input_ended(struct session *session, struct tcp_connection *connection)
{
    session->has_ended = 1;
    watch_input(session, 0);
    yolanda_client_set_reconnect(session->client, 0, 0, 0); /* no reconnection after it closes */
    tcp_connection_shutdown(connection);
}

static int on_input(void *data)
{
    struct session *session = data;
    struct tcp_connection *connection = yolanda_client_connection(session->client);
    char text[MAXLINE];
    ssize_t size = read(session->input->fd, text, sizeof(text));

    if (size > 0)
        tcp_connection_send_data(connection, text, (int) size);
    else if (size == 0 || (errno != EAGAIN && errno != EINTR))
        input_ended(session, connection);
    return 0;
}

/* The callbacks of a connection, which are the same as a server's. */

static void on_high(struct tcp_connection *connection, size_t queued)
{
    (void) queued;
    watch_input(connection->data, 0);
}

static void on_low(struct tcp_connection *connection, size_t queued)
{
    (void) queued;
    watch_input(connection->data, 1);
}

static int on_connection_completed(struct tcp_connection *connection)
{
    struct session *session = connection->data;

    fprintf(stderr, "connected to %s\n", session->address);
    watch_input(session, 1);
    return 0;
}

static int on_message(struct buffer *input, struct tcp_connection *connection)
{
    size_t size = (size_t) buffer_readable_size(input);

    (void) connection;
    fwrite(input->data + input->readIndex, 1, size, stdout);
    fflush(stdout);
    input->readIndex += (int) size;
    return 0;
}

static int on_connection_closed(struct tcp_connection *connection)
{
    struct session *session = connection->data;
    int error = yolanda_connection_error(connection);

    watch_input(session, 0);
    /* 0 if the client makes no further attempt. */
    if (yolanda_client_is_active(session->client) == 1)
        fprintf(stderr, "connection lost: %s\n", error != 0 ? strerror(error) : "closed by the server");
    else
        yolanda_loop_quit(session->loop);
    return 0;
}

static void on_failed(struct yolanda_client *client, int error, void *data)
{
    struct session *session = data;

    (void) client;
    fprintf(stderr, "can't connect to %s: %s\n", session->address, strerror(error));
}

/* Standard output is only for data from the server. */
static void log_to_stderr(int severity, const char *text, size_t length, void *data)
{
    (void) severity;
    (void) data;
    fprintf(stderr, "%.*s\n", (int) length, text);
}

int main(int argc, char **argv)
{
    struct session session = {.address = example_address(argc, argv)};

    yolanda_log_set_sink(log_to_stderr, NULL);
    yolanda_log_set_level(LOG_WARN_TYPE);
    session.loop = yolanda_loop_new(NULL, NULL);
    session.input = channel_new(STDIN_FILENO, EVENT_READ, on_input, NULL, &session);
    session.client = yolanda_client_new(session.loop, session.address, on_connection_completed,
                                        on_message, NULL, on_connection_closed);
    if (session.client == NULL)
        err_sys("%s", session.address);
    yolanda_client_set_data(session.client, &session);
    yolanda_client_set_failed_callback(session.client, on_failed, &session);
    yolanda_client_set_reconnect(session.client, 100, 5000, 0);
    yolanda_client_set_water_marks(session.client, LOW_MARK, HIGH_MARK, on_low, on_high);

    example_stop_on_signals(session.loop);
    if (yolanda_client_start(session.client) < 0)
        err_sys("can't start");
    event_loop_run(session.loop);

    /* The loop frees the client. Stop it first, so that it doesn't report a lost connection. The channel
     * is the program's own, and has to be removed from the loop. */
    yolanda_client_stop(session.client);
    watch_input(&session, 0);
    yolanda_loop_free(session.loop);
    free(session.input);
    return 0;
}
