//! Read by cbindgen only, never compiled: every struct tag as an opaque type, so that a header
//! which needs no more than a pointer declares the tag. A full definition elsewhere wins.

pub struct acceptor;
pub struct buffer;
pub struct channel;
pub struct channel_element;
pub struct channel_map;
pub struct event_dispatcher;
pub struct event_loop;
pub struct event_loop_thread;
pub struct http_request;
pub struct http_response;
pub struct http_server;
pub struct inet_address;
pub struct request_header;
pub struct response_header;
pub struct tcp_connection;
pub struct TCPserver;
pub struct thread_pool;
pub struct yolanda_client;

pub struct sockaddr_in;
pub struct timeval;
