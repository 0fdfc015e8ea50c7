/* course.h - what main() does in the programs of this folder.
 *
 * They are written as learners write: warnings are off, and what looks wrong here is what must
 * run. test_course.py says what each is expected to do. */
#ifndef COURSE_H
#define COURSE_H

#include <lib/acceptor.h>
#include "lib/common.h"
#include "lib/event_loop.h"
#include "lib/tcp_server.h"

/* Serves on a free port, which it prints, with argv[1] threads. */
static int serve(char **argv, connection_completed_call_back onConnectionCompleted, message_call_back onMessage,
                 write_completed_call_back onWriteCompleted, connection_closed_call_back onConnectionClosed) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct event_loop *eventLoop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(0);
    struct TCPserver *tcpServer = tcp_server_init(eventLoop, acceptor, onConnectionCompleted, onMessage,
                                                  onWriteCompleted, onConnectionClosed, atoi(argv[1]));
    tcp_server_start(tcpServer);
    printf("port %d\n", acceptor->listen_port);
    event_loop_run(eventLoop);
}

#endif
