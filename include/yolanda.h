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
#define YOLANDA_VERSION_MINOR 3
#define YOLANDA_VERSION_PATCH 0
/** The version as text. */
#define YOLANDA_VERSION "0.3.0"
/** The version as one number, which grows with it. */
#define YOLANDA_VERSION_NUMBER \
    (YOLANDA_VERSION_MAJOR << 16 | YOLANDA_VERSION_MINOR << 8 | YOLANDA_VERSION_PATCH)
/** 0 if the library that runs fits this header: see yolanda_version_check(). */
#define YOLANDA_VERSION_CHECK() yolanda_version_check(YOLANDA_VERSION_NUMBER)

/**
 * Over its limit of queued bytes a connection is closed.
 */
#define YOLANDA_LIMIT_CLOSE 0

/**
 * A send that would go over the limit is refused, and the connection stays.
 */
#define YOLANDA_LIMIT_REFUSE 1

/**
 * An event of yolanda_http_stream_callback: all that was written has been sent; write on.
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
 * Follows symbolic links, relative ones that stay within the folder.
 */
#define YOLANDA_HTTP_FILES_LINKS 1

/**
 * Serves what begins with a dot.
 */
#define YOLANDA_HTTP_FILES_HIDDEN 2

/**
 * An event of yolanda_http_body_callback: here are the next bytes of the body.
 */
#define YOLANDA_HTTP_BODY_PART 1

/**
 * An event of yolanda_http_body_callback, the last one: that was all of the body.
 */
#define YOLANDA_HTTP_BODY_COMPLETE 2

/**
 * An event of yolanda_http_body_callback, the last one: the body isn't whole, and no more of it will come.
 */
#define YOLANDA_HTTP_BODY_CUT 3

/**
 * The level above all severities: nothing is logged.
 */
#define YOLANDA_LOG_OFF 4

/**
 * The level that YOLANDA_LOG says.
 */
#define YOLANDA_LOG_ENVIRONMENT -1

struct TCPserver;

struct event_loop;

struct event_loop_thread;

struct http_request;

struct http_response;

struct http_server;

struct tcp_connection;

struct thread_pool;

/**
 * Makes a connection to one server, without blocking, and makes it again where that is wanted.
 * It has one connection at a time.
 */
struct yolanda_client;

/**
 * A folder whose files are served. Once it is in use it doesn't change, and any number of threads and servers
 * may use it at once.
 */
struct yolanda_http_files;

/**
 * A function that a loop calls on its own thread.
 */
typedef void (*yolanda_loop_callback)(struct event_loop *eventLoop, void *data);

/**
 * What a loop has done since it was made. Later versions may add fields at the end.
 */
struct yolanda_loop_stats {
    /**
     * Turns of the loop.
     */
    uint64_t passes;
    /**
     * Ends of a wait by another thread or a signal handler.
     */
    uint64_t wakeups;
    /**
     * Calls of channels, posted functions, timers and signal handlers.
     */
    uint64_t callbacks;
    /**
     * Posted functions that were called.
     */
    uint64_t posts;
    /**
     * Timers that are running now.
     */
    uint64_t timers;
    /**
     * Connections that are open now.
     */
    uint64_t connections;
    /**
     * Connections that there ever were.
     */
    uint64_t connections_total;
    /**
     * Bytes that connections have received.
     */
    uint64_t bytes_read;
    /**
     * Bytes that the system has taken from connections.
     */
    uint64_t bytes_written;
};

/**
 * Names a timer of a loop. It is never 0, and never used for another timer of that loop.
 */
typedef uint64_t yolanda_timer;

/**
 * Called on the loop's thread when a timer is due. It may stop or restart this timer or any other, and
 * start new ones; those are called in a later pass.
 */
typedef void (*yolanda_timer_callback)(struct event_loop *eventLoop, yolanda_timer timer, void *data);

/**
 * Names a watcher of a signal. It is never 0, and never used again.
 */
typedef uint64_t yolanda_signal;

/**
 * Called on the loop's thread, in its pass, after a signal has come. It may do whatever a callback may
 * do; it isn't a signal handler. It may stop this watcher or any other, and start new ones.
 */
typedef void (*yolanda_signal_callback)(struct event_loop *eventLoop, int signal_number, void *data);

/**
 * Told how many bytes are queued by now.
 */
typedef void (*yolanda_water_mark_callback)(struct tcp_connection *connection, size_t queued);

/**
 * Called on the server's loop when a stop is over: no connection of the server is left.
 */
typedef void (*yolanda_server_callback)(struct TCPserver *server, void *data);

/**
 * Called on the loop's thread, from its pass, for each attempt that failed: the connection wasn't
 * made. `error` is an errno value, of several addresses that of the last one to fail:
 *
 * - ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT and others of connect(2); also ETIMEDOUT when
 *   the time of yolanda_client_set_timeout() is over. ENOENT: no such unix socket. EAGAIN: its
 *   queue is full.
 * - For a host name: ENOENT (there is no such name, or it has no address), EAGAIN (no name server
 *   answered), ENOMEM, EHOSTUNREACH for other failures of getaddrinfo(3).
 * - EMFILE, ENFILE, ENOBUFS, ENOMEM: this side lacks descriptors or memory.
 * - ENODEV: the interface that the address names is gone.
 *
 * yolanda_client_is_active() tells how it goes on: 1 when the client is going to try again, 0 when it
 * has given up. The callback may call every function of the client, also yolanda_client_start() after the
 * client has given up, and yolanda_client_free().
 */
typedef void (*yolanda_client_failed_callback)(struct yolanda_client *client, int error, void *data);

/**
 * Called on the connection's thread for a deferred response: YOLANDA_HTTP_WRITABLE soon after the callback
 * was set, and then whenever everything that was written since the last call has been sent;
 * YOLANDA_HTTP_CLOSED once, when the connection has ended, even if it ended before the callback was set.
 * The response is still yours then: call yolanda_http_response_send() all the same, which frees it. Once
 * that has returned, the callback is never called again, whatever becomes of the connection, the server or
 * the loop.
 */
typedef void (*yolanda_http_stream_callback)(struct http_response *httpResponse,
                                             int event,
                                             void *data);

/**
 * Called on the connection's thread when the client of a deferred response leaves before it has its
 * answer.
 *
 * YOLANDA_HTTP_CLOSED: the connection has ended. The client has reset it, a write found it broken, a
 * deadline has passed, or its server or loop has ended. Nothing can be sent any more.
 *
 * YOLANDA_HTTP_HALF_CLOSED, before that: the client has shut down its sending side. Of a client that has
 * closed, TCP tells no more than this until something is sent to it. But a client may also shut down its
 * sending side and wait for the answer: the connection stays open, and the answer is sent. So the program
 * decides what it means: it may give up a computation, or go on waiting.
 *
 * Each event comes at most once, even if it happened before the callback was set. Where both are due, only
 * YOLANDA_HTTP_CLOSED comes. The response is still yours: call yolanda_http_response_send() all the same,
 * which frees it. Once that has returned, the callback is never called again.
 */
typedef void (*yolanda_http_closed_callback)(struct http_response *httpResponse,
                                             int event,
                                             void *data);

/**
 * What an HTTP server has done. Later versions may add fields at the end.
 */
struct yolanda_http_stats {
    /**
     * Requests that were given to the callback or a route, or that the library answered because there was
     * neither.
     */
    uint64_t requests;
    /**
     * Responses by status, those of the library itself among them.
     */
    uint64_t responses_2xx;
    /**
     * The same.
     */
    uint64_t responses_3xx;
    /**
     * The same.
     */
    uint64_t responses_4xx;
    /**
     * The same, with whatever stands above.
     */
    uint64_t responses_5xx;
    /**
     * Connections that were ended by a deadline.
     */
    uint64_t timeouts;
};

/**
 * Called on the connection's thread for every complete request of its route; fills in the response, or
 * takes it out by yolanda_http_response_defer(). Both structs are the library's and valid until it returns.
 * `data` is the route's.
 */
typedef void (*yolanda_http_handler)(struct http_request *httpRequest,
                                     struct http_response *httpResponse,
                                     void *data);

/**
 * What a server tells of a response. The texts are copies of what the client has sent, which has no control
 * characters but tabs; they are the library's, and valid until the callback returns. Later versions may add
 * fields at the end.
 */
struct yolanda_http_access {
    /**
     * The client's address, as yolanda_connection_peer() writes it; "" where it was gone at once.
     */
    const char *peer;
    /**
     * The method; NULL where no request line was understood.
     */
    const char *method;
    /**
     * The target as the client wrote it, but for `http://HOST` before the path, whatever the callback did to `url`;
     * NULL as above.
     */
    const char *url;
    /**
     * The version; NULL as above.
     */
    const char *version;
    /**
     * The header Referer; NULL without it.
     */
    const char *referer;
    /**
     * The header User-Agent; NULL without it.
     */
    const char *user_agent;
    /**
     * The status that was sent; 0 where the connection ended before anything was.
     */
    int status;
    /**
     * 1 where the response isn't whole: its client has gone, or it was broken off; else 0. Bytes in memory
     * count as sent when the connection has them, files when the system has them.
     */
    int cut;
    /**
     * Bytes of the body that were sent, in that sense, without what chunks stand in.
     */
    uint64_t body_bytes;
    /**
     * When the first byte of the request was seen: microseconds since 1970-01-01, in UTC.
     */
    int64_t began_us;
    /**
     * Microseconds from then until the end of the response was sent, in that sense.
     */
    int64_t duration_us;
    /**
     * The request; NULL where there is none, or where it is another thread's.
     */
    struct http_request *request;
    /**
     * The connection. It may be about to close.
     */
    struct tcp_connection *connection;
};

/**
 * Called on the connection's thread, on several threads at once where the server has some.
 */
typedef void (*yolanda_http_access_callback)(const struct yolanda_http_access *entry, void *data);

/**
 * Called on the connection's thread when the head of a request is there, before its body is read and
 * before `100 Continue` is sent. It looks at the request, which has its route's parameters and no body
 * yet, and may call yolanda_http_request_stream_body(), yolanda_http_request_refuse() or
 * yolanda_http_request_refuse_with(). If it calls none of them, the body is collected within the server's
 * limits, as without this callback. `data` is that of yolanda_http_server_set_head_callback() or
 * yolanda_http_server_set_route_head_callback().
 */
typedef void (*yolanda_http_head_callback)(struct http_request *httpRequest, void *data);

/**
 * Called on the connection's thread with a body as it comes, in parts of any size, without the framing of
 * chunks: YOLANDA_HTTP_BODY_PART with `length` bytes, 1 at least, which are good until it returns or runs
 * the loop. Then exactly once, whatever happens, the final call with NULL and 0:
 * YOLANDA_HTTP_BODY_COMPLETE, or YOLANDA_HTTP_BODY_CUT when the client has gone, is too slow, or sends
 * what is malformed or too much, when the request was refused, or when the connection or the server is
 * closed or freed. After a deadline's 408 it comes when the connection has ended. `data` is that of
 * yolanda_http_request_stream_body(), and has to stay valid until then.
 */
