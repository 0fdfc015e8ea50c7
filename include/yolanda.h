/* Generated from src/abi/yolanda/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_H
#define YOLANDA_H

#include <stddef.h>
#include <stdint.h>

#include "lib/event_loop.h"
#include "lib/tcp_connection.h"
#include "lib/tcp_server.h"
#include "lib/thread_pool.h"



/** The version of this header. */
#define YOLANDA_VERSION_MAJOR 0
#define YOLANDA_VERSION_MINOR 2
#define YOLANDA_VERSION_PATCH 0
/** The version as text. */
#define YOLANDA_VERSION "0.2.0"
/** The version as one number, which grows with it. */
#define YOLANDA_VERSION_NUMBER \
    (YOLANDA_VERSION_MAJOR << 16 | YOLANDA_VERSION_MINOR << 8 | YOLANDA_VERSION_PATCH)
/** 0 if the library that runs fits this header: see yolanda_version_check(). */
#define YOLANDA_VERSION_CHECK() yolanda_version_check(YOLANDA_VERSION_NUMBER)

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library that runs, as YOLANDA_VERSION_NUMBER has it.
 *
 * # Safety
 * Any thread and any signal handler may call it.
 */
unsigned int yolanda_version_number(void);

/**
 * The version of the library that runs, "MAJOR.MINOR.PATCH". The text is the library's.
 *
 * # Safety
 * Any thread and any signal handler may call it.
 */
const char *yolanda_version(void);

/**
 * Whether the library that runs serves programs that were compiled with a header of this version:
 * it is the same or a later one of the same major number, while that is 0 of the same minor number.
 * Programs call it as YOLANDA_VERSION_CHECK().
 *
 * Returns 0, or -1 with ENOTSUP.
 *
 * # Safety
 * Any thread and any signal handler may call it.
 */
int yolanda_version_check(unsigned int header);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif
