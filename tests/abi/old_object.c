/* An object compiled long ago, against the original: not one header of the library, only what the
 * original's said, copied by hand. Serves an echo and closes a channel of its own. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct buffer { char *data; int readIndex; int writeIndex; int total_size; };
struct channel {
    int fd;
    int events;
    int (*eventReadCallback)(void *data);
    int (*eventWriteCallback)(void *data);
    void *data;
};
struct channel_map { void **entries; int nentries; };
struct event_dispatcher {
    const char *name;
    void *(*init)(void *);
    int (*add)(void *, struct channel *);
    int (*del)(void *, struct channel *);
    int (*update)(void *, struct channel *);
    int (*dispatch)(void *, void *);
    void (*clear)(void *);
};
struct event_loop {
    int quit;
    const struct event_dispatcher *eventDispatcher;
    void *event_dispatcher_data;
    struct channel_map *channelMap;
    int is_handle_pending;
    void *pending_head;
    void *pending_tail;
    pthread_t owner_thread_id;
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    int socketPair[2];
    char *thread_name;
};
struct acceptor { int listen_port; int listen_fd; };
struct tcp_connection {
    struct event_loop *eventLoop;
    struct channel *channel;
    char *name;
    struct buffer *input_buffer;
    struct buffer *output_buffer;
    int (*connectionCompletedCallBack)(struct tcp_connection *);
    int (*messageCallBack)(struct buffer *, struct tcp_connection *);
    int (*writeCompletedCallBack)(struct tcp_connection *);
    int (*connectionClosedCallBack)(struct tcp_connection *);
    void *data;
    void *request;
    void *response;
};
struct thread_pool {
    struct event_loop *mainLoop;
    int started;
    int thread_number;
    void *eventLoopThreads;
    int position;
};
struct TCPserver {
    int port;
    struct event_loop *eventLoop;
    struct acceptor *acceptor;
    int (*connectionCompletedCallBack)(struct tcp_connection *);
    int (*messageCallBack)(struct buffer *, struct tcp_connection *);
    int (*writeCompletedCallBack)(struct tcp_connection *);
    int (*connectionClosedCallBack)(struct tcp_connection *);
    int threadNum;
    struct thread_pool *threadPool;
    void *data;
};

extern const struct event_dispatcher poll_dispatcher;
extern const struct event_dispatcher epoll_dispatcher;
struct event_loop *event_loop_init(void);
int event_loop_run(struct event_loop *);
int event_loop_add_channel_event(struct event_loop *, int, struct channel *);
int event_loop_remove_channel_event(struct event_loop *, int, struct channel *);
struct channel *channel_new(int, int, int (*)(void *), int (*)(void *), void *);
struct acceptor *acceptor_init(int);
struct TCPserver *tcp_server_init(struct event_loop *, struct acceptor *,
                                  int (*)(struct tcp_connection *),
                                  int (*)(struct buffer *, struct tcp_connection *),
                                  int (*)(struct tcp_connection *),
                                  int (*)(struct tcp_connection *), int);
void tcp_server_start(struct TCPserver *);
void tcp_server_set_data(struct TCPserver *, void *);
int tcp_connection_send_data(struct tcp_connection *, void *, int);

static struct event_loop *loop;
static struct channel *timer;
static int pipe_ends[2];
static char mark[] = "mark";

static int on_pipe(void *data)
{
    char byte;

    if (data != mark || loop->channelMap->entries[timer->fd] != timer)
        abort();
    if (read(timer->fd, &byte, 1) == 1)
        printf("pipe said %c\n", byte);
    event_loop_remove_channel_event(loop, timer->fd, timer);
    free(timer);
    fflush(stdout);
    return 0;
}

static int on_completed(struct tcp_connection *connection)
{
    char name[32];

    snprintf(name, sizeof name, "connection-%d", connection->channel->fd);
    if (strcmp(name, connection->name) != 0 || connection->data != mark)
        abort();
    return 0;
}

static int on_message(struct buffer *input, struct tcp_connection *connection)
{
    if (input != connection->input_buffer || connection->output_buffer == NULL)
        abort();
    if (!pthread_equal(connection->eventLoop->owner_thread_id, pthread_self()))
        abort();
    printf("message %s\n", input->data + input->readIndex);
    tcp_connection_send_data(connection, input->data + input->readIndex,
                             input->writeIndex - input->readIndex);
    input->readIndex = input->writeIndex;
    if (write(pipe_ends[1], "!", 1) != 1)
        abort();
    fflush(stdout);
    return 0;
}

static int on_closed(struct tcp_connection *connection)
{
    printf("closed %s\n", connection->data == mark ? "ours" : "whose?");
    loop->quit = 1;
    return 0;
}

int main(void)
{
    struct acceptor *acceptor;
    struct TCPserver *server;

    loop = event_loop_init();
    if (loop->eventDispatcher->name == NULL || strcmp(loop->thread_name, "main thread") != 0)
        abort();
    if (strcmp(poll_dispatcher.name, "poll") != 0 || strcmp(epoll_dispatcher.name, "epoll") != 0)
        abort();

    if (pipe(pipe_ends) != 0)
        abort();
    timer = channel_new(pipe_ends[0], 0x02, on_pipe, NULL, mark);
    event_loop_add_channel_event(loop, timer->fd, timer);

    acceptor = acceptor_init(0);
    server = tcp_server_init(loop, acceptor, on_completed, on_message, NULL, on_closed, 0);
    tcp_server_set_data(server, mark);
    tcp_server_start(server);
    if (!server->threadPool->started || server->threadPool->mainLoop != loop)
        abort();
    printf("port %d\n", acceptor->listen_port);
    fflush(stdout);
    event_loop_run(loop);
    printf("end\n");
    return 0;
}
