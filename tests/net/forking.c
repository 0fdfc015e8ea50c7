/* forking MODE: a loop and a listening socket made before fork or daemon run in the child.
 * Prints "child PID"; the parent of "fork" waits for the child. */
#include <sys/prctl.h>
#include "net.h"

static int on_message(struct buffer *input, struct tcp_connection *connection) {
    tcp_connection_send_buffer(connection, input);
    return 0;
}

int main(int argc, char **argv) {
    int threads = argc > 2 ? atoi(argv[1]) : 0;
    lines_at_once();
    struct event_loop *loop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(0);
    struct TCPserver *server = tcp_server_init(loop, acceptor, NULL, on_message, NULL, NULL, threads);
    if (strcmp(argv[argc - 1], "daemon") == 0) {
        PROMISE(daemon(1, 1) == 0);
    } else {
        pid_t child = fork();
        PROMISE(child >= 0);
        if (child > 0) {
            int status;
            PROMISE(waitpid(child, &status, 0) == child);
            PROMISE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
            return 0;
        }
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
    /* No process is left, whatever happens to the test. */
    alarm(60);
    tcp_server_start(server);
    say("child %d", getpid());
    say_port(acceptor);
    return event_loop_run(loop);
}