typedef void (*yolanda_http_body_callback)(struct http_request *httpRequest,
                                           const char *bytes,
                                           size_t length,
                                           int event,
                                           void *data);

/**
 * Takes a line of the log, on the thread that logs: the severity as it was given, the text without
 * tag and newline, its length, and the data of yolanda_log_set_sink(). The text ends with a NUL and
 * is there until the sink returns. errno may be changed.
 *
 * What the sink itself logs goes to stdout: it can pass a line on with yolanda_log(). Lines come
 * from within the library's work, so no other function of the library may be called here, except
 * yolanda_loop_quit(). Several threads may be in the sink at a time.
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
 * Makes a loop, owned by the calling thread. `name` stands in the log; it is copied, NULL counts as
 * "main thread". `dispatcher` is the back end, "epoll" or "poll"; NULL leaves the choice to the
 * environment and the compilation, as for event_loop_init().
 *
 * Returns the loop, to be released with yolanda_loop_free(), or NULL with errno: EINVAL for another
 * dispatcher, ENOMEM, EMFILE, ENFILE.
 *
 * `name` and `dispatcher` are NULL or end with a NUL. Any thread may call it; the loop is that thread's.
 */
struct event_loop *yolanda_loop_new(const char *name,
                                    const char *dispatcher);

/**
 * Frees a loop, also one of event_loop_init(), with all that it has: the servers and clients that
 * were made on it, thread pools with their threads and loops, connections, timers, signal handlers.
 * Functions that were posted are called before, connections get their closed callback. Channels that the
 * program added stay the program's, as do acceptors of acceptor_init().
 *
 * Connections that are retained remain, closed, until they are released. Other threads may go on to
 * use those: what they post to the loop, once its servers and threads have ended, is refused with
 * ESHUTDOWN. The loop itself is nobody's any more when this returns.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, EBUSY inside a callback of the
 * loop (quit it, and free it when event_loop_run() has returned).
 *
 * `eventLoop` is NULL or a loop that isn't freed yet. Only on its thread.
 */
int yolanda_loop_free(struct event_loop *eventLoop);

/**
 * Makes a loop that a child process has inherited through fork(2) the child's own, while the parent goes
 * on using its copy. The child's copy gets an epoll descriptor and a wake-up socket pair of its own, and
 * belongs to the calling thread. A child that is the only one to use a loop (as after daemon(3)) needs no
 * call.
 *
 * Channels, timers, signal watchers, clients and servers go on in the child; watching a channel or freeing
 * the loop changes nothing for the parent. Listening sockets are shared: each client is accepted by one of
 * the two processes. The file of a Unix socket stays the parent's: the child doesn't remove it. Functions
 * that were posted and not called yet are called in both processes. A name look-up that was under way ends
 * with its time limit. yolanda_loop_fd() returns another descriptor afterwards.
 *
 * A connection belongs to one of the two processes. The other one closes its copy with
 * yolanda_connection_close(), or frees the loop, before it runs the loop. That sends nothing, whereas
 * tcp_connection_shutdown() and yolanda_connection_close_after_send() end the connection for both. HTTP
 * answers that were still to be sent at the time of the fork are sent by the parent only.
 *
 * Call fork(2) outside of the loop's callbacks, and while no other thread is in a call of the library.
 *
 * Returns 0, or -1 with errno, and nothing has changed then: EINVAL for NULL; EBUSY inside a callback of
 * the loop, and for a loop with worker threads, which don't survive a fork (the child then leaves the loop
 * alone); EPERM on another thread of the process that made the loop; ENOTSUP for a back end without
 * `init`; EMFILE, ENFILE, ENOMEM.
 *
 * `eventLoop` is NULL or a loop that isn't freed yet. On its thread; in a child on the only thread.
 */
int yolanda_loop_reinit(struct event_loop *eventLoop);

/**
 * Ends event_loop_run() and yolanda_loop_run_once() of a loop, at the end of the pass that runs or at
 * once where the loop waits. It sets `eventLoop->quit`, which stays set: called before the loop runs, it
 * makes that return at once. To run the loop again, set the field to 0.
 *
 * Returns 0, or -1 with EINVAL for NULL.
 *
 * `eventLoop` is NULL or a loop. Any thread and any signal handler may call it.
 */
int yolanda_loop_quit(struct event_loop *eventLoop);

/**
 * Runs the loop until at least one callback was called, somebody has woken it up, or `limit_ms`
 * milliseconds are over: 0 looks without waiting, -1 sets no limit. It may be called inside a callback of
 * the loop: it then goes on with what the outer pass has still to do. The callback's own connection may
 * have ended when it returns.
 *
 * Returns how many callbacks were called, 0 when the time is over or the loop is to quit; -1 with errno:
 * EINVAL for NULL or another negative limit, EPERM on another thread.
 *
 * `eventLoop` is NULL or a loop. Only on its thread.
 */
int yolanda_loop_run_once(struct event_loop *eventLoop,
                          int64_t limit_ms);

/**
 * Has `callback(eventLoop, data)` called on the loop's thread, once, never before this returns. What one
 * thread posts is called in the order of its calls, and nothing is lost; the sends, shutdowns and channel
 * changes of that thread have their place in the same order. On the loop's own thread those take effect at
 * once, and the function is called later in the pass. What was posted before yolanda_loop_quit() is called
 * before event_loop_run() returns. Many posts wake the loop up once.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL (`data` may be NULL), ENOMEM, ESHUTDOWN for a loop that is
 * being freed: the function is never called then.
 *
 * `eventLoop` is NULL or a loop; `data` stays yours, and is valid until the call. Any thread may call it.
 */
int yolanda_loop_post(struct event_loop *eventLoop,
                      yolanda_loop_callback callback,
                      void *data);

/**
 * A descriptor that is readable while the loop has events, so that another loop can watch it (poll(2),
 * asyncio, libuv, Qt): when it is readable, or when yolanda_loop_timeout() is over, call
 * yolanda_loop_run_once(eventLoop, 0). It stays the loop's: neither read nor close it.
 *
 * Returns the descriptor, or -1 with errno: EINVAL for NULL, EPERM on another thread, ENOTSUP for a back
 * end of the program's own, EMFILE, ENFILE, ENOMEM, ENOSPC (fs.epoll.max_user_watches).
 *
 * `eventLoop` is NULL or a loop. Only on its thread.
 */
int yolanda_loop_fd(struct event_loop *eventLoop);

/**
 * How many milliseconds may pass until yolanda_loop_run_once() is due although nothing has happened to
 * the loop's descriptor: 0 when there is work now, -1 when there is no limit. Ask before each wait.
 *
 * Returns -2 with errno on failure: EINVAL for NULL, EPERM on another thread.
 *
 * `eventLoop` is NULL or a loop. Only on its thread.
 */
int64_t yolanda_loop_timeout(struct event_loop *eventLoop);

/**
 * The name of the loop's back end: "epoll", "poll", or what a program's own has.
 *
 * Returns NULL with EINVAL for NULL. The text is the back end's.
 *
 * `eventLoop` is NULL or a loop. Any thread may call it while none changes the back end.
 */
const char *yolanda_loop_dispatcher(struct event_loop *eventLoop);

/**
 * Tells what a loop has done: fills the `size` bytes of `stats`, sizeof(struct yolanda_loop_stats) of the
 * program's header. Each number is right for itself; read on another thread, they may be of slightly
 * different moments.
 *
 * Returns 0, or -1 with EINVAL for NULL or a size of 0.
 *
 * `eventLoop` is NULL or a loop; `stats` has `size` bytes. Any thread may call it.
 */
int yolanda_loop_get_stats(struct event_loop *eventLoop,
                           struct yolanda_loop_stats *stats,
                           size_t size);

/**
 * Starts a timer: `callback` is called after `delay_ms` milliseconds, never earlier, and then every
 * `period_ms`, or once where that is 0. Periods are counted from due time to due time, so they don't drift;
 * a loop that is late calls once and leaves out the periods that have gone by. The clock is the monotonic
 * one (CLOCK_MONOTONIC): setting the time changes nothing. Timers that are due together are called in the
 * order in which they were due, or else started. A timer that is called once is gone when its callback has
 * returned, unless that restarted it.
 *
 * Starting, restarting and stopping take time that grows as the logarithm of the number of timers.
 *
 * Returns the timer, or 0 with errno: EINVAL (NULL, negative or absurd times), EPERM on another thread (post
 * a function instead), ENOMEM, also beyond 16,777,215 timers.
 *
 * `eventLoop` is NULL or a loop; `data` stays yours. Only on the loop's thread.
 */
yolanda_timer yolanda_timer_start(struct event_loop *eventLoop,
                                  int64_t delay_ms,
                                  int64_t period_ms,
                                  yolanda_timer_callback callback,
                                  void *data);

/**
 * Gives a timer new times, as if it were started now; callback and data stay. Its own callback may do
 * that, too.
 *
 * Returns 0, or -1 with errno: ENOENT for a timer that has ended or never was, EINVAL, EPERM.
 *
 * As for yolanda_timer_start().
 */
int yolanda_timer_restart(struct event_loop *eventLoop,
                          yolanda_timer timer,
                          int64_t delay_ms,
                          int64_t period_ms);

/**
 * Stops a timer: its callback isn't called any more, also where it was due in this pass.
 *
 * Returns 0, or -1 with errno: ENOENT for a timer that has ended, was stopped before or never was, EINVAL
 * for NULL, EPERM on another thread.
 *
 * As for yolanda_timer_start().
 */
int yolanda_timer_stop(struct event_loop *eventLoop,
                       yolanda_timer timer);

/**
 * How many milliseconds are left until a timer is due, rounded up; 0 when it is due.
 *
 * Returns -1 with errno on failure, as yolanda_timer_stop().
 *
 * As for yolanda_timer_start().
 */
int64_t yolanda_timer_remaining(struct event_loop *eventLoop, yolanda_timer timer);

/**
 * Has `callback` called whenever the process gets a signal. One signal may have any number of watchers,
 * on any number of loops; those of a loop are called in the order in which they were started. A signal
 * that comes again before the loop has called counts once, as pending signals do (signal(7)).
 *
 * The library's handler is installed with the first watcher of a signal, with SA_RESTART and SA_ONSTACK
 * (sigaction(2)). When the last watcher ends, what the program had there before (a handler, SIG_IGN,
 * SIG_DFL) is put back, unless the program has replaced the handler meanwhile. Threads may block the
 * signal as long as one doesn't. A child that was forked inherits the handler until it executes another
 * program.
 *
 * Returns the watcher, or 0 with errno: EINVAL (NULL, no signal, SIGKILL, SIGSTOP, or what a fault of the
 * program raises: SIGSEGV, SIGBUS, SIGFPE, SIGILL), EPERM on another thread, ENOMEM.
 *
 * `eventLoop` is NULL or a loop; `data` stays yours. Only on the loop's thread.
 */
yolanda_signal yolanda_signal_start(struct event_loop *eventLoop,
                                    int number,
                                    yolanda_signal_callback callback,
                                    void *data);

