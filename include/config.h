/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_CONFIG_H
#define YOLANDA_CONFIG_H

/* Loops wait with epoll by default. A project that generates a config.h of its own, and leaves
 * EPOLL_ENABLE undefined in it, gets poll. */
#if defined __linux__ && !defined EPOLL_ENABLE && !defined YOLANDA_POLL_DEFAULT
#define EPOLL_ENABLE 1
#endif

#endif
