/* yolanda.h: what a request has besides the original's fields: body, path, parameters, all values. */
#include "aid.h"

#include "lib/http_server.h"
#include "yolanda.h"

/* Part of a line is left in the buffer. */
static void feed(struct http_request *request, const char *bytes, size_t size)
{
    static struct buffer *buffer;
    buffer = buffer != NULL ? buffer : buffer_new();
    NEED(buffer != NULL && buffer_append(buffer, (void *)bytes, (int)size) == (int)size);
    NEED(parse_http_request(buffer, request) == 1);
    if (http_request_current_state(request) == REQUEST_DONE) {
        NEED(buffer_readable_size(buffer) == 0);
    }
}

static struct http_request *parsed(const char *text)
{
    struct http_request *request = http_request_new();
    NEED(request != NULL);
    feed(request, text, strlen(text));
    CHECK_INT(http_request_current_state(request), REQUEST_DONE);
    return request;
}

static struct http_request *asked(const char *url)
{
    char text[9000];
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", url);
    return parsed(text);
}

static char byte_at(size_t i)
{
    return (char)(i * 31 + (i >> 8) * 7);
}

/* The body is exactly the pattern, and a NUL stands behind it. */
static void check_body(struct http_request *request, size_t size)
{
    size_t length = 4711, wrong = 0;
    const char *body = yolanda_http_request_body(request, &length);
    NEED(body != NULL && CHECK_INT(length, size));
    for (size_t i = 0; i < size; i++) {
        wrong += body[i] != byte_at(i);
    }
    CHECK_INT(wrong, 0);
    CHECK_INT(body[size], '\0');
    CHECK(yolanda_http_request_body(request, NULL) == body);
}

/* A head and a body of that size; in chunks of `chunk` bytes, unless that is 0. */
static char *message(size_t size, size_t chunk, const char *headers, size_t *length)
{
    char *text = malloc(size + 1000 + strlen(headers) + (chunk > 0 ? size / chunk * 32 : 0)), *end = text;
    NEED(text != NULL);
    end += sprintf(end, "POST /some/where HTTP/1.1\r\nHost: a\r\n%s", headers);
    if (chunk == 0) {
        end += sprintf(end, "Content-Length: %zu\r\n\r\n", size);
        for (size_t i = 0; i < size; i++) {
            *end++ = byte_at(i);
        }
    } else {
        end += sprintf(end, "Transfer-Encoding: chunked\r\n\r\n");
        for (size_t at = 0; at < size; at += chunk) {
            size_t n = chunk < size - at ? chunk : size - at;
            end += sprintf(end, "%zX%s\r\n", n, at % 3 == 0 ? ";name=\"va;lue\"" : "");
            for (size_t i = 0; i < n; i++) {
                *end++ = byte_at(at + i);
            }
            end += sprintf(end, "\r\n");
        }
        end += sprintf(end, "0\r\nTrailer: left out\r\n\r\n");
    }
    *length = end - text;
    return text;
}

CASE(no_body)
{
    static const char *const texts[] = {
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    };
    for (int i = 0; i < 3; i++) {
        struct http_request *request = parsed(texts[i]);
        check_body(request, 0);
        http_request_clear(request);
    }
    struct http_request *request = http_request_new();
    check_body(request, 0);
    http_request_clear(request);
}

/* Every size about those at which the body moves to another place, whole and in two pieces. */
CASE(bodies_of_all_sizes)
{
    static const struct {
        size_t from, to;
    } ranges[] = { { 1, 20 }, { 2900, 4100 }, { 8180, 8200 }, { 65530, 65540 }, { 131070, 131074 } };
    struct http_request *request = http_request_new();
    for (size_t chunk = 0; chunk < 2; chunk++) {
        for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
            for (size_t size = ranges[i].from; size < ranges[i].to; size++) {
                size_t length, half;
                char *text = message(size, chunk * 1500, "", &length);
                feed(request, text, length);
                check_body(request, size);
                http_request_reset(request);
                half = length - 1 - size / 2;
                feed(request, text, half);
                CHECK_INT(http_request_current_state(request), REQUEST_BODY);
                feed(request, text + half, length - half);
                check_body(request, size);
                http_request_reset(request);
                free(text);
            }
        }
    }
    http_request_clear(request);
}

CASE(bodies_in_any_pieces)
{
    static const size_t chunks[] = { 0, 1, 7, 100, 4096 };
    static const size_t pieces[] = { 1, 3, 50, 1000, 4095 };
    struct http_request *request = http_request_new();
    for (int c = 0; c < 5; c++) {
        size_t length;
        char *text = message(10000, chunks[c], "Content-Type: application/octet-stream\r\n", &length);
        for (int p = 0; p < 5; p++) {
            for (size_t at = 0; at < length; at += pieces[p]) {
                CHECK(http_request_current_state(request) != REQUEST_DONE);
                feed(request, text + at, pieces[p] < length - at ? pieces[p] : length - at);
            }
            CHECK_INT(http_request_current_state(request), REQUEST_DONE);
            check_body(request, 10000);
            CHECK(http_request_get_header(request, "Trailer") == NULL);
            CHECK_TEXT(http_request_get_header(request, "host"), "a");
            http_request_reset(request);
        }
        free(text);
    }
    http_request_clear(request);
}

CASE(a_large_body)
{
    for (size_t chunk = 0; chunk <= 100000; chunk += 100000) {
        size_t length, size = 20 << 20;
        char *text = message(size, chunk, "", &length);
        struct http_request *request = http_request_new();
        for (size_t at = 0; at < length; at += 65536) {
            feed(request, text + at, 65536 < length - at ? 65536 : length - at);
        }
        CHECK_INT(http_request_current_state(request), REQUEST_DONE);
        check_body(request, size);
        http_request_clear(request);
        free(text);
    }
}

/* What was read so far can be looked at, and strings may be added, while the body still comes. */
CASE(a_body_on_its_way)
{
    size_t length;
    char *text = message(3000, 0, "", &length);
    struct http_request *request = http_request_new();
    feed(request, text, length - 2000);
    check_body(request, 1000);
    CHECK_TEXT(yolanda_http_request_path(request), "/some/where");
    http_request_add_header(request, "Added", "value");
    feed(request, text + length - 2000, 2000);
    check_body(request, 3000);
    CHECK_TEXT(yolanda_http_request_path(request), "/some/where");
    CHECK_TEXT(http_request_get_header(request, "Added"), "value");
    http_request_clear(request);
    free(text);
}

/* The limit is 64 MiB, whether the client says so first or not. */
CASE(a_body_too_large)
{
    static const char *const texts[] = {
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 67108865\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4000001\r\n",
    };
    for (int i = 0; i < 2; i++) {
        struct buffer *buffer = buffer_new();
        struct http_request *request = http_request_new();
        CHECK(buffer_append_string(buffer, (char *)texts[i]) > 0);
        CHECK_INT(parse_http_request(buffer, request), 0);
        http_request_clear(request);
        buffer_free(buffer);
    }
}

static long resident_kib(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    NEED(file != NULL && fscanf(file, "%ld %ld", &pages, &resident) == 2);
    fclose(file);
    return resident * (getpagesize() / 1024);
}

/* Memory depends on what has arrived, not on what was announced: even the address space wouldn't suffice
 * for that. */
CASE(announced_bodies_cost_nothing)
{
    static const char *const texts[] = {
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 67108864\r\n\r\nx",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4000000\r\nx",
    };
    static struct http_request *requests[5000];
    long before = resident_kib();
    for (int i = 0; i < 5000; i++) {
        requests[i] = http_request_new();
        feed(requests[i], texts[i % 2], strlen(texts[i % 2]));
        CHECK_INT(http_request_current_state(requests[i]), REQUEST_BODY);
    }
    CHECK(SANITIZED || resident_kib() - before < 5000 * 20);
    for (int i = 0; i < 5000; i++) {
        http_request_clear(requests[i]);
    }
}

/* Many requests one after another leave nothing behind. */
CASE(bodies_are_given_back)
{
    struct http_request *request = http_request_new();
    size_t length;
    char *text = message(1 << 20, 5000, "", &length);
    feed(request, text, length);
    http_request_reset(request);
    long before = resident_kib();
    for (int i = 0; i < 200; i++) {
        feed(request, text, length);
        CHECK_INT(http_request_current_state(request), REQUEST_DONE);
        if (i % 2 == 0) {
            http_request_reset(request);
        } else {
            http_request_clear(request);
            request = http_request_new();
        }
    }
    CHECK(SANITIZED || resident_kib() - before < 30 << 10);
    http_request_clear(request);
    free(text);
}

CASE(paths)
{
    static const struct {
        const char *url, *path;
    } rows[] = {
        { "/", "/" },
        { "/a/b", "/a/b" },
        { "/a%20b+c?d=e", "/a b+c" },
        { "/a?", "/a" },
        { "/?a=/b?c", "/" },
        { "/%2e%2E/%2f", "/..//" },
        { "/../a/./b", "/../a/./b" },
        { "/%E4%BD%A0%ff", "/\xe4\xbd\xa0\xff" },
        { "/\xe4\xbd\xa0", "/\xe4\xbd\xa0" },
        { "/100%25zz", "/100%zz" },
        { "http://a", "/" },
        { "http://a?b=c", "/" },
        { "HTTP://a:80/b/%63?d", "/b/c" },
        { "/a?b=%zz", "/a" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct http_request *request = asked(rows[i].url);
        const char *path = yolanda_http_request_path(request);
        CHECK_TEXT(path, rows[i].path);
        CHECK(yolanda_http_request_path(request) == path);
        CHECK_TEXT(request->url, rows[i].url);
        http_request_clear(request);
    }
    struct http_request *request = parsed("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK_TEXT(yolanda_http_request_path(request), "*");
    http_request_clear(request);
}

CASE(malformed_paths)
{
    static const char *const urls[] = { "/%", "/a%2", "/%zz", "/%00", "/a%00b", "/%%20", "/%+1", "/%u0041" };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct http_request *request = asked(urls[i]);
        for (int again = 0; again < 3; again++) {
            errno = 0;
            CHECK(yolanda_http_request_path(request) == NULL);
            CHECK_INT(errno, EINVAL);
        }
        CHECK_INT(yolanda_http_request_query_count(request), 0);
        http_request_clear(request);
    }
    struct http_request *request = http_request_new();
    errno = 0;
    CHECK(yolanda_http_request_path(request) == NULL);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(yolanda_http_request_query_count(request), 0);
    http_request_clear(request);
}

static void check_parameter(struct http_request *request, int index, const char *name, const char *value)
{
    const char *found_name = NULL, *found_value = NULL;
    CHECK_INT(yolanda_http_request_query_at(request, index, &found_name, &found_value), 0);
    CHECK_TEXT(found_name, name);
    CHECK_TEXT(found_value, value);
    CHECK_INT(yolanda_http_request_query_at(request, index, NULL, NULL), 0);
}

CASE(parameters)
{
    struct http_request *request = asked("/p?a=1&b=x+y%26z&&c&=d&a=2&e=f=g&%61%3d=%E4%BD%A0&");
    CHECK_INT(yolanda_http_request_query_count(request), 7);
    check_parameter(request, 0, "a", "1");
    check_parameter(request, 1, "b", "x y&z");
    check_parameter(request, 2, "c", "");
    check_parameter(request, 3, "", "d");
    check_parameter(request, 4, "a", "2");
    check_parameter(request, 5, "e", "f=g");
    check_parameter(request, 6, "a=", "\xe4\xbd\xa0");
    CHECK_TEXT(yolanda_http_request_query(request, "a"), "1");
    CHECK_TEXT(yolanda_http_request_query(request, "c"), "");
    CHECK_TEXT(yolanda_http_request_query(request, ""), "d");
    CHECK_TEXT(yolanda_http_request_query(request, "e"), "f=g");
    for (int i = 7; i < 100; i += 31) {
        errno = 0;
        CHECK_INT(yolanda_http_request_query_at(request, i, NULL, NULL), -1);
        CHECK_INT(errno, ENOENT);
    }
    errno = 0;
    CHECK_INT(yolanda_http_request_query_at(request, -1, NULL, NULL), -1);
    CHECK_INT(errno, EINVAL);
    static const char *const absent[] = { "A", "aa", "b=x y&z", "p", "1" };
    for (int i = 0; i < 5; i++) {
        errno = 0;
        CHECK(yolanda_http_request_query(request, absent[i]) == NULL);
        CHECK_INT(errno, ENOENT);
    }
    errno = 0;
    CHECK(yolanda_http_request_query(request, NULL) == NULL);
    CHECK_INT(errno, EINVAL);
    http_request_clear(request);
}

CASE(no_parameters)
{
    static const char *const urls[] = { "/", "/?", "/?&&", "http://a?" };
    for (int i = 0; i < 4; i++) {
        struct http_request *request = asked(urls[i]);
        CHECK_INT(yolanda_http_request_query_count(request), 0);
        errno = 0;
        CHECK(yolanda_http_request_query(request, "a") == NULL);
        CHECK_INT(errno, ENOENT);
        http_request_clear(request);
    }
}

CASE(malformed_parameters)
{
    static const char *const urls[] = { "/?a=b&c=%", "/?%zz", "/?a=b&%00=c", "/?a=b%0" };
    for (int i = 0; i < 4; i++) {
        struct http_request *request = asked(urls[i]);
        for (int again = 0; again < 2; again++) {
            errno = 0;
            CHECK_INT(yolanda_http_request_query_count(request), -1);
            CHECK_INT(errno, EINVAL);
            errno = 0;
            CHECK(yolanda_http_request_query(request, "a") == NULL);
            CHECK_INT(errno, EINVAL);
            errno = 0;
            CHECK_INT(yolanda_http_request_query_at(request, 0, NULL, NULL), -1);
            CHECK_INT(errno, EINVAL);
        }
        CHECK_TEXT(yolanda_http_request_path(request), "/");
        http_request_clear(request);
    }
}

/* As many as a URL can hold, and the strings stay where they are. */
CASE(many_parameters)
{
    char url[8100] = "/?";
    for (int i = 0; i < 2000; i++) {
        strcat(url, i % 2 == 0 ? "a=b&" : "c&");
    }
    struct http_request *request = asked(url);
    const char *first = yolanda_http_request_query(request, "a");
    CHECK_INT(yolanda_http_request_query_count(request), 2000);
    for (int i = 0; i < 2000; i++) {
        check_parameter(request, i, i % 2 == 0 ? "a" : "c", i % 2 == 0 ? "b" : "");
    }
    CHECK(yolanda_http_request_query(request, "a") == first);
    CHECK_TEXT(first, "b");
    http_request_clear(request);
}

/* What the program cut before it asked counts, what it cuts later doesn't. */
CASE(a_url_that_was_cut_up)
{
    struct http_request *request = asked("/a/b?c=d&e=f");
    *strchr(request->url, '&') = '\0';
    CHECK_INT(yolanda_http_request_query_count(request), 1);
    CHECK_TEXT(yolanda_http_request_query(request, "c"), "d");
    CHECK_TEXT(yolanda_http_request_path(request), "/a/b");
    memset(request->url, '!', strlen(request->url));
    CHECK_TEXT(yolanda_http_request_query(request, "c"), "d");
    CHECK_TEXT(yolanda_http_request_path(request), "/a/b");
    http_request_reset(request);
    feed(request, "GET /new?x=y HTTP/1.0\r\n\r\n", 25);
    CHECK_TEXT(yolanda_http_request_path(request), "/new");
    CHECK_TEXT(yolanda_http_request_query(request, "x"), "y");
    CHECK_INT(yolanda_http_request_query_count(request), 1);
    http_request_clear(request);
}

CASE(all_values_of_a_header)
{
    struct http_request *request = parsed("GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nX-B: 2\r\nx-a:\r\nX-Aa: 3\r\nX-A: 4\r\n\r\n");
    CHECK_TEXT(yolanda_http_request_header_at(request, "X-A", 0), "1");
    CHECK_TEXT(yolanda_http_request_header_at(request, "x-a", 1), "");
    CHECK_TEXT(yolanda_http_request_header_at(request, "X-a", 2), "4");
    static const struct {
        const char *name;
        int index, error;
    } absent[] = { { "X-A", 3, ENOENT }, { "X-A", 1000000, ENOENT }, { "X", 0, ENOENT }, { "X-A", -1, EINVAL },
                   { "", 0, EINVAL },    { NULL, 0, EINVAL } };
    for (int i = 0; i < 6; i++) {
        errno = 0;
        CHECK(yolanda_http_request_header_at(request, absent[i].name, absent[i].index) == NULL);
        CHECK_INT(errno, absent[i].error);
    }
    http_request_add_header(request, "x-A", "5");
    CHECK_TEXT(yolanda_http_request_header_at(request, "X-A", 3), "5");
    http_request_clear(request);
}

CASE(the_connection_of_a_request_without_one)
{
    struct http_request *request = asked("/");
    errno = 0;
    CHECK(yolanda_http_request_connection(request) == NULL);
    CHECK_INT(errno, ENOENT);
    http_request_clear(request);
}

/* NULL: EINVAL and a line each. */
CASE(no_request)
{
    size_t length = 4711;
    out_mark();
#define FAILS(call)                                                                                \
    errno = 0;                                                                                     \
    CHECK(call);                                                                                   \
    CHECK_INT(errno, EINVAL)
    FAILS(yolanda_http_request_body(NULL, &length) == NULL);
    CHECK_INT(length, 0);
    FAILS(yolanda_http_request_path(NULL) == NULL);
    FAILS(yolanda_http_request_query(NULL, "a") == NULL);
    FAILS(yolanda_http_request_query_count(NULL) == -1);
    FAILS(yolanda_http_request_query_at(NULL, 0, NULL, NULL) == -1);
    FAILS(yolanda_http_request_header_at(NULL, "a", 0) == NULL);
    FAILS(yolanda_http_request_connection(NULL) == NULL);
    CHECK_INT(err_lines(), 7);
}