/**
 * Stops a watcher: its callback isn't called any more, also where its signal has come already.
 *
 * Returns 0, or -1 with errno: ENOENT for a watcher that was stopped or never was, EINVAL for NULL, EPERM
 * on another thread.
 *
 * As for yolanda_signal_start().
 */
int yolanda_signal_stop(struct event_loop *eventLoop,
                        yolanda_signal signal);

/**
 * Ends a thread of event_loop_thread_start(): its loop quits, what was posted to it is run, and its
 * connections are closed with their closed callbacks, all on that thread, which is then joined;
 * at last its loop is freed. `thread_tid` is 0 and `eventLoop` NULL afterwards; the struct may be
 * started again. `thread_name` stays.
 *
 * A thread that was never started, or was stopped, is left as it is. A program that has set `quit`
 * and joined the thread itself sets `thread_tid` to 0 before it calls this, which then closes and
 * frees what the loop has on the calling thread.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL and for a thread that the program has detached
 * (pthread_detach(3)), whose loop stays; EDEADLK on the thread itself, and when pthread_join(3) finds that
 * the thread waits for the caller, which not every version of it does.
 *
 * `thread` is NULL or was set up by event_loop_thread_init(). Any thread but this one may call it, one at
 * a time, inside callbacks too, without locks that the thread's callbacks want to take. Nobody uses the
 * thread's loop any more. A connection of another thread that is retained may outlive it.
 */
int yolanda_loop_thread_stop(struct event_loop_thread *thread);

/**
 * Ends the threads of a pool, each as yolanda_loop_thread_stop() does, and frees the pool. A
 * server's own pool goes with yolanda_server_free(), and a pool that was started goes with
 * yolanda_loop_free() of its main loop at the latest.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EBUSY for a server's pool, EPERM on another thread
 * than the main loop's, EDEADLK on one of the pool's own threads and where
 * pthread_join(3) finds that one of them waits for the caller, which not every version of it does.
 *
 * `pool` is NULL or a pool that isn't freed yet. Only on its main loop's thread, inside callbacks too,
 * without locks that the threads' callbacks want to take.
 */
int yolanda_thread_pool_free(struct thread_pool *pool);

/**
 * Keeps a connection's memory beyond its closed callback, for another thread or a language with a
 * collector. Each call is to be met by one yolanda_connection_release().
 *
 * A connection that has closed and is retained answers every call: those of this header with -1
 * and ENOTCONN, sends too, and tcp_connection_shutdown() does nothing. `name`, `data`,
 * yolanda_connection_id(), yolanda_connection_error() and yolanda_connection_user_data() stay
 * readable, whatever became of its loop; its buffers are empty, its descriptor is closed.
 *
 * Returns the connection, or NULL with EINVAL (NULL), EOVERFLOW (2 billion references).
 *
 * Any thread. The connection's closed callback hasn't returned yet, or the caller knows of a
 * reference that stays meanwhile.
 */
struct tcp_connection *yolanda_connection_retain(struct tcp_connection *connection);

/**
 * Gives a reference back. After the last one the connection is freed, as soon as it has closed:
 * here, with the destructor of its user data, or at the end of a pass of its loop.
 *
 * Returns 0, or -1 with EINVAL: NULL, or a live connection that nobody retained.
 *
 * Any thread. The reference is the caller's, who doesn't use it any more.
 */
int yolanda_connection_release(struct tcp_connection *connection);

/**
 * 1 until closing has begun, for whatever reason, then 0. On another thread than the loop's the
 * answer may be outdated at once. A connection that closes after its queue is sent is open.
 *
 * Returns -1 with EINVAL for NULL.
 *
 * Any thread. A connection that is live or retained.
 */
int yolanda_connection_is_open(struct tcp_connection *connection);

/**
 * The connection's number in this process: never 0, never used again, unlike its descriptor.
 *
 * Returns 0 with EINVAL for NULL.
 *
 * Any thread. A connection that is live or retained.
 */
uint64_t yolanda_connection_id(struct tcp_connection *connection);

/**
 * Why the connection closes or has closed: an errno value. 0 while it is open, and where both sides
 * ended it in order.
 *
 * ECONNRESET, EPIPE and others of recv(2) and send(2): the peer or the network. ETIMEDOUT: a time
 * limit of yolanda_connection_set_timeouts() or yolanda_connection_close_after_send(), or the
 * network's. ENOBUFS: a limit of yolanda_connection_set_limits(). ECANCELED:
 * yolanda_connection_close(). ESHUTDOWN: its server was stopped, or its loop freed. ENOMEM: no
 * memory. EBADF: the program closed its descriptor.
 *
 * Returns -1 with EINVAL for NULL.
 *
 * Any thread. A connection that is live or retained.
 */
int yolanda_connection_error(struct tcp_connection *connection);

/**
 * Closes a connection at once: what is queued is dropped. No callback runs within; the closed callback
 * comes from the loop's pass. On another thread it comes after what that thread posted before, and a
 * message callback that is under way may still come first; the caller finds the connection closed at once.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL), ENOTCONN (closing has begun already, by the first
 * call of this function for example), ENOMEM (on another thread only; it is as open as before).
 *
 * Any thread. A connection that is live or retained.
 */
int yolanda_connection_close(struct tcp_connection *connection);

/**
 * Closes a connection after all that was accepted is sent, other threads' sends included: the queue goes
 * out, then the end of the stream, and when the peer has ended its side too, the connection closes. If
 * that takes longer than `limit_ms` milliseconds, it is closed then, with ETIMEDOUT; 0: in the next pass.
 *
 * Sends fail with EPIPE from here on; functions that the same thread posted before can still send. What
 * still arrives is dropped, without message callbacks, even while reading is paused. If it is called
 * again, the earlier end counts; yolanda_connection_close() may follow.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, a negative limit), ENOTCONN (closing has begun),
 * ENOMEM.
 *
 * Any thread. A connection that is live or retained.
 */
int yolanda_connection_close_after_send(struct tcp_connection *connection,
                                        int64_t limit_ms);

/**
 * Gives the connection a pointer of yours, apart from `data`, and a function that frees it. What
 * was there before is freed here, with its own function. The last one is freed with the connection,
 * exactly once: after the closed callback and the last yolanda_connection_release(), on the thread
 * that lets go last. Closed already, nothing is taken: the pointer stays yours.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL connection), ENOTCONN (it has closed), EPERM (another
 * thread), ENOMEM.
 *
 * The loop's thread, or inside the completed callback. `destroy` may be NULL; it may call anything
 * of this library, for other connections.
 */
int yolanda_connection_set_user_data(struct tcp_connection *connection,
                                     void *data,
                                     void (*destroy)(void *data));

/**
 * The pointer of yolanda_connection_set_user_data(), also of a connection that has closed; NULL
 * where none was set, and with EINVAL for NULL.
 *
 * Any thread, if what it points to lives long enough. A connection that is live or retained.
 */
void *yolanda_connection_user_data(struct tcp_connection *connection);

/**
 * Writes the peer's address: "1.2.3.4:5", "[::1]:5", "unix:/path", "unix:@abstract", or "unix:" for
 * one without a name. 128 bytes hold any.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL), ENAMETOOLONG (no room), ENOTCONN (closed, or the
 * peer is gone already: ask in the completed callback what is to be known later), ENOTSOCK.
 *
 * Any thread. A connection that is live or retained; `text` has room for `size` bytes.
 */
int yolanda_connection_peer(struct tcp_connection *connection, char *text, size_t size);

/**
 * Writes the connection's own address; otherwise as yolanda_connection_peer().
 *
 * As for yolanda_connection_peer().
 */
int yolanda_connection_local(struct tcp_connection *connection, char *text, size_t size);

/**
 * Sets TCP_NODELAY (tcp(7)): whether small writes leave at once, or wait for the answer to the last.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL), ENOTCONN (closed), EPERM (another thread), EOPNOTSUPP
 * or ENOTSOCK (no TCP socket).
 *
 * The loop's thread, or inside the completed callback.
 */
int yolanda_connection_set_nodelay(struct tcp_connection *connection,
                                   int on);

/**
 * Has the kernel ask a silent peer whether it is still there (SO_KEEPALIVE, socket(7)): after
 * `idle_s` seconds (0: never), then every `interval_s` seconds, closing after `count` questions
 * without an answer. 0 for the last two leaves them as they are, at first the system's.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, seconds outside 0 to 32767, a count outside 0 to 127),
 * ENOTCONN (closed), EPERM (another thread), EOPNOTSUPP or ENOTSOCK (no TCP socket).
 *
 * The loop's thread, or inside the completed callback.
 */
int yolanda_connection_set_keepalive(struct tcp_connection *connection,
                                     int idle_s,
                                     int interval_s,
                                     int count);

/**
 * Stops reading: no message callback comes until yolanda_connection_resume(), the peer has to wait
 * when its window is full. Within the message callback it ends the turn: bytes that the callback
 * leaves unread stay.
 *
 * While reading is paused the end of the peer's stream isn't seen either, nor is it missed. Sending
 * goes on. A reset closes the connection at once, as nothing can be sent any more; bytes that had
 * arrived before are lost then. EVENT_READ is off in `channel->events` meanwhile.
 *
 * Any number of calls is undone by one yolanda_connection_resume(). On a connection that closes
 * after its queue is sent it has no effect.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL), ENOTCONN (closed), EPERM (another thread).
 *
 * The loop's thread, or inside the completed callback.
 */
int yolanda_connection_pause(struct tcp_connection *connection);

/**
 * Goes on reading. Bytes that had been left unread before are handed to the message callback once
 * more, from the loop's pass, even if no new ones have arrived. Without a pause: nothing.
 *
 * Returns 0, or -1 with errno: as yolanda_connection_pause().
 *
 * The loop's thread, or inside the completed callback.
 */
int yolanda_connection_resume(struct tcp_connection *connection);

/**
 * Has a program told how its peer keeps up: `on_high` when the queue has reached `high` bytes,
 * `on_low` when it has fallen to `low` or less after that, in turns, each once per crossing, from
 * the loop's pass and never inside a send. If the queue has fallen again before `on_high` could be
 * called, it is called all the same, before `on_low`. After the closed callback there are none.
 *
 * `high` 0 switches it off. Set anew it begins anew: a queue that is at the mark already is told of.
 * Either callback may be NULL.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, `low` not below `high`), ENOTCONN (closed), EPERM
 * (another thread), ENOMEM.
 *
 * The loop's thread, or inside the completed callback.
 */
int yolanda_connection_set_water_marks(struct tcp_connection *connection,
                                       size_t low,
                                       size_t high,
                                       yolanda_water_mark_callback on_low,
                                       yolanda_water_mark_callback on_high);

