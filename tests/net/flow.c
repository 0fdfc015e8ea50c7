/* flow THREADS MODE [NUMBERS]: a server whose connections are limited by yolanda.h, from the completed
 * callback on.
 *   paused               reading is paused; "resume", "pause", "close" and "finish MS" on standard
 *                        input are for all connections
 *   marks LOW HIGH       "N\n" from the client: sends N bytes of the pattern, as far as the high mark,
 *                        and goes on at the low one; says "marks HIGHS LOWS" at the end
 *   refuse MAX           "\n" from the client: sends until a send is refused; says "taken N"
 *   times IDLE READ WRITE  an echo with these timeouts
 * The closed callback says "FD ended ERROR got BYTES". */
#include "net.h"
#include <yolanda.h>

#define ALL 10000

struct state {
    struct tcp_connection *connection;
    size_t got, position, end;
    int highs, lows, sending, paused;
};

static const char *mode;
static long number[3];
static struct tcp_connection *all[ALL];
static int all_count;
static pthread_mutex_t all_mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_int destroyed;

static void destroy(void *data) {
    free(data);
    destroyed++;
}

static void go_on(struct state *state) {
    unsigned char block[10000];
    state->sending = 1;
    while (state->sending && state->position < state->end
           && buffer_readable_size(state->connection->output_buffer) < number[1]) {
        size_t size = state->end - state->position;
        size = size < sizeof block ? size : sizeof block;
        for (size_t i = 0; i < size; i++)
            block[i] = pattern(state->position + i);
        PROMISE(tcp_connection_send_data(state->connection, block, size) >= 0);
        state->position += size;
    }
}

static void on_high(struct tcp_connection *connection, size_t queued) {
    struct state *state = yolanda_connection_user_data(connection);
    PROMISE(state->highs == state->lows);
    PROMISE(queued == (size_t) buffer_readable_size(connection->output_buffer));
    state->highs++;
    state->sending = 0;
}

static void on_low(struct tcp_connection *connection, size_t queued) {
    struct state *state = yolanda_connection_user_data(connection);
    PROMISE(state->highs == state->lows + 1 && queued <= (size_t) number[0]);
    state->lows++;
    go_on(state);
}

static int on_completed(struct tcp_connection *connection) {
    char address[128];
    struct state *state = calloc(1, sizeof *state);
    state->connection = connection;
    PROMISE(yolanda_connection_set_user_data(connection, state, destroy) == 0);
    PROMISE(yolanda_connection_peer(connection, address, sizeof address) == 0);
    PROMISE(strncmp(address, "127.0.0.1:", 10) == 0);
    PROMISE(yolanda_connection_set_nodelay(connection, 1) == 0);
    if (strcmp(mode, "paused") == 0) {
        PROMISE(yolanda_connection_pause(connection) == 0);
        state->paused = 1;
        pthread_mutex_lock(&all_mutex);
        PROMISE(all_count < ALL);
        all[all_count++] = yolanda_connection_retain(connection);
        pthread_mutex_unlock(&all_mutex);
    } else if (strcmp(mode, "marks") == 0) {
        PROMISE(yolanda_connection_set_water_marks(connection, number[0], number[1], on_low, on_high)
                == 0);
    } else if (strcmp(mode, "refuse") == 0) {
        PROMISE(yolanda_connection_set_limits(connection, number[0], 0, YOLANDA_LIMIT_REFUSE) == 0);
    } else {
        PROMISE(yolanda_connection_set_timeouts(connection, number[0], number[1], number[2]) == 0);
    }
    completed++;
    return 0;
}

