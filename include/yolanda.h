/* Generated from src/abi/yolanda/ and src/exports/yolanda/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_H
#define YOLANDA_H

#include <stddef.h>
#include <stdint.h>

#include "lib/event_loop.h"
#include "lib/http_server.h"
#include "lib/tcp_connection.h"
#include "lib/tcp_server.h"
#include "lib/thread_pool.h"



/** The version of this header. */
#define YOLANDA_VERSION_MAJOR 0
#define YOLANDA_VERSION_MINOR 4
#define YOLANDA_VERSION_PATCH 0
/** The version as text. */
#define YOLANDA_VERSION "0.4.0"
/** The version as one number, which grows with it. */
#define YOLANDA_VERSION_NUMBER \
    (YOLANDA_VERSION_MAJOR << 16 | YOLANDA_VERSION_MINOR << 8 | YOLANDA_VERSION_PATCH)
/** 0 if the library that runs fits this header: see yolanda_version_check(). */
#define YOLANDA_VERSION_CHECK() yolanda_version_check(YOLANDA_VERSION_NUMBER)

/**
 * A connection over its limit of queued bytes is closed.
 */
#define YOLANDA_LIMIT_CLOSE 0

/**
 * A send that would exceed the limit is refused, and the connection stays open.
 */
#define YOLANDA_LIMIT_REFUSE 1

/**
 * For `idle_ms` of yolanda_connection_set_timeouts(): bytes of either direction count.
 */
#define YOLANDA_IDLE_BOTH 0

/**
 * Only bytes that were received count.
 */
#define YOLANDA_IDLE_RECEIVED 1

/**
 * Only bytes that were sent count.
 */
#define YOLANDA_IDLE_SENT 2

/**
 * For yolanda_server_set_balance(): each of the server's threads in turn.
 */
#define YOLANDA_BALANCE_IN_TURN 0

/**
 * For yolanda_server_set_balance(): the thread whose loop has the fewest connections.
 */
#define YOLANDA_BALANCE_FEWEST 1

/**
 * For the framing of struct yolanda_callbacks: there is none, and `message` is called.
 */
#define YOLANDA_FRAMES_NONE 0

/**
 * Lines that end with a newline; a carriage return before it belongs to the end.
 */
#define YOLANDA_FRAMES_LINES 1

/**
 * Lines that end with a carriage return and a newline.
 */
#define YOLANDA_FRAMES_CRLF 2

/**
 * A length of `frame_prefix` bytes (1, 2, 4 or 8), most significant byte first, and then that many
 * bytes.
 */
#define YOLANDA_FRAMES_LENGTH 3

/**
 * The same, with the least significant byte first.
 */
#define YOLANDA_FRAMES_LENGTH_LE 4

/**
 * `frame_limit` bytes each.
 */
#define YOLANDA_FRAMES_FIXED 5

/**
 * An event of yolanda_http_stream_callback: everything written so far has been sent, and you can
 * write more.
 */
#define YOLANDA_HTTP_WRITABLE 1

/**
 * An event of both callbacks of a deferred response: the connection has ended.
 */
#define YOLANDA_HTTP_CLOSED 2

/**
 * An event of yolanda_http_closed_callback: the client has shut down its sending side.
 */
#define YOLANDA_HTTP_HALF_CLOSED 3

/**
 * A value of `same_site`: the browser sends the cookie with requests of the same site, and when the
 * user follows a link from another one.
 */
#define YOLANDA_HTTP_SAME_SITE_LAX 1

/**
 * A value of `same_site`: the browser sends the cookie with requests of the same site only.
 */
#define YOLANDA_HTTP_SAME_SITE_STRICT 2

/**
 * A value of `same_site`: the browser sends the cookie with all requests. Needs `secure`.
 */
#define YOLANDA_HTTP_SAME_SITE_NONE 3

/**
 * Follow symbolic links if they are relative and stay within the folder.
 */
#define YOLANDA_HTTP_FILES_LINKS 1

/**
 * Serve names that begin with a dot.
 */
#define YOLANDA_HTTP_FILES_HIDDEN 2

/**
 * An event of yolanda_http_body_callback: the next bytes of the body.
 */
#define YOLANDA_HTTP_BODY_PART 1

/**
 * An event of yolanda_http_body_callback, the final one: the body is complete.
 */
#define YOLANDA_HTTP_BODY_COMPLETE 2

/**
 * An event of yolanda_http_body_callback, the final one: the body is incomplete, and the rest won't
 * arrive.
 */
#define YOLANDA_HTTP_BODY_CUT 3

/**
 * An event of yolanda_http_form_callback: a part begins.
 */
#define YOLANDA_HTTP_FORM_BEGIN 1

/**
 * An event of yolanda_http_form_callback: the next bytes of the part.
 */
#define YOLANDA_HTTP_FORM_DATA 2

/**
 * An event of yolanda_http_form_callback: the part is complete.
 */
#define YOLANDA_HTTP_FORM_END 3

/**
 * The level above all severities: nothing is logged.
 */
#define YOLANDA_LOG_OFF 4

/**
 * The level given by the environment variable YOLANDA_LOG.
 */
#define YOLANDA_LOG_ENVIRONMENT -1

struct TCPserver;

struct acceptor;

struct buffer;

struct channel;

struct event_loop;

struct event_loop_thread;

struct http_request;

struct http_response;

struct http_server;

struct tcp_connection;

struct thread_pool;

struct yolanda_client;

/**
 * A folder whose files are served. It doesn't change after its first use; any number of threads and
 * servers may then use it at the same time.
 */
struct yolanda_http_files;

/**
 * Reads the body of a form in parts.
 */
struct yolanda_http_form;

/**
 * A function that a loop calls on its own thread.
 */
typedef void (*yolanda_loop_callback)(struct event_loop *eventLoop, void *data);

/**
 * Counters of a loop since it was created. Later versions may add fields at the end.
 */
struct yolanda_loop_stats {
    /**
     * Passes (iterations) of the loop.
     */
    uint64_t passes;
    /**
     * How often another thread or a signal handler has ended the loop's wait.
     */
    uint64_t wakeups;
    /**
     * Calls of callbacks of channels, posted functions, timers and signal watchers.
     */
    uint64_t callbacks;
    /**
     * Posted functions that were called.
     */
    uint64_t posts;
    /**
     * Timers that are currently running.
     */
    uint64_t timers;
    /**
     * Connections that are currently open.
     */
    uint64_t connections;
    /**
     * Connections in total.
     */
    uint64_t connections_total;
    /**
     * Bytes that connections have received.
     */
    uint64_t bytes_read;
    /**
     * Bytes that the system has accepted for sending.
     */
    uint64_t bytes_written;
};

/**
 * Identifies a timer of a loop. It is never 0 and never reused for another timer of that loop.
 */
typedef uint64_t yolanda_timer;

/**
 * Called on the loop's thread when a timer is due. It may stop or restart this timer or others, and
 * start new ones; new timers are called in a later pass.
 */
typedef void (*yolanda_timer_callback)(struct event_loop *eventLoop, yolanda_timer timer, void *data);

/**
 * Identifies a watcher of a signal. It is never 0 and never reused.
 */
typedef uint64_t yolanda_signal;

/**
 * Called on the loop's thread, in a pass of the loop, after a signal has arrived. It isn't a
 * signal handler, so it may do anything that a callback may do. It may stop this watcher or others,
 * and start new ones.
 */
typedef void (*yolanda_signal_callback)(struct event_loop *eventLoop, int signal_number, void *data);

/**
 * Called with the number of bytes that are currently queued.
 */
typedef void (*yolanda_water_mark_callback)(struct tcp_connection *connection, size_t queued);

/**
 * Chooses the loop for a client that was accepted on the socket `fd`, which is the server's: it may ask
 * for the client's address with getpeername(2), but neither read, write nor close. Returns one of the
 * server's loops (see yolanda_server_thread_loop()), or NULL to leave the choice to the server.
 */
typedef struct event_loop *(*yolanda_choose_callback)(struct TCPserver *server, int fd, void *data);

/**
 * Called on the server's loop when a stop is complete: the server has no connections left.
 */
typedef void (*yolanda_server_callback)(struct TCPserver *server, void *data);

/**
 * Called on the loop's thread, in a pass of the loop, for each attempt that failed. `error` is
 * an errno value; if several addresses were tried, that of the last one to fail:
 *
 * - ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT and others of connect(2); also ETIMEDOUT when
 *   the time limit of yolanda_client_set_timeout() has passed. ENOENT: no such Unix socket. EAGAIN:
 *   the backlog of the Unix socket is full.
 * - For a host name: ENOENT (there is no such name, or it has no address), EAGAIN (no name server
 *   answered), ENOMEM, EHOSTUNREACH for other failures of getaddrinfo(3).
 * - EMFILE, ENFILE, ENOBUFS, ENOMEM: this process has run out of descriptors or memory.
 * - ENODEV: the interface in the address doesn't exist any more.
 *
 * yolanda_client_is_active() returns 1 if the client is going to try again, and 0 if it has given up.
 * The callback may call every function of the client, including yolanda_client_start() after the
 * client has given up, and yolanda_client_free().
 */
typedef void (*yolanda_client_failed_callback)(struct yolanda_client *client, int error, void *data);

/**
 * Called for a connection, with the data of its struct yolanda_callbacks.
 */
typedef void (*yolanda_connection_callback)(struct tcp_connection *connection, void *data);

/**
 * Called with a connection's input buffer, and the data of its struct yolanda_callbacks.
 */
typedef void (*yolanda_input_callback)(struct tcp_connection *connection,
                                       struct buffer *input,
                                       void *data);

/**
 * Called with a frame of a connection's input, and the data of its struct yolanda_callbacks.
 */
typedef void (*yolanda_frame_callback)(struct tcp_connection *connection,
                                       const void *bytes,
                                       size_t length,
                                       void *data);

/**
 * Called for a connection that has reached a time limit, with the data of its struct yolanda_callbacks.
 */
typedef int (*yolanda_idle_callback)(struct tcp_connection *connection, void *data);

/**
 * Callbacks of connections, with data of the program's. Zero the struct, set `size` and what you need:
 * a callback that is NULL isn't called. All are called on the connection's own thread.
 *
 * The library copies the struct. It keeps `data` until no connection needs it any more, and then calls
 * `destroy(data)`, once, on the thread that gives up the last reference.
 */
struct yolanda_callbacks {
    /**
     * sizeof(struct yolanda_callbacks). Newer versions may add callbacks at the end.
     */
    size_t size;
    /**
     * It is passed to each of the callbacks.
     */
    void *data;
    /**
     * It must not use the connection, the server or the client.
     */
    void (*destroy)(void *data);
    /**
     * The connection has come to its loop. Unlike connection_completed_call_back it is always called on
     * the connection's own thread.
     */
    yolanda_connection_callback completed;
    /**
     * Bytes have arrived in `input`. What the callback leaves there is kept, and is still there when
     * it is called with more.
     */
    yolanda_input_callback message;
    /**
     * The kernel has taken all bytes that were queued.
     */
    yolanda_connection_callback write_completed;
    /**
     * The connection has closed, once. yolanda_connection_error() says why.
     */
    yolanda_connection_callback closed;
    /**
     * How the input is divided into frames: YOLANDA_FRAMES_LINES and so on; 0: it isn't.
     */
    int framing;
    /**
     * For YOLANDA_FRAMES_LENGTH: how many bytes the length has.
     */
    int frame_prefix;
    /**
     * How many bytes a frame may have, without prefix and line end; 0: 65536. A connection that exceeds
     * it is closed with EMSGSIZE as its error.
     */
    size_t frame_limit;
    /**
     * A whole frame has arrived, without prefix and line end. It is called in place of `message`, once
     * for each frame, as long as the connection is open and reading isn't paused. The bytes are valid
     * until the callback returns or runs the loop. What is left when the connection closes is no frame.
     */
    yolanda_frame_callback frame;
    /**
     * The peer has ended its side: no more input follows. It is called once, after all bytes and frames
     * were delivered, and not while reading is paused. If it is set, the peer's end doesn't close the
     * connection: you may send until tcp_connection_shutdown(), after which the connection closes in
     * order once everything was sent. It isn't called after yolanda_connection_close_after_send(), nor for
     * a connection that has failed. What a graceful stop of the server does to the connection is what it
     * does to others: with no unread input, it ends once everything was sent.
     */
    yolanda_connection_callback input_ended;
    /**
     * A limit of yolanda_connection_set_timeouts() is over. 0: the connection is closed with ETIMEDOUT as
     * its error. Any other value: it stays open, and all of these limits begin anew. The callback may
     * send, close the connection or set other limits. It isn't asked at the time of
     * yolanda_connection_close_after_send().
     */
    yolanda_idle_callback idle;
};

/**
 * Called on the connection's thread for a deferred response: with YOLANDA_HTTP_WRITABLE soon after
 * the callback was set, and then whenever everything written since the last call has been sent; with
 * YOLANDA_HTTP_CLOSED once, when the connection has ended, even if it ended before the callback was
 * set. The response remains yours in that case: call yolanda_http_response_send() all the same,
 * which frees it. After that has returned, the callback isn't called, whatever happens to the
 * connection, the server or the loop.
 */
typedef void (*yolanda_http_stream_callback)(struct http_response *httpResponse,
                                             int event,
                                             void *data);

/**
 * Called on the connection's thread when the client of a deferred response leaves before it has
 * received its response.
 *
 * YOLANDA_HTTP_CLOSED: the connection has ended. The client has reset it, a write has failed, a
 * deadline has passed, or its server or loop has ended. Nothing can be sent any more.
 *
 * YOLANDA_HTTP_HALF_CLOSED, before that: the client has shut down its sending side. If a client has
 * closed its socket, TCP shows no more than this until something is sent to it. But a client may
 * also shut down its sending side and wait for the response, so the connection stays open and the
 * response is sent. The program decides whether to abort a computation or to continue.
 *
 * Each event is reported at most once, even if it happened before the callback was set. If both are
 * due, only YOLANDA_HTTP_CLOSED is reported. The response remains yours: call
 * yolanda_http_response_send() all the same, which frees it. After that has returned, the callback
 * isn't called.
 */
typedef void (*yolanda_http_closed_callback)(struct http_response *httpResponse,
                                             int event,
                                             void *data);

/**
 * The attributes of a cookie (RFC 6265, 4.1.2). Set `size`, and the fields that you want; those that
 * are 0 or NULL add no attribute. Later versions may add fields at the end.
 */
struct yolanda_http_cookie {
    /**
     * sizeof(struct yolanda_http_cookie).
     */
    size_t size;
    /**
     * The paths that the cookie is for: it begins with a slash, has up to 1,024 printable ASCII
     * characters and no semicolon. Without it the browser takes the folder of the request's path.
     */
    const char *path;
    /**
     * The domain that the cookie is for, subdomains included: up to 1,024 letters, digits, dots and
     * hyphens. Without it the cookie is for the host of the request only.
     */
    const char *domain;
    /**
     * For how many seconds the browser keeps the cookie. A negative number deletes it. Without
     * `max_age` and `expires` it is kept until the browser ends.
     */
    int64_t max_age;
    /**
     * Until when the browser keeps the cookie: seconds since 1970-01-01, in UTC, up to the year 9999.
     * `max_age` takes precedence.
     */
    int64_t expires;
    /**
     * Not 0: only over TLS.
     */
    int secure;
    /**
     * Not 0: scripts don't see the cookie.
     */
    int http_only;
    /**
     * 0 or one of YOLANDA_HTTP_SAME_SITE_LAX, YOLANDA_HTTP_SAME_SITE_STRICT and
     * YOLANDA_HTTP_SAME_SITE_NONE.
     */
    int same_site;
};

/**
 * Counters of an HTTP server. Later versions may add fields at the end.
 */
struct yolanda_http_stats {
    /**
     * Requests that were passed to the callback or a route, or that the library answered because
     * there is neither.
     */
    uint64_t requests;
    /**
     * Responses with a status 2xx, including those of the library itself.
     */
    uint64_t responses_2xx;
    /**
     * Responses with a status 3xx, including those of the library itself.
     */
    uint64_t responses_3xx;
    /**
     * Responses with a status 4xx, including those of the library itself.
     */
    uint64_t responses_4xx;
    /**
     * Responses with a status of 500 or above, including those of the library itself.
     */
    uint64_t responses_5xx;
    /**
     * Connections that a deadline has ended.
     */
    uint64_t timeouts;
};

/**
 * Called on the connection's thread for every complete request of its route. Fills in the response,
 * or defers it with yolanda_http_response_defer(). Both structs belong to the library and are valid
 * until the handler returns. `data` is that of the route.
 */
typedef void (*yolanda_http_handler)(struct http_request *httpRequest,
                                     struct http_response *httpResponse,
                                     void *data);

/**
 * Information about a response. The strings are copies of what the client sent, without control
 * characters except tabs. They belong to the library and are valid until the callback returns. Later
 * versions may add fields at the end.
 */