/**
 * Limits how much memory a connection takes.
 *
 * `max_queued`: bytes that wait to be sent, those that other threads have sent included; 0: 64 MiB,
 * at most 2 GiB.
 * YOLANDA_LIMIT_CLOSE: a send is taken whole while the queue is below the limit; beyond it, -1 with
 * ENOBUFS, and the connection is closed. YOLANDA_LIMIT_REFUSE: a send that doesn't fit is refused
 * whole, -1 with ENOBUFS, and everything else stays as it is; also one that alone is larger.
 *
 * `max_unread`: when the message callback has left so many bytes unread, the connection is closed,
 * whatever the policy; 0: 64 MiB. Up to 64 KiB are read before each callback.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, an unknown policy), ENOTCONN (closed), EPERM (another
 * thread), ENOMEM.
 *
 * The loop's thread, or inside the completed callback.
 */
int yolanda_connection_set_limits(struct tcp_connection *connection,
                                  size_t max_queued,
                                  size_t max_unread,
                                  int policy);

/**
 * Closes a connection on which nothing moves, with ETIMEDOUT and its closed callback. Milliseconds,
 * each from now on; 0: no limit. Never early.
 *
 * `idle_ms`: no byte was received, and none sent. `read_ms`: no byte was received, while reading
 * isn't paused. `write_ms`: bytes are queued, and none were sent, because the peer doesn't read. Bytes
 * count as received when they have arrived, even if the loop is too busy to read them; as sent when
 * the kernel takes them, and again when the peer takes them from it: one that reads slowly is neither
 * idle nor stuck. That is asked for four times within each limit, which may be late by as much.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, a negative time), ENOTCONN (closed), EPERM (another
 * thread), ENOMEM.
 *
 * The loop's thread, or inside the completed callback.
 */
int yolanda_connection_set_timeouts(struct tcp_connection *connection,
                                    int64_t idle_ms,
                                    int64_t read_ms,
                                    int64_t write_ms);

/**
 * Makes a server that will listen on an address:
 *
 * "127.0.0.1:8080", "[::1]:8080": one address of this host (link-local ones with their interface:
 * "[fe80::1%eth0]:8080");
 * "0.0.0.0:8080": every IPv4 address;
 * "[::]:8080": every address, IPv6 and IPv4;
 * "*:8080", ":8080": the same, or every IPv4 address where there is no IPv6;
 * "name:8080": an IPv4 address of that name, or else an IPv6 one (the system is asked and waited
 * for);
 * "unix:/path", "unix:@name": a Unix domain socket, or one of Linux's abstract namespace (unix(7)).
 *
 * Port 0 is any free one, which `port` of the server then holds (0 for Unix sockets). The address is bound
 * at once, with SO_REUSEADDR; a Unix socket listens at once, the others from yolanda_server_start() on.
 *
 * A socket file that nobody listens on is replaced; the server's own is removed when it stops. Both happen
 * only under a lock (flock(2)) on the file "PATH.yolanda-lock", which is made for that moment and removed
 * after it. So if two servers start at once, one of them gets EADDRINUSE, and nobody removes the file of a
 * live server, in whatever order servers start, stop and crash. A child that has the socket by fork(2)
 * removes the file only when nobody listens on it any more. If the folder can't be written to when the
 * server stops, the file stays. Servers of yolanda_server_new_fd() neither make nor remove a file;
 * abstract names have none.
 *
 * `threads` more threads serve its connections; 0: the loop's own. Callbacks are as for
 * tcp_server_init() and may be NULL. `data` of new connections is set by tcp_server_set_data().
 *
 * Connections have TCP_NODELAY set: see yolanda_server_set_nodelay().
 *
 * Where the process is out of descriptors, clients are turned away (their connection is closed at once)
 * until there are some: the server keeps a descriptor for that while it runs. Servers of tcp_server_init()
 * have none: their clients wait in the kernel's queue.
 *
 * Returns the server, to be released by yolanda_server_free() or with its loop, or NULL with errno: EINVAL
 * (NULL, no address, negative `threads`), EPERM on another thread, EADDRINUSE (also for a file that isn't
 * a socket, one that somebody listens on, and a lock that somebody holds for more than a second),
 * EADDRNOTAVAIL, EACCES, EROFS, ENOLCK (a file system without locks), ENOENT (no such host or folder),
 * EAGAIN or EHOSTUNREACH (the name can't be looked up now), EAFNOSUPPORT, ENAMETOOLONG, EMFILE, ENFILE,
 * ENOMEM.
 *
 * `eventLoop` is NULL or a loop; `address` is NULL or ends with a NUL. Only on the loop's thread.
 */
struct TCPserver *yolanda_server_new(struct event_loop *eventLoop,
                                     const char *address,
                                     connection_completed_call_back connectionCompletedCallBack,
                                     message_call_back messageCallBack,
                                     write_completed_call_back writeCompletedCallBack,
                                     connection_closed_call_back connectionClosedCallBack,
                                     int threads);

/**
 * Makes a server on a stream socket that listens already: inherited, passed by systemd (fd 3 and up),
 * received over a Unix socket. On success the descriptor is the server's, non-blocking and close-on-exec;
 * a socket file stays where it is when the server stops. Otherwise as yolanda_server_new(). A descriptor
 * on which another server accepts is refused on the same loop, and must not be given on others: use
 * dup(2).
 *
 * Returns the server, or NULL with errno, and the descriptor stays the caller's: EINVAL (NULL, a
 * socket that doesn't listen, negative `threads`), EBADF, ENOTSOCK, EPROTOTYPE for a socket that
 * isn't a stream, EBUSY for one on which a server of the loop accepts, EPERM on another thread, ENOMEM.
 *
 * `eventLoop` is NULL or a loop. Only on the loop's thread.
 */
struct TCPserver *yolanda_server_new_fd(struct event_loop *eventLoop,
                                        int fd,
                                        connection_completed_call_back connectionCompletedCallBack,
                                        message_call_back messageCallBack,
                                        write_completed_call_back writeCompletedCallBack,
                                        connection_closed_call_back connectionClosedCallBack,
                                        int threads);

/**
 * Starts a server, also one of tcp_server_init(): its threads first, then it listens and accepts.
 * The same as tcp_server_start(), but says what fails.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, EALREADY for a server that
 * runs, ESHUTDOWN for one that was stopped, EADDRINUSE, EMFILE, ENFILE, ENOMEM, ENOSPC (epoll_ctl(2)).
 * After a failure it may be tried again; threads that can't be started are left out, and no failure.
 *
 * `server` is NULL or a server that isn't freed yet. Only on its loop's thread.
 */
int yolanda_server_start(struct TCPserver *server);

/**
 * Writes the server's address, with the port that it has, as "127.0.0.1:8080", "[::]:8080",
 * "unix:/path" or "unix:@name", and a NUL. 128 bytes are enough for every address.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, ENAMETOOLONG where it
 * doesn't fit, EBADF where the acceptor of tcp_server_init() has no descriptor.
 *
 * `server` is NULL or a server that isn't freed yet; `text` has `size` bytes. Only on the loop's
 * thread.
 */
int yolanda_server_address(struct TCPserver *server, char *text, size_t size);

/**
 * With 1, each of the server's threads gets a listening socket of its own on the address
 * (SO_REUSEPORT, socket(7)): the kernel spreads clients over the threads, each of which accepts its
 * own and keeps them. The completed callback then runs on those threads, and the server's public
 * fields may be changed before the start only. Other processes of the same user may share the port.
 *
 * Without it, the loop's thread accepts and hands connections to the threads in turn, which spreads
 * few long connections more evenly.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, EBUSY after the start,
 * ENOTSUP for Unix sockets, for descriptors that were passed in and for tcp_server_init().
 *
 * `server` is NULL or a server that isn't freed yet. Only on its loop's thread.
 */
int yolanda_server_set_reuseport(struct TCPserver *server, int on);

/**
 * Sets how many connections may be open at a time; 0, the default: any number. At the limit the
 * server accepts nothing: clients wait in the kernel's queue until a connection closes. May be
 * changed at any time; a lower limit closes nothing.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, negative), EPERM on another thread.
 *
 * `server` is NULL or a server that isn't freed yet. Only on its loop's thread.
 */
int yolanda_server_set_max_connections(struct TCPserver *server, int n);

/**
 * Sets TCP_NODELAY of new connections (tcp(7)): 1, the default of yolanda_server_new(), sends small
 * answers at once; 0 leaves the kernel to collect them until the peer has acknowledged what it got.
 * Servers of tcp_server_init() begin with what their acceptor's socket has, 0 as a rule. The listening
 * socket has the option and connections inherit it, so it costs no system call. May be changed at any
 * time. Unix sockets have no such option.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread.
 *
 * `server` is NULL or a server that isn't freed yet. Only on its loop's thread.
 */
int yolanda_server_set_nodelay(struct TCPserver *server,
                               int on);

/**
 * Sets keep-alive probes of new connections (tcp(7)): after `idle_s` seconds of silence one every
 * `interval_s` seconds, and the connection ends when `count` of them stay unanswered; 0 leaves the
 * system's value. `idle_s` 0 turns them off, the default. Inherited as TCP_NODELAY is. May be changed at any
 * time.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, negative, more than 32767 seconds or 127 probes), EPERM
 * on another thread.
 *
 * `server` is NULL or a server that isn't freed yet. Only on its loop's thread.
 */
int yolanda_server_set_keepalive(struct TCPserver *server,
                                 int idle_s,
                                 int interval_s,
                                 int count);

/**
 * Sets the time limits of new connections, as yolanda_connection_set_timeouts() does for one. May be
 * changed at any time.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, negative), EPERM on another thread.
 *
 * `server` is NULL or a server that isn't freed yet. Only on its loop's thread.
 */
int yolanda_server_set_timeouts(struct TCPserver *server,
                                int64_t idle_ms,
                                int64_t read_ms,
                                int64_t write_ms);

/**
 * Sets the memory limits of new connections, as yolanda_connection_set_limits() does for one. May be
 * changed at any time.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, no such policy), EPERM on another thread.
 *
 * `server` is NULL or a server that isn't freed yet. Only on its loop's thread.
 */
int yolanda_server_set_limits(struct TCPserver *server,
                              size_t max_queued,
                              size_t max_unread,
                              int policy);

/**
 * Sets the water marks of new connections, as yolanda_connection_set_water_marks() does for one.
 * May be changed at any time.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, `low` not below `high`), EPERM on another thread.
 *
 * `server` is NULL or a server that isn't freed yet. Only on its loop's thread.
 */
int yolanda_server_set_water_marks(struct TCPserver *server,
                                   size_t low,
                                   size_t high,
                                   yolanda_water_mark_callback on_low,
                                   yolanda_water_mark_callback on_high);

/**
 * Sets what is called on each of the server's threads: `on_start(eventLoop, data)` before the
 * thread's loop runs, `on_stop(eventLoop, data)` as the last thing on it. The start returns when all
 * `on_start` have returned. Without threads both are called for the server's own loop, when the
 * server starts and when it is freed. They must not free the server.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, EBUSY after the start.
 *
 * `server` is NULL or a server that isn't freed yet; `data` stays yours, and is valid until the
 * server is freed. Only on its loop's thread.
 */
int yolanda_server_set_thread_hooks(struct TCPserver *server,
                                    yolanda_loop_callback on_start,
                                    yolanda_loop_callback on_stop,
                                    void *data);

