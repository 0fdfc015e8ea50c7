/*
 * A chat: each line that a client sends goes to all the others.
 *
 *     ./chat_server        then, in several terminals:        nc localhost 43211
 *
 * The connections are on different threads. Two rules make this safe: any thread may send, and a
 * connection is valid until its closed callback returns. So a thread that holds the lock may send to
 * every connection on the list.
 */
#include "lib/acceptor.h"
#include "lib/tcp_server.h"
#include "example.h"

#define MAX_MEMBERS 1024

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct tcp_connection *members[MAX_MEMBERS];
static int member_count;

/* Sends to all members except `from`. Call it with the lock held: sends call no callbacks, so none of
 * them takes the lock. */
static void tell_others(struct tcp_connection *from, char *text, int size)
{
    for (int i = 0; i < member_count; i++)
        if (members[i] != from)
            tcp_connection_send_data(members[i], text, size);
}

/* Sends "NAME: LINE" in one call: between two sends, another member's line could be sent. */
static void say(struct tcp_connection *from, char *line, int length)
{
    char text[MAXLINE + 64];
    int size = snprintf(text, sizeof(text), "%s: %.*s\n", from->name, length, line);

    pthread_mutex_lock(&lock);
    tell_others(from, text, size);
    pthread_mutex_unlock(&lock);
}

/* Called on the accepting thread, before the connection starts to read. */
static int on_connection_completed(struct tcp_connection *connection)
{
    char text[128];
    int size = snprintf(text, sizeof(text), "welcome, %s\n", connection->name);
    int is_member;

    pthread_mutex_lock(&lock);
    is_member = member_count < MAX_MEMBERS;
    if (is_member) {
        members[member_count++] = connection;
        tcp_connection_send_data(connection, text, size);
        size = snprintf(text, sizeof(text), "%s has come\n", connection->name);
        tell_others(connection, text, size);
    }
    pthread_mutex_unlock(&lock);

    if (!is_member) {
        tcp_connection_send_data(connection, "full\n", 5);
        tcp_connection_shutdown(connection);
    }
    return 0;
}

/* TCP has no lines, only bytes. An incomplete line stays in the buffer, and the next call sees it again
 * together with what has arrived since. Lines longer than MAXLINE are split. */
static int on_message(struct buffer *input, struct tcp_connection *connection)
{
    for (;;) {
        char *line = input->data + input->readIndex;
        int size = buffer_readable_size(input);
        char *end = memchr(line, '\n', (size_t) size);
        int length = end != NULL ? (int) (end - line) : size;

        if (end == NULL && size < MAXLINE)
            return 0;
        say(connection, line, length < MAXLINE ? length : MAXLINE);
        input->readIndex += end != NULL ? length + 1 : length;
    }
}

/* Remove it from the list before returning: after that, the connection is freed. */
static int on_connection_closed(struct tcp_connection *connection)
{
    char text[128];
    int size = snprintf(text, sizeof(text), "%s has gone\n", connection->name);

    pthread_mutex_lock(&lock);
    for (int i = 0; i < member_count; i++) {
        if (members[i] == connection) {
            members[i] = members[--member_count];
            tell_others(NULL, text, size);
            break;
        }
    }
    pthread_mutex_unlock(&lock);
    return 0;
}

int main(int argc, char **argv)
{
    struct event_loop *loop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(example_port(argc, argv));
    struct TCPserver *server = tcp_server_init(loop, acceptor, on_connection_completed, on_message,
                                               NULL, on_connection_closed, 2);

    example_stop_on_signals(loop);
    tcp_server_start(server);
    example_announce(acceptor->listen_port);
    event_loop_run(loop);
    /* Don't hold the lock here: the workers' closed callbacks take it. */
    yolanda_loop_free(loop);
    free(acceptor);
    return 0;
}
