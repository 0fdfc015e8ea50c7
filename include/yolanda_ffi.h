/* yolanda 0.4.0. Generated from src/abi/ and src/exports/.
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * For the foreign function interfaces of other languages; C and C++ programs include yolanda.h.
 * yolanda_ffi.json says what each function does, who owns what it takes and returns, which thread may
 * call it, and which errno values it sets.
 *
 * There are no preprocessor lines and no types of other headers, so that cdef() of cffi and of LuaJIT
 * take this file as it is. `unsigned long` stands for size_t and uint64_t, `long` for int64_t: they
 * have 64 bits on every system that the library runs on.
 *
 * It is C as well: a C file may include it once instead of yolanda.h, and a C++ file within
 * extern "C" { }. */

enum {
    YOLANDA_VERSION_MAJOR = 0,
    YOLANDA_VERSION_MINOR = 4,
    YOLANDA_VERSION_PATCH = 0,
    YOLANDA_VERSION_NUMBER = 1024
};

enum {
    INIT_BUFFER_SIZE = 65536
};

enum {
    EVENT_TIMEOUT = 1,
    EVENT_READ = 2,
    EVENT_WRITE = 4,
    EVENT_SIGNAL = 8
};

enum {
    LOG_DEBUG_TYPE = 0,
    LOG_MSG_TYPE = 1,
    LOG_WARN_TYPE = 2,
    LOG_ERR_TYPE = 3
};

enum {
    YOLANDA_LIMIT_CLOSE = 0,
    YOLANDA_LIMIT_REFUSE = 1,
    YOLANDA_IDLE_BOTH = 0,
    YOLANDA_IDLE_RECEIVED = 1,
    YOLANDA_IDLE_SENT = 2
};

enum {
    YOLANDA_BALANCE_IN_TURN = 0,
    YOLANDA_BALANCE_FEWEST = 1
};

enum {
    YOLANDA_FRAMES_NONE = 0,
    YOLANDA_FRAMES_LINES = 1,
    YOLANDA_FRAMES_CRLF = 2,
    YOLANDA_FRAMES_LENGTH = 3,
    YOLANDA_FRAMES_LENGTH_LE = 4,
    YOLANDA_FRAMES_FIXED = 5
};

enum {
    YOLANDA_HTTP_WRITABLE = 1,
    YOLANDA_HTTP_CLOSED = 2,
    YOLANDA_HTTP_HALF_CLOSED = 3
};

enum {
    YOLANDA_HTTP_SAME_SITE_LAX = 1,
    YOLANDA_HTTP_SAME_SITE_STRICT = 2,
    YOLANDA_HTTP_SAME_SITE_NONE = 3
};

enum {
    YOLANDA_HTTP_FILES_LINKS = 1,
    YOLANDA_HTTP_FILES_HIDDEN = 2
};

enum {
    YOLANDA_HTTP_BODY_PART = 1,
    YOLANDA_HTTP_BODY_COMPLETE = 2,
    YOLANDA_HTTP_BODY_CUT = 3
};

enum {
    YOLANDA_HTTP_FORM_BEGIN = 1,
    YOLANDA_HTTP_FORM_DATA = 2,
    YOLANDA_HTTP_FORM_END = 3
};

enum {
    YOLANDA_LOG_OFF = 4,
    YOLANDA_LOG_ENVIRONMENT = -1
};

enum http_request_state {
    REQUEST_STATUS = 0,
    REQUEST_HEADERS = 1,
    REQUEST_BODY = 2,
    REQUEST_DONE = 3
};

struct buffer;
struct channel;
struct event_loop;
struct tcp_connection;
struct TCPserver;
struct acceptor;
struct event_loop_thread;
struct thread_pool;
struct http_request;
struct http_response;
struct http_server;
struct yolanda_loop_stats;
struct yolanda_client;
struct yolanda_callbacks;
struct yolanda_http_cookie;
struct yolanda_http_stats;
struct yolanda_http_files;
struct yolanda_http_access;
struct yolanda_http_part;
struct yolanda_http_form;

