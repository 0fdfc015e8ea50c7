#include "posts.h"

#include <yolanda.h>

static struct event_loop *loop;

static void on_call(struct event_loop *l, void *data)
{
    (void)l;
    on_post(data);
}

void posts_open(void)
{
    loop = yolanda_loop_new("bench", NULL);
    NEED(loop != NULL);
}

void posts_post(void *data)
{
    NEED(yolanda_loop_post(loop, on_call, data) == 0);
}

void posts_run(void)
{
    event_loop_run(loop);
}

void posts_quit(void)
{
    yolanda_loop_quit(loop);
}

uint64_t posts_wakeups(void)
{
    struct yolanda_loop_stats stats;
    NEED(yolanda_loop_get_stats(loop, &stats, sizeof stats) == 0);
    return stats.wakeups;
}

void posts_close(void)
{
    NEED(yolanda_loop_free(loop) == 0);
}