/**
 * How many connections of the server are open, those included whose closed callback is still to
 * come, and clients that wait to be served by a server that is stopping. -1 with EINVAL for NULL.
 *
 * `server` is NULL or a server that isn't freed yet. Any thread may call it.
 */
int64_t yolanda_server_connections(struct TCPserver *server);

/**
 * Ends a server in good order. Its listening sockets are closed before this returns, the one of an
 * acceptor of the program's own included, whose `listen_fd` becomes -1; clients that come later are
 * refused.
 *
 * Clients that have connected before and wait to be accepted are served as the others are: their completed
 * callback comes from a later pass of the loop that accepts. Those beyond
 * yolanda_server_set_max_connections() are closed in order, without a callback; when the process is out of
 * descriptors, so are the others, without reading what they have sent. With a `deadline_ms` of 0 there is
 * no time for them: the kernel resets them, as it does when a server is freed.
 *
 * A connection on which nothing waits is closed at once. If its client hasn't acknowledged all that it was
 * sent, that begins with a half-close, which takes nothing back, and waits up to 5 seconds for the
 * client's end. What is queued is sent before. Bytes that have arrived and weren't consumed, and HTTP
 * requests that aren't answered yet, keep a connection open until they are. HTTP answers say `Connection:
 * close`.
 *
 * Connections that are left after `deadline_ms` get a last turn, for what has arrived by then, and are
 * closed, with ESHUTDOWN as their error; 0: at once, without that turn, -1: no deadline. Then
 * `done(server, data)` is called once, in a pass of the server's loop. The server's threads and the
 * connections of other servers go on.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, less than -1), EPERM on another thread, EALREADY for a
 * server that is stopping, ESHUTDOWN for one that has stopped, ENOMEM.
 *
 * `server` is NULL or a server that isn't freed yet; `done` may be NULL; `data` stays yours. Only on
 * the loop's thread, inside callbacks too.
 */
int yolanda_server_stop(struct TCPserver *server,
                        int64_t deadline_ms,
                        yolanda_server_callback done,
                        void *data);

/**
 * Frees a server, also one of tcp_server_init() or a http_server's `tcpServer`: it stops at once,
 * its threads are ended and joined, its connections closed with ESHUTDOWN as their error. Those on
 * its threads get their closed callback on them before this returns; those on the server's own loop
 * before this returns, too, or, inside a callback of that loop, in its pass. A stop that isn't over is
 * given up: its callback isn't called.
 *
 * An acceptor of the program's stays the program's, with its descriptor closed if the server was
 * started; a struct http_server goes with its `tcpServer`.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, one of the server's own
 * included, EDEADLK where pthread_join(3) finds that one of those waits for the caller: the server
 * stays then, without its threads. Not every version of the C library looks; none of the threads may
 * join the caller's.
 *
 * `server` is NULL or a server that isn't freed yet, and isn't used any more. Only on its loop's
 * thread, inside callbacks too, without locks that callbacks on its threads want to take.
 */
int yolanda_server_free(struct TCPserver *server);

/**
 * Makes a client of a loop. `address` is copied:
 *
 * "1.2.3.4:80", "[::1]:80", "[fe80::1%eth0]:80", "unix:/path", "unix:@abstract" (abstract namespace of
 * unix(7)), or "name:80": then the name is looked up at each attempt, on a thread of the library's own. Up
 * to eight of its addresses are tried in the system's order, IPv6 and IPv4 by turns (RFC 8305): the next
 * one when one has failed, or after 250 milliseconds, beside those that haven't answered. The first that
 * connects is the client's connection, the others are closed.
 *
 * A client has one look-up at a time: if an attempt ends before its name was looked up, the next attempt
 * waits for the same look-up. The library looks up at most 16 names at a time; the others wait for their
 * turn. Nothing waits for a look-up to end: not the freeing of the client or its loop, not the end of the
 * process, and not dlclose(3) of a plug-in that contains the library. A plug-in that has begun a look-up
 * stays in memory.
 *
 * The callbacks are those of its connections and may be NULL; they work as a server's do. TCP_NODELAY is
 * set unless yolanda_client_set_nodelay() says otherwise.
 *
 * Returns the client, which does nothing before yolanda_client_start(); to be released with
 * yolanda_client_free(), or else freed with its loop. NULL with errno: EINVAL (NULL, no address, no port
 * or port 0), ENAMETOOLONG (a unix path that is too long), EPERM (another thread), ENOMEM.
 *
 * `eventLoop` is NULL or a loop, `address` NULL or a string. Only on the loop's thread, as for all
 * functions of clients.
 */
struct yolanda_client *yolanda_client_new(struct event_loop *eventLoop,
                                          const char *address,
                                          connection_completed_call_back completed,
                                          message_call_back message,
                                          write_completed_call_back write_completed,
                                          connection_closed_call_back closed);

/**
 * Sets what `data` of the client's next connections begins as.
 *
 * Returns 0, or -1 with errno: EINVAL for a NULL client, EPERM on another thread. `data` stays yours.
 *
 * A client that isn't freed. Only on its loop's thread.
 */
int yolanda_client_set_data(struct yolanda_client *client,
                            void *data);

/**
 * Sets how many milliseconds an attempt may take, for looking up the name and for connecting together;
 * 30,000 without this call, 0: as long as the system tries. It counts from the next attempt on. If it is
 * too short to try each address 250 milliseconds after the last, the time that is left is divided among
 * them. An answer that came in time counts, even if the loop's thread was busy until the time was over.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, a negative time), EPERM.
 *
 * As for yolanda_client_set_data().
 */
int yolanda_client_set_timeout(struct yolanda_client *client,
                               int64_t ms);

/**
 * Sets what is called, with `data`, when an attempt has failed. NULL for none.
 *
 * Returns 0, or -1 with errno: EINVAL for a NULL client, EPERM. `data` stays yours.
 *
 * As for yolanda_client_set_data().
 */
int yolanda_client_set_failed_callback(struct yolanda_client *client,
                                       yolanda_client_failed_callback callback,
                                       void *data);

/**
 * Has the client connect again after an attempt failed, and after a connection ended, for whatever
 * reason but yolanda_client_stop(). `min_ms` 0 switches that off, as it is at first.
 *
 * The first wait is up to `min_ms` milliseconds, each following one up to twice as long, and none
 * longer than `max_ms`. How long exactly is drawn, between half of that and all of it, so that many
 * clients don't come back at the same moment. The waits begin anew with `min_ms` after a connection
 * that received a byte or lived as long as the wait that was next; so a server that closes each
 * connection at once is visited more and more rarely.
 *
 * `attempts`: after so many failed attempts in a row the client gives up; 0: never. A connection that was
 * made ends the row, however short it was.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, a negative number, `max_ms` below `min_ms`), EPERM. A
 * wait that has begun is waited for.
 *
 * As for yolanda_client_set_data().
 */
int yolanda_client_set_reconnect(struct yolanda_client *client,
                                 int64_t min_ms,
                                 int64_t max_ms,
                                 int attempts);

/**
 * Sets the time limits of the client's next connections, as yolanda_connection_set_timeouts() does for
 * one.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, a negative time), EPERM.
 *
 * As for yolanda_client_set_data().
 */
int yolanda_client_set_timeouts(struct yolanda_client *client,
                                int64_t idle_ms,
                                int64_t read_ms,
                                int64_t write_ms);

/**
 * Sets the limits of the client's next connections, as yolanda_connection_set_limits() does for one.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, an unknown policy), EPERM.
 *
 * As for yolanda_client_set_data().
 */
int yolanda_client_set_limits(struct yolanda_client *client,
                              size_t max_queued,
                              size_t max_unread,
                              int policy);

/**
 * Sets the water marks of the client's next connections, as yolanda_connection_set_water_marks()
 * does for one.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, `low` not below `high`), EPERM.
 *
 * As for yolanda_client_set_data().
 */
int yolanda_client_set_water_marks(struct yolanda_client *client,
                                   size_t low,
                                   size_t high,
                                   yolanda_water_mark_callback on_low,
                                   yolanda_water_mark_callback on_high);

/**
 * Sets TCP_NODELAY (tcp(7)) of the client's next connections, on at first: small writes leave at once
 * instead of waiting for the answer to the last.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM.
 *
 * As for yolanda_client_set_data().
 */
int yolanda_client_set_nodelay(struct yolanda_client *client,
                               int on);

/**
 * Sets keep-alive of the client's next connections, as yolanda_connection_set_keepalive() does for one.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, values that the kernel doesn't take), EPERM.
 *
 * As for yolanda_client_set_data().
 */
int yolanda_client_set_keepalive(struct yolanda_client *client,
                                 int idle_s,
                                 int interval_s,
                                 int count);

/**
 * Begins to connect. No callback runs within: the completed callback of the connection, or the failed
 * callback, comes from a later pass of the loop.
 *
 * A client that was stopped, has given up or whose connection has ended can be started again; the counts
 * of yolanda_client_set_reconnect() begin anew. Right after yolanda_client_stop() the new attempt begins
 * when the old connection has closed, so that its closed callback comes first.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EALREADY (it is on its way or waits for its next
 * attempt), EISCONN (connected), ENOMEM, EPERM.
 *
 * As for yolanda_client_set_data().
 */
int yolanda_client_start(struct yolanda_client *client);

/**
 * Ends an attempt, without a callback, and all further ones. A connection is closed at once as by
 * yolanda_connection_close(): its closed callback comes from the loop's pass. To have its queue sent
 * first, stop after yolanda_connection_close_after_send() and the closed callback; with reconnection on,
 * call it in there.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EALREADY (not started, stopped before, or given up),
 * EPERM.
 *
 * As for yolanda_client_set_data().
 */
int yolanda_client_stop(struct yolanda_client *client);

/**
 * Whether the client has a connection, is about to make one, or is going to try again: 1, else 0. In a
 * connection's closed callback it tells whether there will be another attempt.
 *
 * Returns -1 with errno: EINVAL for NULL, EPERM.
 *
 * As for yolanda_client_set_data().
 */
int yolanda_client_is_active(struct yolanda_client *client);

/**
 * The client's connection, from its completed callback on, until its closed callback.
 *
 * Returns NULL with errno: ENOTCONN where there is none (in the closed callback, too), EINVAL for NULL,
 * EPERM. The connection is the library's; yolanda_connection_retain() keeps it.
 *
 * As for yolanda_client_set_data().
 */
struct tcp_connection *yolanda_client_connection(struct yolanda_client *client);

/**
 * Stops a client as yolanda_client_stop() does, in whatever state it is, and frees it. It may be called
 * inside the client's own callbacks: completed, message, write completed, closed, failed. A connection is
 * closed at once; its closed callback still comes, from the loop's pass, with its `data`.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM; then it isn't freed.
 *
 * A client that isn't freed, and isn't used any more; its loop's freeing has freed it, too. Only on its
 * loop's thread.
 */
int yolanda_client_free(struct yolanda_client *client);

