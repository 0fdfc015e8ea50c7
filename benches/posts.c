/* posts THREADS POSTS - so many threads post so many functions in all to one loop, as fast as they can:
 * nanoseconds per post, and posts per wake-up. None may be lost. */
#include "posts.h"

#include <pthread.h>

struct poster {
    uint64_t wanted, next;
    pthread_t thread;
};

static uint64_t left;

void on_post(void *data)
{
    struct poster *poster = data;
    poster->next++;
    if (--left == 0) {
        posts_quit();
    }
}

static pthread_barrier_t barrier;

static void *post(void *data)
{
    struct poster *poster = data;
    pthread_barrier_wait(&barrier);
    for (uint64_t i = 0; i < poster->wanted; i++) {
        posts_post(poster);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    NEED(argc == 3);
    unsigned threads = (unsigned)strtoul(argv[1], NULL, 10);
    uint64_t posts = strtoull(argv[2], NULL, 10);
    struct poster *posters = calloc(threads, sizeof *posters);
    NEED(threads > 0 && posters != NULL);
    posts_open();
    pthread_barrier_init(&barrier, NULL, threads + 1);
    left = posts / threads * threads;
    posts = left;
    for (unsigned i = 0; i < threads; i++) {
        posters[i].wanted = posts / threads;
        NEED(pthread_create(&posters[i].thread, NULL, post, &posters[i]) == 0);
    }
    pthread_barrier_wait(&barrier);
    int64_t since = now_ns();
    posts_run();
    double took = (double)(now_ns() - since);
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(posters[i].thread, NULL);
        NEED(posters[i].next == posters[i].wanted);
    }
    uint64_t wakeups = posts_wakeups();
    printf("post %.1f batch %.1f\n", took / (double)posts, (double)posts / (double)(wakeups ? wakeups : 1));
    posts_close();
    free(posters);
    return 0;
}
