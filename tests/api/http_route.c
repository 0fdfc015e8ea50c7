/* yolanda.h: routes. What goes over the wire with them is looked at in tests/net/test_http_routes.py. */
#include "http_aid.h"

/* Answers with the route's name and what its parameters are. */
static void on_route(struct http_request *request, struct http_response *response, void *data)
{
    static const char *const names[] = { "a", "b", "*" };
    char body[9000];
    int size = snprintf(body, sizeof body, "%s", (const char *)data);
    for (int i = 0; i < 3; i++) {
        const char *value = yolanda_http_request_param(request, names[i]);
        if (value != NULL) {
            size += snprintf(body + size, sizeof body - size, " %s=%s", names[i], value);
        }
    }
    yolanda_http_response_set_status(response, 200, NULL);
    yolanda_http_response_set_body(response, body, size);
}

static int on_rest(struct http_request *request, struct http_response *response)
{
    CHECK(yolanda_http_request_param(request, "a") == NULL);
    CHECK_INT(errno, ENOENT);
    response->statusCode = OK;
    response->body = "callback";
    return 0;
}

static int route(const char *method, const char *pattern)
{
    return yolanda_http_server_route(http, method, pattern, on_route, (void *)pattern, NULL);
}

static void check_body(const char *method, const char *url, const char *body)
{
    const char *answer = asked(method, url);
    if (!CHECK_INT(status_of(answer), 200) | !CHECK_TEXT(body_of(answer), body)) {
        dprintf(check_report, "%s %s\n", method, url);
    }
}

static void check_status(const char *method, const char *url, int status)
{
    if (!CHECK_INT(status_of(asked(method, url)), status)) {
        dprintf(check_report, "%s %s\n", method, url);
    }
}