/**
 * The body of a request: all of it in the request callback, chunks put together. Binary; behind it stands a
 * NUL that doesn't count, so that text may be used as a string. It belongs to the request until that is
 * reset, and nothing else is found in it: trailers, the headers behind the last chunk, are checked and left
 * out (RFC 9112, 7.1.2).
 *
 * Returns the bytes and sets `*length` (where that isn't NULL); "" and 0 without a body. NULL and 0 for
 * NULL, with EINVAL.
 *
 * `httpRequest` is NULL or a request, `length` NULL or yours. In the callback, or on the thread that uses the
 * request.
 */
const char *yolanda_http_request_body(struct http_request *httpRequest,
                                      size_t *length);

/**
 * The path of the URL without the query, decoded: "/a b" for "/a%20b?c=d", "/" for "http://host", "*" for
 * "OPTIONS *". Dot segments stay as they are, and "%2F" becomes a slash like any other: where that matters,
 * look at `url`. Decoded when it is first asked for: what the program has changed in `url` by then counts,
 * what it changes later doesn't.
 *
 * Returns the path, which belongs to the request until that is reset, or NULL with errno: EINVAL where it is
 * malformed ("%zz", "%00") or no request line has been read, ENOMEM.
 *
 * As for yolanda_http_request_body().
 */
const char *yolanda_http_request_path(struct http_request *httpRequest);

/**
 * A parameter of the URL's query, decoded as browsers encode forms: parameters are parted by `&`, `+` is a
 * blank, `%XX` a byte. Without `=` the value is "". Decoded when a parameter is first asked for, as the path.
 *
 * Returns the value of the first parameter of that name, which belongs to the request until that is reset, or
 * NULL with errno: ENOENT where there is none, EINVAL where any part of the query is malformed ("%zz",
 * "%00") and for a NULL name, ENOMEM.
 *
 * As for yolanda_http_request_body(); `name` is NULL or ends with a NUL.
 */
const char *yolanda_http_request_query(struct http_request *httpRequest,
                                       const char *name);

/**
 * How many parameters the query has, those without a value and of the same name as well.
 *
 * Returns the number, or -1 with errno: EINVAL where the query is malformed, ENOMEM.
 *
 * As for yolanda_http_request_body().
 */
int yolanda_http_request_query_count(struct http_request *httpRequest);

/**
 * The parameter at `index`, from 0, in the order of the query. Sets `*name` and `*value`, where these aren't
 * NULL, to strings that belong to the request until that is reset.
 *
 * Returns 0, or -1 with errno: ENOENT behind the last one, EINVAL where the query is malformed and for a
 * negative index, ENOMEM.
 *
 * As for yolanda_http_request_body(); `name` and `value` are NULL or yours.
 */
int yolanda_http_request_query_at(struct http_request *httpRequest,
                                  int index,
                                  const char **name,
                                  const char **value);

/**
 * The value at `index`, from 0, of the headers of that name, which is compared ignoring case. Where a list
 * is meant, several headers and one with commas mean the same (RFC 9110, 5.3).
 *
 * Returns the value, which belongs to the request until that is reset, or NULL with errno: ENOENT where there
 * are no more, EINVAL for a negative index and a NULL or empty name.
 *
 * As for yolanda_http_request_body(); `name` is NULL or ends with a NUL.
 */
const char *yolanda_http_request_header_at(struct http_request *httpRequest,
                                           const char *name,
                                           int index);

/**
 * The connection that a request came over: for the peer's address, or to retain it.
 *
 * Returns the connection, which is the library's, or NULL with errno: ENOENT for a request that
 * http_request_new() made.
 *
 * As for yolanda_http_request_body().
 */
struct tcp_connection *yolanda_http_request_connection(struct http_request *httpRequest);

/**
 * Sets status code and message of a response. A NULL message stands for the standard text of the
 * code (RFC 9110, 15). The message is copied.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, a code outside of 200 to 999, a message with control
 * characters, or a response of http_response_new(); ENOMEM.
 *
 * `httpResponse` is NULL or a response that a callback was given, until it has returned; or one of
 * yolanda_http_response_defer(). `message` is NULL or ends with a NUL.
 */
int yolanda_http_response_set_status(struct http_response *httpResponse,
                                     int status,
                                     const char *message);

/**
 * Sets the value of Content-Type, which is copied; NULL leaves the header out.
 *
 * Returns 0, or -1 with errno: EINVAL for a NULL response, control characters in the value, or a
 * response of http_response_new(); ENOMEM.
 *
 * As for yolanda_http_response_set_status().
 */
int yolanda_http_response_set_content_type(struct http_response *httpResponse,
                                           const char *contentType);

/**
 * Adds a header. Name and value are copied; blanks around the value are left out. Content-Length and
 * Transfer-Encoding are the library's own; `Connection: close` closes behind this response.
 *
 * Returns 0, or -1 with errno: EINVAL for a NULL response, a name that is no token, a value with CR, LF
 * or another control character, the two names above, or a response of http_response_new(); ENOSPC when
 * there are 128 headers; ENOMEM.
 *
 * As for yolanda_http_response_set_status().
 */
int yolanda_http_response_add_header(struct http_response *httpResponse,
                                     const char *name,
                                     const char *value);

/**
 * Sets the body: `length` bytes of any kind, which are copied. It replaces the field `body`, and setting
 * that field afterwards replaces this.
 *
 * Returns 0, or -1 with errno: EINVAL for a NULL response, NULL data with a length, or a response of
 * http_response_new(); ENOMEM.
 *
 * As for yolanda_http_response_set_status(); `data` holds `length` bytes.
 */
int yolanda_http_response_set_body(struct http_response *httpResponse,
                                   const void *data,
                                   size_t length);

/**
 * Makes `length` bytes of a regular file the body, from `offset` on; a length of -1 stands for all up to its
 * end. It replaces the field `body`, and setting that field afterwards replaces this.
 *
 * Small files are sent with the head, larger ones from the page cache (sendfile(2)) as the client takes
 * them: no file needs much memory, and requests behind it wait until it is sent. Reading from the disk makes
 * the connection's thread wait. So many bytes are announced as the file has now. What it grows by
 * isn't sent; where it ends before all is sent, the connection is cut.
 *
 * On success the descriptor is the library's, which closes it; otherwise it stays yours. Its file offset
 * doesn't matter, nor does it change.
 *
 * Returns 0, or -1 with errno: EINVAL for a NULL response, a response of http_response_new(), negative
 * numbers, bytes beyond the end of the file, or what isn't a regular file; EBADF.
 *
 * As for yolanda_http_response_set_status(); nobody else closes `fd`.
 */
int yolanda_http_response_set_file(struct http_response *httpResponse,
                                   int fd,
                                   int64_t offset,
                                   int64_t length);

/**
 * Takes the answer to a request out of its callback, to be given later, on whatever thread. Called inside
 * the callback, it returns another response, empty; that one is filled by the functions of this header or
 * through its fields, and given by yolanda_http_response_send(). What was set in the callback's own
 * response is dropped. The request stays valid until then as well. Requests that the client sends behind
 * this one wait for it.
 *
 * Only one thread at a time uses a deferred response. It has to be sent at last, whatever becomes of the
 * client: that frees it.
 *
 * Returns NULL with errno: EINVAL for NULL or another response than the callback's, EALREADY the second
 * time, ENOTCONN, ENOMEM.
 *
 * Only inside a request callback, with its response.
 */
struct http_response *yolanda_http_response_defer(struct http_response *httpResponse);

/**
 * Sends a deferred response, or the end of its stream, and frees it: don't touch it, nor its request,
 * afterwards. It may be called inside the request callback, too, and inside the response's own callbacks.
 *
 * Once it has returned, no callback of the response is called any more, and what they use may be freed. On
 * another thread than the connection's, it first waits for a callback of this response that is running
 * there: don't hold a lock that the callback takes.
 *
 * Returns 0, or -1 with errno: ENOTCONN when the client has gone (the response is freed), ENOMEM (it isn't:
 * call again), EINVAL for NULL or a response that isn't deferred.
 *
 * `httpResponse` is NULL or a deferred response. Any thread may call it.
 */
int yolanda_http_response_send(struct http_response *httpResponse);

/**
 * Whether the client of a deferred response is still there: 1 or 0; -1 with EINVAL for NULL or a
 * response that isn't deferred.
 *
 * As for yolanda_http_response_send().
 */
int yolanda_http_response_is_open(struct http_response *httpResponse);

/**
 * Begins to send a deferred response in parts: status and headers now, the body by
 * yolanda_http_response_write(), its end by yolanda_http_response_send(). `length` is the body's, or -1 if
 * it isn't known: then it is sent in chunks (RFC 9112, 7.1), to an HTTP/1.0 client until the connection
 * ends. If such a connection ends before yolanda_http_response_send() and all of the body, it ends with a
 * reset, so that the client doesn't take a part for the whole. The response's own `body` isn't sent.
 *
 * Returns 0, or -1 with errno: EALREADY the second time, ENOTCONN, EPIPE or ECONNRESET (the client has
 * gone), ENOBUFS, ENOMEM, EINVAL (NULL, not deferred, another negative length).
 *
 * As for yolanda_http_response_send().
 */
int yolanda_http_response_begin(struct http_response *httpResponse,
                                int64_t length);

/**
 * Sends a part of the body, all of it or, on failure, nothing; what the socket doesn't take now is
 * copied. yolanda_http_response_queued() tells how far the client lags behind. For HEAD, and for a status that
 * has no body, it does nothing.
 *
 * Returns 0, or -1 with errno: EINVAL (before yolanda_http_response_begin(), NULL, not deferred), EMSGSIZE
 * (more than the length that was announced), ENOTCONN, EPIPE or ECONNRESET (the client has gone), ENOBUFS
 * (too much is queued: the connection's limit), ENOMEM.
 *
 * As for yolanda_http_response_send(); `data` holds `length` bytes.
 */
int yolanda_http_response_write(struct http_response *httpResponse,
                                const void *data,
                                size_t length);

/**
 * How many bytes wait to be sent to the client of a deferred response; 0 with EINVAL for NULL or a
 * response that isn't deferred.
 *
 * As for yolanda_http_response_send().
 */
size_t yolanda_http_response_queued(struct http_response *httpResponse);

/**
 * Has `callback` called as the client takes what is written, so that a body of any size needs little
 * memory. NULL: not any more.
 *
 * Returns 0, or -1 with errno: EPERM on another thread, EINVAL for NULL or a response that isn't deferred.
 *
 * `httpResponse` is NULL or a deferred response; `data` stays yours. Only on the connection's thread.
 */
int yolanda_http_response_set_stream_callback(struct http_response *httpResponse,
                                              yolanda_http_stream_callback callback,
                                              void *data);

/**
 * Has `callback` called when the client of a deferred response leaves. NULL: not any more. If there is a
 * stream callback as well, that one is called first.
 *
 * If a client has sent much after its request, nothing more is read from it until the answer is given.
 * That it has shut down its side is then seen within a second of its arrival.
 *
 * Returns 0, or -1 with errno: EPERM on another thread, EINVAL for NULL or a response that isn't deferred.
 *
 * As for yolanda_http_response_set_stream_callback().
 */
