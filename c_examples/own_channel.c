/*
 * An event loop can watch more than sockets: anything with a descriptor can be a channel.
 *
 * A thread counts primes, which takes a while, and writes its results to a pipe. The loop watches
 * the other end, so nothing else on the loop has to wait. The pipe replaces a lock and a condition: one
 * thread writes, the other one reads.
 */
#include "lib/channel.h"
#include "example.h"

struct result {
    int limit;
    int primes;
};

static int is_prime(int n)
{
    for (int i = 2; i * i <= n; i++)
        if (n % i == 0)
            return 0;
    return n > 1;
}

static void *count_primes(void *data)
{
    int fd = *(int *) data;
    struct result result = {0, 0};

    for (int n = 1, step = 10; step <= 100000; n++) {
        result.primes += is_prime(n);
        if (n < step)
            continue;
        result.limit = n;
        step *= 10;
        /* A write of this size to a pipe is never partial. It fails if the reading end is closed. */
        if (write(fd, &result, sizeof(result)) != sizeof(result))
            break;
    }
    close(fd); /* the reader sees the end of the stream */
    return NULL;
}

/* The data for the callback: the channel passes this pointer to it. */
struct reader {
    struct event_loop *loop;
    int fd;
};

/* The loop calls this again if something is left to read, so reading once is enough. */
static int on_readable(void *data)
{
    struct reader *reader = data;
    struct result result;

    if (read(reader->fd, &result, sizeof(result)) == sizeof(result)) {
        printf("%d primes up to %d\n", result.primes, result.limit);
        fflush(stdout);
    } else {
        reader->loop->quit = 1; /* on the loop's own thread: no wake-up is needed */
    }
    return 0;
}

int main(void)
{
    struct event_loop *loop = event_loop_init();
    struct reader reader;
    struct channel *channel;
    pthread_t worker;
    int ends[2];

    if (pipe(ends) < 0)
        err_sys("pipe");
    reader.loop = loop;
    reader.fd = ends[0];
    channel = channel_new(reader.fd, EVENT_READ, on_readable, NULL, &reader);
    event_loop_add_channel_event(loop, reader.fd, channel);

    /* If a signal ends the loop early, the thread's next write fails, because the pipe is closed. */
    signal(SIGPIPE, SIG_IGN);
    example_stop_on_signals(loop);
    if (pthread_create(&worker, NULL, count_primes, &ends[1]) != 0)
        err_quit("no thread");
    event_loop_run(loop);

    /* The channel and its descriptor belong to the program. Remove the channel from the loop first. */
    event_loop_remove_channel_event(loop, reader.fd, channel);
    free(channel);
    close(reader.fd);
    pthread_join(worker, NULL);
    yolanda_loop_free(loop);
    return 0;
}