typedef void (*yolanda_destroy)(void *data);
typedef int (*event_read_callback)(void *data);
typedef int (*event_write_callback)(void *data);
typedef int (*connection_completed_call_back)(struct tcp_connection *tcpConnection);
typedef int (*message_call_back)(struct buffer *buffer, struct tcp_connection *tcpConnection);
typedef int (*write_completed_call_back)(struct tcp_connection *tcpConnection);
typedef int (*connection_closed_call_back)(struct tcp_connection *tcpConnection);
typedef int (*request_callback)(struct http_request *httpRequest,
    struct http_response *httpResponse);
typedef void (*yolanda_loop_callback)(struct event_loop *eventLoop, void *data);

struct yolanda_loop_stats {
    unsigned long passes;
    unsigned long wakeups;
    unsigned long callbacks;
    unsigned long posts;
    unsigned long timers;
    unsigned long connections;
    unsigned long connections_total;
    unsigned long bytes_read;
    unsigned long bytes_written;
};

typedef unsigned long yolanda_timer;
typedef void (*yolanda_timer_callback)(struct event_loop *eventLoop, yolanda_timer timer,
    void *data);
typedef unsigned long yolanda_signal;
typedef void (*yolanda_signal_callback)(struct event_loop *eventLoop, int signal_number,
    void *data);
typedef void (*yolanda_water_mark_callback)(struct tcp_connection *connection,
    unsigned long queued);
typedef struct event_loop *(*yolanda_choose_callback)(struct TCPserver *server, int fd, void *data);
typedef void (*yolanda_server_callback)(struct TCPserver *server, void *data);
typedef void (*yolanda_client_failed_callback)(struct yolanda_client *client, int error,
    void *data);
typedef void (*yolanda_connection_callback)(struct tcp_connection *connection, void *data);
typedef void (*yolanda_input_callback)(struct tcp_connection *connection, struct buffer *input,
    void *data);
typedef void (*yolanda_frame_callback)(struct tcp_connection *connection, const void *bytes,
    unsigned long length, void *data);
typedef int (*yolanda_idle_callback)(struct tcp_connection *connection, void *data);

struct yolanda_callbacks {
    unsigned long size;
    void *data;
    yolanda_destroy destroy;
    yolanda_connection_callback completed;
    yolanda_input_callback message;
    yolanda_connection_callback write_completed;
    yolanda_connection_callback closed;
    int framing;
    int frame_prefix;
    unsigned long frame_limit;
    yolanda_frame_callback frame;
    yolanda_connection_callback input_ended;
    yolanda_idle_callback idle;
};

typedef void (*yolanda_http_stream_callback)(struct http_response *httpResponse, int event,
    void *data);
typedef void (*yolanda_http_closed_callback)(struct http_response *httpResponse, int event,
    void *data);

struct yolanda_http_cookie {
    unsigned long size;
    const char *path;
    const char *domain;
    long max_age;
    long expires;
    int secure;
    int http_only;
    int same_site;
};


struct yolanda_http_stats {
    unsigned long requests;
    unsigned long responses_2xx;
    unsigned long responses_3xx;
    unsigned long responses_4xx;
    unsigned long responses_5xx;
    unsigned long timeouts;
};

typedef void (*yolanda_http_handler)(struct http_request *httpRequest,
    struct http_response *httpResponse, void *data);

struct yolanda_http_access {
    const char *peer;
    const char *method;
    const char *url;
    const char *version;
    const char *referer;
    const char *user_agent;
    int status;
    int cut;
    unsigned long body_bytes;
    long began_us;
    long duration_us;
    struct http_request *request;
    struct tcp_connection *connection;
};

typedef void (*yolanda_http_access_callback)(const struct yolanda_http_access *entry, void *data);
typedef void (*yolanda_http_head_callback)(struct http_request *httpRequest, void *data);
typedef void (*yolanda_http_body_callback)(struct http_request *httpRequest, const char *bytes,
    unsigned long length, int event, void *data);

struct yolanda_http_part {
    const char *name;
    const char *filename;
    const char *content_type;
};

typedef int (*yolanda_http_form_callback)(const struct yolanda_http_part *part, const char *bytes,
    unsigned long length, int event, void *data);
typedef void (*yolanda_log_sink)(int severity, const char *text, unsigned long length, void *data);

struct buffer *buffer_new(void);
void buffer_free(struct buffer *buffer);
int buffer_writeable_size(struct buffer *buffer);
int buffer_readable_size(struct buffer *buffer);
int buffer_front_spare_size(struct buffer *buffer);
int buffer_append(struct buffer *buffer, void *data, int size);
int buffer_append_char(struct buffer *buffer, char data);
int buffer_append_string(struct buffer *buffer, char *data);
int buffer_socket_read(struct buffer *buffer, int fd);
char buffer_read_char(struct buffer *buffer);
char *buffer_find_CRLF(struct buffer *buffer);

struct channel *channel_new(int fd, int events, event_read_callback eventReadCallback,
    event_write_callback eventWriteCallback, void *data);
int channel_write_event_is_enabled(struct channel *channel);
int channel_write_event_enable(struct channel *channel);
int channel_write_event_disable(struct channel *channel);

struct event_loop *event_loop_init(void);
struct event_loop *event_loop_init_with_name(char *thread_name);
int event_loop_run(struct event_loop *eventLoop);
void event_loop_wakeup(struct event_loop *eventLoop);
int event_loop_add_channel_event(struct event_loop *eventLoop, int fd, struct channel *channel1);
int event_loop_remove_channel_event(struct event_loop *eventLoop, int fd, struct channel *channel1);
int event_loop_update_channel_event(struct event_loop *eventLoop, int fd, struct channel *channel1);

struct TCPserver *tcp_server_init(struct event_loop *eventLoop, struct acceptor *acceptor,
    connection_completed_call_back connectionCallBack, message_call_back messageCallBack,
    write_completed_call_back writeCompletedCallBack,
    connection_closed_call_back connectionClosedCallBack, int threadNum);
void tcp_server_start(struct TCPserver *tcpServer);
void tcp_server_set_data(struct TCPserver *tcpServer, void *data);

struct tcp_connection *tcp_connection_new(int fd, struct event_loop *eventLoop,
    connection_completed_call_back connectionCompletedCallBack,
    connection_closed_call_back connectionClosedCallBack, message_call_back messageCallBack,
    write_completed_call_back writeCompletedCallBack);
int tcp_connection_send_data(struct tcp_connection *tcpConnection, void *data, int size);
int tcp_connection_send_buffer(struct tcp_connection *tcpConnection, struct buffer *buffer);
void tcp_connection_shutdown(struct tcp_connection *tcpConnection);

struct acceptor *acceptor_init(int port);

struct event_loop *event_loop_thread_start(struct event_loop_thread *thread);

struct thread_pool *thread_pool_new(struct event_loop *mainLoop, int threadNumber);
void thread_pool_start(struct thread_pool *pool);
struct event_loop *thread_pool_get_loop(struct thread_pool *pool);

struct http_request *http_request_new(void);
void http_request_clear(struct http_request *httpRequest);
void http_request_reset(struct http_request *httpRequest);
void http_request_add_header(struct http_request *httpRequest, char *key, char *value);
char *http_request_get_header(struct http_request *httpRequest, char *key);
enum http_request_state http_request_current_state(struct http_request *httpRequest);
int http_request_close_connection(struct http_request *httpRequest);

struct http_response *http_response_new(void);
void http_response_encode_buffer(struct http_response *httpResponse, struct buffer *buffer);

struct http_server *http_server_new(struct event_loop *eventLoop, int port,
    request_callback requestCallback, int threadNum);
void http_server_start(struct http_server *httpServer);
int parse_http_request(struct buffer *input, struct http_request *httpRequest);

void yolanda_log(int severity, const char *msg);

int isInSameThread(struct event_loop *eventLoop);

unsigned int yolanda_version_number(void);
const char *yolanda_version(void);
int yolanda_version_check(unsigned int header);

const char *yolanda_last_error(void);

