/* canary - how fast two cores are at the moment when both are busy.
 *
 * usage: canary CPU_A CPU_B [MILLISECONDS]
 *
 * A thread on each core runs a fixed mix of arithmetic and system calls for MILLISECONDS (default 25), both at the same
 * time. Printed is how many rounds the slower one made per millisecond. The virtual cores of a shared host can be slower
 * by 15 to 25 % for a while, and only when both are busy, probably because they share a physical core then. Nothing else
 * inside the machine shows that. */
#define _GNU_SOURCE
#include "../bench.h"

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

static double ms = 25;
static pthread_barrier_t go;

static double now(void)
{
    return (double)now_ns() / 1e6;
}

struct work { int cpu; double rate; };

static void *spin(void *arg)
{
    struct work *w = arg;
    static uint32_t table[2][4096];
    uint32_t *t = table[w->cpu & 1], x = 12345;
    cpu_set_t s;
    CPU_ZERO(&s);
    CPU_SET(w->cpu, &s);
    sched_setaffinity(0, sizeof s, &s);
    pthread_barrier_wait(&go);
    double start = now(), t1;
    long n = 0;
    do {
        for (int i = 0; i < 2000; i++) {
            x = x * 1664525 + 1013904223;
            t[x >> 20] += x ^ t[(x >> 8) & 4095];
        }
        for (int i = 0; i < 20; i++)
            syscall(SYS_getppid);
        n++;
    } while ((t1 = now()) < start + ms);
    w->rate = (double)n / (t1 - start);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    struct work w[2] = { { atoi(argv[1]), 0 }, { atoi(argv[2]), 0 } };
    int both = w[0].cpu != w[1].cpu;
    if (argc > 3)
        ms = atof(argv[3]);
    pthread_t t;
    pthread_barrier_init(&go, NULL, both ? 2 : 1);
    if (both)
        pthread_create(&t, NULL, spin, &w[1]);
    spin(&w[0]);
    if (both)
        pthread_join(t, NULL);
    printf("%.2f\n", both && w[1].rate < w[0].rate ? w[1].rate : w[0].rate);
    return 0;
}
