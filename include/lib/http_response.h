/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_HTTP_RESPONSE_H
#define YOLANDA_LIB_HTTP_RESPONSE_H

/**
 * The status codes that have a name. A response may have any other code.
 */
enum HttpStatusCode {
    /**
     * Not set: sent as 500.
     */
    Unknown = 0,
    /**
     * The response follows.
     */
    OK = 200,
    /**
     * The resource has another URL.
     */
    MovedPermanently = 301,
    /**
     * The request wasn't understood.
     */
    BadRequest = 400,
    /**
     * There is no such resource.
     */
    NotFound = 404,
};

struct buffer;

/**
 * A header of a response. Both strings remain yours; the library reads them right after the callback
 * has returned, and not later.
 */
struct response_header {
    /**
     * The name.
     */
    char *key;
    /**
     * The value.
     */
    char *value;
};

/**
 * An HTTP response, which the request callback fills in. Its strings remain yours: the library reads
 * them right after the callback has returned, not later, and never frees them. So none of them may
 * be on the callback's stack. The library keeps more data after these fields: create a response only
 * with http_response_new().
 */
struct http_response {
    /**
     * The status code.
     */
    enum HttpStatusCode statusCode;
    /**
     * The text after the status code; may be NULL.
     */
    char *statusMessage;
    /**
     * The value of Content-Type. If NULL, the header isn't sent.
     */
    char *contentType;
    /**
     * The body, NUL-terminated. If NULL, the body is empty.
     */
    char *body;
    /**
     * An array of 128 headers.
     */
    struct response_header *response_headers;
    /**
     * The number of headers that are set.
     */
    int response_headers_number;
    /**
     * Despite its name, 1 closes the connection after this response.
     */
    int keep_connected;
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes an empty response with room for 128 headers. Release it with free(); its strings always
 * remain yours.
 *
 * Returns NULL with errno (ENOMEM) if memory runs out.
 *
 * Any thread may call it.
 */
struct http_response *http_response_new(void);

/**
 * Appends the response to a buffer in the form in which it is sent: status line, Content-Type if set,
 * Content-Length, Connection, the other headers, an empty line, the body. On failure (NULL, no memory)
 * it appends nothing and logs an error.
 *
 * The response and the buffer are NULL or objects that only the calling thread uses. The
 * strings of the response are NULL or NUL-terminated.
 */
void http_response_encode_buffer(struct http_response *httpResponse,
                                 struct buffer *buffer);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#include "buffer.h"

#endif
