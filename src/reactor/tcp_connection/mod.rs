//! Connections: bytes in (`input`), bytes out (`output`), from the first registration to the end (`lifecycle`).
//!
//! `state` is the object of a public `struct tcp_connection`, `cold_state` the part that only few of them need.
//! `remote` is a connection from the point of view of other threads, `shared` the part that they may use. `owner` has
//! the functions of a connection's maker, `protocol` those for a protocol. `control` and `handle` have the functions
//! for programs, `posted` runs requests of other threads, and `kept` counts the references to the memory.
//!
//! Imports: abi, backend, buffer, event_loop, kept, list, log, sync, sys.

pub mod close_reason;
pub mod cold_state;
pub mod control;
pub mod filter;
pub mod handle;
pub mod input;
pub mod kept;
pub mod lifecycle;
pub mod lists;
pub mod member;
pub mod output;
pub mod owner;
pub mod posted;
pub mod protocol;
mod registration;
pub mod remote;
pub mod settings;
pub mod shared;
pub mod state;
mod wire;

pub use output::write_side::Side;
use state::LIMIT;
pub use state::{AfterSending, Connection, Work};
