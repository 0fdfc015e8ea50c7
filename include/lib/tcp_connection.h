/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_TCP_CONNECTION_H
#define YOLANDA_LIB_TCP_CONNECTION_H

#include "tcp_server.h"

struct buffer;

struct channel;

struct event_loop;

/**
 * A connection. The library creates and frees it: the pointer is valid from the completed callback
 * until the closed callback has returned, or longer with yolanda_connection_retain() of yolanda.h.
 * The library keeps more data after these fields. Except for sends and tcp_connection_shutdown(), a
 * connection may be used only on its loop's thread.
 */
struct tcp_connection {
    /**
     * The loop whose thread owns the connection.
     */
    struct event_loop *eventLoop;
    /**
     * The connection's channel; `channel->fd` is the socket.
     */
    struct channel *channel;
    /**
     * "connection-FD".
     */
    char *name;
    /**
     * Bytes that have been received and not yet consumed. Pointers into it are valid until the
     * message callback returns.
     */
    struct buffer *input_buffer;
    /**
     * Bytes that wait to be sent. Their number shows how far the peer lags behind.
     */
    struct buffer *output_buffer;
    /**
     * May be NULL, like the next three.
     */
    connection_completed_call_back connectionCompletedCallBack;
    /**
     * Called when bytes have been received.
     */
    message_call_back messageCallBack;
    /**
     * Called when everything that was queued has been sent.
     */
    write_completed_call_back writeCompletedCallBack;
    /**
     * Called once, as the last callback.
     */
    connection_closed_call_back connectionClosedCallBack;
    /**
     * Yours. Its initial value is that of tcp_server_set_data().
     */
    void *data;
    /**
     * Belongs to the HTTP server.
     */
    void *request;
    /**
     * Belongs to the HTTP server.
     */
    void *response;
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes a connection from a descriptor that you opened, usually a socket; pipes and terminals work
 * too. It calls the completed callback and registers the connection with the loop. On success the
 * library owns the descriptor.
 *
 * Returns the connection, or NULL with errno, and then the descriptor is still yours: EINVAL (NULL),
 * EBADF (a negative or closed descriptor), ENOMEM. On any thread but the loop's, the connection may
 * already have been closed and freed when the function returns.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Any callback may be NULL. Any thread may call
 * it.
 */
struct tcp_connection *tcp_connection_new(int fd,
                                          struct event_loop *eventLoop,
                                          connection_completed_call_back connectionCompletedCallBack,
                                          connection_closed_call_back connectionClosedCallBack,
                                          message_call_back messageCallBack,
                                          write_completed_call_back writeCompletedCallBack);

/**
 * Sends `size` bytes after everything that was sent before. Bytes that the socket doesn't take at
 * once are copied and sent later. On any thread but the loop's, all bytes are copied, and the
 * function returns 0. No callback is called from within this function.
 *
 * Returns the number of bytes written at once; the rest is queued, not lost. NULL data sends nothing
 * and returns 0. On failure it returns -1 with errno and sends no byte of this call: EPIPE (after a
 * shutdown), ENOTCONN (the connection is closing), ENOBUFS (over the limit of the queue: 64 MiB, or
 * the value set by yolanda_connection_set_limits()), EINVAL (NULL connection, negative size), ENOMEM,
 * ECONNRESET and others of send(2).
 *
 * `data` is NULL or has `size` bytes. The closed callback of the connection hasn't returned, or the
 * connection is retained. Any thread may call it.
 */
int tcp_connection_send_data(struct tcp_connection *tcpConnection,
                             void *data,
                             int size);

/**
 * Sends the readable bytes of a buffer like tcp_connection_send_data() and consumes them; if it
 * returns -1, it consumes none. The buffer remains yours.
 *
 * Returns the number of bytes written at once. It fails with errno like tcp_connection_send_data(), and
 * for the connection's own `output_buffer` with EPERM on any thread but the loop's.
 *
 * `buffer` is NULL or a buffer that only the calling thread uses. The connection is as for
 * tcp_connection_send_data(). Any thread may call it.
 */
int tcp_connection_send_buffer(struct tcp_connection *tcpConnection,
                               struct buffer *buffer);

/**
 * Shuts down the sending side after everything accepted so far has been sent, including what other
 * threads have sent; the peer can still send. Later sends fail with EPIPE. Functions that the same
 * thread posted before can still send.
 *
 * The closed callback of the connection hasn't returned, or the connection is retained. Any thread may
 * call it.
 */
void tcp_connection_shutdown(struct tcp_connection *tcpConnection);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#include "event_loop.h"
#include "channel.h"
#include "buffer.h"

#endif
