/* closing THREADS MODE: programs that close descriptors themselves; an echo otherwise.
 *   closed     close(fd) in the closed callback
 *   taken      the same, and the number is taken by a file of the program's own at once
 *   socket     the same, taken by a socket of the program's own
 *   message    close(fd) in the message callback of each message that begins with x
 *   completed  close(fd) in the completed callback */
#include "net.h"
#include <sys/syscall.h>

static const char *mode;
static atomic_int mine = -1;

/* Past ThreadSanitizer, for which this close and the library's calls on the number, on another
 * thread, would be a race; their order is the kernel's. */
static void close_behind_the_library(int fd) {
    PROMISE(syscall(SYS_close, fd) == 0);
}

static int on_completed(struct tcp_connection *connection) {
    completed++;
    if (strcmp(mode, "completed") == 0)
        close_behind_the_library(connection->channel->fd);
    return 0;
}

static int on_message(struct buffer *input, struct tcp_connection *connection) {
    int leave = input->data[input->readIndex] == 'x';
    messages++;
    PROMISE(strncmp(connection->name, "connection-", 11) == 0);
    if (strcmp(mode, "message") == 0 && leave) {
        input->readIndex = input->writeIndex;
        close_behind_the_library(connection->channel->fd);
        return 0;
    }
    tcp_connection_send_buffer(connection, input);
    return 0;
}

static int on_closed(struct tcp_connection *connection) {
    int fd = connection->channel->fd;
    closed++;
    if (strcmp(mode, "closed") == 0) {
        close_behind_the_library(fd);
    } else if (strcmp(mode, "taken") == 0 && mine < 0) {
        close_behind_the_library(fd);
        mine = open("/dev/null", O_RDONLY);
        PROMISE(dup2(mine, fd) == fd);
        if (mine != fd)
            close(mine);
        mine = fd;
    } else if (strcmp(mode, "socket") == 0 && mine < 0) {
        close_behind_the_library(fd);
        mine = socket(AF_INET, SOCK_STREAM, 0);
        PROMISE(dup2(mine, fd) == fd);
        if (mine != fd)
            close(mine);
        mine = fd;
    }
    say("%d closed", fd);
    return 0;
}

static void *keep_watch(void *data) {
    (void) data;
    char line[16];
    while (fgets(line, sizeof line, stdin) != NULL)
        say("mine %s", mine < 0 ? "not taken" : fcntl(mine, F_GETFD) < 0 ? "gone" : "open");
    return NULL;
}

int main(int argc, char **argv) {
    pthread_t watcher;
    mode = argv[argc - 1];
    lines_at_once();
    report_on_signal();
    struct event_loop *loop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(0);
    tcp_server_start(tcp_server_init(loop, acceptor, on_completed, on_message, NULL, on_closed,
                                     atoi(argv[1])));
    pthread_create(&watcher, NULL, keep_watch, NULL);
    say_port(acceptor);
    return event_loop_run(loop);
}
