/* Contract section 2, "http": the request object. */
#include "aid.h"

#include "lib/http_server.h"

static struct http_request *parsed(const char *text)
{
    struct buffer *buffer = buffer_new();
    struct http_request *request = http_request_new();
    NEED(buffer != NULL && request != NULL);
    NEED(buffer_append_string(buffer, (char *)text) == (int)strlen(text));
    NEED(parse_http_request(buffer, request) == 1);
    CHECK_INT(http_request_current_state(request), REQUEST_DONE);
    buffer_free(buffer);
    return request;
}

CASE(new_request)
{
    struct http_request *request = http_request_new();
    NEED(request != NULL);
    CHECK_INT(request->current_state, REQUEST_STATUS);
    CHECK_INT(http_request_current_state(request), REQUEST_STATUS);
    CHECK_INT(request->request_headers_number, 0);
    CHECK(http_request_get_header(request, "Host") == NULL);
    http_request_clear(request);
}

/* http_request_current_state is the public field, which is read where it is used. */
CASE(current_state_is_the_field)
{
    struct http_request *request = http_request_new();
    NEED(request != NULL);
    request->current_state = REQUEST_BODY;
    CHECK_INT(http_request_current_state(request), REQUEST_BODY);
    request->current_state = REQUEST_DONE;
    CHECK_INT(http_request_current_state(request), REQUEST_DONE);
    http_request_clear(request);
}

/* http_request_add_header copies; the caller keeps its strings. */
CASE(add_header_copies)
{
    struct http_request *request = http_request_new();
    char key[] = "X-One", value[] = "first value";
    http_request_add_header(request, key, value);
    memset(key, '#', sizeof key - 1);
    memset(value, '#', sizeof value - 1);
    CHECK_INT(request->request_headers_number, 1);
    CHECK_TEXT(request->request_headers[0].key, "X-One");
    CHECK_TEXT(request->request_headers[0].value, "first value");
    CHECK(request->request_headers[0].key != key && request->request_headers[0].value != value);
    CHECK_TEXT(http_request_get_header(request, "X-One"), "first value");
    http_request_add_header(request, "Empty", "");
    CHECK_TEXT(http_request_get_header(request, "Empty"), "");
    CHECK_INT(request->request_headers_number, 2);
    http_request_clear(request);
}

/* http_request_get_header compares whole names, ignoring case (D16): the first of several, "" finds
 * nothing. */
CASE(get_header_compares_whole_names)
{
    struct http_request *request = http_request_new();
    http_request_add_header(request, "Connection-Id", "7");
    http_request_add_header(request, "Connection", "one");
    http_request_add_header(request, "CONNECTION", "two");
    http_request_add_header(request, "Accept", "all");
    CHECK_TEXT(http_request_get_header(request, "Connection"), "one");
    CHECK_TEXT(http_request_get_header(request, "connection"), "one");
    CHECK_TEXT(http_request_get_header(request, "cOnNeCtIoN"), "one");
    CHECK_TEXT(http_request_get_header(request, "connection-id"), "7");
    CHECK(http_request_get_header(request, "Conn") == NULL);
    CHECK(http_request_get_header(request, "Connections") == NULL);
    CHECK(http_request_get_header(request, "Accept-Encoding") == NULL);
    CHECK(http_request_get_header(request, " Accept") == NULL);
    CHECK(http_request_get_header(request, "") == NULL);
    CHECK(http_request_get_header(request, NULL) == NULL);
    http_request_clear(request);
}

/* ... blanks around the value removed. */
CASE(blanks_around_values)
{
    struct http_request *request = parsed("GET / HTTP/1.1\r\nHost:a\r\nOne:  \t b c \t \r\nTwo:\r\nThree:   \r\n\r\n");
    CHECK_TEXT(http_request_get_header(request, "Host"), "a");
    CHECK_TEXT(http_request_get_header(request, "One"), "b c");
    CHECK_TEXT(http_request_get_header(request, "Two"), "");
    CHECK_TEXT(http_request_get_header(request, "Three"), "");
    CHECK_INT(request->request_headers_number, 4);
    http_request_clear(request);
}

/* D11: many headers overran the array. */
CASE(a_thousand_headers)
{
    struct http_request *request = http_request_new();
    char key[32], value[32];
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "Key-%d", i);
        snprintf(value, sizeof value, "value %d", i);
        http_request_add_header(request, key, value);
    }
    CHECK_INT(request->request_headers_number, 1000);
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "key-%d", i);
        snprintf(value, sizeof value, "value %d", i);
        CHECK_TEXT(http_request_get_header(request, key), value);
    }
    http_request_clear(request);
}

/* url, method, version, keys and values are NUL-terminated, writable, and the request's. */
CASE(strings_can_be_cut_up_in_place)
{
    struct http_request *request = parsed("GET /a/b?x=1&y=2 HTTP/1.1\r\nHost: some.where:80\r\n\r\n");
    char *query = strchr(request->url, '?');
    NEED(query != NULL);
    *query++ = '\0';
    CHECK_TEXT(request->url, "/a/b");
    CHECK_TEXT(strtok(query, "&"), "x=1");
    CHECK_TEXT(strtok(NULL, "&"), "y=2");
    request->method[0] = 'g';
    CHECK_TEXT(request->method, "gET");
    request->version[0] = 'h';
    CHECK_TEXT(request->version, "hTTP/1.1");
    char *host = http_request_get_header(request, "Host");
    NEED(host != NULL);
    *strchr(host, ':') = '\0';
    CHECK_TEXT(http_request_get_header(request, "Host"), "some.where");
    request->request_headers[0].key[0] = 'G';
    CHECK_TEXT(http_request_get_header(request, "Gost"), "some.where");
    http_request_clear(request);
}

