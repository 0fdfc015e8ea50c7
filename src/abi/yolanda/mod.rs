//! The types of `include/yolanda.h`, one file per area.

#![forbid(unsafe_code)]

pub mod callbacks;
pub mod client;
pub mod connection;
pub mod event_loop;
pub mod http_access;
pub mod http_cookie;
pub mod http_files;
pub mod http_form;
pub mod http_response;
pub mod http_route;
pub mod http_server;
pub mod http_upload;
pub mod log;
pub mod server;
pub mod signal;
pub mod timer;
