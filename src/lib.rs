//! yolanda: a small reactor for C programs.
//!
//! `abi` holds what C sees (one file per header), `reactor` and `http` the behaviour behind it,
//! `common` and `log` the helpers, and `sys` the only raw system calls and memory.
//! docs/architecture.md shows the way of a byte through these rooms.

// The exports and what implements them carry the original's names.
#![allow(non_snake_case)]

#[macro_use]
mod log;

pub mod abi;
mod common;
pub mod exports;
mod http;
mod reactor;
mod sync;
mod sys;
