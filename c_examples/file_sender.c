/*
 * Sends a file to every client, and never has much of it in memory.
 *
 *     ./file_sender FILE [ADDRESS]        then, elsewhere:        nc localhost 43211 > copy
 *
 * A send never blocks: data that the client doesn't read yet is queued. A program that sends as fast as
 * it can read the disk soon has the whole file in memory, once per slow client. So we stop when enough
 * is queued, and a water mark callback says when to continue.
 */
#include "yolanda.h"
#include "example.h"

#define BLOCK_SIZE (64 * 1024)
/* Stop at 256 KiB, continue at 64 KiB. So the client has something to read while we read the
 * file. */
#define HIGH_MARK (256 * 1024)
#define LOW_MARK (64 * 1024)
/* The marks only control this program. Above the limit, the connection is closed. */
#define LIMIT (HIGH_MARK + BLOCK_SIZE)

/* Give up a client that reads nothing for this long. */
#define STUCK_MS 60000
/* The time to send what is still queued when the whole file has been read. */
#define LAST_MS 600000

/* One per connection: its user data. */
struct transfer {
    int file;
    long long sent;
    int most_queued;
};

static const char *file_name;

static void send_block(struct event_loop *loop, void *data);

/* Sends one block, then returns to the loop: otherwise a fast client would keep this thread busy until
 * the end of the file. The connection may have closed in the meantime; the reference keeps its memory. */
static void schedule(struct tcp_connection *connection)
{
    yolanda_connection_retain(connection);
    if (yolanda_loop_post(connection->eventLoop, send_block, connection) < 0) {
        yolanda_connection_close(connection);
        yolanda_connection_release(connection);
    }
}

static void send_block(struct event_loop *loop, void *data)
{
    static char block[BLOCK_SIZE]; /* shared by all clients: a send copies it before it returns */
    struct tcp_connection *connection = data;
    struct transfer *transfer = yolanda_connection_user_data(connection);

    (void) loop;
    if (yolanda_connection_is_open(connection) == 1) {
        /* Reading a file blocks, but not for long. epoll can't report when a file is ready. */
        ssize_t size = read(transfer->file, block, sizeof(block));

        if (size == 0) {
            yolanda_connection_close_after_send(connection, LAST_MS);
        } else if (size < 0 || tcp_connection_send_data(connection, block, (int) size) < 0) {
            err_ret("%s", connection->name);
            yolanda_connection_close(connection);
        } else {
            int queued = buffer_readable_size(connection->output_buffer);

            if (queued > transfer->most_queued)
                transfer->most_queued = queued;
            transfer->sent += size;
            if (queued < HIGH_MARK)
                schedule(connection);
            /* Otherwise on_low continues: after the high mark, the low one follows. */
        }
    }
    yolanda_connection_release(connection);
}

/* The client has read most of what was queued. Called once after each time the high mark was reached. */
static void on_low(struct tcp_connection *connection, size_t queued)
{
    (void) queued;
    schedule(connection);
}

static void transfer_free(void *data)
{
    struct transfer *transfer = data;

    close(transfer->file);
    free(transfer);
}

static int on_connection_completed(struct tcp_connection *connection)
{
    struct transfer *transfer = calloc(1, sizeof(*transfer));

    if (transfer == NULL) {
        yolanda_connection_close(connection);
        return 0;
    }
    /* Opened for each client, because each has its own position in the file. */
    transfer->file = open(file_name, O_RDONLY | O_CLOEXEC);
    /* From now on, the connection frees it, whenever and however it ends. */
    if (yolanda_connection_set_user_data(connection, transfer, transfer_free) < 0) {
        transfer_free(transfer);
        yolanda_connection_close(connection);
        return 0;
    }
    schedule(connection);
    return 0;
}

/* Drop what clients send: in the buffer, it would accumulate. */
static int on_message(struct buffer *input, struct tcp_connection *connection)
{
    (void) connection;
    input->readIndex += buffer_readable_size(input);
    return 0;
}

static int on_connection_closed(struct tcp_connection *connection)
{
    struct transfer *transfer = yolanda_connection_user_data(connection);
    int error = yolanda_connection_error(connection);

    if (transfer != NULL)
        printf("%s: %lld bytes, never more than %d of them queued, %s\n", connection->name,
               transfer->sent, transfer->most_queued, error == 0 ? "done" : strerror(error));
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    struct event_loop *loop;
    struct TCPserver *server;

    if (argc < 2)
        error(1, 0, "usage: %s FILE [ADDRESS]\n", argv[0]);
    file_name = argv[1];
    if (access(file_name, R_OK) < 0)
        err_sys("%s", file_name);

    loop = yolanda_loop_new(NULL, NULL);
    server = yolanda_server_new(loop, example_address(argc - 1, argv + 1), on_connection_completed,
                                on_message, NULL, on_connection_closed, 0);
    if (server == NULL)
        err_sys("%s", example_address(argc - 1, argv + 1));
    /* For all future connections. There is no callback for the high mark: send_block checks the queue
     * after each send. */
    yolanda_server_set_water_marks(server, LOW_MARK, HIGH_MARK, on_low, NULL);
    yolanda_server_set_limits(server, LIMIT, 0, YOLANDA_LIMIT_CLOSE);
    yolanda_server_set_timeouts(server, 0, 0, STUCK_MS);

    example_stop_on_signals(loop);
    if (yolanda_server_start(server) < 0)
        err_sys("can't start");
    example_announce_address(server);
    event_loop_run(loop);
    yolanda_loop_free(loop);
    return 0;
}
