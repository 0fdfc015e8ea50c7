//! Requests and responses as C code and handlers see them.

pub mod arena;
pub mod bodies;
pub mod body_file;
pub mod collected;
pub mod form;
pub mod handler;
pub mod head_hook;
pub mod http_response;
pub mod output;
pub mod request;
pub mod upload;
