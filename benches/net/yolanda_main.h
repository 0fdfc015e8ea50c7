/* yolanda_main.h - the main function of the servers on the library; each defines start. */
#ifndef YOLANDA_MAIN_H
#define YOLANDA_MAIN_H

#include <lib/common.h>
#include <lib/event_loop.h>

/* Starts the server; threads: how many loops the connections get beside the server's own. */
static void start(struct event_loop *loop, int port, int threads);

int main(int argc, char **argv)
{
    int port = argc > 1 ? atoi(argv[1]) : SERV_PORT;
    int threads = argc > 2 ? atoi(argv[2]) : 1;
    if (argc > 3)
        signal(SIGPIPE, SIG_IGN);
    struct event_loop *loop = event_loop_init();
    start(loop, port, threads > 1 ? threads : 0);
    return event_loop_run(loop);
}

#endif
