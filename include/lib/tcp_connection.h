/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_TCP_CONNECTION_H
#define YOLANDA_LIB_TCP_CONNECTION_H

#include "tcp_server.h"

struct buffer;

struct channel;

struct event_loop;

/**
 * A connection. The library makes and frees it: the pointer is valid from the completed callback
 * until the closed callback has returned, or longer with yolanda_connection_retain() of yolanda.h.
 * More is kept behind these fields; except for sends and tcp_connection_shutdown(), they belong to the
 * loop's thread.
 */
struct tcp_connection {
    /**
     * The loop whose thread owns the connection.
     */
    struct event_loop *eventLoop;
    /**
     * Its channel; `channel->fd` is the socket.
     */
    struct channel *channel;
    /**
     * "connection-FD".
     */
    char *name;
    /**
     * What has arrived and hasn't been consumed. Pointers into it are valid until the message
     * callback returns.
     */
    struct buffer *input_buffer;
    /**
     * What waits to be sent: its readable bytes tell how far the peer lags behind.
     */
    struct buffer *output_buffer;
    /**
     * May be NULL, as the three below.
     */
    connection_completed_call_back connectionCompletedCallBack;
    /**
     * Called when bytes have arrived.
     */
    message_call_back messageCallBack;
    /**
     * Called when everything that was held back has been sent.
     */
    write_completed_call_back writeCompletedCallBack;
    /**
     * Called once, last.
     */
    connection_closed_call_back connectionClosedCallBack;
    /**
     * Yours. It begins as what tcp_server_set_data() set.
     */
    void *data;
    /**
     * The HTTP server's.
     */
    void *request;
    /**
     * The HTTP server's.
     */
    void *response;
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes a connection of a descriptor that you opened (a socket as a rule, a pipe or tty works as
 * well), calls the completed callback, and registers it with the loop. From then on the library
 * owns the descriptor.
 *
 * Returns the connection, or NULL with errno; then the descriptor is still yours. On another thread
 * than the loop's it may have been closed and freed by the time this returns.
 *
 * `eventLoop` is NULL or a loop. Callbacks may be NULL.
 */
struct tcp_connection *tcp_connection_new(int fd,
                                          struct event_loop *eventLoop,
                                          connection_completed_call_back connectionCompletedCallBack,
                                          connection_closed_call_back connectionClosedCallBack,
                                          message_call_back messageCallBack,
                                          write_completed_call_back writeCompletedCallBack);

/**
 * Sends `size` bytes, in order, behind what was sent before. What the socket doesn't take at once
 * is copied and sent later. Any thread may call it; elsewhere than on the loop's thread all bytes
 * are copied and 0 is returned. No callback runs within.
 *
 * Returns the number of bytes written at once; the rest is queued, not lost. -1 with errno, and no
 * byte of this call is or will be sent: after a shutdown (EPIPE) or close (ENOTCONN), beyond the
 * limit of the queue, 64 MiB unless yolanda_connection_set_limits() set another (ENOBUFS), no
 * connection or a negative size (EINVAL), no memory (ENOMEM). NULL data sends nothing and returns 0.
 *
 * `data` has `size` bytes; the connection's closed callback hasn't returned yet.
 */
int tcp_connection_send_data(struct tcp_connection *tcpConnection,
                             void *data,
                             int size);

/**
 * Sends a buffer's readable bytes as tcp_connection_send_data() and consumes them; on -1, none. The
 * buffer stays yours.
 *
 * As for tcp_connection_send_data(); `buffer` is NULL or a buffer.
 */
int tcp_connection_send_buffer(struct tcp_connection *tcpConnection, struct buffer *buffer);

/**
 * Ends the sending side once everything that was accepted has been sent, other threads' sends included;
 * the peer can still send. Any thread may call it. Later sends fail with EPIPE; functions that the same
 * thread posted before can still send.
 *
 * The connection's closed callback hasn't returned yet.
 */
void tcp_connection_shutdown(struct tcp_connection *tcpConnection);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#include "event_loop.h"
#include "channel.h"
#include "buffer.h"

#endif
