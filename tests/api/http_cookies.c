/* yolanda.h: the cookies of a request, and those that a response sets. */
#include "http_aid.h"

#include "yolanda.h"

static struct http_request *with_cookies(const char *first, const char *second)
{
    struct http_request *request = http_request_new();
    NEED(request != NULL);
    http_request_add_header(request, "Host", "a");
    http_request_add_header(request, "Cookie", (char *)first);
    http_request_add_header(request, "X-Cookie", "x=no");
    if (second != NULL) {
        http_request_add_header(request, "COOKIE", (char *)second);
    }
    return request;
}

CASE(by_name_and_by_index)
{
    struct http_request *request = with_cookies("a=1; b=\"two words\";c = x=y ; d", "a=2;; =5; e=%20\"");
    static const char *const expected[][2] = { { "a", "1" }, { "b", "two words" }, { "c", "x=y" }, { "d", "" },
                                               { "a", "2" }, { "e", "%20\"" } };
    CHECK_TEXT(yolanda_http_request_cookie(request, "a"), "1");
    CHECK(yolanda_http_request_cookie(request, "a") == yolanda_http_request_cookie(request, "a"));
    CHECK_TEXT(yolanda_http_request_cookie(request, "e"), "%20\"");
    CHECK(yolanda_http_request_cookie(request, "A") == NULL);
    CHECK_INT(errno, ENOENT);
    CHECK(yolanda_http_request_cookie(request, "x") == NULL);
    CHECK(yolanda_http_request_cookie(request, NULL) == NULL);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(yolanda_http_request_cookie_count(request), 6);
    for (int i = 0; i < 6; i++) {
        const char *name = NULL, *value = NULL;
        CHECK_INT(yolanda_http_request_cookie_at(request, i, &name, &value), 0);
        CHECK_TEXT(name, expected[i][0]);
        CHECK_TEXT(value, expected[i][1]);
        CHECK_INT(yolanda_http_request_cookie_at(request, i, NULL, NULL), 0);
    }
    REFUSED(yolanda_http_request_cookie_at(request, 6, NULL, NULL), ENOENT);
    REFUSED(yolanda_http_request_cookie_at(request, -1, NULL, NULL), EINVAL);
    http_request_reset(request);
    CHECK_INT(yolanda_http_request_cookie_count(request), 0);
    http_request_clear(request);
}

CASE(none)
{
    struct http_request *request = http_request_new();
    CHECK_INT(yolanda_http_request_cookie_count(request), 0);
    CHECK(yolanda_http_request_cookie(request, "a") == NULL);
    CHECK_INT(errno, ENOENT);
    http_request_clear(request);
    CHECK(yolanda_http_request_cookie(NULL, "a") == NULL);
    CHECK_INT(errno, EINVAL);
    REFUSED(yolanda_http_request_cookie_count(NULL), EINVAL);
    REFUSED(yolanda_http_request_cookie_at(NULL, 0, NULL, NULL), EINVAL);
}

CASE(very_many)
{
    enum { MANY = 20000 };
    static char text[8 * MANY];
    char *end = text;
    for (int i = 0; i < MANY; i++) {
        end += sprintf(end, "%d=%d;", i % 1000, i % 7);
    }
    struct http_request *request = with_cookies(text, NULL);
    CHECK_INT(yolanda_http_request_cookie_count(request), MANY);
    CHECK_TEXT(yolanda_http_request_cookie(request, "999"), "5");
    http_request_clear(request);
}

/* What the callback does with its response. */
static void (*fill)(struct http_response *);

static int on_request(struct http_request *request, struct http_response *response)
{
    (void)request;
    yolanda_http_response_set_status(response, 200, NULL);
    fill(response);
    return 0;
}

static const char *filled(void (*with)(struct http_response *))
{
    static char answer[1 << 16];
    fill = with;
    make_http(on_request);
    CHECK_INT(yolanda_http_server_start(http), 0);
    snprintf(answer, sizeof answer, "%s", asked("GET", "/"));
    CHECK_INT(yolanda_loop_free(loop), 0);
    loop = NULL;
    return answer;
}

static struct yolanda_http_cookie attributes(void)
{
    struct yolanda_http_cookie cookie;
    memset(&cookie, 0, sizeof cookie);
    cookie.size = sizeof cookie;
    return cookie;
}

static void several(struct http_response *response)
{
    struct yolanda_http_cookie cookie = attributes();
    char name[] = "first", value[] = "1", path[] = "/a b";
    cookie.path = path;
    CHECK_INT(yolanda_http_response_set_cookie(response, name, value, &cookie), 0);
    name[0] = value[0] = path[1] = 'x';
    CHECK_INT(yolanda_http_response_set_cookie(response, "second", NULL, NULL), 0);
    cookie.path = "/";
    cookie.domain = "example.com";
    cookie.max_age = 3600;
    cookie.expires = 784111777;
    cookie.secure = cookie.http_only = 1;
    cookie.same_site = YOLANDA_HTTP_SAME_SITE_NONE;
    CHECK_INT(yolanda_http_response_set_cookie(response, "third", "!#=/~", &cookie), 0);
    cookie = attributes();
    cookie.max_age = -1;
    cookie.same_site = YOLANDA_HTTP_SAME_SITE_STRICT;
    CHECK_INT(yolanda_http_response_set_cookie(response, "fourth", "", &cookie), 0);
    cookie.same_site = YOLANDA_HTTP_SAME_SITE_LAX;
    cookie.max_age = 0;
    /* Of a program that was compiled when there were fewer fields. */
    cookie.size = offsetof(struct yolanda_http_cookie, same_site);
    CHECK_INT(yolanda_http_response_set_cookie(response, "fifth", "", &cookie), 0);
}

