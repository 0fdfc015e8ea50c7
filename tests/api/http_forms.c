/* yolanda.h: forms, urlencoded ones as a whole, and both kinds in parts. tests/net/test_http_forms.py has them over a
 * network. */
#include "aid.h"

#include "lib/http_server.h"
#include "yolanda.h"

#define REFUSED(call, error)                                                                       \
    do {                                                                                           \
        errno = 0;                                                                                 \
        CHECK_INT(call, -1);                                                                       \
        CHECK_INT(errno, error);                                                                   \
    } while (0)

#define URLENCODED "application/x-www-form-urlencoded"
#define MULTIPART "multipart/form-data; boundary=xyz"

/* A request with such a body; `type` NULL: no Content-Type. */
static struct http_request *posted(const char *type, const char *body, size_t size)
{
    struct http_request *request = http_request_new();
    struct buffer *buffer = buffer_new();
    char head[300];
    int length = snprintf(head, sizeof head, "POST / HTTP/1.1\r\nHost: a\r\n%s%s%sContent-Length: %zu\r\n\r\n",
                          type ? "Content-Type: " : "", type ? type : "", type ? "\r\n" : "", size);
    NEED(request != NULL && buffer_append(buffer, head, length) == length);
    NEED(size == 0 || buffer_append(buffer, (void *)body, (int)size) == (int)size);
    NEED(parse_http_request(buffer, request) == 1);
    CHECK_INT(http_request_current_state(request), REQUEST_DONE);
    buffer_free(buffer);
    return request;
}

CASE(fields_of_a_whole_body)
{
    static const char body[] = "name=Ada+L%2e&&empty=&none&name=2&%26=%3D&\xe4=\xbd";
    static const char *const expected[][2] = { { "name", "Ada L." }, { "empty", "" }, { "none", "" },
                                               { "name", "2" }, { "&", "=" }, { "\xe4", "\xbd" } };
    struct http_request *request = posted("Application/x-www-form-urlencoded; charset=utf-8", body, sizeof body - 1);
    CHECK_TEXT(yolanda_http_request_form(request, "name"), "Ada L.");
    CHECK(yolanda_http_request_form(request, "name") == yolanda_http_request_form(request, "name"));
    CHECK_TEXT(yolanda_http_request_form(request, "none"), "");
    CHECK(yolanda_http_request_form(request, "other") == NULL);
    CHECK_INT(errno, ENOENT);
    CHECK(yolanda_http_request_form(request, NULL) == NULL);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(yolanda_http_request_form_count(request), 6);
    for (int i = 0; i < 6; i++) {
        const char *name = NULL, *value = NULL;
        CHECK_INT(yolanda_http_request_form_at(request, i, &name, &value), 0);
        CHECK_TEXT(name, expected[i][0]);
        CHECK_TEXT(value, expected[i][1]);
    }
    REFUSED(yolanda_http_request_form_at(request, 6, NULL, NULL), ENOENT);
    REFUSED(yolanda_http_request_form_at(request, -1, NULL, NULL), EINVAL);
    size_t length;
    CHECK_TEXT(yolanda_http_request_body(request, &length), body);
    CHECK_INT(length, sizeof body - 1);
    http_request_reset(request);
    REFUSED(yolanda_http_request_form_count(request), EINVAL);
    http_request_clear(request);
}

CASE(bodies_that_are_none)
{
    struct http_request *request = posted(URLENCODED, "", 0);
    CHECK_INT(yolanda_http_request_form_count(request), 0);
    http_request_clear(request);
    static const char *const types[] = { NULL, "text/plain", MULTIPART, URLENCODED "x" };
    for (int i = 0; i < 4; i++) {
        request = posted(types[i], "a=b", 3);
        REFUSED(yolanda_http_request_form_count(request), ENOTSUP);
        CHECK(yolanda_http_request_form(request, "a") == NULL);
        CHECK_INT(errno, ENOTSUP);
        http_request_clear(request);
    }
    static const char *const bodies[] = { "a=%zz", "a=%00", "%", "a=b&c=%2" };
    for (int i = 0; i < 4; i++) {
        request = posted(URLENCODED, bodies[i], strlen(bodies[i]));
        REFUSED(yolanda_http_request_form_count(request), EINVAL);
        REFUSED(yolanda_http_request_form_at(request, 0, NULL, NULL), EINVAL);
        http_request_clear(request);
    }
    request = posted(URLENCODED, "a=b\0c", 5);
    REFUSED(yolanda_http_request_form_count(request), EINVAL);
    CHECK_TEXT(yolanda_last_error(), "the form has an invalid escape or a NUL");
    http_request_clear(request);
    REFUSED(yolanda_http_request_form_count(NULL), EINVAL);
    REFUSED(yolanda_http_request_form_at(NULL, 0, NULL, NULL), EINVAL);
    CHECK(yolanda_http_request_form(NULL, "a") == NULL);
}

/* A few bytes of a body don't fill the memory. */
CASE(too_many_fields)
{
    static char body[40000];
    for (size_t i = 0; i < sizeof body; i++) {
        body[i] = i % 2 ? '&' : 'a';
    }
    struct http_request *request = posted(URLENCODED, body, 20000);
    CHECK_INT(yolanda_http_request_form_count(request), 10000);
    http_request_clear(request);
    request = posted(URLENCODED, body, 20001);
    REFUSED(yolanda_http_request_form_count(request), E2BIG);
    CHECK_TEXT(yolanda_last_error(), "the form has 10001 fields, more than 10000");
    http_request_clear(request);
}

/* What the callback was given, as text: "<name|filename|type>data;". */
static char told[1 << 16];
static size_t size;
static int calls, answer, open_parts;
static struct yolanda_http_form *form;
static void (*in_callback)(int event);

static void say(const char *bytes, size_t length)
{
    NEED(size + length < sizeof told);
    memcpy(told + size, bytes, length);
    size += length;
    told[size] = '\0';
}

static int on_part(const struct yolanda_http_part *part, const char *bytes, size_t length, int event, void *data)
{
    CHECK(data == told);
    CHECK(part->name != NULL);
    calls++;
    if (event == YOLANDA_HTTP_FORM_DATA) {
        CHECK(open_parts == 1 && length > 0);
        say(bytes, length);
    } else {
        CHECK(bytes == NULL);
        CHECK_INT(length, 0);
        if (event == YOLANDA_HTTP_FORM_BEGIN) {
            char text[8192];
            CHECK_INT(open_parts++, 0);
            say(text, snprintf(text, sizeof text, "<%s|%s|%s>", part->name, part->filename ? part->filename : "-",
                               part->content_type ? part->content_type : "-"));
        } else {
            CHECK_INT(event, YOLANDA_HTTP_FORM_END);
            CHECK_INT(open_parts--, 1);
            say(";", 1);
        }
    }
    if (in_callback != NULL) {
        in_callback(event);
    }
    return answer;
}

static void make(const char *type, uint64_t parts, size_t head)
{
    size = 0;
    calls = open_parts = 0;
    told[0] = '\0';
    form = yolanda_http_form_new(type, on_part, told, parts, head);
    NEED(form != NULL);
}

/* Feeds a body in pieces of `piece` bytes, each in memory of its own; 0 or errno. */
static int fed(const char *body, size_t length, size_t piece)
{
    for (size_t at = 0; at < length; at += piece) {
        size_t n = length - at < piece ? length - at : piece;
        char *copy = malloc(n);
        memcpy(copy, body + at, n);
        int result = yolanda_http_form_feed(form, copy, n);
        int error = errno;
        free(copy);
        if (result < 0) {
            CHECK_INT(result, -1);
            /* And so is every other call. */
            int before = calls;
            REFUSED(yolanda_http_form_feed(form, "x", 1), error);
            REFUSED(yolanda_http_form_finish(form), error);
            CHECK_INT(calls, before);
            return error;
        }
    }
    return yolanda_http_form_finish(form) == 0 ? 0 : errno;
}

static void everywhere(const char *type, const char *body, int error, const char *expected)
{
    size_t length = strlen(body);
    for (size_t piece = 1; piece <= length; piece++) {
        make(type, 0, 0);
        CHECK_INT(fed(body, length, piece), error);
        CHECK_TEXT(told, expected);
        yolanda_http_form_free(form);
    }
    for (size_t cut = 0; cut <= length; cut++) {
        make(type, 0, 0);
        if (yolanda_http_form_feed(form, body, cut) < 0) {
            CHECK_INT(errno, error);
        } else {
            CHECK_INT(fed(body + cut, length - cut, length), error);
        }
        CHECK_TEXT(told, expected);
        yolanda_http_form_free(form);
    }
}

#define PART(name) "--xyz\r\nContent-Disposition: form-data; name=" name "\r\n\r\n"

CASE(multipart)
{
    everywhere(MULTIPART,
               "preamble\r\n" PART("a") "1\r\n\r\n--xy\r\n--xyz \r\n"
               "Content-Disposition: form-data; name=\"b \\\"\\\\\\c\"; filename=\"x;y.png\"\r\n"
               "X-Other: z\r\nContent-Type: image/png\r\n\r\n\r\n\r\r\n-\r\n" PART("c") "\r\n" PART("d")
               "--xyz--\r\nepilogue",
               0, "<a|-|->1\r\n\r\n--xy;<b \"\\\\c|x;y.png|image/png>\r\n\r\r\n-;<c|-|->;<d|-|->;");
    everywhere(MULTIPART, "--xyz--\r\n", 0, "");
    everywhere("multipart/form-data; boundary=\"a b\"",
               "--a b\r\nContent-Disposition: form-data; name=a; filename=\"\"\r\n\r\n1\r\n--a b--", 0, "<a||->1;");
}