/* Rule 2: C code writes public fields: what it put there is its own, and is never freed. */
CASE(fields_may_be_replaced)
{
    static struct request_header mine[2] = { { "Host", "mine" }, { "Key", "value" } };
    struct http_request *request = parsed("GET /one HTTP/1.1\r\nHost: a\r\n\r\n");
    request->url = "/literal";
    request->method = "PUT";
    request->version = "HTTP/1.0";
    request->request_headers[0].value = "literal";
    CHECK_TEXT(http_request_get_header(request, "host"), "literal");
    CHECK_INT(http_request_close_connection(request), 1); /* HTTP/1.0 now */
    request->request_headers_number = 0;
    CHECK(http_request_get_header(request, "host") == NULL);
    http_request_add_header(request, "New", "header");
    CHECK_TEXT(request->request_headers[0].key, "New");
    CHECK_INT(request->request_headers_number, 1);
    request->request_headers = mine;
    request->request_headers_number = 2;
    CHECK_TEXT(http_request_get_header(request, "key"), "value");
    http_request_reset(request);
    CHECK_TEXT(mine[0].value, "mine");
    struct buffer *buffer = buffer_new();
    NEED(buffer_append_string(buffer, "GET /two HTTP/1.1\r\nHost: b\r\nC: d\r\n\r\n") > 0);
    CHECK_INT(parse_http_request(buffer, request), 1);
    CHECK_TEXT(request->url, "/two");
    CHECK_TEXT(http_request_get_header(request, "c"), "d");
    http_request_clear(request);
    buffer_free(buffer);
}

/* http_request_reset empties a request for the next. */
CASE(reset_empties)
{
    struct http_request *request = parsed("GET /one HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n");
    for (int i = 0; i < 100; i++) {
        http_request_reset(request);
        CHECK_INT(http_request_current_state(request), REQUEST_STATUS);
        CHECK_INT(request->request_headers_number, 0);
        CHECK(http_request_get_header(request, "Host") == NULL);
        struct buffer *buffer = buffer_new();
        NEED(buffer_append_string(buffer, "GET /two HTTP/1.0\r\nZ: 1\r\n\r\n") > 0);
        CHECK_INT(parse_http_request(buffer, request), 1);
        CHECK_TEXT(request->url, "/two");
        CHECK_TEXT(request->version, "HTTP/1.0");
        CHECK_INT(request->request_headers_number, 1);
        CHECK(http_request_get_header(request, "X") == NULL);
        buffer_free(buffer);
    }
    http_request_clear(request);
}

/* http_request_clear frees request and headers; NULL is taken silently. */
CASE(clear_frees)
{
    http_request_clear(NULL);
    CHECK_TEXT(out_text(), "");
    long before = 0;
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < 20; i++) {
            struct http_request *request = http_request_new();
            NEED(request != NULL);
            for (int n = 0; n < 100; n++) {
                http_request_add_header(request, "some-key-that-is-long-enough-to-count", "and a value");
            }
            http_request_clear(request);
        }
        if (round == 20) {
            struct rusage usage;
            getrusage(RUSAGE_SELF, &usage);
            before = usage.ru_maxrss;
        }
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    CHECK(SANITIZED || usage.ru_maxrss <= before + 2048); /* KiB; leaked it would be 17 MB */
}

/* http_request_close_connection: 1 means close. HTTP/1.1 stays open unless `Connection: close`;
 * HTTP/1.0 closes unless `Connection: keep-alive` (D13); both values are case-insensitive lists. */
CASE(close_connection)
{
    struct {
        const char *version, *header;
        int closes;
    } rows[] = {
        { "1.1", "", 0 },
        { "1.1", "Connection: keep-alive\r\n", 0 },
        { "1.1", "Connection: close\r\n", 1 },
        { "1.1", "connection: CLOSE\r\n", 1 },
        { "1.1", "Connection: keep-alive, close\r\n", 1 },
        { "1.1", "Connection: upgrade ,\tClose\r\n", 1 },
        { "1.1", "Connection: closed\r\n", 0 },
        { "1.1", "Connection: not-close\r\n", 0 },
        { "1.1", "Connections: close\r\n", 0 },
        { "1.1", "Connection: upgrade\r\nConnection: close\r\n", 1 },
        { "1.1", "Connection:\r\n", 0 },
        { "1.1", "Connection: ,, close ,\r\n", 1 },
        { "1.0", "", 1 },
        { "1.0", "Connection: keep-alive\r\n", 0 },
        { "1.0", "Connection: Keep-Alive\r\n", 0 },
        { "1.0", "CONNECTION: foo, keep-alive\r\n", 0 },
        { "1.0", "Connection: close\r\n", 1 },
        { "1.0", "Connection: keep-alive, close\r\n", 1 },
        { "1.0", "Connection: keep\r\n", 1 },
        { "1.0", "Connection-Token: keep-alive\r\n", 1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[200];
        snprintf(text, sizeof text, "GET / HTTP/%s\r\nHost: a\r\n%s\r\n", rows[i].version, rows[i].header);
        struct http_request *request = parsed(text);
        if (!CHECK_INT(http_request_close_connection(request), rows[i].closes)) {
            printf("row %zu: %s", i, text);
        }
        http_request_clear(request);
    }
}

/* A request without a version, or with headers that the program added, is no harm. */
CASE(close_connection_of_a_request_made_by_hand)
{
    struct http_request *request = http_request_new();
    http_request_close_connection(request);
    http_request_add_header(request, "Connection", "Close");
    CHECK_INT(http_request_close_connection(request), 1);
    http_request_clear(request);
}