struct event_loop *yolanda_loop_new(const char *name, const char *dispatcher);
int yolanda_loop_free(struct event_loop *eventLoop);
int yolanda_loop_reinit(struct event_loop *eventLoop);
int yolanda_loop_quit(struct event_loop *eventLoop);
int yolanda_loop_clear_quit(struct event_loop *eventLoop);
int yolanda_loop_is_quitting(struct event_loop *eventLoop);
const char *yolanda_loop_name(struct event_loop *eventLoop);
int yolanda_loop_run_once(struct event_loop *eventLoop, long limit_ms);
int yolanda_loop_set_interruptible(struct event_loop *eventLoop, int on);
int yolanda_loop_post(struct event_loop *eventLoop, yolanda_loop_callback callback, void *data);
int yolanda_loop_post_with_destroy(struct event_loop *eventLoop, yolanda_loop_callback callback,
    void *data, yolanda_destroy destroy);
int yolanda_loop_fd(struct event_loop *eventLoop);
long yolanda_loop_timeout(struct event_loop *eventLoop);
const char *yolanda_loop_dispatcher(struct event_loop *eventLoop);
int yolanda_loop_get_stats(struct event_loop *eventLoop, struct yolanda_loop_stats *stats,
    unsigned long size);

yolanda_timer yolanda_timer_start(struct event_loop *eventLoop, long delay_ms, long period_ms,
    yolanda_timer_callback callback, void *data);
int yolanda_timer_restart(struct event_loop *eventLoop, yolanda_timer timer, long delay_ms,
    long period_ms);
int yolanda_timer_stop(struct event_loop *eventLoop, yolanda_timer timer);
int yolanda_timer_set_destroy(struct event_loop *eventLoop, yolanda_timer timer,
    yolanda_destroy destroy);
long yolanda_timer_remaining(struct event_loop *eventLoop, yolanda_timer timer);

yolanda_signal yolanda_signal_start(struct event_loop *eventLoop, int number,
    yolanda_signal_callback callback, void *data);
int yolanda_signal_set_destroy(struct event_loop *eventLoop, yolanda_signal signal,
    yolanda_destroy destroy);
int yolanda_signal_stop(struct event_loop *eventLoop, yolanda_signal signal);

struct event_loop_thread *yolanda_loop_thread_new(int number);
int yolanda_loop_thread_free(struct event_loop_thread *thread);
struct event_loop *yolanda_loop_thread_loop(struct event_loop_thread *thread);
int yolanda_loop_thread_stop(struct event_loop_thread *thread);
int yolanda_thread_pool_free(struct thread_pool *pool);

const char *yolanda_buffer_data(struct buffer *buffer);
unsigned long yolanda_buffer_length(struct buffer *buffer);
int yolanda_buffer_consume(struct buffer *buffer, unsigned long length);
int yolanda_buffer_append(struct buffer *buffer, const void *data, unsigned long length);

int yolanda_channel_fd(struct channel *channel);
int yolanda_channel_events(struct channel *channel);
int yolanda_channel_set_events(struct channel *channel, int events);
int yolanda_channel_free(struct channel *channel);

struct tcp_connection *yolanda_connection_retain(struct tcp_connection *connection);
int yolanda_connection_release(struct tcp_connection *connection);
int yolanda_connection_is_open(struct tcp_connection *connection);
unsigned long yolanda_connection_id(struct tcp_connection *connection);
int yolanda_connection_error(struct tcp_connection *connection);
int yolanda_connection_close(struct tcp_connection *connection);
int yolanda_connection_close_after_send(struct tcp_connection *connection, long limit_ms);
int yolanda_connection_set_user_data(struct tcp_connection *connection, void *data,
    yolanda_destroy destroy);
void *yolanda_connection_user_data(struct tcp_connection *connection);
int yolanda_connection_peer(struct tcp_connection *connection, char *text, unsigned long size);
int yolanda_connection_local(struct tcp_connection *connection, char *text, unsigned long size);
int yolanda_connection_set_nodelay(struct tcp_connection *connection, int on);
int yolanda_connection_set_keepalive(struct tcp_connection *connection, int idle_s, int interval_s,
    int count);
int yolanda_connection_pause(struct tcp_connection *connection);
int yolanda_connection_resume(struct tcp_connection *connection);
int yolanda_connection_set_water_marks(struct tcp_connection *connection, unsigned long low,
    unsigned long high, yolanda_water_mark_callback on_low, yolanda_water_mark_callback on_high);
int yolanda_connection_set_limits(struct tcp_connection *connection, unsigned long max_queued,
    unsigned long max_unread, int policy);
