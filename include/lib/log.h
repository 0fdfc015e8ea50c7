/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_LOG_H
#define YOLANDA_LIB_LOG_H

#include <stdarg.h>
#include <string.h>


/** Prints a line of severity LOG_MSG_TYPE. */
#define LOG_MSG(msg) yolanda_log(LOG_MSG_TYPE, msg)
/** Prints a line of severity LOG_ERR_TYPE. */
#define LOG_ERR(msg) yolanda_log(LOG_ERR_TYPE, msg)

#ifndef YOLANDA_MEMMEM
#define YOLANDA_MEMMEM
/* Not declared by <string.h> without _GNU_SOURCE; an implicit declaration would cut the pointer. */
#ifdef __cplusplus
extern "C" {
#endif
#ifdef __THROW
extern void *memmem(const void *, size_t, const void *, size_t) __THROW;
#else
extern void *memmem(const void *, size_t, const void *, size_t);
#endif
#ifdef __cplusplus
}
#endif
#endif

/**
 * Severity: `[debug] `.
 */
#define LOG_DEBUG_TYPE 0

/**
 * Severity: `[msg] `.
 */
#define LOG_MSG_TYPE 1

/**
 * Severity: `[warn] `.
 */
#define LOG_WARN_TYPE 2

/**
 * Severity: `[err] `.
 */
#define LOG_ERR_TYPE 3

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Prints one line on stdout: the tag of the severity (`[debug] `, `[msg] `, `[warn] `, `[err] `; for
 * any other number `[???] `), the text, a newline.
 *
 * The environment variable YOLANDA_LOG selects which lines are printed: off, err, warn, msg or debug;
 * all lines if it is not set (of the library's own lines, only warnings and errors in a program whose
 * first loop was made by yolanda_loop_new()). errno is left unchanged. This applies to all functions of this header;
 * yolanda.h has functions to set the level and to redirect the lines.
 *
 * `msg` is a NUL-terminated string, or NULL, which counts as empty. Any thread may call it.
 */
void yolanda_log(int severity,
                 const char *msg);

/**
 * Prints a line formatted as by vprintf(), truncated to 1023 bytes, followed by `: ` and `errstr`
 * unless that is NULL.
 *
 * `fmt` is NULL or a format that fits the arguments, `errstr` is NULL or a NUL-terminated string. Any
 * thread may call it.
 */
void yolanda_logx(int severity,
                  const char *errstr,
                  const char *fmt,
                  va_list ap);

/**
 * Prints a `[msg] ` line formatted as by printf(), truncated to 1023 bytes.
 *
 * `fmt` is NULL or a format that fits the arguments. Any thread may call it.
 */
void yolanda_msgx(const char *fmt, ...);

/**
 * Prints a `[debug] ` line formatted as by printf(), truncated to 1023 bytes.
 *
 * `fmt` is NULL or a format that fits the arguments. Any thread may call it.
 */
void yolanda_debugx(const char *fmt, ...);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif
