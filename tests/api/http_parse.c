/* Contract section 2, "http": parse_http_request on buffers. */
#include "aid.h"

#include "lib/http_server.h"

static const char FULL[] = "GET /some/path?with=query HTTP/1.1\r\n"
                           "Host: localhost:43211\r\n"
                           "User-Agent: test/1.0 (a; b)\r\n"
                           "accept: */*\r\n"
                           "X-Empty:\r\n"
                           "\r\n";

static void check_full(struct http_request *request)
{
    CHECK_INT(http_request_current_state(request), REQUEST_DONE);
    CHECK_TEXT(request->method, "GET");
    CHECK_TEXT(request->url, "/some/path?with=query");
    CHECK_TEXT(request->version, "HTTP/1.1");
    CHECK_INT(request->request_headers_number, 4);
    CHECK_TEXT(request->request_headers[0].key, "Host");
    CHECK_TEXT(request->request_headers[0].value, "localhost:43211");
    CHECK_TEXT(request->request_headers[1].key, "User-Agent");
    CHECK_TEXT(request->request_headers[1].value, "test/1.0 (a; b)");
    CHECK_TEXT(request->request_headers[2].key, "accept");
    CHECK_TEXT(request->request_headers[2].value, "*/*");
    CHECK_TEXT(request->request_headers[3].key, "X-Empty");
    CHECK_TEXT(request->request_headers[3].value, "");
}

static struct buffer *buffer_of(const char *bytes, size_t size)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL && buffer_append(buffer, (void *)bytes, (int)size) == (int)size);
    return buffer;
}

/* Consumes what it can and returns 1; current_state says how far it is. */
CASE(whole_request)
{
    struct buffer *buffer = buffer_of(FULL, sizeof FULL - 1);
    struct http_request *request = http_request_new();
    CHECK_INT(parse_http_request(buffer, request), 1);
    check_full(request);
    CHECK_INT(buffer_readable_size(buffer), 0);
    http_request_clear(request);
    buffer_free(buffer);
}

/* Called again with more bytes it goes on: the pieces give what the whole gives. */
CASE(byte_by_byte)
{
    struct buffer *buffer = buffer_new();
    struct http_request *request = http_request_new();
    int state = REQUEST_STATUS;
    for (size_t i = 0; i < sizeof FULL - 1; i++) {
        CHECK(http_request_current_state(request) != REQUEST_DONE);
        CHECK_INT(buffer_append_char(buffer, FULL[i]), 1);
        CHECK_INT(parse_http_request(buffer, request), 1);
        CHECK((int)http_request_current_state(request) >= state);
        state = http_request_current_state(request);
        if (i < strlen("GET /some/path?with=query HTTP/1.1\r\n") - 2) {
            CHECK_INT(state, REQUEST_STATUS);
        }
    }
    check_full(request);
    CHECK_INT(buffer_readable_size(buffer), 0);
    http_request_clear(request);
    buffer_free(buffer);
}

CASE(split_at_every_point)
{
    struct http_request *request = http_request_new();
    for (size_t first = 0; first < sizeof FULL; first++) {
        struct buffer *buffer = buffer_of(FULL, first);
        CHECK_INT(parse_http_request(buffer, request), 1);
        CHECK_INT(buffer_append(buffer, (void *)(FULL + first), sizeof FULL - 1 - first), sizeof FULL - 1 - first);
        CHECK_INT(parse_http_request(buffer, request), 1);
        check_full(request);
        CHECK_INT(buffer_readable_size(buffer), 0);
        buffer_free(buffer);
        http_request_reset(request);
    }
    http_request_clear(request);
}

