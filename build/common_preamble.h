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
