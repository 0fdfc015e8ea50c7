/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_COMMON_H
#define YOLANDA_LIB_COMMON_H

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <sys/wait.h>
#include <sys/un.h>
#include <sys/select.h>
#include <poll.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <pthread.h>
#ifdef __linux__
#include <sys/epoll.h>
#endif

/* EPOLL_ENABLE says which back end a loop has by default. A config.h that the project generates
 * decides; it may lie anywhere on the path before the library's. */
#ifdef __has_include
#if __has_include(<config.h>)
#include <config.h>
#define YOLANDA_HAVE_CONFIG_H 1
#endif
#endif
#if defined __linux__ && !defined YOLANDA_HAVE_CONFIG_H && !defined YOLANDA_POLL_DEFAULT \
    && !defined EPOLL_ENABLE
#define EPOLL_ENABLE 1
#endif

/* Defined where EPOLL_ENABLE is off (YOLANDA_POLL_DEFAULT says so too, whatever config.h is found):
 * the library, compiled long before, looks whether the program has this symbol, and then takes poll
 * where YOLANDA_DISPATCHER doesn't choose. A config.h of Autoconf knows nothing of back ends. */
#if defined YOLANDA_POLL_DEFAULT || !(defined EPOLL_ENABLE || defined PACKAGE_TARNAME)
#ifdef __cplusplus
extern "C" {
#endif
extern __attribute__((weak, visibility("default"))) const char yolanda_poll_is_default;
const char yolanda_poll_is_default = 1;
#ifdef __cplusplus
}
#endif
#endif


/** The path of the course's Unix domain sockets. */
#define UNIXSTR_PATH "/var/lib/unixstream.sock"

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
 * The port of the course's examples.
 */
#define SERV_PORT 43211

/**
 * The size of a buffer for one line of text.
 */
#define MAXLINE 4096

/**
 * The backlog of a listening socket.
 */
#define LISTENQ 1024

/**
 * The size of a buffer for a message.
 */
#define BUFFER_SIZE 4096

struct sockaddr_in;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Prints the message, followed by `: ` and the text of errno, as one line on stderr, after flushing
 * stdout, and aborts the process. A NULL format counts as empty, here and below.
 *
 * The arguments must fit the format, as for printf(). Any thread may call it.
 */
void err_dump(const char *format, ...);

/**
 * Prints the message as one line on stderr, after flushing stdout, and returns. errno is left unchanged.
 *
 * The arguments must fit the format, as for printf(). Any thread may call it.
 */
void err_msg(const char *format,
             ...);

/**
 * Prints the message like err_msg(), then exits with status 1.
 *
 * The arguments must fit the format, as for printf(). Any thread may call it.
 */
void err_quit(const char *format, ...);

/**
 * Prints the message and the text of errno like err_dump(), then returns. errno is left unchanged.
 *
 * The arguments must fit the format, as for printf(). Any thread may call it.
 */
void err_ret(const char *format, ...);

/**
 * Prints the message and the text of errno like err_dump(), then exits with status 1.
 *
 * The arguments must fit the format, as for printf(). Any thread may call it.
 */
void err_sys(const char *format, ...);

/**
 * Prints the message on stderr, after flushing stdout; if `err` isn't 0, followed by
 * `: TEXT OF ERR (ERR)` and a newline. If `status` isn't 0, exits with it.
 *
 * The arguments must fit the format, as for printf(). Any thread may call it.
 */
void error(int status, int err, char *fmt, ...);

/**
 * Formats an IPv4 address as `a.b.c.d:port`, or as `a.b.c.d` if the port is 0.
 *
 * Returns the text in a buffer of the calling thread, which the thread's next call overwrites; NULL
 * for NULL.
 *
 * `sin` is NULL or an IPv4 address; `salen` is ignored. Any thread may call it.
 */
char *sock_ntop(const struct sockaddr_in *sin, socklen_t salen);

/**
 * Reads exactly `n` bytes from any descriptor, or fewer if the stream ends first. It continues after
 * EINTR.
 *
 * Returns the number of bytes, or (size_t)-1 with errno.
 *
 * `vptr` is NULL or has room for `n` bytes. Any thread may call it.
 */
size_t readn(int fd,
             void *vptr,
             size_t n);

/**
 * Reads one message: its length as 4 bytes in network order, its type as 4 bytes, which are skipped,
 * and its body. No NUL is added to the body.
 *
 * Returns the length of the body; 0 at the end of the stream, also within a message; (size_t)-1 with
 * errno if the body is longer than `length` (EMSGSIZE) or if reading fails.
 *
 * `buffer` is NULL or has room for `length` bytes. Any thread may call it.
 */
size_t read_message(int fd,
                    char *buffer,
                    size_t length);

/**
 * Reads a line, up to and including the `\n`, of at most `length` - 1 bytes, and adds a NUL. The
 * bytes after the newline stay in the socket.
 *
 * Returns the number of bytes; 0 at the end of the stream, also within a line; (size_t)-1 with errno if
 * reading fails or if the line doesn't fit (EMSGSIZE; `length` - 1 bytes have then been read).
 *
 * `buffer` is NULL or has room for `length` bytes. Any thread may call it.
 */
size_t readline(int fd,
                char *buffer,
                size_t length);

/**
 * Listens on an IPv4 port, waits for one client and accepts it. Makes the process ignore SIGPIPE.
 * The listening descriptor stays open.
 *
 * Returns the connected, blocking socket. On failure it prints `bind failed : TEXT (ERRNO)`,
 * `listen failed : ...` or `accept failed : ...` on stderr and exits with status 1.
 *
 * Any thread may call it.
 */
int tcp_server(int port);

/**
 * Listens on an IPv4 port. Makes the process ignore SIGPIPE.
 *
 * Returns the listening, blocking socket. On failure it exits like tcp_server().
 *
 * Any thread may call it.
 */
int tcp_server_listen(int port);

/**
 * Does the same as tcp_server_listen(), but the socket is non-blocking.
 *
 * Any thread may call it.
 */
int tcp_nonblocking_server_listen(int port);

/**
 * Makes a descriptor non-blocking. If the descriptor isn't open, the call only sets errno.
 *
 * Any thread may call it.
 */
void make_nonblocking(int fd);

/**
 * Connects to an IPv4 address or a host name, and waits for the connection.
 *
 * Returns the connected, blocking socket. On failure it prints `connect failed : TEXT (ERRNO)` on
 * stderr and exits with status 1.
 *
 * `address` is a NUL-terminated string, or NULL for this host. Any thread may call it.
 */
int tcp_client(char *address, int port);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#include "log.h"
#include "tcp_server.h"
#include "inetaddress.h"
#include "channel_map.h"

#endif