int yolanda_http_response_set_closed_callback(struct http_response *httpResponse,
                                              yolanda_http_closed_callback callback,
                                              void *data);

/**
 * Makes an HTTP server on an address, which is written as for yolanda_server_new(). The functions
 * yolanda_server_...() take its `tcpServer`, for instance to stop it: requests in flight are answered
 * then, with `Connection: close`.
 *
 * Returns the server, to be released by yolanda_http_server_free() or with its loop, or NULL with errno as
 * yolanda_server_new().
 *
 * `eventLoop` is NULL or a loop; `address` is NULL or ends with a NUL. Only on the loop's thread.
 */
struct http_server *yolanda_http_server_new(struct event_loop *eventLoop,
                                            const char *address,
                                            request_callback requestCallback,
                                            int threads);

/**
 * Starts a server, also one of http_server_new(), as yolanda_server_start() does.
 *
 * Returns 0, or -1 with errno as yolanda_server_start(): EALREADY, ESHUTDOWN, EADDRINUSE, EMFILE, ENFILE,
 * ENOMEM, ENOSPC; EINVAL for NULL, EPERM on another thread.
 *
 * `server` is NULL or a server. Only on its loop's thread.
 */
int yolanda_http_server_start(struct http_server *server);

/**
 * Frees a server, also one of http_server_new(), as yolanda_server_free() does with its TCP server: that
 * is freed as well, so call only one of the two. Responses that are still deferred have to be sent all the
 * same.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, EDEADLK where the system
 * finds that one of its threads waits for the caller (as yolanda_server_free()).
 *
 * `server` is NULL or a server that isn't freed yet. Only on its loop's thread.
 */
int yolanda_http_server_free(struct http_server *server);

/**
 * Sets how long the server waits, in milliseconds; 0 waits for ever. The clock is looked at every now and
 * then, so a deadline may be late by a quarter of itself, by a second at most; it is never early. What the
 * client has sent in time counts, even if the server's thread was busy until the deadline was over.
 *
 * `idle_ms`: for the next request on an open connection, or the first; it is closed then (75,000 without this
 * call, as the others 60,000).
 * `head_ms`: for request line and headers, from their first byte to their last: 408, and it closes.
 * `body_ms`: for the next bytes of a body: 408, and it closes. yolanda_http_server_set_body_rate() limits
 * the whole body.
 * `answer_ms`: for a deferred response, or its next part: 503, and it closes; once the response has begun,
 * it is cut off.
 * `write_ms`: for a client that takes nothing of what is queued for it: it is cut off.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, negative times or more than 24 days, EPERM on another thread.
 *
 * `server` is NULL or a server. Only on its loop's thread.
 */
int yolanda_http_server_set_deadlines(struct http_server *server,
                                      int64_t idle_ms,
                                      int64_t head_ms,
                                      int64_t body_ms,
                                      int64_t answer_ms,
                                      int64_t write_ms);

/**
 * Sets how fast the body of a request has to come; without this call 20,000 and 500 hold. Bytes are
 * counted as they are sent, chunk lines and trailers included.
 *
 * `grace_ms`: how many milliseconds each body has before its rate counts.
 * `bytes_per_second`: for each so many bytes the client gets another second; 0: any rate will do, and
 * `grace_ms` has no effect. A client that sends faster gets ahead by the deadline for bodies
 * (yolanda_http_server_set_deadlines()) at most, or by `grace_ms` if that is longer.
 *
 * A client that is slower gets 408, and the connection closes; the final call of a streamed body says so.
 * Time in which the program has stopped the reading doesn't count, nor do stretches of more than two
 * seconds in which the server's thread was busy. Bodies that have begun keep their `grace_ms`.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, a negative number, more than 24 days, more than 4,294,967,295
 * bytes, a rate without `grace_ms`), EPERM on another thread.
 *
 * `server` is NULL or a server. Only on its loop's thread.
 */
int yolanda_http_server_set_body_rate(struct http_server *server,
                                      int64_t grace_ms,
                                      int64_t bytes_per_second);

/**
 * Sets how large requests may be; 0 stands for the number that holds without this call.
 *
 * `line`: bytes of the request line (8,192); 414 beyond.
 * `head`: bytes of request line, headers and trailers (65,536); 431 beyond.
 * `headers`: how many headers and trailers (1,000); 431 beyond.
 * `body`: bytes of the body (67,108,864); 413 beyond.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL or more than 1 GiB, EPERM on another thread.
 *
 * `server` is NULL or a server. Only on its loop's thread.
 */
int yolanda_http_server_set_limits(struct http_server *server,
                                   size_t line,
                                   size_t head,
                                   size_t headers,
                                   size_t body);

/**
 * Sets how many bytes of request bodies the server may hold at once, over all connections and threads:
 * bodies that are being collected, and those of requests that aren't answered yet. Streamed bodies don't
 * count, nor do those of a few KiB that fit into the request itself. A body that doesn't fit is refused
 * with 503 and Retry-After, before it is sent if its length is announced; one that could never fit gets
 * 413.
 *
 * 0, as without this call: 268,435,456, or as much as one body may have (yolanda_http_server_set_limits())
 * if that is more.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread.
 *
 * `server` is NULL or a server. Only on its loop's thread.
 */
int yolanda_http_server_set_max_body_memory(struct http_server *server,
                                            size_t bytes);

/**
 * Sets after how many requests a connection is closed; 0, the default, sets no limit.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL or a negative number, EPERM on another thread.
 *
 * `server` is NULL or a server. Only on its loop's thread.
 */
int yolanda_http_server_set_max_requests(struct http_server *server, int requests);

/**
 * Tells what a server has done: fills the `size` bytes of `stats`, sizeof(struct yolanda_http_stats) of the
 * program's header.
 *
 * Returns 0, or -1 with EINVAL for NULL or a size of 0.
 *
 * `server` is NULL or a server; `stats` has `size` bytes. Any thread may call it.
 */
int yolanda_http_server_get_stats(struct http_server *server,
                                  struct yolanda_http_stats *stats,
                                  size_t size);

/**
 * Has requests of a method and a path answered by `handler` instead of the server's `requestCallback`.
 *
 * `method`: such as "GET", compared exactly; NULL or "*" for any that has no route of its own there.
 * `pattern`: a path, such as "/users". A segment `:id` stands for any segment that isn't empty, as in
 * "/users/:id/posts/:post"; names are of letters, digits and `_`. A last segment `*` stands for the rest,
 * which may be empty: behind "/static/" all that begins so. yolanda_http_request_param() tells what they
 * stand for. Escapes mean what they mean in a URL: "/a%20b" and "/a b" are the same, "%2A" and "%3A" are
 * `*` and `:` themselves.
 *
 * A path is cut at its slashes first and decoded then, so that "%2F" parts nothing. Upper and lower case,
 * and a slash at the end, make another path. A path with a segment "." or "..", escaped or behind "%2F" as
 * well, has no route: no parameter leads out of a folder.
 *
 * Of several routes for a path, one without names comes before one with names, and that before one with `*`,
 * of which the one with more segments; then the one that is literal where they differ first. The order of
 * the calls doesn't matter.
 *
 * The route is chosen when the head of a request is there. HEAD is answered by the route of GET, without
 * the body, unless it has its own. A path whose routes are all of other methods gets 405 with Allow, and
 * OPTIONS there 204 with Allow. What no route is for goes to the `requestCallback`; where that is NULL, it
 * gets 404, a malformed path ("%zz", "%00") 400, and `OPTIONS *` 204. Such answers don't wait for the
 * request's body: up to 256 KiB of it are read and dropped. If it is longer, or if the client waits for
 * `100 Continue` before it sends it, the connection ends.
 *
 * `data` is handed to each call of `handler`, on several threads at once where the server has some. `destroy`,
 * which may be NULL, is called with it once, after the server and its last connection have been freed, on the
 * thread that lets go last. On failure nothing is taken.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL server, pattern or handler; a method that is no token, or
 * longer than 64 bytes; a pattern without a slash at its start, with an empty or repeated name, with `*`
 * elsewhere than as its last segment, or that no path can match), EEXIST (there is a route for this method
 * and the same paths), EBUSY (the server has been started), EPERM on another thread, ENOMEM.
 *
 * `server` is NULL or a server; both texts are NULL or end with a NUL. Only on its loop's thread.
 */
int yolanda_http_server_route(struct http_server *server,
                              const char *method,
                              const char *pattern,
                              yolanda_http_handler handler,
                              void *data,
                              void (*destroy)(void *data));

/**
 * What a name in the pattern of the request's route stands for, decoded: "7" by "id" for "/users/7" and
 * "/users/:id". The rest that `*` stands for goes by "*". "%2F" is a slash here as any other: where that
 * matters, look at `url`.
 *
 * Returns the text, which belongs to the request until that is reset, or NULL with errno: ENOENT where the
 * route has no such name, and without a route; EINVAL for NULL.
 *
 * As for yolanda_http_request_body(); `name` is NULL or ends with a NUL.
 */
const char *yolanda_http_request_param(struct http_request *httpRequest,
                                       const char *name);

/**
 * Makes files of the folder `root`, which is opened now: whatever becomes of its name, or of the working
 * directory, it stays the same folder. `flags`: YOLANDA_HTTP_FILES_..., or 0.
 *
 * What is served: regular files, by GET and HEAD, with a content type by their extension (text is taken to
 * be UTF-8, application/octet-stream stands for what is unknown) and `X-Content-Type-Options: nosniff`;
 * ETag, Last-Modified, and all conditions that RFC 9110, 13, has for them (304, 412); one range of bytes
 * (206, 416), while several are answered with the whole file. A folder is its index, index.html unless
 * yolanda_http_files_set_index() names another; without the slash behind its name it is 301 to the path
 * with it. Folders are never listed.
 *
 * What isn't: nothing outside of `root`, by whatever path or link; symbolic links, names that begin with a
 * dot, unless `flags` say otherwise; paths with empty segments, "." or "..", "%2F" or "%00"; anything that
 * isn't a regular file. All that gets 404, a malformed path 400, what may not be read 403, other methods
 * 405, none of which waits for a body that the request has (see yolanda_http_server_route()).
 *
 * How a file is sent is told at yolanda_http_response_set_file(). Opening and reading it makes the thread
 * wait for the disk, where the page cache doesn't have it: slow disks want several threads.
 *
 * Returns the files, to be released by yolanda_http_files_free(), or NULL with errno: EINVAL for NULL or other
 * flags, as open(2) of the folder (ENOENT, ENOTDIR, EACCES, EMFILE ...), ENOMEM.
 *
 * `root` is NULL or ends with a NUL. Any thread may call it.
 */
struct yolanda_http_files *yolanda_http_files_new(const char *root,
                                                  int flags);

/**
 * Frees files. Servers that have them keep what they need, so this may come as soon as the last
 * yolanda_http_server_files() has returned; what is being sent is sent.
 *
 * Returns 0, or -1 with EINVAL for NULL.
 *
 * `files` is NULL, or of yolanda_http_files_new() and not used again. Any thread may call it, except while
 * another one is in yolanda_http_files_answer() with them.
 */
int yolanda_http_files_free(struct yolanda_http_files *files);

/**
 * Sets the name of the file that stands for its folder, which is copied. NULL: folders are 404.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL files and what is no name (empty, with a slash, longer than 255
 * bytes), EBUSY once they are in use.
 *
 * `files` is NULL or files that no other thread uses; `name` is NULL or ends with a NUL.
 */
int yolanda_http_files_set_index(struct yolanda_http_files *files,
                                 const char *name);

/**
 * Sets how long clients may use a file without asking again: `Cache-Control: max-age`, in seconds. -1, the
 * default, sends no such header; then browsers guess.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL or another negative number, EBUSY once they are in use.
 *
 * `files` is NULL or files that no other thread uses.
 */
int yolanda_http_files_set_max_age(struct yolanda_http_files *files,
                                   int seconds);

/**
 * Has a server answer GET and HEAD of all paths that begin with `prefix` with the files: with "/static/"
 * (or "/static") "/static/a/b.css" is a/b.css below the root; "/" stands for all paths. It makes routes, as
 * yolanda_http_server_route() does for "/static/\*" and "/static", which leads to the path with the slash; so
 * other routes may lie within, and come first.
 *
 * Returns 0, or -1 with errno as yolanda_http_server_route(): EINVAL, EEXIST, EBUSY (the server has been
 * started), EPERM on another thread, ENOMEM.
 *
 * `server` is NULL or a server, `files` NULL or files; `prefix` is NULL or ends with a NUL. Only on the
 * server's loop's thread.
 */
int yolanda_http_server_files(struct http_server *server,
                              const char *prefix,
                              struct yolanda_http_files *files);

/**
 * Fills in a response with a file: status, headers, body. `path` is a decoded path below the root, with or
 * without a slash at its start, such as yolanda_http_request_param() tells; NULL stands for all of the
 * request's own path. Method, conditions and range are the request's.
 *
 * What can't be served is an answer as well: 404 and so on. After a 404 the response may be filled in
 * anew, by a second call with another path for instance; `statusCode` tells. Headers that were added
 * before are sent as well.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL, a request without a URL, a response of http_response_new()),
 * ENOMEM (the response is a 503).
 *
 * `files` is NULL or files. `httpRequest` and `httpResponse` are NULL or those of a callback or handler
 * that hasn't returned, or of a deferred response, on the thread that uses it. `path` is NULL or ends with
 * a NUL.
 */
int yolanda_http_files_answer(struct yolanda_http_files *files,
                              struct http_request *httpRequest,
                              struct http_response *httpResponse,
                              const char *path);

/**
 * Has `callback` called once for each response, those of the library itself (400, 404, 408, 503 ...) among
 * them, after the connection has been given all of it, or a large file has been sent; an interim 100 isn't
 * one. A deferred response that can't be sent because the client has gone, or whose stream is broken off,
 * has its entry when the connection ends, with `cut`; so have those that a deadline has the library give
 * (408, 503). What is outstanding when the server is freed may have none. NULL: not any more.
 *
 * The callback may do what a request callback may, but for the response. Without one no time is taken.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EBUSY (the server has been started), EPERM on another thread,
 * ENOMEM.
 *
 * `server` is NULL or a server; `data` stays yours. Only on its loop's thread.
 */
int yolanda_http_server_set_access_log(struct http_server *server,
                                       yolanda_http_access_callback callback,
                                       void *data);

/**
 * Writes an entry as a line of the Combined Log Format, without a line end; its part before the last two
 * texts is the Common Log Format:
 *
 * `192.0.2.1 - - [10/Oct/2000:13:55:36 +0000] "GET /a HTTP/1.1" 200 2326 "http://b/" "an agent"`
 *
 * The time is when the request came, in UTC; `-` stands for what isn't there. As Apache does it, quotes and
 * backslashes stand behind a backslash, and all that isn't printable ASCII is written as `\xhh`: whatever a
 * client sends, the line stays one line.
 *
 * Returns the length of the line, as snprintf() does: with `size` or more there was no room for all of it, and
 * `buffer` holds its beginning and a NUL. -1 with EINVAL for NULL (`buffer` may be NULL where `size` is 0),
 * EOVERFLOW for more than INT_MAX bytes.
 *
 * `entry` is NULL or the entry of a callback that hasn't returned; `buffer` has `size` bytes. Any thread.
 */
int yolanda_http_access_line(const struct yolanda_http_access *entry,
                             char *buffer,
                             size_t size);

/**
 * Has `callback` called for each request that has a body, an empty one included, so that it can say where
 * the body goes. NULL: not any more.
 *
 * These are the requests with a Content-Length or with chunks, and all those whose method isn't GET, HEAD,
 * DELETE, OPTIONS or TRACE. It isn't called for requests that the library answers itself (no handler for
 * the path or the method, a folder of yolanda_http_server_files()), nor for those of routes with a
 * callback of their own.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EBUSY (the server has been started), EPERM on another thread,
 * ENOMEM.
 *
 * `server` is NULL or a server; `data` stays yours, and valid until the server's last connection has
 * ended. Only on its loop's thread.
 */
int yolanda_http_server_set_head_callback(struct http_server *server,
                                          yolanda_http_head_callback callback,
                                          void *data);

/**
 * Has `callback` called for each request of a route, with a body or without, instead of the server's own
 * callback. NULL: the server's counts.
 *
 * `method` and `pattern` are those that the route was added with by yolanda_http_server_route(). HEAD goes
 * with GET here as well, unless it has a route of its own.
 *
 * Returns 0, or -1 with errno: EINVAL (NULL server or pattern; what is no method or no pattern), ENOENT
 * (there is no such route), EBUSY (the server has been started), EPERM on another thread, ENOMEM.
 *
 * `server` is NULL or a server; both texts are NULL or end with a NUL. `data` stays yours, and valid until the
 * server's last connection has ended. Only on its loop's thread.
 */
int yolanda_http_server_set_route_head_callback(struct http_server *server,
                                                const char *method,
                                                const char *pattern,
                                                yolanda_http_head_callback callback,
                                                void *data);

/**
 * Has the body of a request given to `callback` in parts instead of being collected: of whatever size it
 * is, it needs no more memory than the server reads at once. After YOLANDA_HTTP_BODY_COMPLETE the
 * requestCallback or the route answers as usual, at once or later; for it yolanda_http_request_body() is
 * empty, and yolanda_http_request_stream_data() is `data`. An empty body has the final call and the
 * handler as well. Until the final call http_request_reset() does nothing.
 *
 * If the connection ends during the final call or right after it, there is no handler: what `data` holds
 * is best freed by the callback of yolanda_http_request_set_stream_destroy().
 *
 * `limit`: so many bytes may come, 0 stands for any number; the server's limit doesn't count. A longer body is
 * refused with 413 at once where its length is announced, otherwise at the first chunk beyond; either way the
 * final call says YOLANDA_HTTP_BODY_CUT.
 *
 * A callback that can't take more for now calls yolanda_connection_pause() with
 * yolanda_http_request_connection(): it isn't called before yolanda_connection_resume(), but for the final
 * call where the connection ends. Meanwhile the client has to wait, and the deadline for bodies does as
 * well.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM outside of the head callback of this request, EALREADY
 * (called before, or refused), ENOMEM. On failure `callback` isn't called.
 *
 * `httpRequest` is NULL or a request. Only on the connection's thread.
 */
int yolanda_http_request_stream_body(struct http_request *httpRequest,
                                     yolanda_http_body_callback callback,
                                     void *data,
                                     uint64_t limit);

/**
 * Has `destroy` called with the `data` of yolanda_http_request_stream_body() when the request is over,
 * exactly once: after the final call and the handler, and after yolanda_http_response_send() if the
 * handler deferred the response, whatever has become of the body, the answer and the connection. NULL: not
 * any more.
 *
 * It is called on the connection's thread; for a deferred response whose loop was freed, on the thread
 * that sends it.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, ENOENT where the body isn't streamed.
 *
 * As for yolanda_http_request_body().
 */
int yolanda_http_request_set_stream_destroy(struct http_request *httpRequest,
                                            void (*destroy)(void *data));

/**
 * Refuses a request before its body is read: after the head callback the client gets an error with this
 * `status` and with its standard text as the body, and no `100 Continue` (RFC 9110, 10.1.1). The
 * connection ends, unless the request has no body; what the client has sent of it by then is dropped. No
 * handler is called.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL and a status outside of 400 to 599, EPERM outside of the head
 * callback of this request, EALREADY (called before).
 *
 * As for yolanda_http_request_stream_body().
 */
int yolanda_http_request_refuse(struct http_request *httpRequest,
                                int status);

/**
 * Refuses a request as yolanda_http_request_refuse() does, with an answer of your own: headers, content
 * type and body may be set in the response, which is valid until the head callback returns. It can't be
 * deferred.
 *
 * Returns the response, which has the status and its standard text, or NULL with errno as
 * yolanda_http_request_refuse().
 *
 * As for yolanda_http_request_stream_body().
 */
struct http_response *yolanda_http_request_refuse_with(struct http_request *httpRequest,
                                                       int status);

/**
 * The `data` of yolanda_http_request_stream_body(), for who answers the request.
 *
 * Returns the pointer, or NULL with errno: EINVAL for NULL, ENOENT where the body was collected or there
 * is none.
 *
 * As for yolanda_http_request_body().
 */
void *yolanda_http_request_stream_data(struct http_request *httpRequest);

/**
 * Sets the level: lines of this severity and above (LOG_DEBUG_TYPE, LOG_MSG_TYPE, LOG_WARN_TYPE,
 * LOG_ERR_TYPE) are logged, or none (YOLANDA_LOG_OFF). It takes precedence over the environment
 * variable YOLANDA_LOG. With YOLANDA_LOG_ENVIRONMENT the environment decides again; the variable is then
 * read anew.
 *
 * Returns 0, or -1 with errno EINVAL for any other number.
 *
 * Any thread and any signal handler may call it.
 */
int yolanda_log_set_level(int level);

/**
 * Returns the level in effect: LOG_DEBUG_TYPE to YOLANDA_LOG_OFF, from the environment unless one was
 * set. It never fails.
 *
 * Any thread may call it.
 */
int yolanda_log_level(void);

/**
 * Hands all lines to a function instead of printing them on stdout: those of the library and those of
 * yolanda_log(), LOG_MSG() and the like. The level still selects the lines. NULL: stdout again.
 *
 * The change takes effect at once. Before the function returns, it waits for the lines that other
 * threads are handing to the old sink; after that, the old sink's data may be freed. So don't hold a
 * lock that the old sink takes. Called from within a sink, it doesn't wait: other threads may still be
 * in the old one.
 *
 * Returns 0, or -1 with errno ENOMEM; the old sink then stays in place.
 *
 * `data` stays yours, and valid until the sink is replaced. Any thread may call it.
 */
int yolanda_log_set_sink(yolanda_log_sink sink,
                         void *data);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif
