/* http.h - HTTP servers: routes, answers at once, later and in parts, uploads, files, the access log. */
#ifndef HTTP_H
#define HTTP_H

#include "tcp.h"

static char folder[64]; /* with "small" and "large" */

/* --- the life of what is given to the library -------------------------------- */

struct route_record {
    struct server_record *server;
    atomic_int destroyed;
};
LIST(route_record, routes, 2000)

static void on_route_gone(void *data)
{
    struct route_record *record = data;
    CHECK(atomic_fetch_add(&record->destroyed, 1) == 0);
    CHECK(record->server->life == FREED);
}

struct upload_record {
    int cut, complete, handled, owed;
    atomic_int destroyed;
    size_t size;
};
LIST(upload_record, uploads, 6000)

static void on_upload_gone(void *data)
{
    struct upload_record *record = data;
    CHECK(record->owed && record->cut + record->complete == 1);
    CHECK(atomic_fetch_add(&record->destroyed, 1) == 0);
}

/* The user data of a connection of HTTP, and references to it. */
struct link_record {
    struct tcp_connection *conn;
    int refs, elsewhere;
    atomic_int destroyed;
};
LIST(link_record, links, 6000)

static void on_link_gone(void *data)
{
    struct link_record *record = data;
    CHECK(atomic_fetch_add(&record->destroyed, 1) == 0);
    CHECK(record->refs == 0);
}

/* The record of a connection on its own thread, made when it is first needed. */
static struct link_record *link_of(struct tcp_connection *conn, struct server_record *server)
{
    struct link_record *record = conn == NULL ? NULL : yolanda_connection_user_data(conn);
    if (conn == NULL || record != NULL || links_full() || (record = links_add()) == NULL) {
        return record;
    }
    record->conn = conn;
    record->elsewhere = server->threads > 0;
    if (yolanda_connection_set_user_data(conn, record, on_link_gone) < 0) {
        CHECK(errno == ENOTCONN);
        record->conn = NULL;
        atomic_store(&record->destroyed, 1);
        return NULL;
    }
    return record;
}

/* On its thread; it is live or retained. */
static void link_act(struct link_record *record)
{
    struct tcp_connection *conn = record->conn;
    errno = 0;
    switch (below(12)) {
    case 0:
        yolanda_connection_pause(conn);
        break;
    case 1:
    case 2:
    case 3:
        yolanda_connection_resume(conn);
        break;
    case 4:
        if (one_in(4)) {
            CHECK(yolanda_connection_close(conn) == 0 || errno == ENOTCONN);
        }
        break;
    case 5:
        if (one_in(4)) {
            CHECK(yolanda_connection_close_after_send(conn, below(50)) == 0 || errno == ENOTCONN);
        }
        break;
    case 6:
        if (one_in(4)) {
            tcp_connection_shutdown(conn);
        }
        break;
    case 7:
        if (!record->elsewhere) {
            CHECK(yolanda_connection_retain(conn) == conn);
            record->refs++;
        }
        break;
    default:
        if (record->refs > 0) {
            record->refs--;
            RETURNS(yolanda_connection_release(conn), 0, 0);
        }
    }
}

static void link_change(void)
{
    struct link_record *record = links_any(8);
    if (record != NULL && record->refs > 0) {
        link_act(record);
    }
}

/* --- requests and responses --------------------------------------------------- */

/* Reads all of a request, so that the sanitizer finds freed memory. */
static void look_at(struct http_request *request)
{
    size_t length;
    volatile size_t sum = strlen(request->method) + strlen(request->url) + strlen(request->version);
    const char *body = yolanda_http_request_body(request, &length), *path = yolanda_http_request_path(request);
    for (size_t i = 0; i < length; i += 100) {
        sum += (unsigned char)body[i];
    }
    for (int i = 0; i < request->request_headers_number; i++) {
        sum += strlen(request->request_headers[i].key) + strlen(request->request_headers[i].value);
    }
    sum += path != NULL ? strlen(path) : 0;
    (void)sum;
    yolanda_http_request_query(request, "q");
    yolanda_http_request_query_count(request);
    yolanda_http_request_header_at(request, "host", 0);
    yolanda_http_request_param(request, "id");
}

static const char *filler(void)
{
    static char bytes[200000];
    if (bytes[0] == 0) {
        memset(bytes, 'f', sizeof bytes);
    }
    return bytes;
}

static void fill_in(struct http_response *response)
{
    switch (below(7)) {
    case 0:
        yolanda_http_response_set_status(response, 200 + (int)below(400), NULL);
        break;
    case 1:
        yolanda_http_response_add_header(response, one_in(10) ? "Connection" : "X-Y", "close");
        break;
    case 2:
        yolanda_http_response_set_content_type(response, "text/plain");
        break;
    case 3: {
        char name[100];
        snprintf(name, sizeof name, "%s/%s", folder, one_in(2) ? "small" : "large");
        int fd = open(name, O_RDONLY | O_CLOEXEC);
        NEED(fd >= 0);
        if (yolanda_http_response_set_file(response, fd, 0, -1) < 0) {
            close(fd);
        }
        break;
    }
    case 4:
        response->statusCode = OK;
        response->statusMessage = "OK";
        response->contentType = "text/plain";
        response->body = "the course\n";
        break;
    default:
        yolanda_http_response_set_status(response, 200, NULL);
        yolanda_http_response_set_body(response, filler(), one_in(4) ? below(200000) : below(500));
    }
}

/* A deferred response. With a stream callback it is the connection's thread's, else the main thread's. */
struct later_record {
    struct http_response *response;
    struct http_request *request;
    struct server_record *server;
    int elsewhere; /* its connection is another thread's */
    int begun, streams;
    atomic_int handed; /* it is the main thread's */
    atomic_int sent; /* 1: being sent, 2: it was sent */
    int closed; /* YOLANDA_HTTP_CLOSED has come */
    int told, tells; /* how far the client's end was told; whether it is to be */
    int owed;   /* it has to come, if the response isn't sent before */
};
LIST(later_record, laters, 6000)

static int threads_gone; /* all servers have been freed */

static int later_is_mine(struct later_record *record)
{
    return record != NULL && (threads_gone || atomic_load(&record->handed)) &&
           record->response != NULL && !atomic_load(&record->sent);
}

static void later_send(struct later_record *record)
{
    atomic_store(&record->sent, 1);
    errno = 0;
    int result = yolanda_http_response_send(record->response);
    CHECK(result == 0 || errno == ENOTCONN);
    atomic_store(&record->sent, 2);
}

static void on_stream(struct http_response *response, int event, void *data);
static void on_client_gone(struct http_response *response, int event, void *data);

static void later_act(struct later_record *record, int own_thread)
{
    struct http_response *response = record->response;
    errno = 0;
    switch (below(15)) {
    case 0:
    case 1:
        fill_in(response);
        break;
    case 2:
        look_at(record->request);
        break;
    case 3:
    case 4:
        if (yolanda_http_response_begin(response, one_in(4) ? 1000 : -1) == 0) {
            record->begun = 1;
        }
        break;
    case 5:
    case 6:
    case 7:
        yolanda_http_response_write(response, filler(), one_in(6) ? below(200000) : below(1000));
        break;
    case 8:
        if (own_thread && !record->closed) {
            int open = yolanda_http_response_is_open(response);
            RETURNS(yolanda_http_response_set_stream_callback(response, on_stream, record), 0, 0);
            record->streams = 1;
            record->owed |= open;
        }
        break;
    case 9:
        if (own_thread && !record->elsewhere && one_in(4)) {
            RETURNS(yolanda_http_response_set_stream_callback(response, NULL, NULL), 0, 0);
            record->streams = record->owed = 0;
        }
        break;
    case 10:
        if (own_thread && !record->told) {
            record->tells = one_in(2);
            RETURNS(yolanda_http_response_set_closed_callback(response, record->tells ? on_client_gone : NULL, record),
                    0, 0);
        }
        break;
    case 13:
        CHECK(yolanda_http_response_is_open(response) >= 0);
        yolanda_http_response_queued(response);
        break;
    case 11:
    case 12:
        later_send(record);
        break;
    default:
        break;
    }
}

static void on_stream(struct http_response *response, int event, void *data)
{
    struct later_record *record = data;
    CHECK(record->response == response);
    if (atomic_load(&record->sent)) {
        fail("the stream callback comes behind the send, event %d", event);
        return;
    }
    CHECK(record->streams);
    CHECK(record->closed == 0);
    CHECK(record->elsewhere || on_main());
    if (event == YOLANDA_HTTP_CLOSED) {
        record->closed = 1;
        if (record->elsewhere) {
            later_send(record); /* nobody else is going to */
            return;
        }
    } else {
        CHECK(event == YOLANDA_HTTP_WRITABLE);
    }
    for (unsigned n = 1 + below(3); n > 0 && !atomic_load(&record->sent); n--) {
        later_act(record, 1);
        if (one_in(3)) {
            act(NULL);
        }
    }
}

static void on_client_gone(struct http_response *response, int event, void *data)
{
    struct later_record *record = data;
    int sent = atomic_load(&record->sent);
    /* What another thread sends may be told of until that has returned. */
    CHECK(record->response == response && (sent == 0 || (sent == 1 && record->elsewhere)) && record->tells);
    /* First the end of its side, then all of it, each once. */
    int now = event == YOLANDA_HTTP_CLOSED ? 2 : 1;
    CHECK(event == YOLANDA_HTTP_CLOSED || event == YOLANDA_HTTP_HALF_CLOSED);
    CHECK(record->told < now);
    record->told = now;
    if (!record->elsewhere) {
        later_act(record, 1);
        act(NULL);
    }
}

static void later_change(void)
{
    struct later_record *record = laters_any(12);
    if (later_is_mine(record)) {
        later_act(record, !record->elsewhere);
    }
}

static void on_send(struct event_loop *loop, void *data)
{
    struct later_record *record = data;
    (void)loop;
    if (later_is_mine(record)) {
        later_send(record);
    }
}

/* Whether the request isn't the handler's any more: the response has been sent, or another thread may send it. */
static int has_gone(struct later_record *record)
{
    return record != NULL && (atomic_load(&record->sent) || (record->elsewhere && atomic_load(&record->handed)));
}

/* Defers the response; NULL if that fails. */
static struct later_record *defer(struct http_request *request, struct http_response *response, struct server_record *server)
{
    struct later_record *record = laters_full() ? NULL : laters_add();
    if (record == NULL) {
        return NULL;
    }
    record->server = server;
    record->request = request;
    record->elsewhere = server->threads > 0;
    struct http_response *later = yolanda_http_response_defer(response);
    if (later == NULL) {
        return NULL;
    }
    CHECK(yolanda_http_response_defer(response) == NULL);
    record->response = later;
    if (!record->elsewhere) {
        atomic_store(&record->handed, 1);
        /* Sent by whichever comes first, within the handler if that runs the loop. */
        if (one_in(3)) {
            CHECK(yolanda_loop_post(here, on_send, record) == 0 || errno == ESHUTDOWN);
        }
        if (one_in(3) && nesting < 4) {
            run_here();
        }
        for (unsigned n = below(4); n > 0 && !atomic_load(&record->sent); n--) {
            later_act(record, 1);
            if (one_in(4)) {
                act(NULL);
            }
        }
        return record;
    }
    for (unsigned n = below(4); n > 0 && !atomic_load(&record->sent); n--) {
        later_act(record, 1);
    }
    if (!record->streams && !atomic_load(&record->sent)) {
        atomic_store(&record->handed, 1);
    }
    return record;
}

static void answer(struct http_request *request, struct http_response *response, struct server_record *server)
{
    CHECK(!server->gone);
    look_at(request);
    struct upload_record *upload = yolanda_http_request_stream_data(request);
    if (upload != NULL) {
        CHECK(upload->complete && !upload->cut && upload->handled++ == 0);
        CHECK(atomic_load(&upload->destroyed) == 0);
    }
    struct tcp_connection *conn = yolanda_http_request_connection(request);
    struct link_record *link = one_in(2) ? link_of(conn, server) : NULL;
    struct later_record *later = NULL;
    for (unsigned n = below(4); n > 0 && !has_gone(later); n--) {
        switch (below(6)) {
        case 0:
        case 1:
            fill_in(response);
            break;
        case 2:
            if (link != NULL && !link->elsewhere && atomic_load(&link->destroyed) == 0) {
                /* Within its request the connection is there, in whatever state. */
                link_act(link);
            }
            break;
        case 3:
            act(NULL);
            break;
        default:
            if (later == NULL) {
                later = defer(request, response, server);
            }
        }
    }
    if (!has_gone(later)) {
        look_at(request);
    }
}

static void on_route(struct http_request *request, struct http_response *response, void *data)
{
    struct route_record *record = data;
    CHECK(atomic_load(&record->destroyed) == 0);
    here = yolanda_http_request_connection(request)->eventLoop;
    answer(request, response, record->server);
}

/* The course's callback has no data: by the connection's. */
static int on_request(struct http_request *request, struct http_response *response)
{
    struct tcp_connection *conn = yolanda_http_request_connection(request);
    struct server_record *server = NULL;
    char text[128];
    NEED(conn != NULL);
    here = conn->eventLoop;
    if (yolanda_connection_local(conn, text, sizeof text) == 0) {
        server = atomic_load(&server_of_port[atoi(strrchr(text, ':') + 1)]);
    }
    if (server != NULL) {
        answer(request, response, server);
    } else {
        fill_in(response);
    }
    return 0;
}

/* --- uploads ------------------------------------------------------------------ */

static void on_part(struct http_request *request, const char *bytes, size_t length, int event, void *data)
{
    struct upload_record *record = data;
    CHECK(!record->cut && !record->complete);
    if (event == YOLANDA_HTTP_BODY_PART) {
        CHECK(length > 0);
        volatile int sum = bytes[0] + bytes[length - 1];
        (void)sum;
        record->size += length;
    } else {
        CHECK(bytes == NULL && length == 0);
        record->complete = event == YOLANDA_HTTP_BODY_COMPLETE;
        record->cut = event == YOLANDA_HTTP_BODY_CUT;
    }
    struct tcp_connection *conn = yolanda_http_request_connection(request);
    here = conn->eventLoop;
    switch (below(8)) {
    case 0:
        yolanda_connection_pause(conn);
        break;
    case 1:
        yolanda_connection_resume(conn);
        break;
    case 2:
        if (one_in(4)) {
            yolanda_connection_close(conn);
        }
        break;
    case 3:
    case 4:
        act(NULL);
        break;
    default:
        break;
    }
}

static void on_head(struct http_request *request, void *data)
{
    struct server_record *server = data;
    look_at(request);
    here = yolanda_http_request_connection(request)->eventLoop;
    if (one_in(6)) {
        act(NULL);
    }
    if (one_in(2)) {
        struct link_record *link = link_of(yolanda_http_request_connection(request), server);
        if (link != NULL && one_in(4)) {
            link_act(link);
        }
    }
    if (one_in(2)) {
        struct upload_record *record = uploads_full() ? NULL : uploads_add();
        if (record != NULL) {
            errno = 0;
            if (yolanda_http_request_stream_body(request, on_part, record, one_in(4) * 1000) < 0) {
                record->cut = 1;
            } else if (one_in(2)) {
                record->owed = 1;
                RETURNS(yolanda_http_request_set_stream_destroy(request, on_upload_gone), 0, 0);
            }
        }
    } else if (one_in(6)) {
        yolanda_http_request_refuse(request, 400 + (int)below(100));
    } else if (one_in(6)) {
        struct http_response *response = yolanda_http_request_refuse_with(request, 400 + (int)below(100));
        if (response != NULL && one_in(2)) {
            yolanda_http_response_add_header(response, "X-Y", "z");
            yolanda_http_response_set_body(response, filler(), below(5000));
        }
    }
    if (one_in(6)) {
        act(NULL);
    }
}

/* --- the access log ------------------------------------------------------------ */

static void on_access(const struct yolanda_http_access *entry, void *data)
{
    struct server_record *server = data;
    char line[300];
    CHECK(!server->gone);
    CHECK(yolanda_http_access_line(entry, line, sizeof line) > 0);
    if (entry->request != NULL && entry->method != NULL && entry->request->method != NULL) {
        look_at(entry->request);
    }
    CHECK(yolanda_connection_id(entry->connection) != 0);
    if (one_in(8)) {
        yolanda_connection_close(entry->connection);
    }
    if (one_in(3)) {
        act(NULL);
    }
}

/* --- servers ------------------------------------------------------------------- */

