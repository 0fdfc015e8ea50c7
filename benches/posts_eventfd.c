/* No library: an eventfd in an epoll set. */
#include "posts_queue.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int epoll, event, quits;

void posts_open(void)
{
    struct epoll_event wanted = { .events = EPOLLIN };
    epoll = epoll_create1(EPOLL_CLOEXEC);
    event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    NEED(epoll >= 0 && event >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, event, &wanted) == 0);
}

void posts_post(void *data)
{
    uint64_t one = 1;
    if (queue_put(data)) {
        NEED(write(event, &one, sizeof one) == sizeof one);
    }
}

void posts_run(void)
{
    struct epoll_event ready;
    while (!quits) {
        uint64_t sum;
        NEED(epoll_wait(epoll, &ready, 1, -1) == 1);
        NEED(read(event, &sum, sizeof sum) == sizeof sum);
        queue_run();
    }
}

void posts_quit(void)
{
    quits = 1;
}

uint64_t posts_wakeups(void)
{
    return queue_taken;
}

void posts_close(void)
{
    close(event);
    close(epoll);
}