struct yolanda_http_access {
    /**
     * The client's address in the format of yolanda_connection_peer(); "" if the client left at
     * once.
     */
    const char *peer;
    /**
     * The method; NULL if no request line was understood.
     */
    const char *method;
    /**
     * The target as the client sent it, without a leading `http://HOST`, regardless of changes that
     * the callback made to `url`. NULL if no request line was understood.
     */
    const char *url;
    /**
     * The version; NULL if no request line was understood.
     */
    const char *version;
    /**
     * The header Referer; NULL if there is none.
     */
    const char *referer;
    /**
     * The header User-Agent; NULL if there is none.
     */
    const char *user_agent;
    /**
     * The status that was sent; 0 if the connection ended before anything was sent.
     */
    int status;
    /**
     * 1 if the response is incomplete, because the client has gone or it was aborted; otherwise 0.
     * Bytes in memory count as sent when they have been passed to the connection, those of files
     * when the system has accepted them.
     */
    int cut;
    /**
     * The number of bytes of the body that were sent, as defined above, without the framing of
     * chunks.
     */
    uint64_t body_bytes;
    /**
     * When the first byte of the request was seen, in microseconds since 1970-01-01 UTC.
     */
    int64_t began_us;
    /**
     * Microseconds from then until the end of the response was sent, as defined above.
     */
    int64_t duration_us;
    /**
     * The request; NULL if there is none, or if it belongs to another thread.
     */
    struct http_request *request;
    /**
     * The connection. It may be about to close.
     */
    struct tcp_connection *connection;
};

/**
 * Called on the connection's thread; on several threads at once if the server has threads.
 */
typedef void (*yolanda_http_access_callback)(const struct yolanda_http_access *entry, void *data);

/**
 * Called on the connection's thread when the head of a request has arrived, before its body is read
 * and before `100 Continue` is sent. The request has its route's parameters, but no body yet. The
 * callback may call yolanda_http_request_stream_body(), yolanda_http_request_refuse() or
 * yolanda_http_request_refuse_with(). If it calls none of them, the body is collected within the
 * server's limits, as without this callback. `data` is that of yolanda_http_server_set_head_callback()
 * or yolanda_http_server_set_route_head_callback().
 */
typedef void (*yolanda_http_head_callback)(struct http_request *httpRequest, void *data);

/**
 * Called on the connection's thread with a body as it arrives, in parts of any size, without the
 * framing of chunks: YOLANDA_HTTP_BODY_PART with `length` bytes, at least 1, which are valid until
 * the callback returns or runs the loop. The final call always comes, exactly once, with NULL and 0.
 * It is YOLANDA_HTTP_BODY_COMPLETE, or YOLANDA_HTTP_BODY_CUT if the client has gone, is too slow, or
 * sends something malformed or too much, if the request was refused, or if the connection or the
 * server is closed or freed. After the 408 of a deadline it comes when the connection has ended.
 * `data` is that of yolanda_http_request_stream_body() and must be valid until the final call.
 */
typedef void (*yolanda_http_body_callback)(struct http_request *httpRequest,
                                           const char *bytes,
                                           size_t length,
                                           int event,
                                           void *data);

/**
 * A part of a form: a field or a file. The texts are what the client has sent, in any encoding and
 * without control characters except tabs; those of an urlencoded form are decoded. Later versions may
 * add fields at the end.
 */
struct yolanda_http_part {
    /**
     * The name of the field; never NULL.
     */
    const char *name;
    /**
     * The name that the client gives the file; NULL if the part isn't a file, "" if no file was chosen.
     * It may contain slashes and "..": don't use it as a path.
     */
    const char *filename;
    /**
     * The Content-Type of the part; NULL if there is none.
     */
    const char *content_type;
};

/**
 * Called by yolanda_http_form_feed() and yolanda_http_form_finish(), for each part in the order of the
 * body: YOLANDA_HTTP_FORM_BEGIN; YOLANDA_HTTP_FORM_DATA with `length` bytes, at least 1, as often as it
 * takes, or never for an empty part; YOLANDA_HTTP_FORM_END. The part, its texts and `bytes` are valid
 * until the callback returns. `bytes` is NULL and `length` 0 except for YOLANDA_HTTP_FORM_DATA. A part
 * whose body is malformed or cut short gets no YOLANDA_HTTP_FORM_END.
 *
 * Returns 0 to go on. Anything else ends the form: the call that reads it fails with ECANCELED.
 *
 * It mustn't run the loop, and may free the form. `data` is that of yolanda_http_form_new().
 */
typedef int (*yolanda_http_form_callback)(const struct yolanda_http_part *part,
                                          const char *bytes,
                                          size_t length,
                                          int event,
                                          void *data);

/**
 * Receives a line of the log on the thread that logs: the severity as it was passed, the text
 * without tag and newline, its length, and the data of yolanda_log_set_sink(). The text is
 * NUL-terminated and valid until the sink returns. The sink may change errno.
 *
 * Lines that the sink itself logs go to stdout, so it can pass a line on with yolanda_log(). Lines
 * may be logged at any point within the library, so the sink must not call any other function of the
 * library, except yolanda_loop_quit(). Several threads may call the sink at the same time.
 */
typedef void (*yolanda_log_sink)(int severity, const char *text, size_t length, void *data);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Returns the version of the library at run time, as one number like YOLANDA_VERSION_NUMBER.
 *
 * Any thread and any signal handler may call it.
 */
unsigned int yolanda_version_number(void);

/**
 * Returns the version of the library at run time as text, "MAJOR.MINOR.PATCH". The text belongs to the
 * library and is always valid.
 *
 * Any thread and any signal handler may call it.
 */
const char *yolanda_version(void);

/**
 * Checks whether the library at run time fits a program that was compiled with a header of version
 * `header`: it has the same or a later version, with the same major number and, as long as that is 0,
 * with the same minor number. Programs call it through YOLANDA_VERSION_CHECK().
 *
 * Returns 0 if it fits, or -1 with errno ENOTSUP.
 *
 * Any thread and any signal handler may call it.
 */
int yolanda_version_check(unsigned int header);

/**
 * Returns in words why the last call on this thread failed, with the value that was wrong: "no such
 * host: exmaple.com", "127.0.0.1:80: Permission denied", "yolanda_timer_start: called on another
 * thread than the loop's". Where the library has noted nothing, it is the text of strerror(3) for the
 * current value of errno. It belongs to errno, so call it before anything else changes that. In a
 * callback that is told of a failure (yolanda_client_set_failed_callback()) it explains that failure.
 *
 * The text is for people: it may change. It never fails. The text belongs to the library, and is valid
 * until the next call on the same thread that fails.
 *
 * Any thread may call it.
 */
const char *yolanda_last_error(void);

/**
 * Makes a loop that belongs to the calling thread. `name` appears in the log and is copied; NULL
 * stands for "main thread". In a program that makes its first loop with this function, the library
 * logs only warnings and errors, on stderr (see yolanda_log_set_level()). `dispatcher` is the back end, "epoll" or "poll"; NULL leaves the choice to
 * the environment and the compilation, as for event_loop_init().
 *
 * Returns the loop, or NULL with errno: EINVAL for another dispatcher, ENOMEM, EMFILE, ENFILE. Release
 * it with yolanda_loop_free().
 *
 * `name` and `dispatcher` are NULL or NUL-terminated strings. Any thread may call it.
 */
struct event_loop *yolanda_loop_new(const char *name,
                                    const char *dispatcher);

/**
 * Frees a loop, also one of event_loop_init(), with everything that belongs to it: the servers and
 * clients made on it, thread pools with their threads and loops, connections, timers and signal
 * watchers. First, posted functions are called, and connections get their closed callback. Channels
 * that the program added remain the program's, and so do acceptors of acceptor_init().
 *
 * Retained connections remain, closed, until they are released. Other threads may continue to use
 * them: once the loop's servers and threads have ended, posts to the loop fail with ESHUTDOWN. After
 * the function has returned, the loop itself must not be used.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, EBUSY inside a callback of
 * the loop (call yolanda_loop_quit(), and free the loop after event_loop_run() has returned).
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Call it only on its thread.
 */
int yolanda_loop_free(struct event_loop *eventLoop);

/**
 * Gives a child process its own copy of a loop that it has inherited through fork(2), while the
 * parent continues to use its copy. The child's copy gets its own epoll descriptor and wake-up
 * socket pair, and belongs to the calling thread. If only the child uses the loop (as after
 * daemon(3)), no call is needed.
 *
 * Channels, timers, signal watchers, clients and servers continue in the child; watching a channel
 * or freeing the loop changes nothing for the parent. Listening sockets are shared: each client is
 * accepted by one of the two processes. The file of a Unix socket belongs to the parent; the child
 * doesn't remove it. Posted functions that haven't been called yet are called in both processes. A
 * name look-up that is in progress ends with its time limit. yolanda_loop_fd() returns another
 * descriptor afterwards.
 *
 * A connection belongs to one of the two processes. The other one closes its copy with
 * yolanda_connection_close(), or frees the loop, before it runs the loop. That sends nothing, whereas
 * tcp_connection_shutdown() and yolanda_connection_close_after_send() end the connection for both.
 * HTTP responses that were unsent at the time of the fork are sent by the parent only.
 *
 * Call fork(2) outside the loop's callbacks, and while no other thread is inside a function of the
 * library.
 *
 * Returns 0, or -1 with errno, and then nothing has changed: EINVAL for NULL; EBUSY inside a callback
 * of the loop, and for a loop with worker threads, which don't survive a fork (the child must then
 * leave the loop alone); EPERM on another thread of the process that made the loop; ENOTSUP for a back
 * end without `init`; EMFILE, ENFILE, ENOMEM.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Call it only on its thread; in a child
 * process, that is the only thread.
 */
int yolanda_loop_reinit(struct event_loop *eventLoop);

/**
 * Ends event_loop_run() and yolanda_loop_run_once() of a loop: at the end of the current pass, or at
 * once if the loop is waiting. It sets `eventLoop->quit`, which stays set: if the loop isn't running,
 * the next run returns at once. To run the loop again, call yolanda_loop_clear_quit().
 *
 * The loop must not be freed before the function has returned. If its thread frees it after
 * event_loop_run(), post a function that quits instead, or join the thread that quits first.
 *
 * Returns 0, or -1 with errno EINVAL for NULL.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Any thread and any signal handler may call it.
 */
int yolanda_loop_quit(struct event_loop *eventLoop);

/**
 * Lets a loop run again that was told to quit: sets `eventLoop->quit` to 0.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Call it only on its thread.
 */
int yolanda_loop_clear_quit(struct event_loop *eventLoop);

/**
 * Returns 1 if the loop was told to quit, otherwise 0.
 *
 * Returns -1 with errno EINVAL for NULL.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Any thread may call it.
 */
int yolanda_loop_is_quitting(struct event_loop *eventLoop);

/**
 * Returns the name of the loop in the log. The text belongs to the loop, or, for a loop of
 * event_loop_init_with_name(), to the program.
 *
 * Returns NULL with errno EINVAL for NULL.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Any thread may call it.
 */
const char *yolanda_loop_name(struct event_loop *eventLoop);

/**
 * Runs the loop until at least one callback has been called, until something wakes it up, or until
 * `limit_ms` milliseconds have passed: 0 doesn't wait, -1 sets no limit. It may be called inside a
 * callback of the loop; it then continues with the unfinished work of the outer pass. The connection
 * whose callback calls it may have ended when it returns.
 *
 * Returns the number of callbacks called, 0 if the time is over or the loop is to quit; -1 with errno:
 * EINVAL for NULL or another negative limit, EPERM on another thread, EINTR if a signal has ended the
 * wait (see yolanda_loop_set_interruptible()).
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Call it only on its thread.
 */
int yolanda_loop_run_once(struct event_loop *eventLoop,
                          int64_t limit_ms);

/**
 * Sets whether signals end event_loop_run() and yolanda_loop_run_once(). With 1, both return -1 with
 * errno EINTR when a signal handler of the program has interrupted the loop's wait (signal(7)); the
 * pass is completed first, with its timers and signal watchers. Call them again to go on. With 0, the
 * default, the loop waits again. Interpreters such as Python's need it: their handler only takes a
 * note, and acts on it when they get control back.
 *
 * Only the wait is interrupted. A signal that arrives while the loop runs callbacks, or just before it
 * waits, ends nothing: to act on such a signal without delay, also have the handler call
 * event_loop_wakeup(), and use yolanda_loop_run_once(), which returns then.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Call it only on its thread.
 */
int yolanda_loop_set_interruptible(struct event_loop *eventLoop,
                                   int on);

/**
 * Makes the loop's thread call `callback(eventLoop, data)` once, never before this function returns.
 * Functions posted by one thread are called in the order in which they were posted, and none is
 * lost; the sends, shutdowns and channel changes of that thread keep their place in the same order.
 * On the loop's own thread, these take effect at once, and the function is called later in the pass.
 * Functions that were posted before yolanda_loop_quit() are called before event_loop_run() returns.
 * Many posts wake up the loop only once.
 *
 * Returns 0, or -1 with errno, and then the function is never called: EINVAL for NULL (`data` may be
 * NULL), ENOMEM, ESHUTDOWN for a loop that is being freed.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. `data` remains yours and must be valid until
 * the function is called. Any thread may call it.
 */
int yolanda_loop_post(struct event_loop *eventLoop,
                      yolanda_loop_callback callback,
                      void *data);

/**
 * yolanda_loop_post() with data that the library destroys: `destroy(data)` is called once, on the loop's
 * thread, when the callback has returned. This includes functions that are called because the loop is
 * being freed: whenever the post succeeds, both are called. `destroy` may call the library, but can't
 * free the loop; NULL stands for none. If another thread posts, the data may have been destroyed
 * before this function returns.
 *
 * Returns 0, or -1 with errno, and then neither function is called and the data stays yours: EINVAL for
 * NULL (`data` may be NULL), ENOMEM, ESHUTDOWN for a loop that is being freed.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. `data` must be valid until it is destroyed. Any
 * thread may call it.
 */
int yolanda_loop_post_with_destroy(struct event_loop *eventLoop,
                                   yolanda_loop_callback callback,
                                   void *data,
                                   void (*destroy)(void *data));

/**
 * Returns a descriptor that is readable while the loop has events, so that another loop (poll(2),
 * asyncio, libuv, Qt) can watch it. When it is readable, or when yolanda_loop_timeout() has passed,
 * call yolanda_loop_run_once(eventLoop, 0). The descriptor belongs to the loop: neither read from it
 * nor close it.
 *
 * Returns -1 with errno: EINVAL for NULL, EPERM on another thread, ENOTSUP for a back end of the
 * program, EMFILE, ENFILE, ENOMEM, ENOSPC (fs.epoll.max_user_watches).
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Call it only on its thread.
 */
int yolanda_loop_fd(struct event_loop *eventLoop);

/**
 * Returns the number of milliseconds after which yolanda_loop_run_once() must be called even if the
 * loop's descriptor hasn't become readable: 0 if there is work already, -1 if there is no limit.
 * Call it before each wait.
 *
 * Returns -2 with errno on failure: EINVAL for NULL, EPERM on another thread.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Call it only on its thread.
 */
int64_t yolanda_loop_timeout(struct event_loop *eventLoop);

/**
 * Returns the name of the loop's back end: "epoll", "poll", or the name of a back end of the program.
 * The text belongs to the back end.
 *
 * Returns NULL with errno EINVAL for NULL.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Any thread may call it while no thread changes
 * the back end.
 */
const char *yolanda_loop_dispatcher(struct event_loop *eventLoop);

/**
 * Writes the loop's counters into `stats`, at most `size` bytes: pass sizeof(struct
 * yolanda_loop_stats). Each number is consistent in itself; if another thread reads them, they may
 * be from slightly different moments.
 *
 * Returns 0, or -1 with errno EINVAL for NULL or a size of 0.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. `stats` is NULL or has room for `size` bytes.
 * Any thread may call it.
 */
int yolanda_loop_get_stats(struct event_loop *eventLoop,
                           struct yolanda_loop_stats *stats,
                           size_t size);

/**
 * Starts a timer: `callback` is called after `delay_ms` milliseconds, never earlier, and then every
 * `period_ms` milliseconds, or only once if that is 0. Periods are counted from due time to due time,
 * so they don't drift; a loop that is late makes one call and skips the periods that have passed. The
 * clock is the monotonic one (CLOCK_MONOTONIC), so setting the system time has no effect. Timers that
 * are due together are called in the order of their due times, and with equal times in the order in
 * which they were started. A timer without a period ends when its callback has returned, unless the
 * callback restarted it.
 *
 * Starting, restarting and stopping take time proportional to the logarithm of the number of timers.
 *
 * Returns the timer, or 0 with errno: EINVAL (NULL, times that are negative or far too long), EPERM on
 * another thread (post a function instead), ENOMEM, also for more than 16,777,215 timers.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. `data` remains yours. Call it only on the
 * loop's thread.
 */
yolanda_timer yolanda_timer_start(struct event_loop *eventLoop,
                                  int64_t delay_ms,
                                  int64_t period_ms,
                                  yolanda_timer_callback callback,
                                  void *data);