CASE(several_on_one_response)
{
    const char *answer = filled(several);
    CHECK(strstr(answer, "\r\nSet-Cookie: first=1; Path=/a b\r\n"
                         "Set-Cookie: second=\r\n"
                         "Set-Cookie: third=!#=/~; Path=/; Domain=example.com; "
                         "Expires=Sun, 06 Nov 1994 08:49:37 GMT; Max-Age=3600; Secure; HttpOnly; SameSite=None\r\n"
                         "Set-Cookie: fourth=; Max-Age=0; SameSite=Strict\r\n"
                         "Set-Cookie: fifth=\r\n") != NULL);
}

#define BAD(...) REFUSED(yolanda_http_response_set_cookie(response, __VA_ARGS__), EINVAL)
#define BAD_WITH(change)                                                                           \
    do {                                                                                           \
        struct yolanda_http_cookie cookie = attributes();                                          \
        change;                                                                                    \
        BAD("a", "b", &cookie);                                                                    \
    } while (0)

static void refused(struct http_response *response)
{
    static const char bad[] = " \t\r\n;,\"\\\x7f\x01\xc3";
    struct {
        struct yolanda_http_cookie known;
        char more[16];
    } longer;
    static char text[5000];

    for (const char *byte = bad; *byte != '\0'; byte++) {
        char value[] = { 'a', *byte, 'b', '\0' };
        BAD("a", value, NULL);
        BAD(value, "a", NULL);
    }
    BAD("a", "b\r\nSet-Cookie: c=d", NULL);
    CHECK_TEXT(yolanda_last_error(), "cookie 'a': byte 0x0d can't stand in a value");
    BAD("", "b", NULL);
    BAD(NULL, "b", NULL);
    BAD("a=b", "c", NULL);
    BAD_WITH(cookie.path = "a");
    BAD_WITH(cookie.path = "");
    BAD_WITH(cookie.path = "/; Secure");
    BAD_WITH(cookie.path = "/\r\nX: y");
    BAD_WITH(cookie.domain = "");
    BAD_WITH(cookie.domain = "a.b; Path=/");
    BAD_WITH(cookie.domain = "a\nb");
    BAD_WITH(cookie.expires = -1);
    BAD_WITH(cookie.expires = INT64_MAX);
    BAD_WITH(cookie.same_site = 4);
    BAD_WITH(cookie.same_site = -1);
    BAD_WITH(cookie.same_site = YOLANDA_HTTP_SAME_SITE_NONE);
    BAD_WITH(cookie.size = 0);
    BAD_WITH(cookie.size = sizeof(size_t) - 1);
    BAD("__Host-a", "b", NULL);
    memset(&longer, 0, sizeof longer);
    longer.known.size = sizeof longer;
    longer.more[15] = 1;
    BAD("a", "b", &longer.known);
    longer.more[15] = 0;
    CHECK_INT(yolanda_http_response_set_cookie(response, "fine", "b", &longer.known), 0);
    memset(text, 'x', 4096);
    REFUSED(yolanda_http_response_set_cookie(response, "a", text, NULL), EMSGSIZE);
    CHECK_TEXT(yolanda_last_error(), "cookie 'a': name and value have 4097 bytes, more than 4096");
    CHECK_INT(yolanda_http_response_set_cookie(response, "a", text + 1, NULL), 0);
    for (int i = 2; i < 128; i++) {
        CHECK_INT(yolanda_http_response_set_cookie(response, "i", "", NULL), 0);
    }
    REFUSED(yolanda_http_response_set_cookie(response, "a", "", NULL), ENOSPC);
}

CASE(what_is_refused)
{
    const char *answer = filled(refused), *line = answer;
    int lines = 0;
    while ((line = strstr(line + 1, "\r\nSet-Cookie: ")) != NULL) {
        lines++;
    }
    CHECK_INT(lines, 128);
    CHECK(strstr(answer, "\r\nSet-Cookie: fine=b\r\nSet-Cookie: a=xxx") != NULL);
    CHECK(strstr(answer, "Secure") == NULL);
}

CASE(not_on_a_program_s_own_response)
{
    struct http_response *response = http_response_new();
    REFUSED(yolanda_http_response_set_cookie(response, "a", "b", NULL), EINVAL);
    REFUSED(yolanda_http_response_set_cookie(NULL, "a", "b", NULL), EINVAL);
    CHECK_INT(response->response_headers_number, 0);
    free(response);
}
