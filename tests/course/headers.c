/* Cuts the request's strings up in place, fills 128 headers without asking, puts an array of its
 * own there. */
#include "lib/common.h"
#include "lib/event_loop.h"
#include "lib/http_server.h"

struct response_header mine[200];

int onRequest(struct http_request *httpRequest, struct http_response *httpResponse) {
    char *path = strtok(httpRequest->url, "?");
    char *host = strtok(http_request_get_header(httpRequest, "host"), ":");
    httpResponse->statusCode = OK;
    httpResponse->statusMessage = "OK";
    httpResponse->body = "done";
    if (strcmp(path, "/many") == 0) {
        for (int i = 0; i < 128; i++) {
            httpResponse->response_headers[i].key = "X-Many";
            httpResponse->response_headers[i].value = strdup(host);
        }
        httpResponse->response_headers_number = 128;
    } else if (strcmp(path, "/mine") == 0) {
        for (int i = 0; i < 200; i++) {
            mine[i].key = "X-Mine";
            mine[i].value = "static";
        }
        httpResponse->response_headers = mine;
        httpResponse->response_headers_number = 200;
    } else if (strcmp(path, "/last") == 0) {
        httpResponse->keep_connected = 1;
    } else if (strcmp(path, "/nothing") == 0) {
        httpResponse->statusCode = 0;
        httpResponse->statusMessage = NULL;
        httpResponse->body = NULL;
    }
    httpRequest->request_headers[0].key[0] = '#';
    httpRequest->method[0] = '#';
}

int main(int argc, char **argv) {
    struct event_loop *eventLoop = event_loop_init();
    struct http_server *httpServer = http_server_new(eventLoop, 0, onRequest, atoi(argv[1]));
    http_server_start(httpServer);
    printf("port %d\n", httpServer->tcpServer->acceptor->listen_port);
    fflush(stdout);
    event_loop_run(eventLoop);
}
