/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_TCP_SERVER_H
#define YOLANDA_LIB_TCP_SERVER_H

struct acceptor;

struct buffer;

struct event_loop;

struct tcp_connection;

struct thread_pool;

/**
 * Called once for a new connection, on the accepting thread, before the connection can receive
 * anything. `tcpConnection->data` is already set. The return value is ignored, here and below.
 */
typedef int (*connection_completed_call_back)(struct tcp_connection *tcpConnection);

/**
 * Called on the connection's thread whenever bytes have been received. Consume them by advancing the
 * buffer's `readIndex`. Unconsumed bytes are still there in the next call, followed by new ones.
 */
typedef int (*message_call_back)(struct buffer *buffer, struct tcp_connection *tcpConnection);

/**
 * Called on the connection's thread when all bytes that the socket didn't take at once have been
 * sent.
 */
typedef int (*write_completed_call_back)(struct tcp_connection *tcpConnection);

/**
 * Called once, on the connection's thread, for every connection whose completed callback was called.
 * `channel->fd`, `name` and `data` can still be read. When it returns, the library closes the
 * descriptor and frees the connection.
 */
typedef int (*connection_closed_call_back)(struct tcp_connection *tcpConnection);

/**
 * A TCP server. It comes from tcp_server_init() or a function of yolanda.h; the library keeps more
 * data after these fields. They may be used and changed at any time on the thread of the server's
 * loop.
 */
struct TCPserver {
    /**
     * The port that it listens on.
     */
    int port;
    /**
     * The loop that accepts connections.
     */
    struct event_loop *eventLoop;
    /**
     * The listening socket.
     */
    struct acceptor *acceptor;
    /**
     * May be NULL, like the next three. New connections get the current values.
     */
    connection_completed_call_back connectionCompletedCallBack;
    /**
     * Called when bytes have been received.
     */
    message_call_back messageCallBack;
    /**
     * Called when all queued bytes have been sent.
     */
    write_completed_call_back writeCompletedCallBack;
    /**
     * Called once, as the last callback.
     */
    connection_closed_call_back connectionClosedCallBack;
    /**
     * The number of threads that serve connections. If 0, the accepting thread serves them.
     */
    int threadNum;
    /**
     * Those threads.
     */
    struct thread_pool *threadPool;
    /**
     * The initial `data` of every new connection.
     */
    void *data;
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes a server for a listening socket, with `threadNum` threads for its connections (0: the loop's
 * own thread). It serves clients after tcp_server_start(), while the loop runs. It is freed by
 * yolanda_server_free() or with its loop.
 *
 * Returns NULL with errno: EINVAL for a NULL loop or acceptor, ENOMEM.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. The acceptor must stay valid as long as
 * the server. Any callback may be NULL. Call it only on the loop's thread, which isn't checked.
 */
struct TCPserver *tcp_server_init(struct event_loop *eventLoop,
                                  struct acceptor *acceptor,
                                  connection_completed_call_back connectionCallBack,
                                  message_call_back messageCallBack,
                                  write_completed_call_back writeCompletedCallBack,
                                  connection_closed_call_back connectionClosedCallBack,
                                  int threadNum);

/**
 * Starts the threads, makes the listening socket non-blocking and begins to accept. Clients are served
 * as soon as the loop runs. A failure is an `[err]` line, with errno EINVAL (its acceptor is NULL) or
 * ESHUTDOWN (it was stopped) for example; yolanda_server_start() returns it.
 *
 * `tcpServer` is NULL or a server that hasn't been freed. Call it only on the loop's thread.
 */
void tcp_server_start(struct TCPserver *tcpServer);

/**
 * Sets the initial `data` of every connection that is accepted from now on. The library only stores
 * and passes the pointer.
 *
 * `tcpServer` is NULL or a server that hasn't been freed. `data` remains yours. Call it only on the
 * loop's thread.
 */
void tcp_server_set_data(struct TCPserver *tcpServer, void *data);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#include "acceptor.h"
#include "event_loop.h"
#include "thread_pool.h"
#include "buffer.h"
#include "tcp_connection.h"

#endif
