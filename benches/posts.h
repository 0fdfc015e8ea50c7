/* posts.h - what posts.c asks of a library: a function that another thread wants to be called on the
 * loop's thread. */
#ifndef POSTS_H
#define POSTS_H

#include "bench.h"

void posts_open(void);

/* Any thread. Lets the loop's thread call on_post. */
void posts_post(void *data);

/* Runs the loop until a posted function has called posts_quit. */
void posts_run(void);
void posts_quit(void);

/* How often the loop was woken. */
uint64_t posts_wakeups(void);

void posts_close(void);

/* In posts.c. */
void on_post(void *data);

#endif
