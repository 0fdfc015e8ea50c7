/* posts_queue.h - the queue that libraries without posts need: a list under a mutex. */
#ifndef POSTS_QUEUE_H
#define POSTS_QUEUE_H

#include "posts.h"

#include <pthread.h>

struct task {
    void *data;
    struct task *next;
};

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static struct task *queue_head, **queue_end = &queue_head;
static uint64_t queue_taken;

/* Whether the queue was empty, so that the loop has to be woken. */
static int queue_put(void *data)
{
    struct task *task = malloc(sizeof *task);
    NEED(task != NULL);
    *task = (struct task){ data, NULL };
    pthread_mutex_lock(&queue_lock);
    int was_empty = queue_head == NULL;
    *queue_end = task;
    queue_end = &task->next;
    pthread_mutex_unlock(&queue_lock);
    return was_empty;
}

static void queue_run(void)
{
    pthread_mutex_lock(&queue_lock);
    struct task *task = queue_head;
    queue_head = NULL;
    queue_end = &queue_head;
    pthread_mutex_unlock(&queue_lock);
    queue_taken++;
    while (task != NULL) {
        struct task *next = task->next;
        on_post(task->data);
        free(task);
        task = next;
    }
}

#endif
