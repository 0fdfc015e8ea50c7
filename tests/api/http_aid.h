/* http_aid.h - an HTTP server on the loop of the calling thread, and requests to it. */
#ifndef HTTP_AID_H
#define HTTP_AID_H

#include "server_aid.h"

#include "lib/http_server.h"

static struct http_server *http;

UNUSED static struct http_server *make_http(request_callback callback)
{
    if (loop == NULL) {
        loop = yolanda_loop_new(NULL, NULL);
        NEED(loop != NULL);
    }
    http = yolanda_http_server_new(loop, "127.0.0.1:0", callback, 0);
    NEED(http != NULL);
    return http;
}

/* Sends bytes on a connection of their own; everything that comes back until it ends. */
UNUSED static const char *exchange(const char *bytes)
{
    static char answer[1 << 16];
    size_t got = 0;
    int fd = dial_port(http->tcpServer->port);
    NEED(fd >= 0);
    put(fd, bytes);
    for (;;) {
        UNTIL(readable(fd));
        ssize_t n = recv(fd, answer + got, sizeof answer - 1 - got, MSG_DONTWAIT);
        NEED(n >= 0);
        if (n == 0) {
            break;
        }
        got += n;
    }
    close(fd);
    answer[got] = '\0';
    return answer;
}

/* The whole answer to one request. */
UNUSED static const char *asked(const char *method, const char *url)
{
    char text[9000];
    snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", method, url);
    return exchange(text);
}

UNUSED static int status_of(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? atoi(answer + 9) : -1;
}

UNUSED static const char *body_of(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    return end != NULL ? end + 4 : "";
}

/* A copy of a header's value; NULL without it. */
UNUSED static char *header_of(const char *answer, const char *name)
{
    static char value[1000];
    char wanted[100];
    snprintf(wanted, sizeof wanted, "\r\n%s: ", name);
    const char *at = strstr(answer, wanted);
    if (at == NULL) {
        return NULL;
    }
    at += strlen(wanted);
    snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\r"), at);
    return value;
}

#endif
