/* timers N [ROUNDS] - nanoseconds per operation with N timers at a time: start, stop, restart, and firing.
 * Delays are random; timers are stopped and restarted in another order than started. */
#include "timers.h"

#include <unistd.h>

enum { START, RESTART, STOP, FIRE, PHASES };

static size_t n, fired;
static size_t *order;
static int64_t *delays;

void timer_fired(void)
{
    fired++;
}

/* Each phase is a function of its own, by whose name run.py finds it in a profile. */
__attribute__((noinline)) static void phase_start(void)
{
    for (size_t i = 0; i < n; i++) {
        timers_start(i, delays[i]);
    }
}

__attribute__((noinline)) static void phase_restart(void)
{
    for (size_t i = 0; i < n; i++) {
        timers_restart(order[i], delays[n - 1 - i]);
    }
}

__attribute__((noinline)) static void phase_stop(void)
{
    for (size_t i = 0; i < n; i++) {
        timers_stop(order[i]);
    }
}

__attribute__((noinline)) static void phase_fire(void)
{
    while (fired < n) {
        timers_turn();
    }
}

static void shuffle(uint64_t *seed)
{
    for (size_t i = 0; i < n; i++) {
        order[i] = i;
    }
    for (size_t i = n; i > 1; i--) {
        size_t j = random_number(seed) % i, kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
}

static double per_timer(void (*phase)(void))
{
    int64_t since = now_ns();
    phase();
    return (double)(now_ns() - since) / (double)n;
}

int main(int argc, char **argv)
{
    NEED(argc == 2 || argc == 3);
    n = strtoul(argv[1], NULL, 10);
    NEED(n > 0);
    /* A few timers are done often enough to be measured. */
    size_t rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : n < 50000 ? 20 : n < 500000 ? 4 : 1;
    order = malloc(n * sizeof *order);
    delays = malloc(n * sizeof *delays);
    NEED(order != NULL && delays != NULL);
    uint64_t seed = 1;
    timers_open(n);
    shuffle(&seed);
    /* Their memory is there before the clock runs. */
    for (size_t i = 0; i < n; i++) {
        timers_start(i, 60000);
    }
    for (size_t i = 0; i < n; i++) {
        timers_stop(i);
    }
    double sums[PHASES] = { 0 };
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < n; i++) {
            delays[i] = 60000 + (int64_t)(random_number(&seed) % 3600000);
        }
        sums[START] += per_timer(phase_start);
        sums[RESTART] += per_timer(phase_restart);
        sums[STOP] += per_timer(phase_stop);
        /* All are due by the time that the loop turns. */
        for (size_t i = 0; i < n; i++) {
            timers_start(i, 1 + (int64_t)(random_number(&seed) % 20));
        }
        usleep(30000);
        fired = 0;
        sums[FIRE] += per_timer(phase_fire);
    }
    double count = (double)rounds;
    printf("start %.1f restart %.1f stop %.1f fire %.1f\n", sums[START] / count, sums[RESTART] / count,
           sums[STOP] / count, sums[FIRE] / count);
    timers_close();
    free(order);
    free(delays);
    return 0;
}