static void http_new(void)
{
    static const struct {
        const char *method, *pattern;
    } some[] = { { "POST", "/r" }, { "GET", "/r/:id" }, { "GET", "/r" }, { "*", "/all/*" }, { "PUT", "/r/:id" } };
    struct loop_record *owner = any_loop();
    struct server_record *record = ending || owner == NULL || servers_full() ? NULL : servers_add();
    if (record == NULL) {
        return;
    }
    record->owner = owner;
    record->threads = most_threads > 0 ? (int)below(most_threads + 1) : 0;
    struct http_server *http;
    if (one_in(4)) {
        http = http_server_new(owner->loop, 0, on_request, record->threads);
    } else {
        http = yolanda_http_server_new(owner->loop, "127.0.0.1:0", one_in(4) ? NULL : on_request, record->threads);
    }
    NEED(http != NULL);
    record->http = http;
    record->server = http->tcpServer;
    int route_of[SIZE(some)];
    for (unsigned i = 0; i < SIZE(some); i++) {
        struct route_record *route = one_in(4) ? NULL : routes_add();
        route_of[i] = route != NULL;
        if (route != NULL) {
            route->server = record;
            RETURNS(yolanda_http_server_route(http, some[i].method, some[i].pattern, on_route, route,
                                              on_route_gone), 0, 0);
        }
    }
    if (one_in(2)) {
        struct yolanda_http_files *files = yolanda_http_files_new(folder, one_in(2) ? YOLANDA_HTTP_FILES_LINKS : 0);
        NEED(files != NULL);
        RETURNS(yolanda_http_files_set_index(files, "small"), 0, 0);
        RETURNS(yolanda_http_files_set_max_age(files, (int)below(100) - 1), 0, 0);
        RETURNS(yolanda_http_server_files(http, "/files/", files), 0, 0);
        RETURNS(yolanda_http_files_free(files), 0, 0);
    }
    if (one_in(2)) {
        RETURNS(yolanda_http_server_set_head_callback(http, on_head, record), 0, 0);
    }
    if (one_in(2) && route_of[0]) {
        RETURNS(yolanda_http_server_set_route_head_callback(http, some[0].method, some[0].pattern, on_head, record), 0,
                0);
    }
    if (one_in(3)) {
        RETURNS(yolanda_http_server_set_body_rate(http, 1 + below(60), one_in(2) * 1000), 0, 0);
    }
    if (one_in(3)) {
        RETURNS(yolanda_http_server_set_max_body_memory(http, 1000 + below(100000)), 0, 0);
    }
    if (one_in(2)) {
        RETURNS(yolanda_http_server_set_access_log(http, on_access, record), 0, 0);
    }
    if (one_in(2)) {
        RETURNS(yolanda_http_server_set_deadlines(http, one_in(2) * (1 + below(60)), one_in(2) * (1 + below(60)),
                                                  one_in(2) * (1 + below(60)), one_in(2) * (1 + below(60)),
                                                  one_in(2) * (1 + below(60))), 0, 0);
    }
    if (one_in(3)) {
        RETURNS(yolanda_http_server_set_limits(http, 100, 1000, 10, 3000), 0, 0);
    }
    if (one_in(4)) {
        RETURNS(yolanda_http_server_set_max_requests(http, (int)below(5)), 0, 0);
    }
    if (one_in(3)) {
        RETURNS(yolanda_server_set_thread_hooks(record->server, on_thread_start, on_thread_stop, record), 0, 0);
    }
    RETURNS(yolanda_http_server_start(http), 0, 0);
    server_started(record);
    tell("http server on %s, %d threads", record->address, record->threads);
}

static void http_change(void)
{
    struct server_record *record = servers_any(6);
    if (record != NULL && record->http != NULL && record->life == LIVE) {
        struct yolanda_http_stats stats;
        RETURNS(yolanda_http_server_get_stats(record->http, &stats, sizeof stats), 0, 0);
    }
}

/* --- at the end ------------------------------------------------------------------ */

static void http_let_go(void)
{
    struct later_record *later;
    struct link_record *link;
    for EACH (laters, later) {
        if (later_is_mine(later)) {
            if (one_in(2)) {
                look_at(later->request);
            }
            later_send(later);
        }
    }
    for EACH (links, link) {
        while (link->refs > 0) {
            link->refs--;
            RETURNS(yolanda_connection_release(link->conn), 0, 0);
        }
    }
}

static void check_http(void)
{
    struct route_record *route;
    struct upload_record *upload;
    struct link_record *link;
    for EACH (routes, route) {
        CHECK(atomic_load(&route->destroyed) == 1);
    }
    for EACH (uploads, upload) {
        CHECK(upload->cut + upload->complete == 1);
        CHECK(atomic_load(&upload->destroyed) == upload->owed);
    }
    for EACH (links, link) {
        CHECK(atomic_load(&link->destroyed) == 1);
    }
}

/* After all loops have gone, before the program sends what is left. */
static void check_streams(void)
{
    struct later_record *later;
    for EACH (laters, later) {
        if (later->response != NULL && !atomic_load(&later->sent) && later->owed) {
            CHECK(later->closed == 1);
        }
    }
}

#endif