int yolanda_connection_set_timeouts(struct tcp_connection *connection, long idle_ms, long read_ms,
    long write_ms);
int yolanda_connection_set_idle_direction(struct tcp_connection *connection, int direction);

int yolanda_connection_send(struct tcp_connection *connection, const void *data,
    unsigned long length);
unsigned long yolanda_connection_queued(struct tcp_connection *connection);
struct buffer *yolanda_connection_input(struct tcp_connection *connection);
struct event_loop *yolanda_connection_loop(struct tcp_connection *connection);
struct TCPserver *yolanda_connection_server(struct tcp_connection *connection);
int yolanda_connection_set_data(struct tcp_connection *connection, void *data);
void *yolanda_connection_data(struct tcp_connection *connection);
const char *yolanda_connection_name(struct tcp_connection *connection);
int yolanda_connection_fd(struct tcp_connection *connection);

int yolanda_acceptor_port(struct acceptor *acceptor);
int yolanda_acceptor_fd(struct acceptor *acceptor);
int yolanda_acceptor_free(struct acceptor *acceptor);

struct TCPserver *yolanda_server_new(struct event_loop *eventLoop, const char *address,
    connection_completed_call_back connectionCompletedCallBack, message_call_back messageCallBack,
    write_completed_call_back writeCompletedCallBack,
    connection_closed_call_back connectionClosedCallBack, int threads);
struct TCPserver *yolanda_server_new_fd(struct event_loop *eventLoop, int fd,
    connection_completed_call_back connectionCompletedCallBack, message_call_back messageCallBack,
    write_completed_call_back writeCompletedCallBack,
    connection_closed_call_back connectionClosedCallBack, int threads);
int yolanda_server_start(struct TCPserver *server);
int yolanda_server_port(struct TCPserver *server);
struct event_loop *yolanda_server_loop(struct TCPserver *server);
void *yolanda_server_data(struct TCPserver *server);
int yolanda_server_address(struct TCPserver *server, char *text, unsigned long size);
int yolanda_server_set_reuseport(struct TCPserver *server, int on);
int yolanda_server_set_balance(struct TCPserver *server, int policy);
int yolanda_server_set_choose_callback(struct TCPserver *server, yolanda_choose_callback choose,
    void *data);
struct event_loop *yolanda_server_thread_loop(struct TCPserver *server, int index);
int yolanda_server_set_max_connections(struct TCPserver *server, int n);
int yolanda_server_set_nodelay(struct TCPserver *server, int on);
int yolanda_server_set_keepalive(struct TCPserver *server, int idle_s, int interval_s, int count);
int yolanda_server_set_timeouts(struct TCPserver *server, long idle_ms, long read_ms,
    long write_ms);
int yolanda_server_set_idle_direction(struct TCPserver *server, int direction);
int yolanda_server_set_limits(struct TCPserver *server, unsigned long max_queued,
    unsigned long max_unread, int policy);
int yolanda_server_set_water_marks(struct TCPserver *server, unsigned long low, unsigned long high,
    yolanda_water_mark_callback on_low, yolanda_water_mark_callback on_high);
int yolanda_server_set_thread_hooks(struct TCPserver *server, yolanda_loop_callback on_start,
    yolanda_loop_callback on_stop, void *data);
long yolanda_server_connections(struct TCPserver *server);
int yolanda_server_stop(struct TCPserver *server, long deadline_ms, yolanda_server_callback done,
    void *data);
int yolanda_server_free(struct TCPserver *server);

struct yolanda_client *yolanda_client_new(struct event_loop *eventLoop, const char *address,
    connection_completed_call_back completed, message_call_back message,
    write_completed_call_back write_completed, connection_closed_call_back closed);
int yolanda_client_set_data(struct yolanda_client *client, void *data);
int yolanda_client_set_timeout(struct yolanda_client *client, long ms);
int yolanda_client_set_failed_callback(struct yolanda_client *client,
    yolanda_client_failed_callback callback, void *data);
int yolanda_client_set_failed_callback_with_destroy(struct yolanda_client *client,
    yolanda_client_failed_callback callback, void *data, yolanda_destroy destroy);
