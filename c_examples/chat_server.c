/*
 * A chat: each line that a client sends goes to all the others.
 *
 *     ./chat_server        then, in several terminals:        nc localhost 43211
 *
 * Here connections meet, and they live on different threads. Two rules make it safe:
 * sending may be done on any thread, and a connection is there until its closed callback returns.
 * So who holds the lock and finds a connection on the list may send to it.
 */
#include "lib/acceptor.h"
#include "lib/tcp_server.h"
#include "example.h"

#define MAX_MEMBERS 1024

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct tcp_connection *members[MAX_MEMBERS];
static int member_count;

/* To everybody but `from`. Call with the lock held. No send calls us back, so none can want it too. */
static void tell_others(struct tcp_connection *from, char *text, int size)
{
    for (int i = 0; i < member_count; i++)
        if (members[i] != from)
            tcp_connection_send_data(members[i], text, size);
}

/* "NAME: LINE" as one send: two could get another member's line between them. */
static void say(struct tcp_connection *from, char *line, int length)
{
    char text[MAXLINE + 64];
    int size = snprintf(text, sizeof(text), "%s: %.*s\n", from->name, length, line);

    pthread_mutex_lock(&lock);
    tell_others(from, text, size);
    pthread_mutex_unlock(&lock);
}

/* On the accepting thread, before the connection has started to read. */
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

/* Lines are our own invention, TCP brings bytes. Half a line stays in the buffer: the next call
 * sees it again, with what came after it. Longer lines than MAXLINE are cut. */
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

/* Off the list before we return, for then the connection is gone. */
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
    /* Not with the lock held: the workers close their connections, and wait for it in that. */
    yolanda_loop_free(loop);
    free(acceptor);
    return 0;
}
