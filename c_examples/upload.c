/*
 * Receives files of any size over HTTP, and never has much of them in memory.
 *
 *     ./upload FOLDER [ADDRESS]        default: localhost:43211
 *
 *     curl localhost:43211/film.mp4 -T film.mp4        201, and FOLDER/film.mp4 is there
 *
 * A collected body has to fit into memory, once for each client. Here, each part is written to the disk as
 * it arrives. It goes to a temporary file, which gets its name when it is complete, and is removed if the
 * client disconnects before that.
 */
#include "yolanda.h"
#include "example.h"

#include <limits.h>

/* The largest file. A larger one gets 413, at once if the client announces the length. */
#define FILE_MAX (4ull << 30)

/* One for each body that is being received. */
struct upload {
    int file;
    int error; /* errno of the first failure; 0: none */
    unsigned long long size;
    char temporary[PATH_MAX], path[PATH_MAX];
};

/* Only names that can't lead out of the folder, and no hidden files: those are the temporary ones. */
static int is_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    return *name != '\0' && *name != '.' && strlen(name) < 200 && name[strspn(name, allowed)] == '\0';
}

static void note_error(struct upload *upload)
{
    if (upload->error == 0)
        upload->error = errno;
}

static void write_part(struct upload *upload, const char *bytes, size_t length)
{
    /* If the disk is full, the rest is dropped, so that the client gets the response. */
    while (length > 0 && upload->error == 0) {
        /* This blocks other clients while the disk writes. If that matters, pass the bytes to a thread,
         * and pause the connection until it has written them. */
        ssize_t size = write(upload->file, bytes, length);

        if (size < 0) {
            note_error(upload);
        } else {
            bytes += size;
            length -= (size_t) size;
            upload->size += (unsigned long long) size;
        }
    }
}

/* Gets the body in parts, and exactly one final call, whatever happens to the client. */
static void on_body(struct http_request *request, const char *bytes, size_t length, int event, void *data)
{
    struct upload *upload = data;

    (void) request;
    if (event == YOLANDA_HTTP_BODY_PART) {
        write_part(upload, bytes, length);
        return;
    }
    if (close(upload->file) < 0)
        note_error(upload);
    if (event == YOLANDA_HTTP_BODY_COMPLETE) {
        if (upload->error == 0 && rename(upload->temporary, upload->path) < 0)
            note_error(upload);
        if (upload->error != 0)
            unlink(upload->temporary);
        return; /* on_request reports it to the client */
    }
    unlink(upload->temporary);
    printf("%s: cut after %llu bytes\n", upload->path, upload->size);
    fflush(stdout);
}

static void refuse(struct http_request *request, int status, const char *text)
{
    struct http_response *response = yolanda_http_request_refuse_with(request, status);

    if (response != NULL)
        yolanda_http_response_set_body(response, text, strlen(text));
}

/* Called for each PUT before any of its body is read, so a refused client needn't send the body. */
static void on_head(struct http_request *request, void *data)
{
    const char *folder = data, *name = yolanda_http_request_param(request, "name");
    struct upload *upload;

    if (!is_name(name)) {
        refuse(request, 400, "names are of letters, digits, '.', '_' and '-'\n");
        return;
    }
    if ((upload = calloc(1, sizeof(*upload))) == NULL) {
        yolanda_http_request_refuse(request, 503);
        return;
    }
    snprintf(upload->temporary, sizeof(upload->temporary), "%s/.upload-XXXXXX", folder);
    snprintf(upload->path, sizeof(upload->path), "%s/%s", folder, name);
    if ((upload->file = mkstemp(upload->temporary)) < 0) {
        err_ret("%s", upload->temporary);
        free(upload);
        yolanda_http_request_refuse(request, 500);
        return;
    }
    if (yolanda_http_request_stream_body(request, on_body, upload, FILE_MAX) < 0) {
        close(upload->file);
        unlink(upload->temporary);
        free(upload);
        yolanda_http_request_refuse(request, 503);
        return;
    }
    /* free() is called once when the request ends, for whatever reason. */
    yolanda_http_request_set_stream_destroy(request, free);
}

/* Called after the whole body. */
static void on_request(struct http_request *request, struct http_response *response, void *data)
{
    struct upload *upload = yolanda_http_request_stream_data(request);
    char text[100];
    int length;

    (void) data;
    if (upload->error != 0) {
        yolanda_http_response_set_status(response, upload->error == ENOSPC ? 507 : 500, NULL);
        length = snprintf(text, sizeof(text), "%s\n", strerror(upload->error));
    } else {
        yolanda_http_response_set_status(response, 201, NULL);
        length = snprintf(text, sizeof(text), "%llu bytes\n", upload->size);
        printf("%s: %llu bytes\n", upload->path, upload->size);
        fflush(stdout);
    }
    yolanda_http_response_set_content_type(response, "text/plain");
    yolanda_http_response_set_body(response, text, (size_t) length);
}

int main(int argc, char **argv)
{
    struct event_loop *loop = yolanda_loop_new(NULL, NULL);
    const char *address = argc > 1 ? example_address(argc - 1, argv + 1) : NULL;
    struct http_server *server;

    if (address == NULL || strlen(argv[1]) > PATH_MAX - 300)
        error(1, 0, "usage: %s FOLDER [ADDRESS]\n", argv[0]);
    if ((server = yolanda_http_server_new(loop, address, NULL, 0)) == NULL)
        err_sys("%s", address);
    example_stop_http_on_signals(server);
    /* The library refuses everything else: other paths with 404, other methods with 405. */
    if (yolanda_http_server_route(server, "PUT", "/:name", on_request, NULL, NULL) < 0
        || yolanda_http_server_set_route_head_callback(server, "PUT", "/:name", on_head, argv[1]) < 0
        || yolanda_http_server_start(server) < 0)
        err_sys("can't start");
    example_announce_address(server->tcpServer);
    event_loop_run(loop);

    yolanda_loop_free(loop); /* with the server: unfinished uploads have been cut off and cleaned up */
    return 0;
}