/* The first bytes may go to another place before the rest comes. */
CASE(split_over_two_buffers)
{
    for (size_t first = 0; first < sizeof FULL; first++) {
        struct http_request *request = http_request_new();
        struct buffer *one = buffer_of(FULL, first);
        CHECK_INT(parse_http_request(one, request), 1);
        int left = buffer_readable_size(one);
        struct buffer *two = buffer_of(one->data + one->readIndex, left);
        memset(one->data, '#', first);
        buffer_free(one);
        CHECK_INT(buffer_append(two, (void *)(FULL + first), sizeof FULL - 1 - first), sizeof FULL - 1 - first);
        CHECK_INT(parse_http_request(two, request), 1);
        check_full(request);
        buffer_free(two);
        http_request_clear(request);
    }
}

/* An empty buffer, and a second look at the same bytes, change nothing. D10: it never spins. */
CASE(nothing_new)
{
    struct buffer *buffer = buffer_new();
    struct http_request *request = http_request_new();
    for (int i = 0; i < 3; i++) {
        CHECK_INT(parse_http_request(buffer, request), 1);
        CHECK_INT(http_request_current_state(request), REQUEST_STATUS);
    }
    CHECK(buffer_append_string(buffer, "GET / HT") > 0);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(parse_http_request(buffer, request), 1);
        CHECK_INT(http_request_current_state(request), REQUEST_STATUS);
    }
    CHECK(buffer_append_string(buffer, "TP/1.1\r\nHost: a\r") > 0);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(parse_http_request(buffer, request), 1);
        CHECK_INT(http_request_current_state(request), REQUEST_HEADERS);
    }
    CHECK(buffer_append_string(buffer, "\n\r\n") > 0);
    CHECK_INT(parse_http_request(buffer, request), 1);
    CHECK_INT(http_request_current_state(request), REQUEST_DONE);
    http_request_clear(request);
    buffer_free(buffer);
}

/* The bytes after the request stay in the buffer. */
CASE(pipelined_requests)
{
    struct http_request *request = http_request_new();
    struct buffer *buffer = buffer_new();
    for (int i = 0; i < 50; i++) {
        char text[100];
        snprintf(text, sizeof text, "GET /%d HTTP/1.1\r\nHost: h%d\r\n\r\n", i, i);
        CHECK(buffer_append_string(buffer, text) > 0);
    }
    for (int i = 0; i < 50; i++) {
        char url[20], host[20];
        snprintf(url, sizeof url, "/%d", i);
        snprintf(host, sizeof host, "h%d", i);
        CHECK_INT(parse_http_request(buffer, request), 1);
        CHECK_INT(http_request_current_state(request), REQUEST_DONE);
        CHECK_TEXT(request->url, url);
        CHECK_TEXT(http_request_get_header(request, "host"), host);
        http_request_reset(request);
    }
    CHECK_INT(buffer_readable_size(buffer), 0);
    http_request_clear(request);
    buffer_free(buffer);
}

/* The strings are the request's: they outlive the bytes that they were read from. */
CASE(strings_outlive_the_buffer)
{
    struct buffer *buffer = buffer_of(FULL, sizeof FULL - 1);
    struct http_request *request = http_request_new();
    CHECK_INT(parse_http_request(buffer, request), 1);
    memset(buffer->data, '#', buffer->total_size);
    buffer_free(buffer);
    check_full(request);
    http_request_clear(request);
}

/* 0: the bytes are not HTTP. D11: a malformed request line ended the process through assert. */
static const char *const MALFORMED[] = {
    "\r\r\r\n\r\n",
    "GET\r\n\r\n",
    "GET /\r\n\r\n",
    "GET / \r\n\r\n",
    " GET / HTTP/1.1\r\n\r\n",
    "GET / HTTQ/1.1\r\n\r\n",
    "GET / HTTP/1.1 x\r\n\r\n",
    "GET / HTTP/1\r\n\r\n",
    "GET / HTTP/one\r\n\r\n",
    "G<T / HTTP/1.1\r\n\r\n",
    "GET /\x01 HTTP/1.1\r\n\r\n",
    "just some words\r\n\r\n",
    "GET / HTTP/1.1\r\nno colon\r\n\r\n",
    "GET / HTTP/1.1\r\n: no name\r\n\r\n",
    "GET / HTTP/1.1\r\nHost : space before the colon\r\n\r\n",
    "GET / HTTP/1.1\r\nHo st: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\x01\x02\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1x\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
};