CASE(bad_routes)
{
    static const char *const patterns[] = {
        "",      "users", "*",      "/:",     "/:a/:",  "/:a/:a", "/:a.b",  "/:a-:b", "/:a b",
        "/*/a",  "/*/",   "/a*",    "/a*b",   "/**",    "/a?b",   "/a#b",   "/a\tb",  "/%",
        "/a%2",  "/%zz",  "/a%2Fb", "/a%00b", "/..",    "/a/./b", "/%2e.",  "/a/..",
    };
    static const char *const methods[] = { " ", "GET ", "G(T", "GET,POST", "" };
    make_http(NULL);
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        errno = 0;
        if (!CHECK_INT(route("GET", patterns[i]), -1) | !CHECK_INT(errno, EINVAL)) {
            dprintf(check_report, "%s\n", patterns[i]);
        }
    }
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        REFUSED(route(methods[i], "/"), EINVAL);
    }
    REFUSED(route("GET", NULL), EINVAL);
    REFUSED(yolanda_http_server_route(http, "GET", "/", NULL, NULL, NULL), EINVAL);
    REFUSED(yolanda_http_server_route(NULL, "GET", "/", on_route, NULL, NULL), EINVAL);
    CHECK_INT(yolanda_http_server_start(http), 0);
    CHECK_INT(status_of(asked("GET", "/")), 500); /* none of them was taken */
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(the_same_route_twice)
{
    make_http(NULL);
    CHECK_INT(route("GET", "/a/:b"), 0);
    CHECK_INT(route("PUT", "/a/:b"), 0);
    CHECK_INT(route(NULL, "/a/:b"), 0);
    CHECK_INT(route("get", "/a/:b"), 0);
    REFUSED(route("GET", "/a/:b"), EEXIST);
    REFUSED(route("GET", "/a/:c"), EEXIST);
    REFUSED(route("GET", "/%61/:c"), EEXIST);
    REFUSED(route("*", "/a/:b"), EEXIST);
    CHECK_INT(route("GET", "/a/b"), 0);
    CHECK_INT(route("GET", "/a/*"), 0);
    REFUSED(route("GET", "/a/*"), EEXIST);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

/* Before the start only: threads read the table without a lock. */
CASE(not_once_it_runs)
{
    make_http(NULL);
    CHECK_INT(route("GET", "/"), 0);
    CHECK_INT(yolanda_http_server_start(http), 0);
    REFUSED(route("GET", "/b"), EBUSY);
    REFUSED(route("GET", "/b*"), EBUSY);
    CHECK_INT(yolanda_server_stop(http->tcpServer, 1000, NULL, NULL), 0);
    passes(loop, 3);
    REFUSED(route("GET", "/b"), EBUSY);
    CHECK_INT(yolanda_loop_free(loop), 0);
    /* The original's way to start. */
    loop = NULL;
    make_http(NULL);
    http_server_start(http);
    REFUSED(route("GET", "/b"), EBUSY);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static int destroyed[4];

static void destroy(void *data)
{
    (*(int *)data)++;
}

static struct http_response *later;
static struct http_request *held;

static void on_hold(struct http_request *request, struct http_response *response, void *data)
{
    CHECK(data == &destroyed[0]);
    held = request;
    later = yolanda_http_response_defer(response);
}

/* Once each, with the last object that may need it: here a response that hasn't been sent. */
CASE(data_is_destroyed_once)
{
    make_http(NULL);
    CHECK_INT(yolanda_http_server_route(http, "GET", "/:a", on_hold, &destroyed[0], destroy), 0);
    CHECK_INT(yolanda_http_server_route(http, "PUT", "/:a", on_hold, &destroyed[1], destroy), 0);
    CHECK_INT(yolanda_http_server_route(http, "GET", "/", on_hold, &destroyed[2], destroy), 0);
    REFUSED(yolanda_http_server_route(http, "GET", "/", on_hold, &destroyed[3], destroy), EEXIST);
    REFUSED(yolanda_http_server_route(http, "GET", "/*a", on_hold, &destroyed[3], destroy), EINVAL);
    CHECK_INT(yolanda_http_server_start(http), 0);
    int fd = dial_port(http->tcpServer->port);
    put(fd, "GET /a%2Fb HTTP/1.1\r\nHost: a\r\n\r\n");
    UNTIL(later != NULL);
    CHECK_INT(yolanda_http_server_free(http), 0);
    close(fd);
    passes(loop, 3);
    CHECK_INT(destroyed[0] + destroyed[1] + destroyed[2], 0);
    CHECK_TEXT(yolanda_http_request_param(held, "a"), "a/b");
    REFUSED(yolanda_http_response_send(later), ENOTCONN);
    UNTIL(destroyed[0]);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(destroyed[0], 1);
    CHECK_INT(destroyed[1], 1);
    CHECK_INT(destroyed[2], 1);
    CHECK_INT(destroyed[3], 0);
}

CASE(with_the_loop)
{
    make_http(NULL);
    CHECK_INT(yolanda_http_server_route(http, "GET", "/", on_hold, &destroyed[0], destroy), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(destroyed[0], 1);
}

/* Whichever is added first. */
CASE(precedence)
{
    static const char *const patterns[] = {
        "/",      "/a",     "/a/",       "/a/b",     "/:a",      "/a/:b", "/:a/b",
        "/:a/:b", "/a/b/*", "/a/*",      "/:a/b/*",  "/*",       "/a/:b/c",
        "/:a/b/c", "/d/*",
    };
    static const struct {
        const char *url, *body;
    } asks[] = {
        { "/", "/" },
        { "/?x=/a", "/" },
        { "http://host", "/" },
        { "/a", "/a" },
        { "http://host/a?b", "/a" },
        { "/%61", "/a" },
        { "/a/", "/a/" },
        { "/a/b", "/a/b" },
        { "/c", "/:a a=c" },
        { "/c/", "/* *=c/" },
        { "/a/c", "/a/:b b=c" },
        { "/c/b", "/:a/b a=c" },
        { "/c/d", "/:a/:b a=c b=d" },
        { "/a/b/", "/a/b/* *=" },
        { "/a/b/x/y", "/a/b/* *=x/y" },
        { "/c/b/x/y", "/:a/b/* a=c *=x/y" },
        { "/a/c/x", "/a/* *=c/x" },
        { "/a//", "/a/* *=/" },
        { "/a/b/c", "/a/:b/c b=b" },
        { "/x/b/c", "/:a/b/c a=x" },
        { "/c/d/e", "/* *=c/d/e" },
        { "/d/e/x", "/d/* *=e/x" },
        { "/d/b/x", "/:a/b/* a=d *=x" },
        { "//a", "/* *=/a" },
        { "/A", "/:a a=A" },
    };
    const int n = sizeof patterns / sizeof *patterns;
    for (int turn = 0; turn < 3; turn++) {
        make_http(NULL);
        for (int i = 0; i < n; i++) {
            /* 4 and n have no divisor in common. */
            CHECK_INT(route("GET", patterns[turn == 0 ? i : turn == 1 ? n - 1 - i : i * 4 % n]), 0);
        }
        CHECK_INT(yolanda_http_server_start(http), 0);
        for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
            check_body("GET", asks[i].url, asks[i].body);
        }
        CHECK_INT(yolanda_http_server_free(http), 0);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
}

/* Paths are split first and decoded afterwards; a target that isn't a path has no route. */
CASE(escapes_and_dots)
{
    make_http(NULL);
    CHECK_INT(route("GET", "/f/:a"), 0);
    CHECK_INT(route("GET", "/g/*"), 0);
    CHECK_INT(route("GET", "/a b/%2A/%3Aa/caf\xc3\xa9"), 0);
    CHECK_INT(yolanda_http_server_start(http), 0);
    check_body("GET", "/f/x%20y%2b+", "/f/:a a=x y++");
    check_body("GET", "/f/x%2Fy%2f", "/f/:a a=x/y/");
    check_body("GET", "/f/%2F", "/f/:a a=/");
    check_body("GET", "/f/...", "/f/:a a=...");
    check_body("GET", "/f/.a", "/f/:a a=.a");
    check_body("GET", "/f/a%2F..b", "/f/:a a=a/..b");
    check_body("GET", "/g/x%2Fy/%41?q", "/g/* *=x/y/A");
    check_body("GET", "/a%20b/*/:a/caf%C3%A9", "/a b/%2A/%3Aa/caf\xc3\xa9");
    static const char *const none[] = {
        "/f%2Fx",  "/f/",         "/f",          "/f/x/",         "/g",        "/f/.",
        "/f/..",   "/f/%2e",      "/f/%2E%2e",   "/f/..%2Fx",     "/f/x%2f..", "/g/../f/x",
        "/g/..",   "/g/%2e%2e/x", "/g/x%2F..%2Fy", "/x/../f/y",   "/./f/y",    "/g/a/.",
    };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        check_status("GET", none[i], 404);
    }
    static const char *const malformed[] = { "/f/%", "/f/%2", "/f/%zz", "/f/%00", "/%x", "/g/%u0041" };
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        check_status("GET", malformed[i], 400);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(methods)
{
    make_http(NULL);
    CHECK_INT(route("POST", "/a"), 0);
    CHECK_INT(route("GET", "/a"), 0);
    CHECK_INT(route("GET", "/:a"), 0);
    CHECK_INT(route("DELETE", "/:a"), 0);
    CHECK_INT(route("POST", "/p/a"), 0);
    CHECK_INT(route(NULL, "/p/any"), 0);
    CHECK_INT(route("GET", "/p/any"), 0);
    CHECK_INT(route("OPTIONS", "/p/own"), 0);
    CHECK_INT(route("HEAD", "/p/own"), 0);
    CHECK_INT(yolanda_http_server_start(http), 0);
    check_body("GET", "/a", "/a");
    check_body("POST", "/a", "/a");
    check_body("DELETE", "/a", "/:a a=a"); /* the first that has the method */
    check_body("FETCH", "/p/any", "/p/any");
    check_body("OPTIONS", "/p/any", "/p/any");
    check_body("OPTIONS", "/p/own", "/p/own");
    static const struct {
        const char *method, *url;
        int status;
        const char *allow;
    } asks[] = {
        { "PUT", "/a", 405, "POST, GET, DELETE, HEAD, OPTIONS" },
        { "get", "/a", 405, "POST, GET, DELETE, HEAD, OPTIONS" },
        { "OPTIONS", "/a", 204, "POST, GET, DELETE, HEAD, OPTIONS" },
        { "POST", "/b", 405, "GET, DELETE, HEAD, OPTIONS" },
        { "GET", "/p/a", 405, "POST, OPTIONS" },
        { "HEAD", "/p/a", 405, "POST, OPTIONS" },
        { "GET", "/p/own", 405, "HEAD, OPTIONS" },
        { "GET", "/x/y/z", 404, NULL },
        { "OPTIONS", "/x/y/z", 404, NULL },
        { "OPTIONS", "*", 204, NULL },
        { "OPTIONS", "/%zz", 400, NULL },
    };
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        const char *answer = asked(asks[i].method, asks[i].url);
        CHECK_INT(status_of(answer), asks[i].status);
        CHECK_TEXT(header_of(answer, "Allow"), asks[i].allow);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
}

/* It gets what no route is for, but not a path that is known. */
CASE(beside_a_callback)
{
    make_http(on_rest);
    CHECK_INT(route("GET", "/a"), 0);
    CHECK_INT(yolanda_http_server_start(http), 0);
    check_body("GET", "/a", "/a");
    check_body("GET", "/b", "callback");
    check_body("GET", "/a/..", "callback");
    check_body("GET", "/%zz", "callback");
    check_body("OPTIONS", "*", "callback");
    check_status("POST", "/a", 405);
    check_status("OPTIONS", "/a", 204);
    /* The public field counts, whenever it is changed. */
    http->requestCallback = NULL;
    check_status("GET", "/b", 404);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

/* Without routes all is as it was. */
CASE(no_routes)
{
    make_http(on_rest);
    CHECK_INT(yolanda_http_server_start(http), 0);
    check_body("OPTIONS", "*", "callback");
    check_body("GET", "/%zz", "callback");
    http->requestCallback = NULL;
    check_status("GET", "/", 500);
    check_status("OPTIONS", "*", 500);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(parameters_of_no_route)
{
    struct http_request *request = http_request_new();
    NO_SERVER(yolanda_http_request_param(request, "a"), ENOENT);
    NO_SERVER(yolanda_http_request_param(request, ""), ENOENT);
    NO_SERVER(yolanda_http_request_param(request, NULL), EINVAL);
    NO_SERVER(yolanda_http_request_param(NULL, "a"), EINVAL);
    http_request_clear(request);
}

/* A route that says nothing is a 500, as a callback is. */
static void on_nothing(struct http_request *request, struct http_response *response, void *data)
{
    (void)response;
    CHECK(data == NULL);
    CHECK(yolanda_http_request_param(request, "*") == NULL);
    /* Cut up in place: what the parameters are stays as it was. */
    memset(request->url, '#', strlen(request->url));
    CHECK_TEXT(yolanda_http_request_param(request, "a"), "x");
}

CASE(an_empty_handler)
{
    make_http(NULL);
    CHECK_INT(yolanda_http_server_route(http, NULL, "/:a", on_nothing, NULL, NULL), 0);
    CHECK_INT(yolanda_http_server_start(http), 0);
    check_status("GET", "/x", 500);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

/* Many, and long ones: the longest path that a request can have. */
CASE(many_routes)
{
    char pattern[100], url[200], body[200];
    static char large[8000], names[7000];
    make_http(NULL);
    for (int i = 0; i < 1000; i++) {
        snprintf(pattern, sizeof pattern, "/n%d/:a/%d", i * 7 % 1000, i * 7 % 1000);
        char *kept = strdup(pattern);
        CHECK_INT(yolanda_http_server_route(http, "GET", kept, on_route, kept, free), 0);
    }
    memset(large, 'x', sizeof large - 1);
    large[0] = '/';
    CHECK_INT(route("GET", large), 0);
    int at = 0;
    for (int i = 0; i < 1000; i++) {
        at += snprintf(names + at, sizeof names - at, "/:%d", i);
    }
    CHECK_INT(yolanda_http_server_route(http, "GET", names, on_route, "names", NULL), 0);
    CHECK_INT(yolanda_http_server_start(http), 0);
    for (int i = 0; i < 1000; i += 111) {
        snprintf(url, sizeof url, "/n%d/some/%d", i, i);
        snprintf(body, sizeof body, "/n%d/:a/%d a=some", i, i);
        check_body("GET", url, body);
    }
    check_status("GET", large, 200);
    for (int i = 0; i < 1000; i++) {
        memcpy(large + 2 * i, "/y", 3);
    }
    check_body("GET", large, "names");
    CHECK_INT(yolanda_loop_free(loop), 0);
}