static int on_message(struct buffer *input, struct tcp_connection *connection) {
    struct state *state = yolanda_connection_user_data(connection);
    int size = buffer_readable_size(input);
    messages++;
    state->got += size;
    PROMISE(!state->paused);
    if (strcmp(mode, "marks") == 0) {
        state->end += strtoul(input->data + input->readIndex, NULL, 10);
        go_on(state);
    } else if (strcmp(mode, "refuse") == 0) {
        static char block[1000];
        long taken = 0;
        while (tcp_connection_send_data(connection, block, sizeof block) >= 0)
            taken += sizeof block;
        PROMISE(errno == ENOBUFS && yolanda_connection_is_open(connection) == 1);
        say("taken %ld", taken);
    } else if (strcmp(mode, "times") == 0) {
        tcp_connection_send_data(connection, input->data + input->readIndex, size);
    }
    input->readIndex = input->writeIndex;
    return 0;
}

static int on_written(struct tcp_connection *connection) {
    (void) connection;
    written++;
    return 0;
}

static int on_closed(struct tcp_connection *connection) {
    struct state *state = yolanda_connection_user_data(connection);
    PROMISE(yolanda_connection_is_open(connection) == 0);
    if (strcmp(mode, "marks") == 0)
        say("marks %d %d", state->highs, state->lows);
    say("%d ended %d got %zu", connection->channel->fd, yolanda_connection_error(connection),
        state->got);
    closed++;
    return 0;
}

static void pause_it(struct event_loop *loop, void *data) {
    struct state *state = yolanda_connection_user_data(data);
    (void) loop;
    if (yolanda_connection_pause(data) == 0)
        state->paused = 1;
    else
        PROMISE(errno == ENOTCONN);
    PROMISE(yolanda_connection_release(data) == 0);
}

static void resume_it(struct event_loop *loop, void *data) {
    struct state *state = yolanda_connection_user_data(data);
    (void) loop;
    state->paused = 0;
    PROMISE(yolanda_connection_resume(data) == 0 || errno == ENOTCONN);
    PROMISE(yolanda_connection_release(data) == 0);
}

/* Runs it on the connection's thread; the connection is retained until then. */
static void do_there(struct tcp_connection *one, yolanda_loop_callback what) {
    PROMISE(yolanda_connection_retain(one) == one);
    PROMISE(yolanda_loop_post(one->eventLoop, what, one) == 0);
}

static int on_input(void *data) {
    static char text[1000];
    struct event_loop *loop = data;
    ssize_t size = read(0, text, sizeof text - 1);
    if (size <= 0) {
        yolanda_loop_quit(loop);
        return 0;
    }
    text[size] = '\0';
    pthread_mutex_lock(&all_mutex);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        for (int i = 0; i < all_count; i++) {
            struct tcp_connection *one = all[i];
            if (strcmp(line, "resume") == 0)
                do_there(one, resume_it);
            else if (strcmp(line, "pause") == 0)
                do_there(one, pause_it);
            else if (strcmp(line, "close") == 0)
                PROMISE(yolanda_connection_close(one) == 0 || errno == ENOTCONN);
            else if (strncmp(line, "finish ", 7) == 0)
                PROMISE(yolanda_connection_close_after_send(one, atoi(line + 7)) == 0
                        || errno == ENOTCONN);
            else if (strcmp(line, "release") == 0)
                PROMISE(yolanda_connection_release(one) == 0);
        }
        if (strcmp(line, "release") == 0)
            all_count = 0;
        say("did %s, destroyed %d", line, destroyed);
    }
    pthread_mutex_unlock(&all_mutex);
    return 0;
}

int main(int argc, char **argv) {
    PROMISE(argc > 2);
    mode = argv[2];
    for (int i = 3; i < argc && i < 6; i++)
        number[i - 3] = atol(argv[i]);
    report_on_signal();
    lines_at_once();
    struct event_loop *loop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(0);
    struct TCPserver *server = tcp_server_init(loop, acceptor, on_completed, on_message, on_written,
                                               on_closed, atoi(argv[1]));
    tcp_server_start(server);
    struct channel *input = channel_new(0, EVENT_READ, on_input, NULL, loop);
    event_loop_add_channel_event(loop, 0, input);
    say_port(acceptor);
    return event_loop_run(loop);
}
