/* timers.h - what timers.c asks of a library. Timers are numbered from 0. */
#ifndef TIMERS_H
#define TIMERS_H

#include "bench.h"

/* Makes a loop and room for n timers. */
void timers_open(size_t n);

/* A one-shot timer; its callback calls timer_fired. */
void timers_start(size_t i, int64_t delay_ms);
void timers_stop(size_t i);

/* A timer that runs gets a new delay. */
void timers_restart(size_t i, int64_t delay_ms);

/* One pass of the loop that doesn't wait. */
void timers_turn(void);

void timers_close(void);

/* In timers.c. */
void timer_fired(void);

#endif
