/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_UTILS_H
#define YOLANDA_LIB_UTILS_H

struct event_loop;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * On another thread than the loop's: logs `not in the same thread` as an error and exits with
 * status -1. For NULL it logs an error and returns.
 *
 * `eventLoop` is NULL or a loop.
 */
void assertInSameThread(struct event_loop *eventLoop);

/**
 * Returns 1 on the loop's thread, 0 on any other and for NULL.
 *
 * `eventLoop` is NULL or a loop.
 */
int isInSameThread(struct event_loop *eventLoop);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#include "event_loop.h"

#endif
