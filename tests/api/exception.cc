// Rule 10: a C++ exception that leaves a callback aborts; one that is caught within it does not.
#include <lib/acceptor.h>
#include "lib/event_loop.h"
#include "lib/tcp_connection.h"
#include "lib/http_server.h"

#include <sys/resource.h>

#include <stdexcept>
#include <string>

namespace {
bool within;
event_loop *loop;

int on_readable(void *) {
    std::string text = "from a callback";
    loop->quit = 1;
    if (within) {
        try {
            throw std::runtime_error(text);
        } catch (const std::exception &error) {
            printf("caught %s\n", error.what());
        }
        return 0;
    }
    throw std::runtime_error(text);
}
}

int main(int argc, char **argv) {
    int fd[2];
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    within = argc > 1 && std::string(argv[1]) == "within";
    if (pipe(fd) != 0 || write(fd[1], "x", 1) != 1)
        return 99;
    loop = event_loop_init();
    channel *readable = channel_new(fd[0], EVENT_READ, on_readable, nullptr, nullptr);
    if (event_loop_add_channel_event(loop, fd[0], readable) != 0)
        return 98;
    return event_loop_run(loop);
}
