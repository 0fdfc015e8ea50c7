/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_HTTP_REQUEST_H
#define YOLANDA_LIB_HTTP_REQUEST_H

#include <string.h>


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
 * How far a request has been read.
 */
enum http_request_state {
    /**
     * The request line comes next.
     */
    REQUEST_STATUS = 0,
    /**
     * Header lines come next.
     */
    REQUEST_HEADERS = 1,
    /**
     * The body comes next.
     */
    REQUEST_BODY = 2,
    /**
     * The request is complete.
     */
    REQUEST_DONE = 3,
};

/**
 * A header of a request. Both strings are NUL-terminated, belong to the request until it is reset, and
 * may be modified within their length.
 */
struct request_header {
    /**
     * The name as the client sent it.
     */
    char *key;
    /**
     * The value without leading and trailing spaces.
     */
    char *value;
};

/**
 * An HTTP request. Its strings are NUL-terminated, belong to the request until it is reset, and may be
 * modified within their length. The library keeps more data after these fields: make a request only
 * with http_request_new().
 */
struct http_request {
    /**
     * "HTTP/1.1" or "HTTP/1.0"; NULL before the request line has been read.
     */
    char *version;
    /**
     * "GET", ...; NULL before the request line has been read.
     */
    char *method;
    /**
     * The path and the query as the client sent them; "*" for "OPTIONS *"; NULL before the request
     * line has been read. If a client sends "http://host/path", a server's requests have "/path" here
     * and the host as the value of Host; those of http_request_new() have the whole text.
     */
    char *url;
    /**
     * How far the request has been read.
     */
    enum http_request_state current_state;
    /**
     * The headers, `request_headers_number` of them.
     */
    struct request_header *request_headers;
    /**
     * The number of headers.
     */
    int request_headers_number;
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes an empty request. Release it with http_request_clear().
 *
 * Returns NULL with errno (ENOMEM) if memory runs out.
 *
 * Any thread may call it.
 */
struct http_request *http_request_new(void);

/**
 * Frees a request with its strings and headers. NULL is allowed.
 *
 * `httpRequest` is NULL or a request from http_request_new(). It must not be used again.
 */
void http_request_clear(struct http_request *httpRequest);

/**
 * Empties the request for the next one; its strings must not be used again. It does nothing for a
 * request of a server whose body hasn't been read completely.
 *
 * `httpRequest` is NULL or a request that only the calling thread uses.
 */
void http_request_reset(struct http_request *httpRequest);

/**
 * Adds a header. Both strings are copied; NULL counts as empty.
 *
 * `httpRequest` is NULL or a request that only the calling thread uses. Both strings are NULL or
 * NUL-terminated.
 */
void http_request_add_header(struct http_request *httpRequest, char *key, char *value);

/**
 * Looks up a header by its name, ignoring case.
 *
 * Returns the value of the first header with that name, which belongs to the request, or NULL if there
 * is none.
 *
 * `httpRequest` is NULL or a request that only the calling thread uses. `key` is NULL or a
 * NUL-terminated string.
 */
char *http_request_get_header(struct http_request *httpRequest,
                              char *key);

/**
 * Returns how far the request has been read; REQUEST_STATUS for NULL.
 *
 * `httpRequest` is NULL or a request that only the calling thread uses.
 */
enum http_request_state http_request_current_state(struct http_request *httpRequest);

/**
 * Returns 1 if the connection will be closed after the response, 0 if it stays open, and -1 for
 * NULL. With HTTP/1.1 it stays open unless the client sends `Connection: close`; with HTTP/1.0 it is
 * closed unless the client sends `Connection: keep-alive`.
 *
 * `httpRequest` is NULL or a request that only the calling thread uses.
 */
int http_request_close_connection(struct http_request *httpRequest);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif
