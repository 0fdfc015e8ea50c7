//! The functions of `include/yolanda.h`, one file per area. Every name begins with `yolanda_`.

pub mod acceptor;
pub mod buffer;
pub mod callbacks;
pub mod channel;
pub mod client;
pub mod connection;
pub mod connection_fields;
pub mod error;
pub mod event_loop;
pub mod http_access;
pub mod http_cookie;
pub mod http_files;
pub mod http_form;
pub mod http_request;
pub mod http_response;
pub mod http_response_fields;
pub mod http_route;
pub mod http_server;
pub mod http_upload;
pub mod log;
pub mod server;
pub mod signal;
pub mod thread;
pub mod timer;
pub mod version;
