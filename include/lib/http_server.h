/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_HTTP_SERVER_H
#define YOLANDA_LIB_HTTP_SERVER_H

struct TCPserver;

struct buffer;

struct event_loop;

struct http_request;

struct http_response;

/**
 * Called on the connection's thread for every complete request; fills in the response. The return
 * value is ignored. Both structs belong to the library and are valid until the callback returns.
 */
typedef int (*request_callback)(struct http_request *httpRequest, struct http_response *httpResponse);

/**
 * An HTTP/1.1 server. It comes from http_server_new() or yolanda_http_server_new(); the library keeps
 * more data after these fields.
 */
struct http_server {
    /**
     * The TCP server that it uses.
     */
    struct TCPserver *tcpServer;
    /**
     * May be replaced at any time on the loop's thread. If it is NULL and there are no routes
     * (yolanda.h), every response is a 500.
     */
    request_callback requestCallback;
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes an HTTP server that listens on the port (0: any free port), with `threadNum` threads in
 * addition to the loop's own. It serves requests after http_server_start(), while the loop runs.
 *
 * Returns the server, which is freed by yolanda_http_server_free() or with its loop. Returns NULL
 * with errno if the loop is NULL or memory runs out. If it can't listen on the port, it exits like
 * acceptor_init().
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread, which isn't checked.
 */
struct http_server *http_server_new(struct event_loop *eventLoop,
                                    int port,
                                    request_callback requestCallback,
                                    int threadNum);

/**
 * Starts the threads and begins to accept connections. On any thread but the loop's it exits like
 * assertInSameThread().
 *
 * `httpServer` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
 */
void http_server_start(struct http_server *httpServer);

/**
 * Parses as much of a request as the buffer contains, and consumes it. Call it again with more bytes
 * until `current_state` is REQUEST_DONE.
 *
 * Returns 1; 0 for NULL and if the bytes aren't valid HTTP.
 *
 * `input` is NULL or a buffer, `httpRequest` is NULL or a request; only the calling thread uses them.
 */
int parse_http_request(struct buffer *input,
                       struct http_request *httpRequest);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#include "common.h"
#include "tcp_server.h"
#include "http_request.h"
#include "http_response.h"

#endif
