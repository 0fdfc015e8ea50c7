//! HTTP/1.1 as bytes: parsing requests and encoding responses, on slices.
#![forbid(unsafe_code)]

pub mod body;
pub mod cookie;
pub mod date;
pub mod encode;
pub mod form;
pub mod framing;
pub mod limits;
pub mod line;
pub mod multipart;
pub mod parameter;
pub mod parse;
pub mod scan;
pub mod status;
pub mod target;
pub mod url;
pub mod urlencoded;