CASE(not_http)
{
    for (size_t i = 0; i < sizeof MALFORMED / sizeof *MALFORMED; i++) {
        struct buffer *buffer = buffer_of(MALFORMED[i], strlen(MALFORMED[i]));
        struct http_request *request = http_request_new();
        if (!CHECK_INT(parse_http_request(buffer, request), 0)) {
            printf("row %zu: %s", i, MALFORMED[i]);
        }
        http_request_clear(request);
        buffer_free(buffer);
        buffer = buffer_new(); /* the same byte by byte: 0 at some byte */
        request = http_request_new();
        int result = 1;
        for (const char *byte = MALFORMED[i]; *byte != '\0' && result == 1; byte++) {
            CHECK_INT(buffer_append_char(buffer, *byte), 1);
            result = parse_http_request(buffer, request);
        }
        if (!CHECK_INT(result, 0)) {
            printf("row %zu, in pieces: %s", i, MALFORMED[i]);
        }
        http_request_clear(request);
        buffer_free(buffer);
    }
}

/* NUL bytes are not HTTP either. */
CASE(nul_bytes)
{
    static const char *const texts[] = { "\0\0\0\0\r\n\r\n", "GE\0 / HTTP/1.1\r\n\r\n", "GET /\0 HTTP/1.1\r\n\r\n",
                                         "GET / HTTP/1.1\r\nA\0: b\r\n\r\n", "GET / HTTP/1.1\r\nA: b\0\r\n\r\n" };
    int sizes[] = { 8, 18, 19, 25, 25 };
    for (int i = 0; i < 5; i++) {
        struct buffer *buffer = buffer_of(texts[i], sizes[i]);
        struct http_request *request = http_request_new();
        CHECK_INT(parse_http_request(buffer, request), 0);
        http_request_clear(request);
        buffer_free(buffer);
    }
}

/* Limits: an endless line or endless headers are refused eventually, and not stored. */
static void endless(const char *start, const char *more)
{
    struct buffer *buffer = buffer_new();
    struct http_request *request = http_request_new();
    int result = 1;
    CHECK(buffer_append_string(buffer, (char *)start) > 0);
    for (int i = 0; i < (16 << 20) / (int)strlen(more) && result == 1; i++) {
        CHECK(buffer_append_string(buffer, (char *)more) > 0);
        result = i % 16 == 0 ? parse_http_request(buffer, request) : result;
    }
    CHECK_INT(result, 0);
    http_request_clear(request);
    buffer_free(buffer);
}

CASE(requests_without_an_end)
{
    char more[1001];
    memset(more, 'a', 1000);
    more[1000] = '\0';
    endless("G", more);
    endless("GET /", more);
    endless("GET / HTTP/1.1\r\nHost: ", more);
    endless("GET / HTTP/1.1\r\nH", more);
    endless("GET / HTTP/1.1\r\n", "Some-Header: some value\r\n");
    endless("GET / HTTP/1.1\r\n", "a:\r\n");
}

