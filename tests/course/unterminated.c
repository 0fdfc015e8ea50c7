/* An HTTP server that calls memmem without _GNU_SOURCE, copies its path without a terminator, and
 * compares it all the same. */
#include "lib/common.h"
#include "lib/event_loop.h"
#include "lib/http_server.h"

int onRequest(struct http_request *httpRequest, struct http_response *httpResponse) {
    char *url = httpRequest->url;
    char *question = memmem(url, strlen(url), "?", 1);
    char *path = NULL;
    if (question != NULL) {
        path = malloc(question - url);
        strncpy(path, url, question - url);
    } else {
        path = malloc(strlen(url));
        strncpy(path, url, strlen(url));
    }

    if (strcmp(path, "/") == 0) {
        httpResponse->statusCode = OK;
        httpResponse->statusMessage = "OK";
        httpResponse->contentType = "text/html";
        httpResponse->body = "<html><head><title>network programming</title></head><body>hello</body></html>";
    } else if (strcmp(path, "/network") == 0) {
        httpResponse->statusCode = OK;
        httpResponse->statusMessage = "OK";
        httpResponse->contentType = "text/plain";
        httpResponse->body = "hello, network programming";
    } else {
        httpResponse->statusCode = NotFound;
        httpResponse->statusMessage = "Not Found";
        httpResponse->keep_connected = 1;
    }
    return 0;
}

int main(int argc, char **argv) {
    struct event_loop *eventLoop = event_loop_init();
    struct http_server *httpServer = http_server_new(eventLoop, 0, onRequest, atoi(argv[1]));
    http_server_start(httpServer);
    printf("port %d\n", httpServer->tcpServer->acceptor->listen_port);
    fflush(stdout);
    event_loop_run(eventLoop);
}
