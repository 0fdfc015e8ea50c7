/*
 * A download of any size in little memory: it is generated as fast as the client reads.
 *
 *     ./download [ADDRESS]        default: localhost:43211
 *
 *     curl localhost:43211/lines/100000000 | tail -n 1       1.6 GB
 *     curl localhost:43211/lines/100000000 --limit-rate 1M -o /dev/null
 *
 * A write never blocks: data that the client doesn't read yet is queued. A program that writes everything
 * at once has all of it in memory, for each client. So we write one block, and the next one when the first
 * has been sent.
 */
#include "yolanda.h"
#include "example.h"

/* A line is its number in 15 digits, and a newline. */
enum { LINE_SIZE = 16, BLOCK_LINES = 4096 };
#define LINES_MAX 1000000000000LL

/* One per client. */
struct download {
    long long lines, next;
    size_t most_queued;
};

static void write_block(struct http_response *response, struct download *download)
{
    char block[BLOCK_LINES * LINE_SIZE + 1]; /* on the stack: the write copies it before it returns */
    size_t size = 0, queued;

    for (int i = 0; i < BLOCK_LINES && download->next < download->lines; i++)
        size += (size_t) snprintf(block + size, LINE_SIZE + 1, "%015lld\n", ++download->next);
    /* If it fails, the client has gone, and on_stream is called with YOLANDA_HTTP_CLOSED. */
    yolanda_http_response_write(response, block, size);
    queued = yolanda_http_response_queued(response);
    if (queued > download->most_queued)
        download->most_queued = queued;
}

/* Called when everything written so far has been sent, or once when the client has gone. */
static void on_stream(struct http_response *response, int event, void *data)
{
    struct download *download = data;

    if (event == YOLANDA_HTTP_WRITABLE && download->next < download->lines) {
        write_block(response, download);
        return;
    }
    printf("%lld of %lld lines, never more than %zu bytes queued%s\n", download->next, download->lines,
           download->most_queued, event == YOLANDA_HTTP_CLOSED ? ", and the client has gone" : "");
    fflush(stdout);
    /* Ends the body and frees the response, so call it even if the client has gone. */
    yolanda_http_response_send(response);
    free(download);
}

static void refuse(struct http_response *response, int status, const char *text)
{
    yolanda_http_response_set_status(response, status, NULL);
    yolanda_http_response_set_content_type(response, "text/plain");
    yolanda_http_response_set_body(response, text, strlen(text));
}

static void on_lines(struct http_request *request, struct http_response *response, void *data)
{
    const char *text = yolanda_http_request_param(request, "count");
    char *end;
    long long lines = strtoll(text, &end, 10);
    struct http_response *later;
    struct download *download;

    (void) data;
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || lines > LINES_MAX) {
        refuse(response, 400, "how many lines?\n");
        return;
    }
    download = calloc(1, sizeof(*download));
    if (download == NULL || (later = yolanda_http_response_defer(response)) == NULL) {
        free(download);
        refuse(response, 503, "no memory\n");
        return;
    }
    /* HEAD needs only the head: nothing to generate. */
    download->lines = lines;
    download->next = strcmp(request->method, "HEAD") == 0 ? lines : 0;
    yolanda_http_response_set_status(later, 200, NULL);
    yolanda_http_response_set_content_type(later, "text/plain");
    yolanda_http_response_add_header(later, "Content-Disposition", "attachment; filename=\"lines.txt\"");
    /* The head is sent now, with the length. Pass -1 if the length is unknown. */
    if (yolanda_http_response_begin(later, lines * LINE_SIZE) < 0
        || yolanda_http_response_set_stream_callback(later, on_stream, download) < 0) {
        yolanda_http_response_send(later);
        free(download);
    }
}

int main(int argc, char **argv)
{
    struct event_loop *loop = yolanda_loop_new(NULL, NULL);
    struct http_server *server = yolanda_http_server_new(loop, example_address(argc, argv), NULL, 2);

    if (server == NULL)
        err_sys("%s", example_address(argc, argv));
    example_stop_http_on_signals(server);
    if (yolanda_http_server_route(server, "GET", "/lines/:count", on_lines, NULL, NULL) < 0
        || yolanda_http_server_start(server) < 0)
        err_sys("can't start");
    example_announce_address(server->tcpServer);
    event_loop_run(loop);
    yolanda_loop_free(loop); /* with the server and its threads; ends running downloads */
    return 0;
}