CASE(malformed_multipart)
{
    everywhere(MULTIPART, "", EINVAL, "");
    everywhere(MULTIPART, PART("a") "1\r\n--xyz", EINVAL, "<a|-|->1;");
    everywhere(MULTIPART, PART("a") "1\r\n--xyzz", EINVAL, "<a|-|->1;");
    everywhere(MULTIPART, "--xyz\r\n\r\n1\r\n--xyz--", EINVAL, "");
    everywhere(MULTIPART, "--xyz\r\nContent-Disposition: form-data; filename=a\r\n\r\n1\r\n--xyz--", EINVAL, "");
    everywhere(MULTIPART, "--xyz\r\nContent-Disposition: form-data; name=a\n\r\n1\r\n--xyz--", EINVAL, "");
    everywhere(MULTIPART, PART("a; name=b") "1\r\n--xyz--", EINVAL, "");
    make(MULTIPART, 0, 0);
    CHECK_INT(fed(PART("a") "1\r\n" PART("\"b"), strlen(PART("a") "1\r\n" PART("\"b")), 100), EINVAL);
    CHECK_TEXT(yolanda_last_error(), "form, part 2: its head has a line that isn't a header");
    yolanda_http_form_free(form);
    make(MULTIPART, 0, 0);
    REFUSED(yolanda_http_form_feed(form, PART("a\0b"), sizeof(PART("a\0b")) - 1), EINVAL);
    yolanda_http_form_free(form);
}

CASE(urlencoded)
{
    everywhere(URLENCODED, "a=1+%2B&&b&%63==%e4%bd&=d&", 0, "<a|-|->1 +;<b|-|->;<c|-|->=\xe4\xbd;<|-|->d;");
    everywhere(URLENCODED, "a=b", 0, "<a|-|->b;");
    everywhere(URLENCODED, "", 0, "");
    everywhere(URLENCODED, "a&b=%0", EINVAL, "<a|-|->;<b|-|->");
    make(URLENCODED, 0, 0);
    CHECK_INT(fed("a=%00", 5, 5), EINVAL);
    CHECK_TEXT(yolanda_last_error(), "form, part 1: an invalid escape, or a NUL");
    yolanda_http_form_free(form);
}

CASE(limits)
{
    static const char body[] = PART("a") "1\r\n" PART("b") "2\r\n--xyz--";
    size_t head = strlen("Content-Disposition: form-data; name=a\r\n\r\n");
    make(MULTIPART, 2, head);
    CHECK_INT(fed(body, sizeof body - 1, 7), 0);
    yolanda_http_form_free(form);
    make(MULTIPART, 1, head);
    CHECK_INT(fed(body, sizeof body - 1, 7), E2BIG);
    CHECK_TEXT(told, "<a|-|->1;");
    yolanda_http_form_free(form);
    make(MULTIPART, 2, head - 1);
    CHECK_INT(fed(body, sizeof body - 1, 7), EMSGSIZE);
    yolanda_http_form_free(form);
    make(URLENCODED, 1, 4);
    CHECK_INT(fed("abc=1", 5, 1), 0);
    yolanda_http_form_free(form);
    make(URLENCODED, 1, 3);
    CHECK_INT(fed("abc=1", 5, 1), EMSGSIZE);
    yolanda_http_form_free(form);
    make(URLENCODED, 1, 3);
    CHECK_INT(fed("a&b", 3, 1), E2BIG);
    yolanda_http_form_free(form);
    /* Without any: 1,000 parts, 4,096 bytes. */
    for (int parts = 1000; parts <= 1001; parts++) {
        make(URLENCODED, 0, 0);
        for (int i = 0; i < parts - 1; i++) {
            CHECK_INT(yolanda_http_form_feed(form, "a&", 2), 0);
        }
        CHECK_INT(fed("a", 1, 1), parts > 1000 ? E2BIG : 0);
        yolanda_http_form_free(form);
    }
    static char name[4096];
    memset(name, 'a', sizeof name);
    make(URLENCODED, 0, 0);
    CHECK_INT(fed(name, sizeof name - 1, 4096), 0);
    yolanda_http_form_free(form);
    make(URLENCODED, 0, 0);
    CHECK_INT(fed(name, sizeof name, 4096), EMSGSIZE);
    yolanda_http_form_free(form);
}

CASE(what_is_no_form)
{
    static const char *const types[] = { NULL, "", "text/plain", "multipart/form-data", "multipart/mixed; boundary=a",
                                         "multipart/form-data; boundary=\"\"", "multipart/form-data; boundary=a$" };
    for (int i = 0; i < 7; i++) {
        errno = 0;
        CHECK(yolanda_http_form_new(types[i], on_part, told, 0, 0) == NULL);
        CHECK_INT(errno, ENOTSUP);
    }
    CHECK(yolanda_http_form_new(MULTIPART, NULL, told, 0, 0) == NULL);
    CHECK_INT(errno, EINVAL);
    CHECK(yolanda_http_form_new(MULTIPART, on_part, told, 0, 7169) == NULL);
    CHECK_INT(errno, EINVAL);
    make(MULTIPART, UINT64_MAX, 7168);
    REFUSED(yolanda_http_form_feed(form, NULL, 1), EINVAL);
    CHECK_INT(yolanda_http_form_feed(form, NULL, 0), 0);
    CHECK_INT(yolanda_http_form_feed(form, "--xyz--", 7), 0);
    CHECK_INT(yolanda_http_form_finish(form), 0);
    REFUSED(yolanda_http_form_feed(form, "a", 1), EINVAL);
    REFUSED(yolanda_http_form_finish(form), EINVAL);
    yolanda_http_form_free(form);
    yolanda_http_form_free(NULL);
    REFUSED(yolanda_http_form_feed(NULL, "a", 1), EINVAL);
    REFUSED(yolanda_http_form_finish(NULL), EINVAL);
}

/* The callback ends the form, at each of its calls. */
CASE(canceled)
{
    static const char body[] = PART("a") "1\r\n--xyz--";
    for (int last = 1; last <= 3; last++) {
        make(MULTIPART, 0, 0);
        for (size_t at = 0; at < sizeof body - 1; at++) {
            answer = calls == last - 1;
            if (yolanda_http_form_feed(form, body + at, 1) < 0) {
                break;
            }
        }
        CHECK_INT(errno, ECANCELED);
        CHECK_INT(calls, last);
        answer = 0;
        REFUSED(yolanda_http_form_feed(form, "a", 1), ECANCELED);
        REFUSED(yolanda_http_form_finish(form), ECANCELED);
        CHECK_INT(calls, last);
        yolanda_http_form_free(form);
    }
}

static int free_at;

static void use_it(int event)
{
    REFUSED(yolanda_http_form_feed(form, "a", 1), EBUSY);
    REFUSED(yolanda_http_form_finish(form), EBUSY);
    if (event == free_at) {
        yolanda_http_form_free(form);
    }
}

CASE(used_and_freed_within_its_callback)
{
    static const char body[] = PART("a") "1\r\n" PART("b") "2\r\n--xyz--";
    in_callback = use_it;
    make(MULTIPART, 0, 0);
    CHECK_INT(fed(body, sizeof body - 1, 100), 0);
    CHECK_TEXT(told, "<a|-|->1;<b|-|->2;");
    yolanda_http_form_free(form);
    for (free_at = YOLANDA_HTTP_FORM_BEGIN; free_at <= YOLANDA_HTTP_FORM_END; free_at++) {
        make(MULTIPART, 0, 0);
        REFUSED(yolanda_http_form_feed(form, body, sizeof body - 1), ECANCELED);
        CHECK_INT(calls, free_at);
    }
    make(URLENCODED, 0, 0);
    CHECK_INT(yolanda_http_form_feed(form, "a", 1), 0);
    free_at = YOLANDA_HTTP_FORM_BEGIN;
    REFUSED(yolanda_http_form_finish(form), ECANCELED);
    in_callback = NULL;
}

static size_t most, total;

static int on_bytes(const struct yolanda_http_part *part, const char *bytes, size_t length, int event, void *data)
{
    (void)part;
    (void)bytes;
    (void)event;
    (void)data;
    most = length > most ? length : most;
    total += length;
    return 0;
}

/* Data goes by where it lies, in as few pieces as it comes. */
CASE(large_pieces_stay_whole)
{
    static char data[1 << 20];
    memset(data, '\r', sizeof data);
    form = yolanda_http_form_new(MULTIPART, on_bytes, NULL, 0, 0);
    CHECK_INT(yolanda_http_form_feed(form, PART("a"), sizeof(PART("a")) - 1), 0);
    CHECK_INT(yolanda_http_form_feed(form, "x", 1), 0);
    CHECK_INT(yolanda_http_form_feed(form, data, sizeof data), 0);
    CHECK_INT(most, sizeof data - 1);
    CHECK_INT(yolanda_http_form_feed(form, "\r\n--xyz--", 9), 0);
    CHECK_INT(total, sizeof data + 1);
    CHECK_INT(yolanda_http_form_finish(form), 0);
    yolanda_http_form_free(form);
}
