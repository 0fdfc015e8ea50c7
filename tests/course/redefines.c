/* Has functions of its own with the names of nearly all that the library exports; it declares the
 * few that it uses by hand. The library must never get one of these. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct http_request {
    char *version, *method, *url;
};

struct http_response {
    int statusCode;
    char *statusMessage, *contentType, *body;
};

struct acceptor {
    int listen_port, listen_fd;
};

struct TCPserver {
    int port;
    void *eventLoop;
    struct acceptor *acceptor;
};

struct http_server {
    struct TCPserver *tcpServer;
};

void *event_loop_init();
int event_loop_run();
struct http_server *http_server_new();
void http_server_start();

#define MINE(name)                                                                                 \
    void name() {                                                                                  \
        fprintf(stderr, "the library called %s\n", #name);                                         \
        abort();                                                                                   \
    }

MINE(acceptor_init)
MINE(buffer_new) MINE(buffer_free) MINE(buffer_writeable_size) MINE(buffer_readable_size)
MINE(buffer_front_spare_size) MINE(buffer_append) MINE(buffer_append_char) MINE(buffer_append_string)
MINE(buffer_socket_read) MINE(buffer_read_char) MINE(buffer_find_CRLF) MINE(make_room)
MINE(channel_new) MINE(channel_write_event_is_enabled) MINE(channel_write_event_enable)
MINE(channel_write_event_disable) MINE(map_make_space) MINE(map_init) MINE(map_clear)
MINE(err_dump) MINE(err_msg) MINE(err_quit) MINE(err_ret) MINE(err_sys) MINE(error) MINE(sock_ntop)
MINE(readn) MINE(readline) MINE(readline_2) MINE(read_line) MINE(read_message) MINE(tcp_server)
MINE(tcp_server_listen) MINE(tcp_nonblocking_server_listen) MINE(make_nonblocking) MINE(tcp_client)
MINE(event_loop_init_with_name) MINE(event_loop_wakeup) MINE(event_loop_add_channel_event)
MINE(event_loop_remove_channel_event) MINE(event_loop_update_channel_event)
MINE(event_loop_handle_pending_add) MINE(event_loop_handle_pending_remove)
MINE(event_loop_handle_pending_update) MINE(event_loop_handle_pending_channel)
MINE(event_loop_do_channel_event) MINE(channel_event_activate) MINE(event_loop_thread_init)
MINE(event_loop_thread_start) MINE(http_request_new) MINE(http_request_clear) MINE(http_request_reset)
MINE(http_request_add_header) MINE(http_request_get_header) MINE(http_request_current_state)
MINE(http_request_close_connection) MINE(http_response_new) MINE(http_response_encode_buffer)
MINE(parse_http_request) MINE(init_inet_address) MINE(yolanda_log) MINE(yolanda_logx) MINE(yolanda_msgx)
MINE(yolanda_debugx) MINE(tcp_connection_new) MINE(tcp_connection_send_data)
MINE(tcp_connection_send_buffer) MINE(tcp_connection_shutdown) MINE(tcp_server_init) MINE(tcp_server_start)
MINE(tcp_server_set_data) MINE(thread_pool_new) MINE(thread_pool_start) MINE(thread_pool_get_loop)
MINE(assertInSameThread) MINE(isInSameThread)

int onRequest(struct http_request *request, struct http_response *response) {
    response->statusCode = 200;
    response->statusMessage = "OK";
    response->body = strcmp(request->url, "/mine") == 0 ? "mine" : "other";
}

int main(int argc, char **argv) {
    void *eventLoop = event_loop_init();
    struct http_server *server = http_server_new(eventLoop, 0, onRequest, atoi(argv[1]));
    http_server_start(server);
    printf("port %d\n", server->tcpServer->acceptor->listen_port);
    fflush(stdout);
    event_loop_run(eventLoop);
}
