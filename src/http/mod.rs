//! HTTP/1.1 on top of the reactor. Reading and writing messages is safe code on slices (`parse`,
//! `encode` and what they are made of); the objects that C sees and the server drive it.

pub(crate) mod access;
mod arena;
mod bodies;
mod body;
mod body_file;
#[cfg(target_arch = "x86_64")]
mod controls;
mod date;
pub(crate) mod deferred;
mod encode;
mod exchange;
pub(crate) mod files;
mod framing;
pub(crate) mod head;
pub(crate) mod http_request;
pub(crate) mod http_response;
pub(crate) mod http_server;
mod intake;
mod later;
mod limits;
mod line;
mod output;
mod parse;
pub(crate) mod rate;
mod refuse;
mod request;
pub(crate) mod request_parts;
pub(crate) mod response_setters;
pub(crate) mod route;
mod scan;
mod scratch;
mod sending;
mod server;
pub(crate) mod server_settings;
mod state;
mod status;
pub(crate) mod sweep;
mod target;
mod text;
pub(crate) mod upload;
mod url;