/* Usual sizes are within the limits. */
CASE(large_but_usual_requests)
{
    struct buffer *buffer = buffer_new();
    struct http_request *request = http_request_new();
    char url[4001];
    memset(url, 'u', 4000);
    url[0] = '/';
    url[4000] = '\0';
    CHECK(buffer_append_string(buffer, "GET ") > 0 && buffer_append_string(buffer, url) > 0);
    CHECK(buffer_append_string(buffer, " HTTP/1.1\r\n") > 0);
    for (int i = 0; i < 64; i++) {
        char line[64];
        snprintf(line, sizeof line, "Header-%d: value %d\r\n", i, i);
        CHECK(buffer_append_string(buffer, line) > 0);
    }
    CHECK(buffer_append_string(buffer, "\r\n") > 0);
    CHECK_INT(parse_http_request(buffer, request), 1);
    CHECK_INT(http_request_current_state(request), REQUEST_DONE);
    CHECK_TEXT(request->url, url);
    CHECK_INT(request->request_headers_number, 64);
    CHECK_TEXT(http_request_get_header(request, "header-63"), "value 63");
    http_request_clear(request);
    buffer_free(buffer);
}

/* D11: four hundred short headers: whatever is said of them, nothing is overrun. */
CASE(four_hundred_headers)
{
    struct buffer *buffer = buffer_of("GET / HTTP/1.1\r\n", 16);
    struct http_request *request = http_request_new();
    for (int i = 0; i < 400; i++) {
        char line[64];
        snprintf(line, sizeof line, "h%d:%d\r\n", i, i);
        CHECK(buffer_append_string(buffer, line) > 0);
    }
    CHECK(buffer_append_string(buffer, "\r\n") > 0);
    int result = parse_http_request(buffer, request);
    CHECK(result == 0 || result == 1);
    if (result == 1) {
        CHECK_INT(http_request_current_state(request), REQUEST_DONE);
        CHECK_INT(request->request_headers_number, 400);
        CHECK_TEXT(http_request_get_header(request, "H399"), "399");
    }
    http_request_clear(request);
    buffer_free(buffer);
}

/* Nothing after the readable bytes is read: here the next page isn't readable. */
CASE(reads_within_the_readable_bytes)
{
    size_t page = getpagesize();
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(pages != MAP_FAILED && mprotect(pages + page, page, PROT_NONE) == 0);
    for (int size = 0; size < (int)sizeof FULL; size++) {
        struct buffer buffer = { pages + page - size, 0, size, size };
        struct http_request *request = http_request_new();
        memcpy(buffer.data, FULL, size);
        CHECK_INT(parse_http_request(&buffer, request), 1);
        if (size == sizeof FULL - 1) {
            check_full(request);
        }
        http_request_clear(request);
    }
    for (size_t i = 0; i < sizeof MALFORMED / sizeof *MALFORMED; i++) {
        for (int size = 0; size <= (int)strlen(MALFORMED[i]); size++) {
            struct buffer buffer = { pages + page - size, 0, size, size };
            struct http_request *request = http_request_new();
            memcpy(buffer.data, MALFORMED[i], size);
            parse_http_request(&buffer, request);
            http_request_clear(request);
        }
    }
}

/* For any bytes it returns, with 0 or 1. */
CASE(bytes_at_random)
{
    srand(4711);
    struct http_request *request = http_request_new();
    for (int round = 0; round < 20000; round++) {
        char text[sizeof FULL];
        int size = 1 + rand() % (int)(sizeof FULL - 1);
        memcpy(text, FULL, sizeof text);
        for (int i = rand() % 6; i > 0; i--) {
            static const char odd[] = "\r\n :\t\0/,;H\xff\x7f";
            text[rand() % size] = rand() % 2 ? odd[rand() % (sizeof odd - 1)] : (char)rand();
        }
        struct buffer buffer = { malloc(size), 0, 0, size };
        int first = rand() % (size + 1), result = 1;
        for (int part = 0; part < 2 && result == 1; part++) {
            char *start = part == 0 ? text : text + first;
            int length = part == 0 ? first : size - first;
            NEED(buffer_append(&buffer, start, length) == length);
            result = parse_http_request(&buffer, request);
            CHECK(result == 0 || result == 1);
            CHECK(buffer.readIndex >= 0 && buffer.readIndex <= buffer.writeIndex);
        }
        free(buffer.data);
        http_request_reset(request);
    }
    http_request_clear(request);
}