int yolanda_client_set_reconnect(struct yolanda_client *client, long min_ms, long max_ms,
    int attempts);
int yolanda_client_set_timeouts(struct yolanda_client *client, long idle_ms, long read_ms,
    long write_ms);
int yolanda_client_set_idle_direction(struct yolanda_client *client, int direction);
int yolanda_client_set_limits(struct yolanda_client *client, unsigned long max_queued,
    unsigned long max_unread, int policy);
int yolanda_client_set_water_marks(struct yolanda_client *client, unsigned long low,
    unsigned long high, yolanda_water_mark_callback on_low, yolanda_water_mark_callback on_high);
int yolanda_client_set_nodelay(struct yolanda_client *client, int on);
int yolanda_client_set_keepalive(struct yolanda_client *client, int idle_s, int interval_s,
    int count);
int yolanda_client_start(struct yolanda_client *client);
int yolanda_client_stop(struct yolanda_client *client);
int yolanda_client_is_active(struct yolanda_client *client);
struct tcp_connection *yolanda_client_connection(struct yolanda_client *client);
int yolanda_client_free(struct yolanda_client *client);

int yolanda_server_set_callbacks(struct TCPserver *server,
    const struct yolanda_callbacks *callbacks);
int yolanda_client_set_callbacks(struct yolanda_client *client,
    const struct yolanda_callbacks *callbacks);
int yolanda_connection_set_callbacks(struct tcp_connection *connection,
    const struct yolanda_callbacks *callbacks);
struct tcp_connection *yolanda_connection_new(struct event_loop *eventLoop, int fd,
    const struct yolanda_callbacks *callbacks);

const char *yolanda_http_request_method(struct http_request *httpRequest);
const char *yolanda_http_request_url(struct http_request *httpRequest);
const char *yolanda_http_request_version(struct http_request *httpRequest);
const char *yolanda_http_request_body(struct http_request *httpRequest, unsigned long *length);
const char *yolanda_http_request_path(struct http_request *httpRequest);
const char *yolanda_http_request_query(struct http_request *httpRequest, const char *name);
int yolanda_http_request_query_count(struct http_request *httpRequest);
int yolanda_http_request_query_at(struct http_request *httpRequest, int index, const char **name,
    const char **value);
const char *yolanda_http_request_header(struct http_request *httpRequest, const char *name);
int yolanda_http_request_header_count(struct http_request *httpRequest);
int yolanda_http_request_header_entry(struct http_request *httpRequest, int index,
    const char **name, const char **value);
const char *yolanda_http_request_header_at(struct http_request *httpRequest, const char *name,
    int index);
struct tcp_connection *yolanda_http_request_connection(struct http_request *httpRequest);

int yolanda_http_response_set_status(struct http_response *httpResponse, int status,
    const char *message);
int yolanda_http_response_set_content_type(struct http_response *httpResponse,
    const char *contentType);
int yolanda_http_response_add_header(struct http_response *httpResponse, const char *name,
    const char *value);
int yolanda_http_response_set_body(struct http_response *httpResponse, const void *data,
    unsigned long length);
int yolanda_http_response_set_file(struct http_response *httpResponse, int fd, long offset,
    long length);
struct http_response *yolanda_http_response_defer(struct http_response *httpResponse);
int yolanda_http_response_send(struct http_response *httpResponse);
int yolanda_http_response_is_open(struct http_response *httpResponse);
int yolanda_http_response_begin(struct http_response *httpResponse, long length);
int yolanda_http_response_write(struct http_response *httpResponse, const void *data,
    unsigned long length);
unsigned long yolanda_http_response_queued(struct http_response *httpResponse);
int yolanda_http_response_set_stream_callback(struct http_response *httpResponse,
    yolanda_http_stream_callback callback, void *data);
int yolanda_http_response_set_closed_callback(struct http_response *httpResponse,
    yolanda_http_closed_callback callback, void *data);

int yolanda_http_response_status(struct http_response *httpResponse);
const char *yolanda_http_response_content_type(struct http_response *httpResponse);
const char *yolanda_http_response_header(struct http_response *httpResponse, const char *name);
const char *yolanda_http_response_body(struct http_response *httpResponse, unsigned long *length);
int yolanda_http_response_set_close(struct http_response *httpResponse, int on);

const char *yolanda_http_request_cookie(struct http_request *httpRequest, const char *name);
int yolanda_http_request_cookie_count(struct http_request *httpRequest);
int yolanda_http_request_cookie_at(struct http_request *httpRequest, int index, const char **name,
    const char **value);
int yolanda_http_response_set_cookie(struct http_response *httpResponse, const char *name,
    const char *value, const struct yolanda_http_cookie *attributes);

struct http_server *yolanda_http_server_new(struct event_loop *eventLoop, const char *address,
    request_callback requestCallback, int threads);
int yolanda_http_server_start(struct http_server *server);
struct TCPserver *yolanda_http_server_tcp_server(struct http_server *server);
int yolanda_http_server_free(struct http_server *server);
int yolanda_http_server_set_deadlines(struct http_server *server, long idle_ms, long head_ms,
    long body_ms, long answer_ms, long write_ms);
int yolanda_http_server_set_body_rate(struct http_server *server, long grace_ms,
    long bytes_per_second);
int yolanda_http_server_set_limits(struct http_server *server, unsigned long line,
    unsigned long head, unsigned long headers, unsigned long body);
int yolanda_http_server_set_max_body_memory(struct http_server *server, unsigned long bytes);
int yolanda_http_server_set_max_requests(struct http_server *server, int requests);
int yolanda_http_server_get_stats(struct http_server *server, struct yolanda_http_stats *stats,
    unsigned long size);

int yolanda_http_server_route(struct http_server *server, const char *method, const char *pattern,
    yolanda_http_handler handler, void *data, yolanda_destroy destroy);
const char *yolanda_http_request_param(struct http_request *httpRequest, const char *name);

struct yolanda_http_files *yolanda_http_files_new(const char *root, int flags);
int yolanda_http_files_free(struct yolanda_http_files *files);
int yolanda_http_files_set_index(struct yolanda_http_files *files, const char *name);
int yolanda_http_files_set_max_age(struct yolanda_http_files *files, int seconds);
int yolanda_http_server_files(struct http_server *server, const char *prefix,
    struct yolanda_http_files *files);
int yolanda_http_files_answer(struct yolanda_http_files *files, struct http_request *httpRequest,
    struct http_response *httpResponse, const char *path);

int yolanda_http_server_set_access_log(struct http_server *server,
    yolanda_http_access_callback callback, void *data);
int yolanda_http_access_line(const struct yolanda_http_access *entry, char *buffer,
    unsigned long size);

int yolanda_http_server_set_head_callback(struct http_server *server,
    yolanda_http_head_callback callback, void *data);
int yolanda_http_server_set_route_head_callback(struct http_server *server, const char *method,
    const char *pattern, yolanda_http_head_callback callback, void *data);
int yolanda_http_request_stream_body(struct http_request *httpRequest,
    yolanda_http_body_callback callback, void *data, unsigned long limit);
int yolanda_http_request_set_stream_destroy(struct http_request *httpRequest,
    yolanda_destroy destroy);
int yolanda_http_request_refuse(struct http_request *httpRequest, int status);
struct http_response *yolanda_http_request_refuse_with(struct http_request *httpRequest,
    int status);
void *yolanda_http_request_stream_data(struct http_request *httpRequest);

const char *yolanda_http_request_form(struct http_request *httpRequest, const char *name);
int yolanda_http_request_form_count(struct http_request *httpRequest);
int yolanda_http_request_form_at(struct http_request *httpRequest, int index, const char **name,
    const char **value);
struct yolanda_http_form *yolanda_http_form_new(const char *contentType,
    yolanda_http_form_callback callback, void *data, unsigned long maxParts, unsigned long maxHead);
int yolanda_http_form_feed(struct yolanda_http_form *form, const void *bytes, unsigned long length);
int yolanda_http_form_finish(struct yolanda_http_form *form);
void yolanda_http_form_free(struct yolanda_http_form *form);

int yolanda_log_set_level(int level);
int yolanda_log_level(void);
void yolanda_log_set_timestamps(int on);
int yolanda_log_set_sink(yolanda_log_sink sink, void *data);
