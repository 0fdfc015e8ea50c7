/* yolanda.h: what a program decides behind the head of a request, by route and for empty bodies as well; refusals of
 * its own making; and the one place that frees what a streamed body has. */
#include "upload_aid.h"

#define LAST "Host: a\r\nConnection: close\r\n"
#define AND_NEXT "GET /next HTTP/1.1\r\n" LAST "\r\n"

/* What happens to one body, in order: h head, p part, C complete, X cut, a answered, d destroyed. */
static char story[100];

static void tell(char what)
{
    size_t length = strlen(story);
    NEED(length + 1 < sizeof story);
    story[length] = what;
    story[length + 1] = '\0';
}

static int the_data;
static struct http_request *the_request;
static int destroys = 1;
static char parameter[100];
static void (*within)(struct http_request *, char);

static void stage(struct http_request *request, char what)
{
    tell(what);
    if (within != NULL) {
        within(request, what);
    }
}

static void on_part(struct http_request *request, const char *bytes, size_t length, int event, void *data)
{
    CHECK(data == &the_data);
    CHECK((bytes != NULL) == (event == YOLANDA_HTTP_BODY_PART));
    (void)length;
    stage(request, event == YOLANDA_HTTP_BODY_PART ? 'p' : event == YOLANDA_HTTP_BODY_COMPLETE ? 'C' : 'X');
}

static void on_destroy(void *data)
{
    CHECK(data == &the_data);
    CHECK(yolanda_http_request_stream_data(the_request) == NULL);
    CHECK_INT(errno, ENOENT);
    http_request_reset(the_request);
    stage(NULL, 'd');
}

static void keep_parameter(struct http_request *request)
{
    const char *name = yolanda_http_request_param(request, "name");
    snprintf(parameter, sizeof parameter, "%s", name != NULL ? name : "-");
}

/* Streams the body. */
static void on_stream(struct http_request *request, void *data)
{
    CHECK(data == &the_data);
    the_request = request;
    keep_parameter(request);
    REFUSED(yolanda_http_request_set_stream_destroy(request, on_destroy), ENOENT);
    CHECK_INT(yolanda_http_request_stream_body(request, on_part, data, limit), 0);
    if (destroys) {
        CHECK_INT(yolanda_http_request_set_stream_destroy(request, on_destroy), 0);
    }
    stage(request, 'h');
}

static void on_other_head(struct http_request *request, void *data)
{
    CHECK(data == &heads);
    keep_parameter(request);
    heads++;
}

static struct http_response *kept;

static void on_name(struct http_request *request, struct http_response *response, void *data)
{
    CHECK(data == &on_name);
    CHECK(yolanda_http_request_stream_data(request) == &the_data);
    CHECK_TEXT(yolanda_http_request_param(request, "name"), parameter);
    CHECK_INT(yolanda_http_response_set_status(response, 200, NULL), 0);
    CHECK_INT(yolanda_http_response_set_body(response, "stored", 6), 0);
    stage(request, 'a');
    if (strcmp(parameter, "later") == 0) {
        kept = yolanda_http_response_defer(response);
        NEED(kept != NULL);
    }
}

static void on_plain(struct http_request *request, struct http_response *response, void *data)
{
    (void)data;
    CHECK(yolanda_http_request_stream_data(request) == NULL);
    CHECK_INT(yolanda_http_response_set_status(response, 200, NULL), 0);
    CHECK_INT(yolanda_http_response_set_body(response, "next", 4), 0);
}

static void serve_names(void)
{
    story[0] = parameter[0] = '\0';
    heads = 0;
    loop = NULL;
    make_http(NULL);
    CHECK_INT(yolanda_http_server_route(http, "GET", "/next", on_plain, NULL, NULL), 0);
    CHECK_INT(yolanda_http_server_route(http, "PUT", "/files/:name", on_name, on_name, NULL), 0);
    CHECK_INT(yolanda_http_server_route(http, "GET", "/files/:name", on_name, on_name, NULL), 0);
    CHECK_INT(yolanda_http_server_route(http, "*", "/any/:name", on_plain, NULL, NULL), 0);
    CHECK_INT(yolanda_http_server_set_head_callback(http, on_other_head, &heads), 0);
    CHECK_INT(yolanda_http_server_set_route_head_callback(http, "PUT", "/files/:name", on_stream, &the_data), 0);
    CHECK_INT(yolanda_http_server_set_route_head_callback(http, "GET", "/files/:other", on_stream, &the_data), 0);
    CHECK_INT(yolanda_http_server_start(http), 0);
}

static void has_story(const char *text)
{
    CHECK_TEXT(story, text);
    story[0] = '\0';
}

CASE(of_a_route_that_is_there)
{
    REFUSED(yolanda_http_server_set_route_head_callback(NULL, "GET", "/", on_stream, NULL), EINVAL);
    serve_names();
    REFUSED(yolanda_http_server_set_route_head_callback(http, "PUT", "/files/:name", on_stream, NULL), EBUSY);
    finish();
    loop = NULL;
    make_http(NULL);
    CHECK_INT(yolanda_http_server_route(http, NULL, "/a/:b", on_plain, NULL, NULL), 0);
    REFUSED(yolanda_http_server_set_route_head_callback(http, "GET", "/a/:b", on_stream, NULL), ENOENT);
    REFUSED(yolanda_http_server_set_route_head_callback(http, NULL, "/a", on_stream, NULL), ENOENT);
    REFUSED(yolanda_http_server_set_route_head_callback(http, NULL, NULL, on_stream, NULL), EINVAL);
    REFUSED(yolanda_http_server_set_route_head_callback(http, NULL, "a", on_stream, NULL), EINVAL);
    REFUSED(yolanda_http_server_set_route_head_callback(http, "G T", "/a/:b", on_stream, NULL), EINVAL);
    CHECK_INT(yolanda_http_server_set_route_head_callback(http, "*", "/a/:c", on_stream, NULL), 0);
    CHECK_INT(yolanda_http_server_set_route_head_callback(http, NULL, "/a/:b", NULL, NULL), 0);
    CHECK_INT(yolanda_http_server_start(http), 0);
    CHECK_TEXT(body_of(exchange("PUT /a/1 HTTP/1.1\r\n" LAST "\r\n")), "next");
    CHECK_TEXT(story, "");
    finish();
}

CASE(a_route_knows_its_parameters)
{
    serve_names();
    CHECK_TEXT(body_of(exchange("PUT /files/a%20b HTTP/1.1\r\n" LAST "Content-Length: 2\r\n\r\nhi")), "stored");
    CHECK_TEXT(parameter, "a b");
    has_story("hpCad");
    CHECK_TEXT(body_of(exchange("PUT /any/7 HTTP/1.1\r\n" LAST "Content-Length: 2\r\n\r\nhi")), "next");
    CHECK_TEXT(parameter, "7");
    CHECK_INT(heads, 1);
    has_story("");
    finish();
}

/* They have their final call and their handler, however they say that they are empty. */
CASE(empty_bodies)
{
    static const char *const asks[] = {
        "PUT /files/a HTTP/1.1\r\n" LAST "Content-Length: 0\r\n\r\n",
        "PUT /files/a HTTP/1.1\r\n" LAST "\r\n",
        "PUT /files/a HTTP/1.1\r\n" LAST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "PUT /files/a HTTP/1.1\r\n" LAST "Expect: 100-continue\r\n\r\n",
        "PUT /files/a HTTP/1.0\r\n\r\n",
        "GET /files/a HTTP/1.1\r\n" LAST "\r\n",
    };
    serve_names();
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        CHECK_TEXT(body_of(exchange(asks[i])), "stored");
        has_story("hCad");
    }
    CHECK(strstr(exchange("PUT /files/a HTTP/1.1\r\nHost: a\r\n\r\nGET /files/a HTTP/1.1\r\nHost: a\r\n\r\n" AND_NEXT),
                 "next") != NULL);
    has_story("hCadhCad");
    CHECK_INT(heads, 0);
    finish();
}

/* The server's own callback is there for what has a body as a rule. */
CASE(empty_bodies_of_the_server)
{
    static const struct {
        const char *ask;
        int heads;
    } rows[] = {
        { "GET /any/a HTTP/1.1\r\n" LAST "\r\n", 0 },
        { "DELETE /any/a HTTP/1.1\r\n" LAST "\r\n", 0 },
        { "GET /any/a HTTP/1.1\r\n" LAST "Content-Length: 0\r\n\r\n", 1 },
        { "DELETE /any/a HTTP/1.1\r\n" LAST "Content-Length: 1\r\n\r\n!", 1 },
        { "POST /any/a HTTP/1.1\r\n" LAST "\r\n", 1 },
        { "PATCH /any/a HTTP/1.1\r\n" LAST "\r\n", 1 },
    };
    serve_names();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        heads = 0;
        CHECK_TEXT(body_of(exchange(rows[i].ask)), "next");
        CHECK_INT(heads, rows[i].heads);
    }
    finish();
}

/* Nor is there a body without a callback: nothing is allocated for it. */
CASE(nobody_is_asked_about_what_isnt_served)
{
    static const struct {
        const char *ask;
        int status;
    } rows[] = {
        { "POST /files/a HTTP/1.1\r\n" LAST "Content-Length: 2\r\n\r\nhi", 405 },
        { "POST /files/a HTTP/1.1\r\n" LAST "\r\n", 405 },
        { "PUT /none HTTP/1.1\r\n" LAST "Content-Length: 2\r\n\r\nhi", 404 },
        { "PUT /none HTTP/1.1\r\n" LAST "\r\n", 404 },
        { "PUT /%zz HTTP/1.1\r\n" LAST "Content-Length: 2\r\n\r\nhi", 400 },
        { "OPTIONS /files/a HTTP/1.1\r\n" LAST "Content-Length: 2\r\n\r\nhi", 204 },
    };
    serve_names();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *answer = exchange(rows[i].ask);
        CHECK_INT(status_of(answer), rows[i].status);
        CHECK((header_of(answer, "Allow") != NULL) == (rows[i].status == 405 || rows[i].status == 204));
        CHECK_INT(heads, 0);
        has_story("");
    }
    finish();
}

static struct tcp_connection *paused;

static void pause_in_head(struct http_request *request, char what)
{
    if (what == 'h') {
        paused = yolanda_http_request_connection(request);
        CHECK_INT(yolanda_connection_pause(paused), 0);
    }
}

CASE(an_empty_body_waits)
{
    within = pause_in_head;
    serve_names();
    for (int i = 0; i < 2; i++) {
        int fd = begin_request(i ? "PUT /files/a HTTP/1.1\r\n" LAST "\r\n"
                                 : "PUT /files/a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n" AND_NEXT);
        UNTIL(story[0] == 'h');
        passes(loop, 5);
        CHECK_TEXT(story, "h");
        CHECK_INT(yolanda_connection_resume(paused), 0);
        CHECK(strstr(rest_of(fd), i ? "stored" : "next") != NULL);
        has_story("hCad");
    }
    /* Its client goes meanwhile. */
    int fd = begin_request("PUT /files/a HTTP/1.1\r\n" LAST "\r\n");
    UNTIL(story[0] == 'h');
    finish();
    close(fd);
    has_story("hXd");
}

/* Refusals. */

static void refuse_with_more(struct http_request *request, void *data)
{
    struct http_response *response = yolanda_http_request_refuse_with(request, 401);
    (void)data;
    NEED(response != NULL);
    CHECK_INT(response->statusCode, 401);
    CHECK(yolanda_http_request_refuse_with(request, 401) == NULL);
    CHECK_INT(errno, EALREADY);
    REFUSED(yolanda_http_request_refuse(request, 401), EALREADY);
    CHECK(yolanda_http_response_defer(response) == NULL);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(yolanda_http_response_add_header(response, "WWW-Authenticate", "Basic realm=\"a\""), 0);
    CHECK_INT(yolanda_http_response_set_content_type(response, "application/json"), 0);
    CHECK_INT(yolanda_http_response_set_body(response, "{}", 2), 0);
}

static void serve_refusing(yolanda_http_head_callback callback)
{
    loop = NULL;
    make_http(NULL);
    CHECK_INT(yolanda_http_server_route(http, "GET", "/next", on_plain, NULL, NULL), 0);
    CHECK_INT(yolanda_http_server_route(http, "*", "/", on_plain, NULL, NULL), 0);
    CHECK_INT(yolanda_http_server_set_route_head_callback(http, "*", "/", callback, NULL), 0);
    CHECK_INT(yolanda_http_server_set_access_log(http, on_access, NULL), 0);
    CHECK_INT(yolanda_http_server_start(http), 0);
}

static void is_refusal(const char *answer, const char *text, int closes)
{
    CHECK_INT(status_of(answer), 401);
    CHECK_TEXT(header_of(answer, "WWW-Authenticate"), "Basic realm=\"a\"");
    CHECK_TEXT(header_of(answer, "Content-Type"), "application/json");
    CHECK_TEXT(header_of(answer, "Content-Length"), "2");
    CHECK_TEXT(header_of(answer, "Connection"), closes ? "close" : "Keep-Alive");
    CHECK(strncmp(body_of(answer), text, strlen(text)) == 0);
    CHECK_INT(last_status, closes ? 401 : 200);
}

CASE(refused_with_an_answer)
{
    CHECK(yolanda_http_request_refuse_with(NULL, 400) == NULL);
    CHECK_INT(errno, EINVAL);
    struct http_request *own = http_request_new();
    CHECK(yolanda_http_request_refuse_with(own, 400) == NULL);
    CHECK_INT(errno, EPERM);
    http_request_clear(own);
    serve_refusing(refuse_with_more);
    /* What follows the body isn't served. */
    const char *answer = exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi" AND_NEXT);
    is_refusal(answer, "{}", 1);
    CHECK(strstr(answer, "next") == NULL);
    is_refusal(exchange("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n\r\n"), "{}", 1);
    CHECK_INT(entries, 2);
    /* Without a body nothing has to end. */
    answer = exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n" AND_NEXT);
    is_refusal(answer, "{}", 0);
    CHECK(strstr(answer, "next") != NULL);
    answer = exchange("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" AND_NEXT);
    is_refusal(answer, "HTTP/1.1 200", 0);
    CHECK_INT(entries, 6);
    struct yolanda_http_stats stats;
    CHECK_INT(yolanda_http_server_get_stats(http, &stats, sizeof stats), 0);
    CHECK_INT(stats.requests, 2);
    CHECK_INT(stats.responses_4xx, 4);
    finish();
}

static void stream_and_refuse(struct http_request *request, void *data)
{
    on_stream(request, &the_data);
    (void)data;
    CHECK_INT(yolanda_http_request_refuse(request, 409), 0);
}

CASE(streamed_and_refused)
{
    serve_refusing(stream_and_refuse);
    const char *answer = exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    CHECK_INT(status_of(answer), 409);
    CHECK_TEXT(body_of(answer), "Conflict");
    has_story("hXd");
    CHECK(strstr(exchange("POST / HTTP/1.1\r\nHost: a\r\n\r\n" AND_NEXT), "next") != NULL);
    has_story("hXd");
    finish();
}

static void refuse_and_close(struct http_request *request, void *data)
{
    refuse_with_more(request, data);
    CHECK_INT(yolanda_connection_close(yolanda_http_request_connection(request)), 0);
}

/* The next request has nothing of the refusal. */
CASE(refused_and_closed)
{
    serve_refusing(refuse_and_close);
    int fd = begin_request("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    CHECK_TEXT(rest_of(fd), "");
    const char *answer = exchange(AND_NEXT);
    CHECK_TEXT(body_of(answer), "next");
    CHECK(header_of(answer, "WWW-Authenticate") == NULL);
    finish();
}

/* What frees. */

#define PUT_TWO "PUT /files/a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"

static void reset_request(struct http_request *request, char what)
{
    if (what == 'a') {
        http_request_reset(request);
        CHECK(yolanda_http_request_stream_data(request) == NULL);
        tell('r');
    }
}

static struct tcp_connection *to_close;

static void close_at(struct http_request *request, char what)
{
    if (request != NULL) {
        to_close = yolanda_http_request_connection(request);
    }
    if (what == parameter[0]) {
        CHECK_INT(yolanda_connection_close(to_close), 0);
    }
}

static void run_the_loop(struct http_request *request, char what)
{
    (void)request;
    if (what == 'd') {
        passes(loop, 3);
    }
}

CASE(destroyed_once)
{
    serve_names();
    CHECK(strstr(exchange(PUT_TWO PUT_TWO AND_NEXT), "next") != NULL);
    has_story("hpCadhpCad");
    limit = 1;
    CHECK_INT(status_of(exchange(PUT_TWO)), 413);
    has_story("hXd");
    CHECK_INT(status_of(exchange("PUT /files/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n")),
              413);
    has_story("hpXd");
    limit = 0;
    int fd = begin_request("PUT /files/a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nhi");
    UNTIL(strcmp(story, "hp") == 0);
    close(fd);
    UNTIL(strchr(story, 'd') != NULL);
    has_story("hpXd");
    within = reset_request;
    CHECK(strstr(exchange(PUT_TWO AND_NEXT), "next") != NULL);
    has_story("hpCadr");
    within = run_the_loop;
    CHECK(strstr(exchange(PUT_TWO AND_NEXT), "next") != NULL);
    has_story("hpCad");
    within = NULL;
    fd = begin_request("PUT /files/a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nhi");
    UNTIL(strcmp(story, "hp") == 0);
    finish();
    close(fd);
    has_story("hpXd");
}

/* Without one, all is as it was. */
CASE(not_destroyed)
{
    destroys = 0;
    serve_names();
    CHECK(strstr(exchange(PUT_TWO AND_NEXT), "next") != NULL);
    has_story("hpCa");
    finish();
}

/* At each stage; `d`, the place that frees, is reached from all of them. */
CASE(destroyed_where_the_connection_is_closed)
{
    static const char *const rows[][2] = { { "h", "hXd" }, { "p", "hpXd" }, { "C", "hpCd" }, { "a", "hpCad" }, { "d", "hpCad" } };
    within = close_at;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[200];
        serve_names();
        snprintf(text, sizeof text, "PUT /files/%s HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi" AND_NEXT, rows[i][0]);
        int fd = begin_request(text);
        CHECK(strstr(rest_of(fd), "next") == NULL);
        UNTIL(strchr(story, 'd') != NULL);
        has_story(rows[i][1]);
        finish();
        has_story("");
    }
}

CASE(destroyed_behind_an_answer_that_is_given_later)
{
    serve_names();
    int fd = begin_request("PUT /files/later HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi" AND_NEXT);
    UNTIL(kept != NULL);
    passes(loop, 3);
    CHECK_TEXT(story, "hpCa");
    CHECK_INT(yolanda_http_response_set_status(kept, 200, NULL), 0);
    CHECK_INT(yolanda_http_response_send(kept), 0);
    CHECK(strstr(rest_of(fd), "next") != NULL);
    UNTIL(strchr(story, 'd') != NULL);
    has_story("hpCad");
    /* Its loop has gone by then. */
    kept = NULL;
    fd = begin_request("PUT /files/later HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    UNTIL(kept != NULL);
    finish();
    close(fd);
    CHECK_TEXT(story, "hpCa");
    REFUSED(yolanda_http_response_send(kept), ENOTCONN);
    has_story("hpCad");
}
