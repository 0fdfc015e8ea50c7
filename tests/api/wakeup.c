/* A wake-up whose byte can't be written, for example because the kernel is out of memory: the next one
 * writes it. The program defines send itself. */
#include "aid.h"

#include <poll.h>
#include <sys/syscall.h>
#include <yolanda.h>

static struct event_loop *loop;
static int fails, ran;

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    if (fails > 0 && fd == loop->socketPair[0]) {
        fails--;
        errno = ENOBUFS;
        return -1;
    }
    return syscall(SYS_sendto, fd, bytes, size, flags, NULL, 0);
}

static void run(struct event_loop *on, void *data)
{
    CHECK(on == loop && data == &ran);
    ran++;
}

static int is_woken(void)
{
    struct pollfd at = { yolanda_loop_fd(loop), POLLIN, 0 };
    NEED(at.fd >= 0);
    return poll(&at, 1, 0);
}

static void post(void *data)
{
    CHECK_INT(yolanda_loop_post(loop, run, data), 0);
}

CASE(a_post_after_one_that_failed)
{
    loop = yolanda_loop_new("test", NULL);
    for (int i = 0; i < 3; i++) {
        fails = 1;
        on_thread(post, &ran);
        CHECK_INT(fails, 0);
        CHECK_INT(is_woken(), 0);
        on_thread(post, &ran);
        CHECK_INT(is_woken(), 1);
        CHECK(yolanda_loop_run_once(loop, 0) > 0);
        CHECK_INT(ran, 2 * i + 2);
        CHECK_INT(is_woken(), 0);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
}

/* The loop notices by itself, and can be woken up again afterwards. */
CASE(a_pass_after_one_that_failed)
{
    loop = yolanda_loop_new("test", NULL);
    fails = 1;
    on_thread(post, &ran);
    CHECK(yolanda_loop_run_once(loop, 5000) > 0);
    CHECK_INT(ran, 1);
    on_thread(post, &ran);
    CHECK_INT(is_woken(), 1);
    CHECK(yolanda_loop_run_once(loop, 0) > 0);
    CHECK_INT(ran, 2);
    CHECK_INT(yolanda_loop_free(loop), 0);
}
