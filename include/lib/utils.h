/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_UTILS_H
#define YOLANDA_LIB_UTILS_H

struct event_loop;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Checks that the loop belongs to the calling thread. On any other thread it logs
 * `not in the same thread` as an error and exits with status -1. For NULL it logs an error and returns.
 *
 * `eventLoop` is NULL or a live loop. Any thread may call it.
 */
void assertInSameThread(struct event_loop *eventLoop);

/**
 * Returns 1 on the loop's thread, 0 on any other thread and for NULL.
 *
 * `eventLoop` is NULL or a live loop. Any thread may call it.
 */
int isInSameThread(struct event_loop *eventLoop);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#include "event_loop.h"

#endif
