/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_ACCEPTOR_H
#define YOLANDA_LIB_ACCEPTOR_H

/**
 * A listening socket.
 *
 * It comes from acceptor_init(), or you fill it in yourself. If it comes from acceptor_init(), close
 * `listen_fd` and free() the struct after its server is gone.
 */
struct acceptor {
    /**
     * The port that it is bound to. If port 0 was requested, the one that the system chose.
     */
    int listen_port;
    /**
     * The listening descriptor.
     */
    int listen_fd;
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Opens a listening socket: IPv4, any address, SO_REUSEADDR, non-blocking, close-on-exec, backlog
 * 1024. For port 0 the system chooses a free port, which is stored in `listen_port`.
 *
 * Returns the acceptor. When the server that uses it is gone, close its `listen_fd` and free() it,
 * or call yolanda_acceptor_free().
 * Returns NULL with errno (ENOMEM) if memory runs out. If it can't listen on the port, it prints
 * `bind failed : TEXT (ERRNO)` or `listen failed : TEXT (ERRNO)` on stderr and exits with status 1.
 *
 * Any thread may call it.
 */
struct acceptor *acceptor_init(int port);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#include "common.h"

#endif
