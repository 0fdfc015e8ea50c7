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
 * The course's port.
 */
#define SERV_PORT 43211

/**
 * Room for one line of text.
 */
#define MAXLINE 4096

/**
 * The backlog of a listening socket.
 */
#define LISTENQ 1024

/**
 * Room for a message.
 */
#define BUFFER_SIZE 4096

struct sockaddr_in;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Prints the message, `: ` and the text of errno as one line on stderr, after flushing stdout, and
 * aborts. A NULL format counts as empty, here and below.
 *
 * The arguments fit the format, as for printf(); any thread may call it.
 */
void err_dump(const char *format, ...);

/**
 * Prints the message as one line on stderr, after flushing stdout, and returns.
 *
 * The arguments fit the format, as for printf(); any thread may call it.
 */
void err_msg(const char *format, ...);

/**
 * Prints as err_msg(), then exits with status 1.
 *
 * The arguments fit the format, as for printf(); any thread may call it.
 */
void err_quit(const char *format, ...);

/**
 * Prints as err_dump(), then returns. errno stays what it was.
 *
 * The arguments fit the format, as for printf(); any thread may call it.
 */
void err_ret(const char *format, ...);

/**
 * Prints as err_dump(), then exits with status 1.
 *
 * The arguments fit the format, as for printf(); any thread may call it.
 */
void err_sys(const char *format, ...);

/**
 * Prints the message on stderr, after flushing stdout; if `err` isn't 0, followed by
 * `: TEXT OF ERR (ERR)` and a newline. If `status` isn't 0, exits with it.
 *
 * The arguments fit the format, as for printf(); any thread may call it.
 */
void error(int status, int err, char *fmt, ...);

/**
 * Writes an IPv4 address as `a.b.c.d:port`, without the port when it is 0.
 *
 * Returns the text, in a buffer of the calling thread that the next call overwrites; NULL for NULL.
 *
 * `sin` is NULL or an IPv4 address; `salen` is not looked at.
 */
char *sock_ntop(const struct sockaddr_in *sin, socklen_t salen);

/**
 * Reads exactly `n` bytes from any descriptor, fewer only at the end of the stream. Goes on after
 * EINTR.
 *
 * Returns the number of bytes, or (size_t)-1 with errno.
 *
 * `vptr` has room for `n` bytes.
 */
size_t readn(int fd, void *vptr, size_t n);

/**
 * Reads one message: 4 bytes length in network order, 4 bytes type (passed over), then the body,
 * to which no NUL is added.
 *
 * Returns the body's length; 0 at the end of the stream, within a message too; (size_t)-1 when the
 * body is longer than `length` or reading fails.
 *
 * `buffer` has room for `length` bytes.
 */
size_t read_message(int fd, char *buffer, size_t length);

/**
 * Reads a line from a socket, up to and including `\n`, at most `length` - 1 bytes, and adds a NUL.
 * What follows the newline stays in the socket.
 *
 * Returns the number of bytes; 0 at the end of the stream, within a line too; (size_t)-1 with errno
 * when reading fails, or when the line doesn't fit (`length` - 1 bytes are taken then).
 *
 * `buffer` has room for `length` bytes.
 */
size_t readline(int fd, char *buffer, size_t length);

/**
 * Listens on an IPv4 port, waits for one client and accepts it. SIGPIPE is ignored from then on;
 * the listening descriptor stays open.
 *
 * Returns the connected, blocking socket. On failure prints `bind failed : TEXT (ERRNO)`,
 * `listen failed : ...` or `accept failed : ...` on stderr and exits with status 1.
 *
 * Any thread may call it.
 */
int tcp_server(int port);

/**
 * Listens on an IPv4 port. SIGPIPE is ignored from then on.
 *
 * Returns the listening, blocking socket; fails as tcp_server().
 *
 * Any thread may call it.
 */
int tcp_server_listen(int port);

/**
 * The same as tcp_server_listen(), with a non-blocking socket.
 *
 * Any thread may call it.
 */
int tcp_nonblocking_server_listen(int port);

/**
 * Makes a descriptor non-blocking. A descriptor that isn't open changes nothing but errno.
 *
 * Any thread may call it.
 */
void make_nonblocking(int fd);

/**
 * Connects to an IPv4 address or host name, and waits until it is done.
 *
 * Returns the connected, blocking socket. On failure prints `connect failed : TEXT (ERRNO)` on
 * stderr and exits with status 1.
 *
 * `address` ends with a NUL.
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