/**
 * Gives a timer new times, as if it were started now; callback and data don't change. The timer's
 * own callback may call it.
 *
 * Returns 0, or -1 with errno: ENOENT for a timer that has ended or never existed, EINVAL (NULL, times
 * that are negative or far too long), EPERM on another thread.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread.
 */
int yolanda_timer_restart(struct event_loop *eventLoop,
                          yolanda_timer timer,
                          int64_t delay_ms,
                          int64_t period_ms);

/**
 * Stops a timer: its callback isn't called any more, even if it was due in this pass.
 *
 * Returns 0, or -1 with errno: ENOENT for a timer that has ended, was already stopped or never
 * existed, EINVAL for NULL, EPERM on another thread.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread.
 */
int yolanda_timer_stop(struct event_loop *eventLoop, yolanda_timer timer);

/**
 * Sets a function, `destroy`, that is called with the timer's `data` when the timer has ended and none of
 * its callbacks is running any more: it was stopped, it was called for the last time, or its loop is
 * being freed. It is called once, on the loop's thread: if no callback of the timer is running, inside
 * yolanda_timer_stop(), otherwise as soon as the callback has returned, the outermost one if calls of it
 * are nested. It may call the library, but can't free the loop. A second call replaces the
 * function; NULL removes it.
 *
 * Returns 0, or -1 with errno, and then the function isn't called and the data stays yours: ENOENT for a
 * timer that has ended or never existed, EINVAL for NULL, EPERM on another thread, ESHUTDOWN for a loop
 * that is being freed.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread.
 */
int yolanda_timer_set_destroy(struct event_loop *eventLoop,
                              yolanda_timer timer,
                              void (*destroy)(void *data));

/**
 * Returns the number of milliseconds until a timer is due, rounded up; 0 if it is already due.
 *
 * Returns -1 with errno on failure, like yolanda_timer_stop().
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread.
 */
int64_t yolanda_timer_remaining(struct event_loop *eventLoop, yolanda_timer timer);

/**
 * Starts a watcher: `callback` is called whenever the process receives the signal. A signal may have
 * any number of watchers, on any number of loops; those of one loop are called in the order in which
 * they were started. If a signal arrives again before the callback has been called, both count as one,
 * as for pending signals (signal(7)).
 *
 * The library installs its handler with the first watcher of a signal, with SA_RESTART and SA_ONSTACK
 * (sigaction(2)). When the last watcher ends, it restores the program's previous handler, SIG_IGN or
 * SIG_DFL, unless the program has replaced the handler in the meantime. Threads may block the signal
 * as long as one thread doesn't. A forked child inherits the handler until it executes another
 * program.
 *
 * Returns the watcher, or 0 with errno: EINVAL (NULL, not a signal, SIGKILL, SIGSTOP, or a signal
 * that is raised by a program error: SIGSEGV, SIGBUS, SIGFPE, SIGILL), EPERM on another thread,
 * ENOMEM.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. `data` remains yours. Call it only on the
 * loop's thread.
 */
yolanda_signal yolanda_signal_start(struct event_loop *eventLoop,
                                    int number,
                                    yolanda_signal_callback callback,
                                    void *data);

/**
 * Sets a function, `destroy`, that is called with the watcher's `data` when the watcher has ended and none
 * of its callbacks is running any more: it was stopped, or its loop is being freed. It is called once, on
 * the loop's thread: inside yolanda_signal_stop(), or, if callbacks of watchers of the loop are running,
 * as soon as the outermost of them has returned. It may call the library, but can't free the loop. A second call replaces the function; NULL removes it.
 *
 * Returns 0, or -1 with errno, and then the function isn't called and the data stays yours: ENOENT for a
 * watcher that was stopped or never existed, EINVAL for NULL, EPERM on another thread, ESHUTDOWN for a
 * loop that is being freed.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread.
 */
int yolanda_signal_set_destroy(struct event_loop *eventLoop,
                               yolanda_signal signal,
                               void (*destroy)(void *data));

/**
 * Stops a watcher: its callback isn't called any more, even if its signal has already arrived.
 *
 * Returns 0, or -1 with errno: ENOENT for a watcher that was already stopped or never existed, EINVAL
 * for NULL, EPERM on another thread.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread.
 */
int yolanda_signal_stop(struct event_loop *eventLoop,
                        yolanda_signal signal);

/**
 * Makes a thread without starting it, for programs that have no memory for the struct:
 * event_loop_thread_start() starts it. `number` counts from 0 and determines the name: "Thread-1" for
 * 0.
 *
 * Returns the thread, or NULL with errno ENOMEM. Release it with yolanda_loop_thread_free().
 *
 * Any thread may call it.
 */
struct event_loop_thread *yolanda_loop_thread_new(int number);

/**
 * Ends a thread of yolanda_loop_thread_new() like yolanda_loop_thread_stop(), and frees it.
 *
 * Returns 0, or -1 with errno like yolanda_loop_thread_stop(), and then nothing was freed.
 *
 * `thread` is NULL or a thread of yolanda_loop_thread_new(). It must not be used again. Any thread but
 * this one may call it, under the conditions of yolanda_loop_thread_stop().
 */
int yolanda_loop_thread_free(struct event_loop_thread *thread);

/**
 * Returns the loop of a thread, from event_loop_thread_start() until yolanda_loop_thread_stop(), which
 * frees it.
 *
 * Returns NULL with errno: ENOENT if the thread doesn't run, EINVAL for NULL.
 *
 * `thread` is NULL or has been set up by event_loop_thread_init() or yolanda_loop_thread_new(). Only
 * one thread at a time may use the struct.
 */
struct event_loop *yolanda_loop_thread_loop(struct event_loop_thread *thread);

/**
 * Ends a thread of event_loop_thread_start(). On that thread, its loop quits, posted functions are
 * called, and its connections are closed with their closed callbacks. Then the thread is joined, and
 * its loop is freed. Afterwards `thread_tid` is 0 and `eventLoop` is NULL, and the struct may be
 * started again. `thread_name` stays.
 *
 * A thread that was never started, or that was already stopped, is left unchanged. A program that
 * has set `quit` and joined the thread itself must set `thread_tid` to 0 before it calls this
 * function, which then closes and frees the loop's objects on the calling thread.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL and for a thread that the program has detached
 * (pthread_detach(3)), whose loop remains; EDEADLK on the thread itself, and if pthread_join(3)
 * detects that the thread is waiting for the caller, which not every C library does.
 *
 * `thread` is NULL or has been set up by event_loop_thread_init() or yolanda_loop_thread_new(). No
 * other thread may use the thread's loop, but a retained connection may outlive it. Any thread but this one may call it, inside
 * callbacks too, but only one at a time, and without holding locks that the thread's callbacks take.
 */
int yolanda_loop_thread_stop(struct event_loop_thread *thread);

/**
 * Ends the threads of a pool, each like yolanda_loop_thread_stop(), and frees the pool. A server's own
 * pool is freed by yolanda_server_free(). A pool that was started is freed with its main loop at the
 * latest, by yolanda_loop_free().
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EBUSY for a server's pool, EPERM on any thread but
 * the main loop's, EDEADLK on one of the pool's own threads and if pthread_join(3) detects that one
 * of them is waiting for the caller, which not every C library does.
 *
 * `pool` is NULL or a pool that hasn't been freed. Call it only on its main loop's thread, without
 * holding locks that callbacks on the pool's threads take; also allowed inside callbacks.
 */
int yolanda_thread_pool_free(struct thread_pool *pool);

/**
 * Returns the readable bytes of a buffer; yolanda_buffer_length() tells how many there are. They are
 * binary. For an empty buffer it returns "".
 *
 * The bytes belong to the buffer and are valid until it changes. Those of a connection's input are
 * valid until the message callback returns.
 *
 * Returns NULL with errno EINVAL for NULL.
 *
 * `buffer` is NULL or a buffer that only the calling thread uses.
 */
const char *yolanda_buffer_data(struct buffer *buffer);

/**
 * Returns the number of readable bytes.
 *
 * Returns 0 with errno EINVAL for NULL.
 *
 * `buffer` is NULL or a buffer that only the calling thread uses.
 */
size_t yolanda_buffer_length(struct buffer *buffer);

/**
 * Takes the first `length` readable bytes away. A message callback consumes what it has dealt with;
 * what it leaves is still there the next time, followed by the new bytes.
 *
 * Returns 0, or -1 with errno EINVAL for NULL and for more bytes than are readable; then nothing is
 * taken away.
 *
 * `buffer` is NULL or a buffer that only the calling thread uses.
 */
int yolanda_buffer_consume(struct buffer *buffer, size_t length);

/**
 * Copies `length` bytes behind the readable ones. Pointers into the buffer may be invalid afterwards.
 *
 * Returns 0, or -1 with errno, and then nothing was appended: EINVAL (NULL buffer, NULL data with a
 * length), ENOMEM (no memory, or more than INT_MAX - 1 bytes).
 *
 * `buffer` is NULL or a buffer that only the calling thread uses. `data` is NULL or has `length`
 * bytes.
 */
int yolanda_buffer_append(struct buffer *buffer,
                          const void *data,
                          size_t length);

/**
 * Returns the descriptor of a channel, which stays yours.
 *
 * Returns -1 with errno EINVAL for NULL.
 *
 * `channel` is NULL or a channel that no other thread changes.
 */
int yolanda_channel_fd(struct channel *channel);

/**
 * Returns the events that a channel waits for: EVENT_READ, EVENT_WRITE, both, or 0.
 *
 * Returns -1 with errno EINVAL for NULL.
 *
 * `channel` is NULL or a channel that no other thread changes.
 */
int yolanda_channel_events(struct channel *channel);

/**
 * Sets the events that a channel waits for: EVENT_READ, EVENT_WRITE, both, or 0. If the channel is in
 * a loop, they count from the next event_loop_update_channel_event() on.
 *
 * Returns 0, or -1 with errno EINVAL for NULL and for other events.
 *
 * `channel` is NULL or a channel that no other thread changes.
 */
int yolanda_channel_set_events(struct channel *channel,
                               int events);

/**
 * Frees a channel of channel_new(). Its descriptor stays yours.
 *
 * Returns 0, or -1 with errno, and then nothing was freed: EINVAL for NULL and for the channel of a
 * connection, EBUSY for a channel that is in a loop (call event_loop_remove_channel_event() before).
 *
 * `channel` is NULL or a channel of channel_new(). It must not be used again. Any thread may call it.
 */
int yolanda_channel_free(struct channel *channel);

/**
 * Keeps a connection's memory valid beyond its closed callback, for use by another thread or by a
 * language with a garbage collector. Each call needs a matching yolanda_connection_release().
 *
 * After a retained connection has closed, functions of this header and sends return -1 with
 * ENOTCONN, and tcp_connection_shutdown() does nothing. `name`, `data`, yolanda_connection_id(),
 * yolanda_connection_error() and yolanda_connection_user_data() can still be read, even if its loop
 * has been freed. Its buffers are empty, and its descriptor is closed.
 *
 * Returns the connection, or NULL with errno: EINVAL for NULL, EOVERFLOW (2 billion references).
 *
 * The closed callback of the connection hasn't returned, or another reference exists for the
 * duration of the call. Any thread may call it.
 */
struct tcp_connection *yolanda_connection_retain(struct tcp_connection *connection);

/**
 * Releases a reference. After the last one, the connection is freed as soon as it has closed: in
 * this call, together with its user data, or at the end of a pass of its loop.
 *
 * Returns 0, or -1 with errno EINVAL for NULL and for an open connection that hasn't been retained.
 *
 * The caller owns the reference and must not use it again. Any thread may call it.
 */
int yolanda_connection_release(struct tcp_connection *connection);

/**
 * Returns 1 until the connection begins to close, for whatever reason, then 0. On any thread but the
 * loop's the result may already be outdated. A connection that will close after its queue has been
 * sent counts as open.
 *
 * Returns -1 with errno EINVAL for NULL.
 *
 * `connection` is NULL or a connection that is live or retained. Any thread may call it.
 */
int yolanda_connection_is_open(struct tcp_connection *connection);

/**
 * Returns the connection's number in this process. It is never 0 and, unlike a descriptor, never
 * reused.
 *
 * Returns 0 with errno EINVAL for NULL.
 *
 * `connection` is NULL or a connection that is live or retained. Any thread may call it.
 */
uint64_t yolanda_connection_id(struct tcp_connection *connection);

/**
 * Returns the reason why the connection is closing or has closed, as an errno value; 0 while it is
 * open, and if both sides ended it normally.
 *
 * - ECONNRESET, EPIPE and others of recv(2) and send(2): the peer or the network.
 * - ETIMEDOUT: a time limit of yolanda_connection_set_timeouts() or
 *   yolanda_connection_close_after_send(), or the network's.
 * - ENOBUFS: a limit of yolanda_connection_set_limits().
 * - ECANCELED: yolanda_connection_close().
 * - ESHUTDOWN: its server was stopped, or its loop was freed.
 * - ENOMEM: memory ran out.
 * - EBADF: the program closed its descriptor.
 *
 * Returns -1 with errno EINVAL for NULL.
 *
 * `connection` is NULL or a connection that is live or retained. Any thread may call it.
 */
int yolanda_connection_error(struct tcp_connection *connection);

/**
 * Closes a connection at once and discards queued bytes. No callback is called from within this
 * function; the closed callback is called in a pass of the loop. If another thread calls it, the
 * close takes effect after what that thread posted before, and a message callback that is already
 * running may still finish first; for the caller the connection is closed at once.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, ENOTCONN (it is already closing, for example after an
 * earlier call), ENOMEM (only on another thread; the connection stays open).
 *
 * `connection` is NULL or a connection that is live or retained. Any thread may call it.
 */
int yolanda_connection_close(struct tcp_connection *connection);

/**
 * Closes a connection after everything accepted so far has been sent, including what other threads
 * have sent: the queue is sent, then the end of the stream, and the connection closes when the peer
 * has ended its side too. If that takes longer than `limit_ms` milliseconds, the connection is then
 * closed with ETIMEDOUT; with 0, in the next pass.
 *
 * After this call sends fail with EPIPE; functions that the same thread posted before can still
 * send. Bytes that still arrive are discarded without message callbacks, even while reading is
 * paused. If it is called again, the earlier time limit applies; yolanda_connection_close() may
 * follow.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, a negative limit), ENOTCONN (it is already closing),
 * ENOMEM.
 *
 * `connection` is NULL or a connection that is live or retained. Any thread may call it.
 */
int yolanda_connection_close_after_send(struct tcp_connection *connection, int64_t limit_ms);

/**
 * Attaches a pointer of yours to the connection, separate from `data`, and a function that frees it.
 * A previous pointer is freed in this call, with its own function. The last one is freed with the
 * connection, exactly once: after the closed callback and the last yolanda_connection_release(), on
 * the thread that releases the last reference. If the connection has already closed, the pointer
 * isn't stored and remains yours.
 *
 * Returns 0, or -1 with errno: EINVAL for a NULL connection, ENOTCONN (it has closed), EPERM on
 * another thread, ENOMEM.
 *
 * `connection` is NULL or a connection that is live or retained. `destroy` may be NULL; it may call
 * any function of the library for other connections. Call it only on the loop's thread or inside the
 * completed callback.
 */
int yolanda_connection_set_user_data(struct tcp_connection *connection,
                                     void *data,
                                     void (*destroy)(void *data));

/**
 * Returns the pointer of yolanda_connection_set_user_data(), also for a connection that has closed;
 * NULL if none was set, and NULL with errno EINVAL for NULL. What it points to is yours.
 *
 * `connection` is NULL or a connection that is live or retained. Any thread may call it; access to
 * the data behind the pointer is up to the program.
 */
void *yolanda_connection_user_data(struct tcp_connection *connection);

/**
 * Writes the peer's address as text: `1.2.3.4:5`, `[::1]:5`, `unix:/path`, `unix:@abstract`, or
 * `unix:` for a Unix socket without a name. 128 bytes are enough for any address.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, ENAMETOOLONG (it doesn't fit), ENOTCONN (closed, or
 * the peer has already gone; if you need the address later, ask for it in the completed callback),
 * ENOTSOCK.
 *
 * `connection` is NULL or a connection that is live or retained. `text` is NULL or has room for `size`
 * bytes. Any thread may call it.
 */
int yolanda_connection_peer(struct tcp_connection *connection,
                            char *text,
                            size_t size);

/**
 * Writes the connection's own address as text; otherwise the same as yolanda_connection_peer().
 *
 * `connection` is NULL or a connection that is live or retained. `text` is NULL or has room for `size`
 * bytes. Any thread may call it.
 */
int yolanda_connection_local(struct tcp_connection *connection,
                             char *text,
                             size_t size);

/**
 * Sets TCP_NODELAY (tcp(7)): 1 sends small writes at once, 0 lets them wait for the acknowledgement of
 * earlier ones.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, ENOTCONN (closed), EPERM on another thread, EOPNOTSUPP
 * or ENOTSOCK (not a TCP socket).
 *
 * `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
 * inside the completed callback.
 */
int yolanda_connection_set_nodelay(struct tcp_connection *connection,
                                   int on);

/**
 * Makes the kernel probe a silent peer (SO_KEEPALIVE, socket(7)): after `idle_s` seconds (0: never),
 * then every `interval_s` seconds. After `count` unanswered probes the connection ends. 0 for the last
 * two leaves them unchanged; initially they are the system's.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, seconds outside 0 to 32767, a count outside 0 to 127),
 * ENOTCONN (closed), EPERM on another thread, EOPNOTSUPP or ENOTSOCK (not a TCP socket).
 *
 * `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
 * inside the completed callback.
 */
int yolanda_connection_set_keepalive(struct tcp_connection *connection,
                                     int idle_s,
                                     int interval_s,
                                     int count);

/**
 * Stops reading: no message callback is called until yolanda_connection_resume(), and the peer has
 * to wait once its window is full. If it is called inside the message callback, no further message
 * callback follows, and the bytes that the callback leaves unread stay in the buffer.
 *
 * While reading is paused, the end of the peer's stream isn't noticed, but it isn't lost either.
 * Sending continues. A reset closes the connection at once, because nothing can be sent any more;
 * bytes that arrived before it are lost. EVENT_READ is off in `channel->events` while reading is
 * paused.
 *
 * One yolanda_connection_resume() undoes any number of calls. On a connection that is closing after
 * its queue has been sent, pausing has no effect.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, ENOTCONN (closed), EPERM on another thread.
 *
 * `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
 * inside the completed callback.
 */
int yolanda_connection_pause(struct tcp_connection *connection);

/**
 * Continues reading. Bytes that were left unread are passed to the message callback again in a pass
 * of the loop, even if no new ones have arrived. If reading isn't paused, nothing changes.
 *
 * Returns 0, or -1 with errno like yolanda_connection_pause().
 *
 * `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
 * inside the completed callback.
 */
int yolanda_connection_resume(struct tcp_connection *connection);

/**
 * Sets callbacks that tell the program how well its peer keeps up: `on_high` is called when the
 * queue has reached `high` bytes, `on_low` when it has then fallen to `low` bytes or less. They
 * alternate, once per crossing, and are called in a pass of the loop, never inside a send. If the
 * queue falls again before `on_high` could be called, `on_high` is still called, before `on_low`.
 * Neither is called after the closed callback.
 *
 * `high` 0 turns them off. Setting the marks restarts the alternation: if the queue has already
 * reached `high`, `on_high` is called. Either callback may be NULL.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, `low` not below `high`), ENOTCONN (closed), EPERM on
 * another thread, ENOMEM.
 *
 * `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
 * inside the completed callback.
 */
int yolanda_connection_set_water_marks(struct tcp_connection *connection,
                                       size_t low,
                                       size_t high,
                                       yolanda_water_mark_callback on_low,
                                       yolanda_water_mark_callback on_high);

/**
 * Limits how much memory a connection may use.
 *
 * `max_queued`: the number of bytes that may wait to be sent, including those that other threads have
 * sent; 0: 64 MiB; at most 2 GiB.
 * With YOLANDA_LIMIT_CLOSE a send is accepted as a whole while the queue is below the limit; otherwise
 * it fails with -1 and ENOBUFS, and the connection is closed. With YOLANDA_LIMIT_REFUSE a send that
 * doesn't fit, even into an empty queue, fails as a whole with -1 and ENOBUFS, and nothing else
 * changes.
 *
 * `max_unread`: if the message callback leaves that many bytes unread, the connection is closed,
 * whatever the policy; 0: 64 MiB. Up to 64 KiB are read before each callback.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, an unknown policy), ENOTCONN (closed), EPERM on another
 * thread, ENOMEM.
 *
 * `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
 * inside the completed callback.
 */
int yolanda_connection_set_limits(struct tcp_connection *connection,
                                  size_t max_queued,
                                  size_t max_unread,
                                  int policy);

/**
 * Sets how long a connection may make no progress before it is closed, with ETIMEDOUT as its error.
 * All times are in milliseconds and count from this call; 0: no limit. A connection is never closed
 * early.
 *
 * - `idle_ms`: no byte was received, and none was sent. yolanda_connection_set_idle_direction() has only
 *   one of the two count.
 * - `read_ms`: no byte was received, while reading isn't paused.
 * - `write_ms`: bytes are queued, and none was sent, because the peer doesn't read.
 *
 * Bytes count as received when they have arrived, even if the loop is too busy to read them. They
 * count as sent when the kernel takes them, and again when the peer takes them from the kernel: a peer
 * that reads slowly is neither idle nor stuck. That is checked four times within each limit, so a
 * limit may be late by a quarter. The callback `idle` of struct yolanda_callbacks is asked before the
 * connection is closed.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, a negative time), ENOTCONN (closed), EPERM on another
 * thread, ENOMEM.
 *
 * `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
 * inside the completed callback.
 */
int yolanda_connection_set_timeouts(struct tcp_connection *connection,
                                    int64_t idle_ms,
                                    int64_t read_ms,
                                    int64_t write_ms);

/**
 * Sets which bytes count for `idle_ms` of yolanda_connection_set_timeouts(): YOLANDA_IDLE_BOTH (without
 * this call), YOLANDA_IDLE_RECEIVED or YOLANDA_IDLE_SENT. All limits of the connection count from this
 * call. With YOLANDA_IDLE_RECEIVED, a connection is idle as well if its input can't come: while reading
 * is paused, and after the peer has ended its side.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, no such direction), ENOTCONN (closed), EPERM on another
 * thread, ENOMEM.
 *
 * `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
 * inside the completed callback.
 */
int yolanda_connection_set_idle_direction(struct tcp_connection *connection,
                                          int direction);

/**
 * Sends `length` bytes after everything that was sent before. What the socket doesn't take at once is
 * copied and sent later; yolanda_connection_queued() tells how much that is. On any thread but the
 * loop's, all bytes are copied. No callback is called from within this function.
 *
 * Returns 0, or -1 with errno, and then no byte of this call is sent: EINVAL (NULL connection, NULL
 * data with a length), EMSGSIZE (more than 2,147,483,647 bytes), EPIPE (after a shutdown), ENOTCONN
 * (the connection is closing), ENOBUFS (over the limit of the queue: 64 MiB, or the value set by
 * yolanda_connection_set_limits()), ENOMEM, ECONNRESET and others of send(2).
 *
 * `connection` is NULL or a connection that is live or retained. `data` is NULL or has `length` bytes.
 * Any thread may call it.
 */
int yolanda_connection_send(struct tcp_connection *connection,
                            const void *data,
                            size_t length);

/**
 * Returns how many bytes wait to be sent, including those that other threads have sent; 0 for a
 * connection that has closed. It tells how far behind the peer is.
 *
 * Returns 0 with errno EINVAL for NULL.
 *
 * `connection` is NULL or a connection that is live or retained. Any thread may call it.
 */
size_t yolanda_connection_queued(struct tcp_connection *connection);

/**
 * Returns the connection's input: the bytes that have arrived and haven't been consumed, as the
 * message callback gets them. The buffer is the connection's.
 *
 * Returns NULL with errno: EINVAL for NULL, EPERM on another thread.
 *
 * `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
 * inside the completed callback.
 */
struct buffer *yolanda_connection_input(struct tcp_connection *connection);

/**
 * Returns the loop whose thread owns the connection. The loop is valid until it is freed.
 *
 * Returns NULL with errno: EINVAL for NULL, ESHUTDOWN if the loop has been freed.
 *
 * `connection` is NULL or a connection that is live or retained. Any thread may call it.
 */
struct event_loop *yolanda_connection_loop(struct tcp_connection *connection);

/**
 * Returns the server that has accepted the connection. For a connection of an HTTP server that is the
 * server's TCP server. It is valid until it is freed.
 *
 * Returns NULL with errno: ENOENT if no server has accepted it, or if the server has been freed;
 * EINVAL for NULL, EPERM on another thread.
 *
 * `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
 * inside the completed callback.
 */
struct TCPserver *yolanda_connection_server(struct tcp_connection *connection);

/**
 * Sets the connection's `data`. The library only passes the pointer on: nothing is called when the
 * connection ends. yolanda_connection_set_user_data() attaches a pointer with a function that frees
 * it.
 *
 * Returns 0, or -1 with errno: EINVAL for a NULL connection, ENOTSUP for a connection of an HTTP
 * server, whose `data` belongs to the server; EPERM on another thread.
 *
 * `connection` is NULL or a connection that is live or retained. `data` stays yours. Call it only on
 * the loop's thread or inside the completed callback.
 */
int yolanda_connection_set_data(struct tcp_connection *connection,
                                void *data);

/**
 * Returns the connection's `data`: what tcp_server_set_data(), yolanda_client_set_data() or
 * yolanda_connection_set_data() has set, which stays yours; NULL if nothing was set. For a pointer that
 * any thread can read, see yolanda_connection_user_data().
 *
 * Returns NULL with errno: EINVAL for NULL, ENOTSUP for a connection of an HTTP server, whose `data`
 * belongs to the server; EPERM on another thread.
 *
 * `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
 * inside the completed callback.
 */
void *yolanda_connection_data(struct tcp_connection *connection);

/**
 * Returns the connection's name in the log, "connection-FD". The text belongs to the connection and is
 * valid as long as that is live or retained.
 *
 * Returns NULL with errno EINVAL for NULL.
 *
 * `connection` is NULL or a connection that is live or retained. Any thread may call it.
 */
const char *yolanda_connection_name(struct tcp_connection *connection);

/**
 * Returns the connection's descriptor, for example to set a socket option. It belongs to the
 * connection: don't close it.
 *
 * Returns -1 with errno: EINVAL for NULL, EPERM on another thread, ENOTCONN if the descriptor has been
 * closed. Inside the closed callback it is still open.
 *
 * `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
 * inside the completed callback.
 */
int yolanda_connection_fd(struct tcp_connection *connection);

/**
 * Returns the port that an acceptor is bound to; for port 0, the one that the system chose.
 *
 * Returns -1 with errno EINVAL for NULL.
 *
 * `acceptor` is NULL or an acceptor that no other thread changes.
 */
int yolanda_acceptor_port(struct acceptor *acceptor);

/**
 * Returns the listening descriptor, which stays the acceptor's; -1 once its server has stopped.
 *
 * Returns -1 with errno EINVAL for NULL.
 *
 * `acceptor` is NULL or an acceptor that no other thread changes.
 */
int yolanda_acceptor_fd(struct acceptor *acceptor);

/**
 * Frees an acceptor of acceptor_init() and closes its descriptor, unless its server has closed it. The
 * server must be gone: call yolanda_server_free() or yolanda_loop_free() before.
 *
 * Returns 0, or -1 with errno EINVAL for NULL.
 *
 * `acceptor` is NULL or an acceptor of acceptor_init() whose server has been freed, or that was given
 * to none. It must not be used again. Any thread may call it.
 */
int yolanda_acceptor_free(struct acceptor *acceptor);

/**
 * Makes a server that will listen on an address:
 *
 * - `127.0.0.1:8080`, `[::1]:8080`: one address of this host (link-local ones with their interface:
 *   `[fe80::1%eth0]:8080`)
 * - `0.0.0.0:8080`: every IPv4 address
 * - `[::]:8080`: every address, IPv6 and IPv4
 * - `*:8080`, `:8080`: the same, or every IPv4 address if there is no IPv6
 * - `name:8080`: an IPv4 address of that name, or else an IPv6 one; the call blocks until the name
 *   has been looked up
 * - `unix:/path`, `unix:@name`: a Unix domain socket, or one in Linux's abstract namespace (unix(7))
 *
 * With port 0 the system chooses a free port, which is stored in the server's field `port` (0 for
 * Unix sockets). The address is bound at once, with SO_REUSEADDR. A Unix socket also listens at
 * once, the others after yolanda_server_start().
 *
 * A socket file on which nobody listens is replaced; the server's own file is removed when it stops.
 * Both happen only under a lock (flock(2)) on the file "PATH.yolanda-lock", which exists only for
 * that moment. So if two servers start at once, one of them gets EADDRINUSE, and nobody removes the
 * file of a live server, in whatever order servers start, stop and crash. A child that has inherited
 * the socket through fork(2) removes the file only if nobody listens on it any more. If the folder
 * isn't writable when the server stops, the file stays. Servers of yolanda_server_new_fd() neither
 * create nor remove a file; abstract names have none.
 *
 * `threads` additional threads serve the connections; 0: the loop's own thread. The callbacks are
 * those of tcp_server_init() and may be NULL. tcp_server_set_data() sets the `data` of new
 * connections.
 *
 * Connections have TCP_NODELAY set: see yolanda_server_set_nodelay().
 *
 * When the process runs out of descriptors, the server refuses clients, by closing their connections
 * at once, until descriptors are available again; it keeps one descriptor in reserve for that while
 * it runs. Servers of tcp_server_init() have no reserve: their clients wait in the kernel's queue.
 *
 * Returns the server, or NULL with errno: EINVAL (NULL, no address, negative `threads`), EPERM on
 * another thread, EADDRINUSE (also for a file that isn't a socket, one that somebody listens on, and a
 * lock that is held for more than a second), EADDRNOTAVAIL, EACCES, EROFS, ENOLCK (a file system
 * without locks), ENOENT (no such host or folder), EAGAIN or EHOSTUNREACH (the name can't be looked up
 * at the moment), EAFNOSUPPORT, ENAMETOOLONG, EMFILE, ENFILE, ENOMEM. The server is freed by
 * yolanda_server_free() or with its loop.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed, `address` is NULL or a NUL-terminated string.
 * Call it only on the loop's thread.
 */
struct TCPserver *yolanda_server_new(struct event_loop *eventLoop,
                                     const char *address,
                                     connection_completed_call_back connectionCompletedCallBack,
                                     message_call_back messageCallBack,
                                     write_completed_call_back writeCompletedCallBack,
                                     connection_closed_call_back connectionClosedCallBack,
                                     int threads);

/**
 * Makes a server for a stream socket that is already listening: inherited, passed by systemd
 * (descriptor 3 and up), or received over a Unix socket. On success the server owns the descriptor
 * and makes it non-blocking and close-on-exec; a socket file stays when the server stops. Otherwise
 * the same as yolanda_server_new(). A descriptor on which another server accepts is refused on the
 * same loop, and must not be used for a server on another loop: use dup(2).
 *
 * Returns the server. On failure it returns NULL with errno, and the descriptor remains yours:
 * EINVAL (NULL, a socket that doesn't listen, negative `threads`), EBADF, ENOTSOCK, EPROTOTYPE (not
 * a stream socket), EBUSY (a server of the loop accepts on it), EPERM on another thread, ENOMEM.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread.
 */
struct TCPserver *yolanda_server_new_fd(struct event_loop *eventLoop,
                                        int fd,
                                        connection_completed_call_back connectionCompletedCallBack,
                                        message_call_back messageCallBack,
                                        write_completed_call_back writeCompletedCallBack,
                                        connection_closed_call_back connectionClosedCallBack,
                                        int threads);

/**
 * Starts a server, also one of tcp_server_init(): its threads first, then listening and accepting.
 * It does the same as tcp_server_start(), but reports failures.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, EALREADY (it runs already),
 * ESHUTDOWN (it was stopped), EADDRINUSE, EMFILE, ENFILE, ENOMEM, ENOSPC (epoll_ctl(2)). After a
 * failure it may be called again. Threads that can't be started are left out; that isn't a failure.
 *
 * `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_server_start(struct TCPserver *server);

/**
 * Returns the port that the server listens on; for port 0, the one that the system chose; 0 for a
 * Unix socket.
 *
 * Returns -1 with errno: EINVAL for NULL, EPERM on another thread.
 *
 * `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_server_port(struct TCPserver *server);

/**
 * Returns the loop that the server was made on. It is valid until it is freed.
 *
 * Returns NULL with errno EINVAL for NULL.
 *
 * `server` is NULL or a server that hasn't been freed. Any thread may call it.
 */
struct event_loop *yolanda_server_loop(struct TCPserver *server);

/**
 * Returns the pointer of tcp_server_set_data(), which new connections get as their `data`, and which
 * stays yours; NULL if none was set.
 *
 * Returns NULL with errno: EINVAL for NULL, ENOTSUP for the TCP server of an HTTP server, whose `data`
 * belongs to that; EPERM on another thread.
 *
 * `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
 */
void *yolanda_server_data(struct TCPserver *server);

/**
 * Writes the server's address, with its actual port, as NUL-terminated text: `127.0.0.1:8080`,
 * `[::]:8080`, `unix:/path` or `unix:@name`. 128 bytes are enough for any address.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, ENAMETOOLONG (it doesn't
 * fit), EBADF (the acceptor of tcp_server_init() has no descriptor).
 *
 * `server` is NULL or a server that hasn't been freed. `text` is NULL or has room for `size` bytes.
 * Call it only on the server's loop's thread.
 */
int yolanda_server_address(struct TCPserver *server, char *text, size_t size);

/**
 * With 1, each of the server's threads gets its own listening socket on the address (SO_REUSEPORT,
 * socket(7)): the kernel distributes clients among the threads, and each thread accepts and serves its
 * own. The completed callback then runs on those threads, and the server's public fields must not be
 * changed after the start. Other processes of the same user may share the port.
 *
 * With 0, the default, the loop's thread accepts clients and distributes them among the threads in
 * turn, which spreads a few long connections more evenly.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, EBUSY after the start,
 * ENOTSUP for Unix sockets and for servers of yolanda_server_new_fd() and tcp_server_init().
 *
 * `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_server_set_reuseport(struct TCPserver *server,
                                 int on);

/**
 * Sets which thread gets a new connection: YOLANDA_BALANCE_IN_TURN, the default, or
 * YOLANDA_BALANCE_FEWEST, the one whose loop has the fewest connections, including those of other
 * servers and those that are still on their way to it. The latter suits connections of very different
 * lengths. It may be changed at any time. With yolanda_server_set_reuseport() the kernel chooses.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, no such policy), EPERM on another thread.
 *
 * `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_server_set_balance(struct TCPserver *server,
                               int policy);

/**
 * Sets a function that chooses the loop for each new connection: `choose(server, fd, data)` is called
 * on the server's loop's thread for each client that was accepted. Where it returns NULL, or a loop
 * that isn't the server's (this is reported in the log), the policy of yolanda_server_set_balance()
 * applies. It may stop or free the server: the client is then closed. NULL, the default, calls nothing.
 * It may be changed at any time. With yolanda_server_set_reuseport() the kernel chooses.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread.
 *
 * `server` is NULL or a server that hasn't been freed. `data` stays yours and must be valid as long as
 * the function is set. Call it only on the server's loop's thread.
 */
int yolanda_server_set_choose_callback(struct TCPserver *server,
                                       yolanda_choose_callback choose,
                                       void *data);

/**
 * Returns the loop of one of the server's threads, which are counted from 0. For a server without
 * threads, 0 stands for the server's own loop. The loop belongs to the server.
 *
 * Returns NULL with errno: EINVAL (NULL, no such thread; before the start there is none), EPERM on
 * another thread.
 *
 * `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
 */
struct event_loop *yolanda_server_thread_loop(struct TCPserver *server, int index);

/**
 * Sets how many connections may be open at the same time; 0, the default, sets no limit. At the limit
 * the server stops accepting, and clients wait in the kernel's queue until a connection closes. The
 * limit may be changed at any time; lowering it closes no connection.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, negative), EPERM on another thread.
 *
 * `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_server_set_max_connections(struct TCPserver *server,
                                       int n);

/**
 * Sets TCP_NODELAY (tcp(7)) for new connections: 1, the default of yolanda_server_new(), sends small
 * writes at once; with 0 the kernel collects them until the peer has acknowledged earlier ones. The
 * default of tcp_server_init() is the setting of its acceptor's socket, usually 0. The listening
 * socket has the option and connections inherit it, so it costs no system call. It may be changed at
 * any time. Unix sockets don't have this option.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread.
 *
 * `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_server_set_nodelay(struct TCPserver *server,
                               int on);

/**
 * Sets keep-alive probes (tcp(7)) for new connections: after `idle_s` seconds of silence the kernel
 * sends a probe every `interval_s` seconds, and the connection ends when `count` of them have gone
 * unanswered. 0 for the last two leaves the system's values; `idle_s` 0, the default, turns probes
 * off. Connections inherit the options, like TCP_NODELAY. They may be changed at any time.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, negative, more than 32767 seconds or 127 probes), EPERM
 * on another thread.
 *
 * `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_server_set_keepalive(struct TCPserver *server,
                                 int idle_s,
                                 int interval_s,
                                 int count);

/**
 * Sets the time limits of new connections, like yolanda_connection_set_timeouts() for one connection.
 * They may be changed at any time.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, negative), EPERM on another thread.
 *
 * `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_server_set_timeouts(struct TCPserver *server,
                                int64_t idle_ms,
                                int64_t read_ms,
                                int64_t write_ms);

/**
 * Sets which bytes count for `idle_ms` of yolanda_server_set_timeouts(), like
 * yolanda_connection_set_idle_direction() for one connection. It may be changed at any time, for new
 * connections.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, no such direction), EPERM on another thread.
 *
 * `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_server_set_idle_direction(struct TCPserver *server,
                                      int direction);

/**
 * Sets the memory limits of new connections, like yolanda_connection_set_limits() for one connection.
 * They may be changed at any time.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, no such policy), EPERM on another thread.
 *
 * `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_server_set_limits(struct TCPserver *server,
                              size_t max_queued,
                              size_t max_unread,
                              int policy);

/**
 * Sets the water marks of new connections, like yolanda_connection_set_water_marks() for one
 * connection. They may be changed at any time.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, `low` not below `high`), EPERM on another thread.
 *
 * `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_server_set_water_marks(struct TCPserver *server,
                                   size_t low,
                                   size_t high,
                                   yolanda_water_mark_callback on_low,
                                   yolanda_water_mark_callback on_high);

/**
 * Sets functions that are called on each of the server's threads: `on_start(eventLoop, data)` before
 * the thread's loop runs, and `on_stop(eventLoop, data)` as the last thing on the thread. The start
 * of the server waits until every `on_start` has returned. For a server without threads, both are
 * called for the server's own loop, when the server starts and when it is freed. They must not free
 * the server.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, EBUSY after the start.
 *
 * `server` is NULL or a server that hasn't been freed. `data` remains yours and must be valid until
 * the server is freed. Call it only on the thread of the server's loop.
 */
int yolanda_server_set_thread_hooks(struct TCPserver *server,
                                    yolanda_loop_callback on_start,
                                    yolanda_loop_callback on_stop,
                                    void *data);

/**
 * Returns the number of the server's open connections. It includes those whose closed callback hasn't
 * been called yet, and clients that still wait to be served by a server that is stopping. -1 with
 * errno EINVAL for NULL.
 *
 * `server` is NULL or a server that hasn't been freed. Any thread may call it.
 */
int64_t yolanda_server_connections(struct TCPserver *server);

/**
 * Stops a server gracefully. Its listening sockets are closed before the function returns, including
 * that of an acceptor of the program, whose `listen_fd` becomes -1. New clients are refused.
 *
 * Clients that have already connected and are waiting to be accepted are served like the others:
 * their completed callback is called in a later pass of the loop that accepts. Those beyond
 * yolanda_server_set_max_connections() are closed normally, without a callback; if the process is
 * out of descriptors, so are the rest, and nothing they have sent is read. With a `deadline_ms` of 0
 * there is no time for them: the kernel resets them, as it does when a server is freed.
 *
 * A connection with nothing left to do is closed at once. If its client hasn't acknowledged
 * everything that was sent, closing begins with a half-close, so that nothing is lost, and waits up
 * to 5 seconds for the client to end its side. Queued bytes are sent first. A connection with unread
 * bytes or unanswered HTTP requests stays open until they have been processed. HTTP responses
 * contain `Connection: close`.
 *
 * Connections that are left after `deadline_ms` may process, once more, what has arrived by then,
 * and are then closed, with ESHUTDOWN as their error; with 0 they are closed at once, without that.
 * -1 sets no deadline. Then `done(server, data)` is called once, in a pass of the server's loop. The
 * server's threads and the connections of other servers continue.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, less than -1), EPERM on another thread, EALREADY (it is
 * already stopping), ESHUTDOWN (it has stopped), ENOMEM.
 *
 * `server` is NULL or a server that hasn't been freed. `done` may be NULL; `data` remains yours.
 * Call it only on the thread of the server's loop; also allowed inside callbacks.
 */
int yolanda_server_stop(struct TCPserver *server,
                        int64_t deadline_ms,
                        yolanda_server_callback done,
                        void *data);

/**
 * Frees a server, also one of tcp_server_init() or the `tcpServer` of an HTTP server. It stops at
 * once: its threads end and are joined, and its connections are closed with ESHUTDOWN as their
 * error. The closed callbacks of connections on its threads are called there before the function
 * returns. Those of connections on the server's own loop are also called before it returns, or, if
 * it is called inside a callback of that loop, in a pass of the loop. An incomplete stop is
 * abandoned: its callback isn't called.
 *
 * An acceptor of the program remains the program's; its descriptor is closed if the server was
 * started. A struct http_server is freed with its `tcpServer`.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL; EPERM on another thread, including the server's own
 * threads; EDEADLK if pthread_join(3) detects that one of those is waiting for the caller: the
 * server then remains, without its threads. Not every version of the C library detects that; none of
 * the threads may join the caller's thread.
 *
 * `server` is NULL or a server that hasn't been freed. It must not be used again. Call it only on
 * the thread of its loop, without holding locks that callbacks on its threads take; also allowed
 * inside callbacks.
 */
int yolanda_server_free(struct TCPserver *server);

/**
 * Makes a client on a loop. It connects to `address`, which is copied:
 *
 * `1.2.3.4:80`, `[::1]:80`, `[fe80::1%eth0]:80`, `unix:/path`, `unix:@abstract` (the abstract
 * namespace of unix(7)), or `name:80`. A name is looked up for each attempt, on a thread of the
 * library. Up to eight of its addresses are tried in the system's order, alternating between IPv6 and
 * IPv4 (RFC 8305): the next one when one has failed, or after 250 milliseconds while earlier ones are
 * still pending. The first that connects becomes the client's connection; the others are closed.
 *
 * A client has one look-up at a time: if an attempt ends before its name has been looked up, the
 * next attempt waits for the same look-up. The library looks up at most 16 names at a time; further
 * look-ups are queued. Nothing waits for a look-up to end: neither freeing the client or its loop,
 * nor the end of the process, nor dlclose(3) of a plug-in that contains the library. A plug-in that
 * has started a look-up stays in memory.
 *
 * The callbacks are those of the client's connections; they work like a server's and may be NULL.
 * TCP_NODELAY is set unless yolanda_client_set_nodelay() turns it off.
 *
 * Returns the client, which is idle until yolanda_client_start(). It is freed by
 * yolanda_client_free() or with its loop. Returns NULL with errno: EINVAL (NULL, no address, no port
 * or port 0), ENAMETOOLONG (the path of a Unix socket is too long), EPERM (another thread), ENOMEM.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed, `address` is NULL or a NUL-terminated string.
 * Call it, like all functions of clients, only on the loop's thread.
 */
struct yolanda_client *yolanda_client_new(struct event_loop *eventLoop,
                                          const char *address,
                                          connection_completed_call_back completed,
                                          message_call_back message,
                                          write_completed_call_back write_completed,
                                          connection_closed_call_back closed);

/**
 * Sets the initial `data` of the client's future connections. `data` remains yours.
 *
 * Returns 0, or -1 with errno: EINVAL for a NULL client, EPERM on another thread.
 *
 * `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_client_set_data(struct yolanda_client *client, void *data);

/**
 * Sets how many milliseconds an attempt may take, for looking up the name and connecting together.
 * The default is 30,000; 0 leaves it to the system. It applies to future attempts. If there isn't
 * enough time to try the addresses 250 milliseconds apart, the remaining time is divided among them.
 * An answer that arrived in time counts, even if the loop's thread was busy until after the
 * deadline.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, a negative time), EPERM on another thread.
 *
 * `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_client_set_timeout(struct yolanda_client *client,
                               int64_t ms);

/**
 * Sets the function that is called, with `data`, when an attempt has failed. NULL: none. `data`
 * remains yours.
 *
 * Returns 0, or -1 with errno: EINVAL for a NULL client, EPERM on another thread.
 *
 * `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_client_set_failed_callback(struct yolanda_client *client,
                                       yolanda_client_failed_callback callback,
                                       void *data);

/**
 * yolanda_client_set_failed_callback() with data that the library destroys: `destroy(data)` is called once,
 * on the loop's thread, when another callback replaces this one or the client is freed, by
 * yolanda_client_free() or with its loop; if the callback is running then, when it has returned. It may
 * call the library, but can't free the loop. NULL stands for none.
 *
 * Returns 0, or -1 with errno, and then nothing has changed and the data stays yours: EINVAL for a NULL
 * client, EPERM on another thread, ENOMEM, ESHUTDOWN for a loop that is being freed.
 *
 * `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_client_set_failed_callback_with_destroy(struct yolanda_client *client,
                                                    yolanda_client_failed_callback callback,
                                                    void *data,
                                                    void (*destroy)(void *data));

/**
 * Makes the client connect again after an attempt has failed and after a connection has ended, for
 * whatever reason except yolanda_client_stop(). `min_ms` 0 turns that off, which is the default.
 *
 * The first wait takes up to `min_ms` milliseconds, each following one up to twice as long as the
 * one before, but none longer than `max_ms`. The actual time is random, between half of that and all
 * of it, so that many clients don't reconnect at the same moment. The waits start again from
 * `min_ms` after a connection that received a byte or lasted at least as long as the next wait would
 * have been. So the client reconnects less and less often to a server that closes each connection at
 * once.
 *
 * `attempts`: the number of failed attempts in a row after which the client gives up; 0: it never
 * does. Each established connection resets the count, however short it was.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, a negative number, `max_ms` below `min_ms`), EPERM on
 * another thread. A wait that has begun isn't changed.
 *
 * `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_client_set_reconnect(struct yolanda_client *client,
                                 int64_t min_ms,
                                 int64_t max_ms,
                                 int attempts);

/**
 * Sets the time limits of the client's future connections, like yolanda_connection_set_timeouts() for
 * one connection.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, a negative time), EPERM on another thread.
 *
 * `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_client_set_timeouts(struct yolanda_client *client,
                                int64_t idle_ms,
                                int64_t read_ms,
                                int64_t write_ms);

/**
 * Sets which bytes count for `idle_ms` of yolanda_client_set_timeouts(), like
 * yolanda_connection_set_idle_direction() for one connection.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, no such direction), EPERM on another thread.
 *
 * `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_client_set_idle_direction(struct yolanda_client *client, int direction);

/**
 * Sets the memory limits of the client's future connections, like yolanda_connection_set_limits() for
 * one connection.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, an unknown policy), EPERM on another thread.
 *
 * `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_client_set_limits(struct yolanda_client *client,
                              size_t max_queued,
                              size_t max_unread,
                              int policy);

/**
 * Sets the water marks of the client's future connections, like yolanda_connection_set_water_marks()
 * for one connection.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, `low` not below `high`), EPERM on another thread.
 *
 * `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_client_set_water_marks(struct yolanda_client *client,
                                   size_t low,
                                   size_t high,
                                   yolanda_water_mark_callback on_low,
                                   yolanda_water_mark_callback on_high);

/**
 * Sets TCP_NODELAY (tcp(7)) for the client's future connections. It is on by default: small writes are
 * sent at once instead of waiting for the acknowledgement of earlier ones.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread.
 *
 * `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_client_set_nodelay(struct yolanda_client *client,
                               int on);

/**
 * Sets keep-alive for the client's future connections, like yolanda_connection_set_keepalive() for one
 * connection.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, values that the kernel doesn't accept), EPERM on another
 * thread.
 *
 * `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_client_set_keepalive(struct yolanda_client *client,
                                 int idle_s,
                                 int interval_s,
                                 int count);

/**
 * Begins to connect. No callback is called from within this function: the completed callback of the
 * connection, or the failed callback, is called in a later pass of the loop.
 *
 * A client that was stopped, has given up, or whose connection has ended can be started again; the
 * counts of yolanda_client_set_reconnect() then start anew. Right after yolanda_client_stop(), the
 * new attempt begins when the old connection has closed, so its closed callback is called first.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EALREADY (it is connecting or waiting for its next
 * attempt), EISCONN (it is connected), ENOMEM, EPERM on another thread.
 *
 * `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_client_start(struct yolanda_client *client);

/**
 * Ends the current attempt without a callback, and makes no more. A connection is closed at once, as
 * by yolanda_connection_close(): its closed callback is called in a pass of the loop. To send its
 * queue first, call yolanda_connection_close_after_send(), wait for the closed callback, and stop
 * then; with reconnection on, stop inside the closed callback.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EALREADY (not started, already stopped, or given up),
 * EPERM on another thread.
 *
 * `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_client_stop(struct yolanda_client *client);

/**
 * Returns 1 if the client has a connection, is connecting, or will try again, otherwise 0. In the
 * closed callback of a connection it tells whether there will be another attempt.
 *
 * Returns -1 with errno: EINVAL for NULL, EPERM on another thread.
 *
 * `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_client_is_active(struct yolanda_client *client);

/**
 * Returns the client's connection, from its completed callback until its closed callback. The
 * library owns the connection; yolanda_connection_retain() keeps it.
 *
 * Returns NULL with errno: ENOTCONN if there is none (also inside the closed callback), EINVAL for
 * NULL, EPERM on another thread.
 *
 * `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
 */
struct tcp_connection *yolanda_client_connection(struct yolanda_client *client);

/**
 * Stops a client in any state, like yolanda_client_stop(), and frees it. It may be called inside the
 * client's own callbacks: completed, message, write completed, closed, failed. A connection is
 * closed at once; its closed callback is still called, in a pass of the loop, with its `data`.
 *
 * Returns 0, or -1 with errno, without freeing the client: EINVAL for NULL, EPERM on another thread.
 *
 * `client` is NULL or a client that hasn't been freed, neither by this function nor with its loop. It
 * must not be used again. Call it only on its loop's thread.
 */
int yolanda_client_free(struct yolanda_client *client);

/**
 * Sets the callbacks of a server's connections, in place of those of yolanda_server_new(). The data is
 * destroyed once the server and its last connection have been freed; on failure it stays yours.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, `size` isn't set), EPERM on another thread, EBUSY (the
 * server has been started, or has such callbacks already), ENOTSUP (the server of an HTTP server),
 * ENOMEM.
 *
 * `server` is NULL or a server that hasn't been freed. `callbacks` is NULL or has as many bytes as its
 * `size` says. Call it only on the server's loop's thread.
 */
int yolanda_server_set_callbacks(struct TCPserver *server,
                                 const struct yolanda_callbacks *callbacks);

/**
 * Sets the callbacks of a client's next connections, in place of those of yolanda_client_new(). A
 * connection that is open keeps what it has. The data is destroyed once the client has been freed, or
 * has got others, and its last connection with them has been freed; on failure it stays yours.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, `size` isn't set), EPERM on another thread, ENOMEM.
 *
 * `client` is NULL or a client that hasn't been freed. `callbacks` is NULL or has as many bytes as its
 * `size` says. Call it only on the client's loop's thread.
 */
int yolanda_client_set_callbacks(struct yolanda_client *client,
                                 const struct yolanda_callbacks *callbacks);

/**
 * Sets the callbacks of one connection, from now on; `completed` isn't called any more where it was its
 * turn. The data of callbacks that are replaced, if they were only this connection's, is destroyed when
 * none of them runs any more. The new data is destroyed with the connection's memory; on failure it
 * stays yours.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, `size` isn't set), EPERM on another thread, ENOTCONN (the
 * connection has closed), ENOMEM.
 *
 * `connection` is NULL or a connection that is live or retained. `callbacks` is NULL or has as many
 * bytes as its `size` says. Call it only on the connection's thread.
 */
int yolanda_connection_set_callbacks(struct tcp_connection *connection,
                                     const struct yolanda_callbacks *callbacks);

/**
 * Makes a connection of a descriptor, which becomes non-blocking and belongs to the connection from now
 * on. It is tcp_connection_new() with callbacks that have data: all of them, `completed` as well, are
 * called on the loop's thread. If the loop ends before the connection has come to it, only `closed` is
 * called, on this thread.
 *
 * Returns the connection, or NULL with errno; the descriptor and the data are then still yours: EINVAL
 * (NULL, `size` isn't set), EBADF, ESHUTDOWN (the loop is being freed), ENOMEM. On any thread but the
 * loop's, the connection may already have been closed and freed when the function returns.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. `callbacks` is NULL or has as many bytes as its
 * `size` says. Any thread may call it.
 */
struct tcp_connection *yolanda_connection_new(struct event_loop *eventLoop,
                                              int fd,
                                              const struct yolanda_callbacks *callbacks);

/**
 * Returns the method of a request, "GET" for example. The text belongs to the request until that is
 * reset.
 *
 * Returns NULL with errno: ENOENT if no request line has been read, EINVAL for NULL.
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
 */
const char *yolanda_http_request_method(struct http_request *httpRequest);

/**
 * Returns the path and the query of a request as the client sent them, not decoded; "*" for
 * "OPTIONS *". yolanda_http_request_path() returns the path alone, decoded. The text belongs to the
 * request until that is reset.
 *
 * Returns NULL with errno: ENOENT if no request line has been read, EINVAL for NULL.
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
 */
const char *yolanda_http_request_url(struct http_request *httpRequest);

/**
 * Returns the version of a request, "HTTP/1.1" or "HTTP/1.0". The text belongs to the request until
 * that is reset.
 *
 * Returns NULL with errno: ENOENT if no request line has been read, EINVAL for NULL.
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
 */
const char *yolanda_http_request_version(struct http_request *httpRequest);

/**
 * Returns the body of a request, which is complete in the request callback; chunks have been joined.
 * It may contain any bytes. It is followed by a NUL that doesn't count, so text may be used as a
 * string. The body belongs to the request until that is reset. Trailers (the headers after the last
 * chunk) are checked and discarded (RFC 9112, 7.1.2).
 *
 * Sets `*length`, unless `length` is NULL. Without a body it returns "" and sets 0. For NULL it
 * returns NULL with errno EINVAL and sets 0.
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
 */
const char *yolanda_http_request_body(struct http_request *httpRequest,
                                      size_t *length);

/**
 * Returns the path of the URL without the query, decoded: "/a b" for "/a%20b?c=d", "/" for
 * "http://host", "*" for "OPTIONS *". Dot segments are kept, and "%2F" becomes a slash like any
 * other; if that matters, look at `url`. The path is decoded on the first call: later changes of
 * `url` by the program have no effect.
 *
 * The path belongs to the request until that is reset. Returns NULL with errno: EINVAL if it is
 * malformed ("%zz", "%00") or if no request line has been read, ENOMEM.
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
 */
const char *yolanda_http_request_path(struct http_request *httpRequest);

/**
 * Looks up a parameter in the query of the URL, decoded as browsers encode forms: `&` separates
 * parameters, `+` is a space, `%XX` is a byte. Without a `=` the value is "". Like the path, the
 * query is decoded on the first call.
 *
 * Returns the value of the first parameter with that name, which belongs to the request until that is
 * reset, or NULL with errno: ENOENT if there is none, EINVAL if any part of the query is malformed
 * ("%zz", "%00") and for a NULL name, ENOMEM.
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses. `name`
 * is NULL or a NUL-terminated string.
 */
const char *yolanda_http_request_query(struct http_request *httpRequest,
                                       const char *name);

/**
 * Returns the number of parameters in the query, including those without a value and those with the
 * same name.
 *
 * Returns -1 with errno: EINVAL if the query is malformed, ENOMEM.
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
 */
int yolanda_http_request_query_count(struct http_request *httpRequest);

/**
 * Gets the parameter at `index`, from 0, in the order of the query. Sets `*name` and `*value`, unless
 * these are NULL, to strings that belong to the request until that is reset.
 *
 * Returns 0, or -1 with errno: ENOENT if there are fewer parameters, EINVAL if the query is malformed
 * and for a negative index, ENOMEM.
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
 */
int yolanda_http_request_query_at(struct http_request *httpRequest,
                                  int index,
                                  const char **name,
                                  const char **value);

/**
 * Looks up a header by its name, ignoring case.
 *
 * Returns the value of the first header with that name, without spaces around it, or NULL with errno:
 * ENOENT if there is none, EINVAL for a NULL request and a NULL or empty name. The value belongs to
 * the request until that is reset.
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses. `name`
 * is NULL or a NUL-terminated string.
 */
const char *yolanda_http_request_header(struct http_request *httpRequest,
                                        const char *name);

/**
 * Returns the number of headers of a request, including those with the same name.
 *
 * Returns -1 with errno EINVAL for NULL.
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
 */
int yolanda_http_request_header_count(struct http_request *httpRequest);

/**
 * Gets the header at `index`, from 0, in the order in which the client sent them. Sets `*name` and
 * `*value`, unless these are NULL, to strings that belong to the request until that is reset. The name
 * is written as the client wrote it.
 *
 * Returns 0, or -1 with errno: ENOENT if there are fewer headers, EINVAL for NULL and for a negative
 * index.
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses. `name`
 * and `value` are NULL or places for a pointer.
 */
int yolanda_http_request_header_entry(struct http_request *httpRequest,
                                      int index,
                                      const char **name,
                                      const char **value);

/**
 * Gets the value at `index`, from 0, among the headers with that name, ignoring case. For a header
 * that is a list, several headers and one with commas mean the same (RFC 9110, 5.3).
 *
 * Returns the value, which belongs to the request until that is reset, or NULL with errno: ENOENT if
 * there are fewer headers, EINVAL for a negative index and a NULL or empty name.
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses. `name`
 * is NULL or a NUL-terminated string.
 */
const char *yolanda_http_request_header_at(struct http_request *httpRequest,
                                           const char *name,
                                           int index);

/**
 * Returns the connection on which a request arrived, for example to get the peer's address or to
 * retain it. The library owns the connection.
 *
 * Returns NULL with errno: ENOENT for a request of http_request_new().
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
 */
struct tcp_connection *yolanda_http_request_connection(struct http_request *httpRequest);

/**
 * Sets the status code and the message of a response. NULL stands for the standard text of the code
 * (RFC 9110, 15). The message is copied.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, a code outside 200 to 999, a message with control
 * characters, or a response of http_response_new(); ENOMEM.
 *
 * `httpResponse` is NULL, or the response of a callback that hasn't returned, or a deferred response
 * that only the calling thread uses. `message` is NULL or a NUL-terminated string.
 */
int yolanda_http_response_set_status(struct http_response *httpResponse,
                                     int status,
                                     const char *message);

/**
 * Sets the value of Content-Type, which is copied. NULL omits the header.
 *
 * Returns 0, or -1 with errno: EINVAL for a NULL response, control characters in the value, or a
 * response of http_response_new(); ENOMEM.
 *
 * `httpResponse` is NULL, or the response of a callback that hasn't returned, or a deferred response
 * that only the calling thread uses. The value is NULL or a NUL-terminated string.
 */
int yolanda_http_response_set_content_type(struct http_response *httpResponse,
                                           const char *contentType);

/**
 * Adds a header. Name and value are copied; spaces around the value are removed. Content-Length and
 * Transfer-Encoding are reserved for the library. `Connection: close` closes the connection after this
 * response.
 *
 * Returns 0, or -1 with errno: EINVAL for a NULL response, a name that isn't a token, a value with CR,
 * LF or another control character, the two reserved names, or a response of http_response_new();
 * ENOSPC if there are 128 headers already; ENOMEM.
 *
 * `httpResponse` is NULL, or the response of a callback that hasn't returned, or a deferred response
 * that only the calling thread uses. Name and value are NULL or NUL-terminated strings.
 */
int yolanda_http_response_add_header(struct http_response *httpResponse,
                                     const char *name,
                                     const char *value);

/**
 * Sets the body: `length` bytes of any kind, which are copied. It replaces the field `body`; setting
 * that field afterwards replaces this body.
 *
 * Returns 0, or -1 with errno: EINVAL for a NULL response, NULL data with a length, or a response of
 * http_response_new(); ENOMEM.
 *
 * `httpResponse` is NULL, or the response of a callback that hasn't returned, or a deferred response
 * that only the calling thread uses. `data` is NULL or has `length` bytes.
 */
int yolanda_http_response_set_body(struct http_response *httpResponse,
                                   const void *data,
                                   size_t length);

/**
 * Sends `length` bytes of a regular file, starting at `offset`, as the body; a length of -1 stands for
 * everything up to the end of the file. It replaces the field `body`; setting that field afterwards
 * replaces the file.
 *
 * Small files are sent together with the head, larger ones directly from the page cache
 * (sendfile(2)) as fast as the client reads, so that no file needs much memory. Later requests on
 * the connection wait until the file has been sent. If the file must be read from disk, the
 * connection's thread waits. The announced length is the file's current one: if the file grows, the
 * rest isn't sent; if it turns out to be shorter, the connection is aborted.
 *
 * On success the library owns the descriptor and closes it; otherwise it remains yours. The file
 * offset of the descriptor is neither used nor changed.
 *
 * Returns 0, or -1 with errno: EINVAL for a NULL response, a response of http_response_new(), negative
 * numbers, bytes beyond the end of the file, or anything but a regular file; EBADF.
 *
 * `httpResponse` is NULL, or the response of a callback that hasn't returned, or a deferred response
 * that only the calling thread uses. Nothing else closes `fd`.
 */
int yolanda_http_response_set_file(struct http_response *httpResponse,
                                   int fd,
                                   int64_t offset,
                                   int64_t length);

/**
 * Defers the response to a request, so that it can be completed later, on any thread. Returns
 * another response, which is empty. Fill it in with the functions of this header or through its
 * fields, and send it with yolanda_http_response_send(). The content of the callback's own response
 * is discarded. The request, too, stays valid until then. Further requests of the client wait for
 * this one.
 *
 * Only one thread at a time may use a deferred response. It must be sent eventually, whatever
 * happens to the client; that frees it.
 *
 * Returns NULL with errno: EINVAL for NULL or for a response that isn't the callback's, EALREADY if
 * it was already deferred, ENOTCONN, ENOMEM.
 *
 * `httpResponse` is NULL or the response of a request callback that hasn't returned. Call it only
 * inside that callback.
 */
struct http_response *yolanda_http_response_defer(struct http_response *httpResponse);

/**
 * Sends a deferred response, or the end of its stream, and frees it: neither the response nor its
 * request may be used afterwards. It may also be called inside the request callback and inside the
 * response's own callbacks.
 *
 * After it has returned, no callback of the response is called any more, and the data that they use
 * may be freed. On any thread but the connection's, it first waits for a callback of this response
 * that is running there, so don't hold a lock that the callback takes.
 *
 * Returns 0, or -1 with errno: ENOTCONN if the client has gone (the response is freed), ENOMEM (the
 * response isn't freed: call again), EINVAL for NULL or a response that isn't deferred.
 *
 * `httpResponse` is NULL or a deferred response that only the calling thread uses. Any thread may call
 * it.
 */
int yolanda_http_response_send(struct http_response *httpResponse);

/**
 * Returns 1 if the client of a deferred response is still connected, otherwise 0; -1 with errno
 * EINVAL for NULL or a response that isn't deferred.
 *
 * `httpResponse` is NULL or a deferred response that only the calling thread uses. Any thread may call
 * it.
 */
int yolanda_http_response_is_open(struct http_response *httpResponse);

/**
 * Starts to send a deferred response in parts: status and headers now, the body with
 * yolanda_http_response_write(), and the end with yolanda_http_response_send(). `length` is the length
 * of the body, or -1 if it isn't known: the body is then sent in chunks (RFC 9112, 7.1), or to an
 * HTTP/1.0 client until the connection ends. If such a connection ends before
 * yolanda_http_response_send() and before all of the body was sent, it ends with a reset, so that the
 * client doesn't mistake a part for the whole. The response's own `body` isn't sent.
 *
 * Returns 0, or -1 with errno: EALREADY if it was already called, ENOTCONN, EPIPE or ECONNRESET (the
 * client has gone), ENOBUFS, ENOMEM, EINVAL (NULL, not deferred, another negative length).
 *
 * `httpResponse` is NULL or a deferred response that only the calling thread uses. Any thread may call
 * it.
 */
int yolanda_http_response_begin(struct http_response *httpResponse,
                                int64_t length);

/**
 * Sends a part of the body: all of it or, on failure, nothing. Bytes that the socket doesn't take at
 * once are copied. yolanda_http_response_queued() tells how far the client lags behind. For HEAD,
 * and for a status that has no body, it does nothing.
 *
 * Returns 0, or -1 with errno: EINVAL (before yolanda_http_response_begin(), NULL, not deferred),
 * EMSGSIZE (more than the announced length), ENOTCONN, EPIPE or ECONNRESET (the client has gone),
 * ENOBUFS (over the connection's limit of queued bytes), ENOMEM.
 *
 * `httpResponse` is NULL or a deferred response that only the calling thread uses. `data` is NULL or
 * has `length` bytes. Any thread may call it.
 */
int yolanda_http_response_write(struct http_response *httpResponse,
                                const void *data,
                                size_t length);

/**
 * Returns how many bytes are waiting to be sent to the client of a deferred response; 0 with errno
 * EINVAL for NULL or a response that isn't deferred.
 *
 * `httpResponse` is NULL or a deferred response that only the calling thread uses. Any thread may call
 * it.
 */
size_t yolanda_http_response_queued(struct http_response *httpResponse);

/**
 * Sets a function that is called when the client has received what has been written, so that a body
 * of any size needs little memory. NULL: none.
 *
 * Returns 0, or -1 with errno: EPERM on another thread, EINVAL for NULL or a response that isn't
 * deferred.
 *
 * `httpResponse` is NULL or a deferred response that only the calling thread uses. `data` remains
 * yours. Call it only on the connection's thread.
 */
int yolanda_http_response_set_stream_callback(struct http_response *httpResponse,
                                              yolanda_http_stream_callback callback,
                                              void *data);

/**
 * Sets a function that is called when the client of a deferred response leaves. NULL: none. If there
 * is a stream callback too, that one is called first.
 *
 * If a client has sent a lot of data after its request, nothing more is read from it until it has
 * received its response. The end of its sending side is then noticed within a second after its
 * arrival.
 *
 * Returns 0, or -1 with errno: EPERM on another thread, EINVAL for NULL or a response that isn't
 * deferred.
 *
 * `httpResponse` is NULL or a deferred response that only the calling thread uses. `data` remains
 * yours. Call it only on the connection's thread.
 */
int yolanda_http_response_set_closed_callback(struct http_response *httpResponse,
                                              yolanda_http_closed_callback callback,
                                              void *data);

/**
 * Returns the status code of a response; 0 if none is set.
 *
 * Returns -1 with errno EINVAL for NULL.
 *
 * `httpResponse` is NULL, or the response of a callback that hasn't returned, or a response that only
 * the calling thread uses.
 */
int yolanda_http_response_status(struct http_response *httpResponse);

/**
 * Returns the value of Content-Type, or NULL if none is set. The text is valid until it is set again
 * or the response has been sent.
 *
 * Returns NULL with errno EINVAL for NULL.
 *
 * `httpResponse` is NULL, or the response of a callback that hasn't returned, or a response that only
 * the calling thread uses.
 */
const char *yolanda_http_response_content_type(struct http_response *httpResponse);

/**
 * Returns the value of the first header of that name that was added to a response, ignoring case. The
 * headers that the library adds when it sends the response aren't among them, nor is the value of
 * yolanda_http_response_set_content_type(). The text is valid until the response has been sent.
 *
 * Returns NULL with errno: ENOENT if there is none, EINVAL for a NULL response and a NULL or empty
 * name.
 *
 * `httpResponse` is NULL, or the response of a callback that hasn't returned, or a response that only
 * the calling thread uses. `name` is NULL or a NUL-terminated string.
 */
const char *yolanda_http_response_header(struct http_response *httpResponse,
                                         const char *name);

/**
 * Returns the body of a response. It is binary, and a NUL that doesn't count follows it. The bytes are
 * valid until the body is set again or the response has been sent.
 *
 * Sets `*length`, unless `length` is NULL. Without a body, or if the body is a file, it returns "" and
 * sets 0. For NULL it returns NULL with errno EINVAL and sets 0.
 *
 * `httpResponse` is NULL, or the response of a callback that hasn't returned, or a response that only
 * the calling thread uses. `length` is NULL or a place for the length.
 */
const char *yolanda_http_response_body(struct http_response *httpResponse,
                                       size_t *length);

/**
 * With 1, the connection is closed after this response, as by the header `Connection: close`; with 0,
 * the default, it stays open if the client wants that.
 *
 * Returns 0, or -1 with errno EINVAL for NULL.
 *
 * `httpResponse` is NULL, or the response of a callback that hasn't returned, or a response that only
 * the calling thread uses.
 */
int yolanda_http_response_set_close(struct http_response *httpResponse,
                                    int on);

/**
 * Looks up a cookie of a request, in all of its Cookie headers (RFC 6265, 5.4). Blanks around names
 * and values and quotes around a value are removed. Without a `=` the value is "". Nothing is decoded,
 * and pairs without a name are skipped. Names are case-sensitive. The headers are read
 * on the first call.
 *
 * Returns the value of the first cookie with that name, which belongs to the request until that is
 * reset. Browsers send the cookie with the longest path first. NULL with errno: ENOENT if there is
 * none, EINVAL for a NULL name, ENOMEM.
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses. `name`
 * is NULL or a NUL-terminated string.
 */
const char *yolanda_http_request_cookie(struct http_request *httpRequest,
                                        const char *name);

/**
 * Returns the number of cookies of a request, including those with the same name; -1 with errno:
 * EINVAL for NULL, ENOMEM.
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
 */
int yolanda_http_request_cookie_count(struct http_request *httpRequest);

/**
 * Gets the cookie at `index`, from 0, in the order of the headers. Sets `*name` and `*value`, unless
 * these are NULL, to strings that belong to the request until that is reset.
 *
 * Returns 0, or -1 with errno: ENOENT if there are fewer cookies, EINVAL for NULL and a negative
 * index, ENOMEM.
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses. `name`
 * and `value` are NULL or places for a pointer.
 */
int yolanda_http_request_cookie_at(struct http_request *httpRequest,
                                   int index,
                                   const char **name,
                                   const char **value);

/**
 * Sets a cookie in the browser: adds a Set-Cookie header, one for each call. `attributes` says where
 * and for how long the cookie is valid; NULL: for the host and the folder of the request, until the
 * browser ends. To delete a cookie, set it with the same path and domain and a negative `max_age`. All
 * texts are copied.
 *
 * Texts that could add attributes, headers or a second response are refused, and so are cookies that
 * browsers reject: SameSite=None without Secure, `__Secure-` without Secure, `__Host-` without
 * Secure and the path "/" or with a domain. Encode other values, for example in percent or base64 form.
 *
 * Returns 0, or -1 with errno: EINVAL for a NULL response or name, a name that isn't a token, a value
 * with a control character, blank, quote, comma, semicolon or backslash or with bytes beyond ASCII,
 * an invalid attribute, a `size` that is too small, or a response of http_response_new(); EMSGSIZE if
 * name and value have more than 4,096 bytes together; ENOSPC if there are 128 headers already; ENOMEM.
 * yolanda_last_error() says which.
 *
 * `httpResponse` is NULL, or the response of a callback that hasn't returned, or a deferred response
 * that only the calling thread uses. All texts are NULL or NUL-terminated strings; a NULL value is "".
 * `attributes` is NULL or has `size` bytes.
 */
int yolanda_http_response_set_cookie(struct http_response *httpResponse,
                                     const char *name,
                                     const char *value,
                                     const struct yolanda_http_cookie *attributes);

/**
 * Makes an HTTP server on an address, in the format of yolanda_server_new(). The functions
 * yolanda_server_...() work on its `tcpServer`, for example to stop it; requests in progress are
 * then still answered, with `Connection: close`.
 *
 * Returns the server, or NULL with errno like yolanda_server_new(). It is freed by
 * yolanda_http_server_free() or with its loop.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed, `address` is NULL or a NUL-terminated string.
 * Call it only on the loop's thread.
 */
struct http_server *yolanda_http_server_new(struct event_loop *eventLoop,
                                            const char *address,
                                            request_callback requestCallback,
                                            int threads);

/**
 * Starts a server, also one of http_server_new(), like yolanda_server_start().
 *
 * Returns 0, or -1 with errno like yolanda_server_start(): EALREADY, ESHUTDOWN, EADDRINUSE, EMFILE,
 * ENFILE, ENOMEM, ENOSPC; EINVAL for NULL, EPERM on another thread.
 *
 * `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_http_server_start(struct http_server *server);

/**
 * Returns the TCP server that an HTTP server uses: what the functions yolanda_server_...() take. It
 * is freed with the HTTP server.
 *
 * Returns NULL with errno EINVAL for NULL.
 *
 * `server` is NULL or a server that hasn't been freed. Any thread may call it.
 */
struct TCPserver *yolanda_http_server_tcp_server(struct http_server *server);

/**
 * Frees a server, also one of http_server_new(). It frees the server's `tcpServer` like
 * yolanda_server_free(), so call only one of the two. Responses that are still deferred must be sent
 * all the same.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, EDEADLK if the system detects
 * that one of its threads is waiting for the caller (see yolanda_server_free()).
 *
 * `server` is NULL or a server that hasn't been freed. It must not be used again. Call it only on its
 * loop's thread.
 */
int yolanda_http_server_free(struct http_server *server);

/**
 * Sets the server's deadlines, in milliseconds; 0 means no limit. Deadlines are checked
 * periodically, so one may be late by up to a quarter of its length, and by no more than a second;
 * it is never early. Bytes that the client has sent in time count, even if the server's thread was
 * busy until the deadline.
 *
 * - `idle_ms`: for the first or next request on an open connection; then the connection is closed. The
 *   default is 75,000; for the others it is 60,000.
 * - `head_ms`: for request line and headers, from the first byte to the last; then the client gets
 *   408, and the connection is closed.
 * - `body_ms`: for the next bytes of a body; then the client gets 408, and the connection is closed.
 *   yolanda_http_server_set_body_rate() limits the time for the whole body.
 * - `answer_ms`: for a deferred response, or its next part; then the client gets 503, and the
 *   connection is closed. A response that has begun is aborted.
 * - `write_ms`: for a client that receives nothing of what is queued for it; then the connection is
 *   aborted.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, negative times or more than 24 days, EPERM on another
 * thread.
 *
 * `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_http_server_set_deadlines(struct http_server *server,
                                      int64_t idle_ms,
                                      int64_t head_ms,
                                      int64_t body_ms,
                                      int64_t answer_ms,
                                      int64_t write_ms);

/**
 * Sets how fast the body of a request must arrive; the defaults are 20,000 and 500. Bytes are counted
 * as they are sent, including chunk lines and trailers.
 *
 * - `grace_ms`: how many milliseconds each body has before its rate counts.
 * - `bytes_per_second`: the rate: that many bytes give the client another second. 0 turns the check
 *   off, and `grace_ms` then has no effect. A client that sends faster can get ahead by the deadline
 *   for bodies (yolanda_http_server_set_deadlines()) at most, or by `grace_ms` if that is longer.
 *
 * A client that is slower gets 408, and the connection is closed; a streamed body gets its final call.
 * Time during which the program has paused reading doesn't count, nor do periods of more than two
 * seconds during which the server's thread was busy. Bodies that have begun keep their `grace_ms`.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, a negative number, more than 24 days, more than
 * 4,294,967,295 bytes, a rate without `grace_ms`), EPERM on another thread.
 *
 * `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_http_server_set_body_rate(struct http_server *server,
                                      int64_t grace_ms,
                                      int64_t bytes_per_second);

/**
 * Sets how large requests may be; 0 stands for the default, which is given in parentheses.
 *
 * - `line`: bytes of the request line (8,192); a longer one gets 414.
 * - `head`: bytes of request line, headers and trailers (65,536); more get 431.
 * - `headers`: the number of headers and trailers (1,000); more get 431.
 * - `body`: bytes of the body (67,108,864); more get 413.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL or more than 1 GiB, EPERM on another thread.
 *
 * `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_http_server_set_limits(struct http_server *server,
                                   size_t line,
                                   size_t head,
                                   size_t headers,
                                   size_t body);

/**
 * Sets how many bytes of request bodies the server may hold at once, on all connections and threads
 * together: bodies that are being collected, and those of unanswered requests. Streamed bodies don't
 * count, nor do those of a few KiB that fit into the request itself. A body that doesn't fit is
 * refused with 503 and Retry-After, before it is sent if its length is announced; one that could never
 * fit gets 413.
 *
 * 0 stands for the default: 268,435,456, or the limit for a single body
 * (yolanda_http_server_set_limits()) if that is larger.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread.
 *
 * `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_http_server_set_max_body_memory(struct http_server *server,
                                            size_t bytes);

/**
 * Sets after how many requests a connection is closed; 0, the default, means no limit.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL or a negative number, EPERM on another thread.
 *
 * `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
 */
int yolanda_http_server_set_max_requests(struct http_server *server, int requests);

/**
 * Writes the server's counters into `stats`, at most `size` bytes: pass sizeof(struct
 * yolanda_http_stats).
 *
 * Returns 0, or -1 with errno EINVAL for NULL or a size of 0.
 *
 * `server` is NULL or a server that hasn't been freed. `stats` is NULL or has room for `size` bytes.
 * Any thread may call it.
 */
int yolanda_http_server_get_stats(struct http_server *server,
                                  struct yolanda_http_stats *stats,
                                  size_t size);

/**
 * Makes `handler`, instead of the server's `requestCallback`, answer the requests with a certain
 * method and path.
 *
 * - `method`: for example "GET", compared exactly; NULL or "*" for every method that has no route of
 *   its own for the path.
 * - `pattern`: a path such as "/users". A segment `:id` stands for any segment that isn't empty, as in
 *   "/users/:id/posts/:post"; names consist of letters, digits and `_`. A last segment `*` stands for
 *   the rest of the path, which may be empty: "/static/\*" matches everything that begins with
 *   "/static/". yolanda_http_request_param() gets what they stand for. Escapes have the same meaning
 *   as in a URL: "/a%20b" and "/a b" are the same, and "%2A" and "%3A" stand for a literal `*` and
 *   `:`.
 *
 * A path is split at its slashes first and decoded afterwards, so "%2F" doesn't separate segments.
 * Upper and lower case are different, and so are paths with and without a slash at the end. A path
 * with a segment "." or "..", even if it is escaped or follows a "%2F", matches no route, so no
 * parameter leads out of a folder.
 *
 * If several routes match a path, one without names takes precedence over one with names, and that
 * over one with `*`; among the latter, the one with more segments takes precedence. Then the one that
 * is literal at the first difference takes precedence. The order of the calls doesn't matter.
 *
 * The route is chosen when the head of a request has arrived. HEAD is answered by the route for GET,
 * without the body, unless it has its own. A path that has routes only for other methods gets 405
 * with Allow, and OPTIONS gets 204 with Allow. A request without a route goes to the
 * `requestCallback`; if that is NULL, it gets 404, a malformed path ("%zz", "%00") 400, and
 * `OPTIONS *` 204. Such responses don't wait for the body of the request: up to 256 KiB of it are read and
 * discarded. If it is longer, or if the client waits for `100 Continue` before it sends it, the
 * connection ends.
 *
 * `data` is passed to each call of `handler`, on several threads at once if the server has threads.
 * `destroy`, which may be NULL, is called with it once, after the server and its last connection
 * have been freed, on the thread that releases the last reference. On failure it isn't called.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL server, pattern or handler; a method that isn't a token or
 * is longer than 64 bytes; a pattern that doesn't begin with a slash, has an empty or repeated name or
 * a `*` before its last segment, or can't match any path), EEXIST (there is already a route for this
 * method and the same paths), EBUSY (the server has been started), EPERM on another thread, ENOMEM.
 *
 * `server` is NULL or a server that hasn't been freed. Both texts are NULL or NUL-terminated
 * strings. Call it only on the thread of the server's loop.
 */
int yolanda_http_server_route(struct http_server *server,
                              const char *method,
                              const char *pattern,
                              yolanda_http_handler handler,
                              void *data,
                              void (*destroy)(void *data));

/**
 * Returns what a name in the pattern of the request's route stands for, decoded: for "/users/7" and
 * "/users/:id", "id" gives "7". The name "*" gives the rest that `*` stands for. "%2F" is a slash like
 * any other; if that matters, look at `url`.
 *
 * The text belongs to the request until that is reset. Returns NULL with errno: ENOENT if the route
 * has no such name or the request has no route, EINVAL for NULL.
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses. `name`
 * is NULL or a NUL-terminated string.
 */
const char *yolanda_http_request_param(struct http_request *httpRequest,
                                       const char *name);

/**
 * Prepares the folder `root` for serving its files. The folder is opened now; later changes of its
 * name or of the working directory have no effect. `flags`: YOLANDA_HTTP_FILES_..., or 0.
 *
 * It serves regular files, by GET and HEAD, with a content type according to their extension (text
 * is assumed to be UTF-8; the type of unknown extensions is application/octet-stream) and
 * `X-Content-Type-Options: nosniff`; with ETag, Last-Modified and all conditions of RFC 9110, 13
 * (304, 412); and one byte range (206, 416). For several ranges the whole file is sent. For a
 * folder, its index file is served: index.html, or the name set by yolanda_http_files_set_index().
 * The path of a folder without a slash at the end gets a 301 to the path with the slash. Folders are
 * never listed.
 *
 * It doesn't serve: anything outside `root`, whatever the path or link; symbolic links and names
 * that begin with a dot, unless `flags` allow them; paths with empty segments, ".", "..", "%2F" or
 * "%00"; and anything that isn't a regular file. These get 404, a malformed path 400, an unreadable
 * file 403, other methods 405. None of these responses waits for the body of the request (see
 * yolanda_http_server_route()).
 *
 * yolanda_http_response_set_file() describes how a file is sent. If a file isn't in the page cache,
 * the thread waits for the disk while it opens and reads it: for slow disks, use several threads.
 *
 * Returns the files, or NULL with errno: EINVAL for NULL or other flags, the errors of open(2) for the
 * folder (ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG, EMFILE, ENFILE and others), ENOMEM. Release
 * them with yolanda_http_files_free().
 *
 * `root` is NULL or a NUL-terminated string. Any thread may call it.
 */
struct yolanda_http_files *yolanda_http_files_new(const char *root,
                                                  int flags);

/**
 * Frees files. Servers that use them keep what they need, so you may call it as soon as the last
 * yolanda_http_server_files() has returned. Files that are being sent are sent completely.
 *
 * Returns 0, or -1 with errno EINVAL for NULL.
 *
 * `files` is NULL or comes from yolanda_http_files_new(). It must not be used again. Any thread may
 * call it while no other thread is inside yolanda_http_files_answer() with these files.
 */
int yolanda_http_files_free(struct yolanda_http_files *files);

/**
 * Sets the name of the file that is served for a folder. The name is copied. NULL: folders get 404.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL files and for an invalid name (empty, with a slash,
 * longer than 255 bytes), EBUSY if the files are already in use.
 *
 * `files` is NULL or files that only the calling thread uses. `name` is NULL or a NUL-terminated
 * string.
 */
int yolanda_http_files_set_index(struct yolanda_http_files *files, const char *name);

/**
 * Sets for how many seconds clients may use a file without revalidating it, by
 * `Cache-Control: max-age`. With -1, the default, the header isn't sent, and browsers guess.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL or another negative number, EBUSY if the files are
 * already in use.
 *
 * `files` is NULL or files that only the calling thread uses.
 */
int yolanda_http_files_set_max_age(struct yolanda_http_files *files, int seconds);

/**
 * Makes a server answer GET and HEAD requests for all paths that begin with `prefix` with files. For
 * the prefix "/static/" (or "/static"), the path "/static/a/b.css" stands for a/b.css below the root;
 * "/" stands for all paths. The function adds routes, like yolanda_http_server_route(), for
 * "/static/\*" and for "/static", which redirects to the path with the slash. So routes within the
 * prefix are possible, and they take precedence.
 *
 * Returns 0, or -1 with errno like yolanda_http_server_route(): EINVAL, EEXIST, EBUSY (the server has
 * been started), EPERM on another thread, ENOMEM.
 *
 * `server` is NULL or a server that hasn't been freed, `files` is NULL or files that haven't been
 * freed, `prefix` is NULL or a NUL-terminated string. Call it only on the thread of the server's
 * loop.
 */
int yolanda_http_server_files(struct http_server *server,
                              const char *prefix,
                              struct yolanda_http_files *files);

/**
 * Fills in a response with a file: status, headers, body. `path` is a decoded path below the root,
 * with or without a slash at the start, for example from yolanda_http_request_param(); NULL stands for
 * the whole path of the request. The method, the conditions and the range come from the request.
 *
 * If the file can't be served, the response is filled in accordingly, with 404 and so on. After a 404
 * the response may be filled in again, for example by a second call with another path; check
 * `statusCode`. Headers that were added before are sent too.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, a request without a URL, a response of
 * http_response_new()), ENOMEM (the response is a 503).
 *
 * `files` is NULL or files that haven't been freed. `httpRequest` and `httpResponse` are NULL or
 * belong to a callback or handler that hasn't returned, or to a deferred response that only the
 * calling thread uses. `path` is NULL or a NUL-terminated string. Any thread may call it.
 */
int yolanda_http_files_answer(struct yolanda_http_files *files,
                              struct http_request *httpRequest,
                              struct http_response *httpResponse,
                              const char *path);

/**
 * Sets a function that is called once for each response, including those of the library itself (400,
 * 404, 408, 503 ...), when all of it has been passed to the connection, or, for a large file, when
 * it has been sent. An interim 100 doesn't count. NULL: none.
 *
 * If a deferred response can't be sent because the client has gone, or if its stream is aborted, its
 * entry is reported when the connection ends, with `cut` set. The same applies to responses that the
 * library sends because of a deadline (408, 503). Responses that are outstanding when the server is
 * freed may have no entry.
 *
 * The callback may do anything that a request callback may do, except with the response. Without a
 * callback, no times are measured.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EBUSY (the server has been started), EPERM on another
 * thread.
 *
 * `server` is NULL or a server that hasn't been freed. `data` remains yours. Call it only on the
 * thread of the server's loop.
 */
int yolanda_http_server_set_access_log(struct http_server *server,
                                       yolanda_http_access_callback callback,
                                       void *data);

/**
 * Writes an entry as a line in the Combined Log Format, without a newline. Without the last two
 * fields it is the Common Log Format:
 *
 * `192.0.2.1 - - [10/Oct/2000:13:55:36 +0000] "GET /a HTTP/1.1" 200 2326 "http://b/" "an agent"`
 *
 * The time is the arrival of the request, in UTC; `-` stands for a missing part. As in Apache,
 * quotes and backslashes are preceded by a backslash, and everything that isn't printable ASCII is
 * written as `\xhh`, so a line always remains a single line, whatever a client sends.
 *
 * Returns the length of the line, like snprintf(): if it is `size` or more, the line didn't fit, and
 * `buffer` holds its beginning and a NUL. -1 with errno: EINVAL for NULL (`buffer` may be NULL if
 * `size` is 0), EOVERFLOW for more than INT_MAX bytes.
 *
 * `entry` is NULL or the entry of a callback that hasn't returned. `buffer` has room for `size` bytes.
 * Any thread may call it.
 */
int yolanda_http_access_line(const struct yolanda_http_access *entry,
                             char *buffer,
                             size_t size);

/**
 * Sets a function that is called for each request with a body, even an empty one, and decides what
 * happens to the body. NULL: none.
 *
 * A request has a body if it has a Content-Length, if it uses chunks, or if its method isn't GET,
 * HEAD, DELETE, OPTIONS or TRACE. The function isn't called for requests that the library answers
 * itself (no handler for the path or the method, a folder of yolanda_http_server_files()), nor for
 * those of routes with a head callback of their own.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EBUSY (the server has been started), EPERM on another
 * thread.
 *
 * `server` is NULL or a server that hasn't been freed. `data` remains yours and must be valid until
 * the server's last connection has ended. Call it only on the thread of the server's loop.
 */
int yolanda_http_server_set_head_callback(struct http_server *server,
                                          yolanda_http_head_callback callback,
                                          void *data);

/**
 * Sets a function that is called for each request of a route, with or without a body, instead of the
 * server's own head callback. NULL: the server's is used.
 *
 * `method` and `pattern` are those of the route's yolanda_http_server_route() call. HEAD belongs to
 * GET here too, unless it has a route of its own.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL server or pattern; an invalid method or pattern), ENOENT
 * (there is no such route), EBUSY (the server has been started), EPERM on another thread, ENOMEM.
 *
 * `server` is NULL or a server that hasn't been freed. Both texts are NULL or NUL-terminated
 * strings. `data` remains yours and must be valid until the server's last connection has ended. Call
 * it only on the thread of the server's loop.
 */
int yolanda_http_server_set_route_head_callback(struct http_server *server,
                                                const char *method,
                                                const char *pattern,
                                                yolanda_http_head_callback callback,
                                                void *data);

/**
 * Passes the body of a request to `callback` in parts instead of collecting it. A body of any size
 * then needs no more memory than the server reads at once. After YOLANDA_HTTP_BODY_COMPLETE the
 * requestCallback or the route answers as usual, at once or later; yolanda_http_request_body() is
 * empty there, and yolanda_http_request_stream_data() returns `data`. For an empty body the final
 * call and the handler are called too. Until the final call, http_request_reset() does nothing.
 *
 * If the connection ends during the final call or right after it, the handler isn't called. So free
 * the resources of `data` in the callback of yolanda_http_request_set_stream_destroy().
 *
 * `limit`: the maximum length of the body in bytes; 0: no limit. The server's limit doesn't apply. A
 * longer body is refused with 413: at once if its length is announced, otherwise at the first chunk
 * beyond the limit. In both cases the final call is YOLANDA_HTTP_BODY_CUT.
 *
 * A callback that can't take more at the moment calls yolanda_connection_pause() with
 * yolanda_http_request_connection(): it isn't called again before yolanda_connection_resume(),
 * except for the final call if the connection ends. During the pause the client has to wait, and the
 * deadline for bodies doesn't run.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM outside the head callback of this request,
 * EALREADY (already called, or the request was refused), ENOMEM. On failure `callback` isn't called.
 *
 * `httpRequest` is NULL or the request of a head callback that hasn't returned. `data` must be valid
 * until the final call. Call it only on the connection's thread.
 */
int yolanda_http_request_stream_body(struct http_request *httpRequest,
                                     yolanda_http_body_callback callback,
                                     void *data,
                                     uint64_t limit);

/**
 * Sets a function, `destroy`, that is called with the `data` of yolanda_http_request_stream_body()
 * when the request is over. It is called exactly once, whatever happens to the body, the response and
 * the connection: after the final call and the handler, and after yolanda_http_response_send() if the
 * handler deferred the response. NULL: none.
 *
 * It is called on the connection's thread; for a deferred response whose loop has been freed, on the
 * thread that sends it.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, ENOENT if the body isn't streamed.
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
 */
int yolanda_http_request_set_stream_destroy(struct http_request *httpRequest,
                                            void (*destroy)(void *data));

/**
 * Refuses a request before its body is read: after the head callback the client gets an error with
 * this `status` and its standard text as the body, and no `100 Continue` (RFC 9110, 10.1.1). The
 * connection ends, unless the request has no body; the part of the body that the client has already
 * sent is discarded. No handler is called.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL and a status outside 400 to 599, EPERM outside the head
 * callback of this request, EALREADY (already called).
 *
 * `httpRequest` is NULL or the request of a head callback that hasn't returned. Call it only on the
 * connection's thread.
 */
int yolanda_http_request_refuse(struct http_request *httpRequest,
                                int status);

/**
 * Refuses a request like yolanda_http_request_refuse(), with a response of your own: set headers,
 * content type and body in the returned response, which is valid until the head callback returns. It
 * can't be deferred.
 *
 * Returns the response, which has the status and its standard text, or NULL with errno like
 * yolanda_http_request_refuse().
 *
 * `httpRequest` is NULL or the request of a head callback that hasn't returned. Call it only on the
 * connection's thread.
 */
struct http_response *yolanda_http_request_refuse_with(struct http_request *httpRequest,
                                                       int status);

/**
 * Returns the `data` of yolanda_http_request_stream_body(), for the handler that answers the request.
 * It stays yours.
 *
 * Returns NULL with errno: EINVAL for NULL, ENOENT if the body was collected or there is none.
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
 */
void *yolanda_http_request_stream_data(struct http_request *httpRequest);

/**
 * Looks up a field of the form that is the body of a request (application/x-www-form-urlencoded),
 * decoded like yolanda_http_request_query(). The body is decoded on the first call. A multipart form,
 * or one of any size, is read with yolanda_http_form_new().
 *
 * Returns the value of the first field with that name, which belongs to the request until that is
 * reset, or NULL with errno: ENOENT if there is none; ENOTSUP if the body isn't such a form by its
 * Content-Type, or is streamed (a client gets 415 for the former); EINVAL if any part of the form is
 * malformed ("%zz", "%00"), for a NULL name and if the request isn't complete; E2BIG if it has more
 * than 10,000 fields; ENOMEM.
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses. `name`
 * is NULL or a NUL-terminated string.
 */
const char *yolanda_http_request_form(struct http_request *httpRequest,
                                      const char *name);

/**
 * Returns the number of fields in the form that is the body of a request, including those without a
 * value and those with the same name.
 *
 * Returns -1 with errno: ENOTSUP if the body isn't such a form or is streamed, EINVAL for NULL, for a
 * malformed form and if the request isn't complete, E2BIG for more than 10,000 fields, ENOMEM.
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
 */
int yolanda_http_request_form_count(struct http_request *httpRequest);

/**
 * Gets the field at `index`, from 0, in the order of the form. Sets `*name` and `*value`, unless these
 * are NULL, to strings that belong to the request until that is reset.
 *
 * Returns 0, or -1 with errno: ENOENT if there are fewer fields, ENOTSUP if the body isn't such a form
 * or is streamed, EINVAL for NULL, a negative index, a malformed form and if the request isn't
 * complete, E2BIG for more than 10,000 fields, ENOMEM.
 *
 * `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses. `name`
 * and `value` are NULL or places for a pointer.
 */
int yolanda_http_request_form_at(struct http_request *httpRequest,
                                 int index,
                                 const char **name,
                                 const char **value);

/**
 * Makes a form, which reads a body in parts: multipart/form-data (RFC 7578) or
 * application/x-www-form-urlencoded, as `contentType` says. Give it the bytes with
 * yolanda_http_form_feed(), in pieces of any size, for example in the callback of
 * yolanda_http_request_stream_body(), and then call yolanda_http_form_finish(). `callback` is called
 * for each part. The data of a multipart form isn't copied, and only the head of the current part is
 * kept: a form of any size needs 8 KiB.
 *
 * `contentType` is the request's header, for example from yolanda_http_request_header(). It is
 * copied as far as it is needed.
 *
 * `maxParts`: how many parts the form may have; 0: 1,000. `maxHead`: how many bytes the head of a part
 * may have, or the name in an urlencoded form with its NUL; 0: 4,096; at most 7,168. Limit the size of
 * the body with yolanda_http_request_stream_body(), and that of fields in the callback.
 *
 * These are malformed: lines without CRLF, folded lines, control characters in a head; a part
 * without a Content-Disposition of form-data with a name; two names, file names or content types;
 * `filename*` (RFC 7578, 4.2); anything but blanks after a boundary; invalid escapes and NULs in
 * urlencoded forms. In a quoted name, a backslash before a quote or another backslash is removed;
 * percent escapes aren't decoded. Other headers of a part are skipped, and so is everything before the
 * first and after the last boundary.
 *
 * Returns the form, which is yours until yolanda_http_form_free(), or NULL with errno: ENOTSUP if
 * `contentType` is NULL or anything but these two types, or has no valid boundary (a client gets 415);
 * EINVAL for a NULL callback and for a `maxHead` above 7,168; ENOMEM.
 *
 * `contentType` is NULL or a NUL-terminated string. `data` stays yours and must be valid as long as the
 * form is read. Any thread may call it.
 */
struct yolanda_http_form *yolanda_http_form_new(const char *contentType,
                                                yolanda_http_form_callback callback,
                                                void *data,
                                                uint64_t maxParts,
                                                size_t maxHead);

/**
 * Reads the next bytes of the body, and calls the form's callback.
 *
 * Returns 0, or -1 with errno: EINVAL for a malformed body, EMSGSIZE for a head of a part beyond the
 * limit, E2BIG for more parts than the limit (a client gets 400 for these), ECANCELED if the callback
 * has ended the form; EINVAL for NULL, NULL bytes with a length and after a
 * yolanda_http_form_finish() that has returned 0; EBUSY inside the form's callback. Once a body has
 * failed, each further call fails in the same way and calls nothing. yolanda_last_error() says what is
 * wrong.
 *
 * `form` is NULL or a form that only the calling thread uses. `bytes` is NULL or has `length` bytes,
 * which nothing changes until the call returns.
 */
int yolanda_http_form_feed(struct yolanda_http_form *form,
                           const void *bytes,
                           size_t length);

/**
 * Says that the body has ended. For an urlencoded form it calls the callback for the last field.
 *
 * Returns 0 if the form is complete, or -1 with errno like yolanda_http_form_feed(); EINVAL if the body
 * ends too early.
 *
 * `form` is NULL or a form that only the calling thread uses.
 */
int yolanda_http_form_finish(struct yolanda_http_form *form);

/**
 * Frees a form, complete or not; its callback isn't called any more. NULL is allowed. It may be called
 * inside the form's callback: the call that is reading the form then fails as soon as that returns.
 *
 * `form` is NULL or a form that only the calling thread uses.
 */
void yolanda_http_form_free(struct yolanda_http_form *form);

/**
 * Sets the level: lines of this severity and above (LOG_DEBUG_TYPE, LOG_MSG_TYPE, LOG_WARN_TYPE,
 * LOG_ERR_TYPE) are logged, or none (YOLANDA_LOG_OFF). It takes precedence over the environment
 * variable YOLANDA_LOG. With YOLANDA_LOG_ENVIRONMENT the environment decides again; the variable is then
 * read anew. Without both, all lines are logged; of the library's own lines, only warnings and errors
 * in a program whose first loop was made by yolanda_loop_new().
 *
 * Returns 0, or -1 with errno EINVAL for any other number.
 *
 * Any thread and any signal handler may call it.
 */
int yolanda_log_set_level(int level);

/**
 * Returns the level in effect for the program's lines: LOG_DEBUG_TYPE to YOLANDA_LOG_OFF, from the
 * environment unless one was set. It never fails.
 *
 * Any thread may call it.
 */
int yolanda_log_level(void);

/**
 * Sets whether the lines on stdout and stderr begin with the time, in UTC, with microseconds (RFC 3339):
 * `2026-11-30T08:49:37.123456Z [warn] ...`. 0, the default, omits it. Lines that go to a sink never
 * have it. It never fails.
 *
 * Any thread and any signal handler may call it.
 */
void yolanda_log_set_timestamps(int on);

/**
 * Hands all lines to a function instead of printing them on stdout: those of the library and those of
 * yolanda_log(), LOG_MSG() and the like. The level still selects the lines. NULL: stdout again.
 *
 * The change takes effect at once. Before the function returns, it waits for calls of the old sink
 * that are running on other threads; after that, the old sink's data may be freed. So don't hold a
 * lock that the old sink takes. If it is called within a sink, it doesn't wait: the old sink may
 * still be running on other threads.
 *
 * Returns 0, or -1 with errno ENOMEM; the old sink then stays in place.
 *
 * `data` remains yours and must be valid until the sink is replaced. Any thread may call it.
 */
int yolanda_log_set_sink(yolanda_log_sink sink,
                         void *data);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif
