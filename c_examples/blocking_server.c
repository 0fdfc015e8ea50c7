/*
 * A server without an event loop: it waits in accept, then in read, and serves one client after
 * the other. While one client is served, the next one waits. The other examples avoid that.
 *
 *     ./blocking_server        then, elsewhere:        ./blocking_client
 */
#include <stddef.h>

#include "example.h"
#include "message.h"

static volatile sig_atomic_t stopping;
static volatile int listen_fd;
static volatile int client_fd = -1;

/* Setting a flag isn't enough, because a blocking call would continue to block. Shutting down the socket
 * ends the call: accept fails, and read returns 0. */
static void stop(int signal_number)
{
    int saved_errno = errno;

    (void) signal_number;
    stopping = 1;
    shutdown(listen_fd, SHUT_RDWR);
    if (client_fd >= 0)
        shutdown(client_fd, SHUT_RDWR);
    errno = saved_errno;
}

static void serve(int fd)
{
    struct message message;
    size_t length;

    /* read_message reads the head, checks that the body fits, and reads the body. */
    while ((length = read_message(fd, message.body, sizeof(message.body))) > 0) {
        if (length == (size_t) -1) {
            err_ret("read_message");
            return;
        }
        for (size_t i = 0; i < length; i++)
            message.body[i] = rot13_char(message.body[i]);
        if (message_send(fd, &message, length) < 0) {
            err_ret("send");
            return;
        }
    }
}

static int bound_port(int fd)
{
    struct sockaddr_in address;
    socklen_t size = sizeof(address);

    if (getsockname(fd, (struct sockaddr *) &address, &size) < 0)
        err_sys("getsockname");
    return ntohs(address.sin_port);
}

int main(int argc, char **argv)
{
    struct sigaction action;

    listen_fd = tcp_server_listen(example_port(argc, argv));
    memset(&action, 0, sizeof(action));
    action.sa_handler = stop;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    example_announce(bound_port(listen_fd));

    while (!stopping) {
        struct sockaddr_in peer;
        socklen_t size = sizeof(peer);
        int fd = accept(listen_fd, (struct sockaddr *) &peer, &size);

        if (fd < 0) {
            if (!stopping)
                err_ret("accept");
            continue;
        }
        printf("serving %s\n", sock_ntop(&peer, size));
        fflush(stdout);

        /* A signal before this line has set `stopping`; a signal after it shuts this fd down. */
        client_fd = fd;
        if (!stopping)
            serve(fd);
        client_fd = -1;
        close(fd);
    }
    close(listen_fd);
    return 0;
}
