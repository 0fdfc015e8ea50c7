//! yolanda: a reactor for C programs, behind the ABI of a well-known course library.
//!
//! The modules, from the ground up. Each imports only what stands above it in this table.
//!
//! | module | what is in it |
//! | --- | --- |
//! | `sys` | system calls, clocks, memory pools, descriptors, addresses, errno |
//! | `sync` | protocols between threads; tests/model runs them under loom |
//! | [`abi`] | the types and constants that C sees, one file per header |
//! | `log` | log lines, their level, and where they go |
//! | `common` | the helpers of common.h for programs that block |
//! | `reactor` | event loops, back ends, connections, servers, clients, threads |
//! | `http` | HTTP/1.1: `wire` parses and encodes, the rest serves it on the reactor |
//! | [`exports`] | every exported function: documentation, checks of its arguments, one call into the modules above |
//!
//! A pointer from C becomes a reference in `exports`. An object belongs to the thread of its loop; its fields are
//! cells, because C and callbacks change them while the library holds a reference. docs/architecture.md follows a byte
//! through the modules.

// The exports and their implementations use the original's names.
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
