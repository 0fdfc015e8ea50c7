/* accept4 is the program's here, and fails: clients wait and are served when it works again. */
#include "server_aid.h"

#include <sys/syscall.h>

static int failing, calls, lost;

int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    calls++;
    if (lost > 0) {
        lost--;
        errno = ECONNABORTED;
        return -1;
    }
    if (failing != 0) {
        errno = failing;
        return -1;
    }
    return syscall(SYS_accept4, fd, address, len, flags);
}

static uint64_t passes_of(struct event_loop *which)
{
    struct yolanda_loop_stats stats;
    CHECK_INT(yolanda_loop_get_stats(which, &stats, sizeof stats), 0);
    return stats.passes;
}

/* A client comes while accepting fails for a while. */
static void while_it_fails(int error)
{
    int before = closed;
    out_mark();
    failing = error;
    int fd = visit();
    uint64_t passes = passes_of(loop);
    calls = 0;
    for (long long end_at = now_ms() + 300; now_ms() < end_at;) {
        yolanda_loop_run_once(loop, 50);
    }
    CHECK_INT(completed, closed);
    CHECK(calls > 0);
    /* No busy loop, and only one log line. */
    CHECK(calls < 3000);
    CHECK(passes_of(loop) - passes < 60);
    CHECK_INT(err_lines(), 1);
    failing = 0;
    echoed(fd, "hello");
    close(fd);
    UNTIL(closed == before + 1);
}

CASE(clients_wait_until_it_works)
{
    /* Errors of a security module, a firewall or a seccomp filter; of the kernel; of one client or of all. */
    static const int errors[] = { EACCES, EPERM, ENOSYS, EFAULT, ENOBUFS, ENOMEM, ERANGE, 4000,
                                  ECONNABORTED, EPROTO, ENETDOWN };
    serve("127.0.0.1:0", 0);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        while_it_fails(errors[i]);
    }
    /* A later failure is logged again. */
    while_it_fails(EACCES);
    end();
}

CASE(one_lost_client_is_no_reason_to_rest)
{
    serve("127.0.0.1:0", 0);
    lost = 100;
    int fd = visit();
    out_mark();
    for (int i = 0; i < 10 && completed == 0; i++) {
        yolanda_loop_run_once(loop, 0);
    }
    CHECK_INT(completed, 1);
    CHECK_INT(lost, 0);
    CHECK_INT(err_lines(), 0);
    close(fd);
    UNTIL(closed == 1);
    end();
}

CASE(a_socket_that_listens_no_more)
{
    serve("127.0.0.1:0", 0);
    failing = EINVAL;
    int fd = visit();
    out_mark();
    for (int i = 0; i < 10; i++) {
        yolanda_loop_run_once(loop, 20);
    }
    CHECK_INT(err_lines(), 1);
    CHECK(calls < 5);
    close(fd);
    end();
}
