/*
 * Notes over HTTP, in JSON: routes, requests with a body, an access log.
 *
 *     ./json_api [ADDRESS]        default: localhost:43211
 *
 *     curl localhost:43211/notes -d '{"text": "buy milk"}'       201, and the note with its number
 *     curl localhost:43211/notes                                 all notes
 *     curl localhost:43211/notes/1                               one of them
 *     curl localhost:43211/notes/1 -X DELETE                     204: gone
 *
 * The library responds to everything else: other methods get 405, larger bodies 413, and so on.
 * There is one thread, so the notes need no lock.
 */
#include "yolanda.h"
#include "example.h"
#include "json.h"

/* So that clients can't fill the memory: the maximum number of notes, and of bytes for each. */
enum { NOTES_MAX = 1000, BODY_MAX = 4096 };

struct note {
    unsigned long id;
    char *text; /* a JSON string with its quotes, as the client wrote it: it can be sent as it is */
    struct note *next;
};

struct notes {
    struct note *first;
    unsigned long count, last_id;
};

/* The body is copied, so it may be freed afterwards, or be on the stack. */
static void answer(struct http_response *response, int status, const char *body, size_t length)
{
    yolanda_http_response_set_status(response, status, NULL);
    yolanda_http_response_set_content_type(response, "application/json");
    if (yolanda_http_response_set_body(response, body, length) < 0)
        yolanda_http_response_set_status(response, 503, NULL);
}

static void answer_error(struct http_response *response, int status, const char *message)
{
    char body[200];

    answer(response, status, body,
           (size_t) snprintf(body, sizeof(body), "{\"error\": \"%s\"}\n", message));
}

/* Sends `count` notes, starting with `note`; `array`: between brackets. */
static void answer_notes(struct http_response *response, int status, const struct note *note,
                         unsigned long count, int array)
{
    char *body = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&body, &length);

    if (out == NULL) {
        answer_error(response, 503, "no memory");
        return;
    }
    fputs(array ? "[" : "", out);
    for (unsigned long i = 0; i < count; i++, note = note->next)
        fprintf(out, "%s{\"id\": %lu, \"text\": %s}", i > 0 ? ",\n " : "", note->id, note->text);
    fputs(array ? "]\n" : "\n", out);
    if (fclose(out) == 0)
        answer(response, status, body, length);
    else
        answer_error(response, 503, "no memory");
    free(body);
}

/* The link in the list that points to the note of the URL; or NULL, and the client gets an error. */
static struct note **find(struct notes *notes, struct http_request *request,
                          struct http_response *response)
{
    const char *id = yolanda_http_request_param(request, "id");
    struct note **place = &notes->first;
    char number[24];

    /* Compared as text: "01", " 1" and "1x" aren't numbers of notes. */
    for (; *place != NULL; place = &(*place)->next) {
        snprintf(number, sizeof(number), "%lu", (*place)->id);
        if (strcmp(id, number) == 0)
            return place;
    }
    answer_error(response, 404, "no such note");
    return NULL;
}

static void on_list(struct http_request *request, struct http_response *response, void *data)
{
    struct notes *notes = data;

    (void) request;
    answer_notes(response, 200, notes->first, notes->count, 1);
}

static void on_read(struct http_request *request, struct http_response *response, void *data)
{
    struct note **place = find(data, request, response);

    if (place != NULL)
        answer_notes(response, 200, *place, 1, 0);
}

static void on_create(struct http_request *request, struct http_response *response, void *data)
{
    struct notes *notes = data;
    struct note **end = &notes->first, *note;
    size_t length;
    const char *body = yolanda_http_request_body(request, &length);
    char *text = json_member(body, length, "\"text\""), location[40];

    if (text == NULL) {
        answer_error(response, 400, "the body has to be {\\\"text\\\": \\\"...\\\"}");
        return;
    }
    if (notes->count == NOTES_MAX || (note = malloc(sizeof(*note))) == NULL) {
        free(text);
        answer_error(response, 503, "too many notes");
        return;
    }
    while (*end != NULL)
        end = &(*end)->next;
    *note = (struct note) {++notes->last_id, text, NULL};
    *end = note;
    notes->count++;
    snprintf(location, sizeof(location), "/notes/%lu", note->id);
    yolanda_http_response_add_header(response, "Location", location);
    answer_notes(response, 201, note, 1, 0);
}

static void free_note(struct note **place)
{
    struct note *note = *place;

    *place = note->next;
    free(note->text);
    free(note);
}

static void on_delete(struct http_request *request, struct http_response *response, void *data)
{
    struct notes *notes = data;
    struct note **place = find(notes, request, response);

    if (place != NULL) {
        free_note(place);
        notes->count--;
        yolanda_http_response_set_status(response, 204, NULL);
    }
}

/* Called for requests without a route. */
static int on_unknown(struct http_request *request, struct http_response *response)
{
    (void) request;
    answer_error(response, 404, "nothing here");
    return 0;
}

/* One line for each response, including the library's own. Clients can't inject lines into it. */
static void on_access(const struct yolanda_http_access *entry, void *data)
{
    char line[1000];

    (void) data;
    yolanda_http_access_line(entry, line, sizeof(line));
    puts(line);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct notes notes = {NULL, 0, 0};
    struct event_loop *loop = yolanda_loop_new(NULL, NULL);
    struct http_server *server = yolanda_http_server_new(loop, example_address(argc, argv), on_unknown, 0);

    if (server == NULL)
        err_sys("%s", example_address(argc, argv));
    example_stop_http_on_signals(server);
    if (yolanda_http_server_route(server, "GET", "/notes", on_list, &notes, NULL) < 0
        || yolanda_http_server_route(server, "POST", "/notes", on_create, &notes, NULL) < 0
        || yolanda_http_server_route(server, "GET", "/notes/:id", on_read, &notes, NULL) < 0
        || yolanda_http_server_route(server, "DELETE", "/notes/:id", on_delete, &notes, NULL) < 0
        || yolanda_http_server_set_limits(server, 0, 0, 0, BODY_MAX) < 0
        || yolanda_http_server_set_access_log(server, on_access, NULL) < 0
        || yolanda_http_server_start(server) < 0)
        err_sys("can't start");
    example_announce_address(server->tcpServer);
    event_loop_run(loop);

    yolanda_loop_free(loop); /* with the server: after this, nothing uses the notes */
    while (notes.first != NULL)
        free_note(&notes.first);
    return 0;
}
