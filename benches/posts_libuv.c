#include "posts_queue.h"

#include <uv.h>

static uv_loop_t loop;
static uv_async_t async;

static void on_async(uv_async_t *handle)
{
    (void)handle;
    queue_run();
}

void posts_open(void)
{
    NEED(uv_loop_init(&loop) == 0 && uv_async_init(&loop, &async, on_async) == 0);
}

void posts_post(void *data)
{
    if (queue_put(data)) {
        uv_async_send(&async);
    }
}

void posts_run(void)
{
    uv_run(&loop, UV_RUN_DEFAULT);
}

void posts_quit(void)
{
    uv_stop(&loop);
}

uint64_t posts_wakeups(void)
{
    return queue_taken;
}

void posts_close(void)
{
    uv_close((uv_handle_t *)&async, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    NEED(uv_loop_close(&loop) == 0);
}
