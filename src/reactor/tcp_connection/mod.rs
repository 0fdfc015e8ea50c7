//! Connections: receiving bytes (`input`), sending bytes (`output`), making and closing a connection (`lifecycle`).
//!
//! `state` has the object behind the public `struct tcp_connection`, `cold_state` what only few connections need.
//! `remote` is a connection from the point of view of other threads, `shared` the part that they may use. `maker` has
//! what a connection calls in its maker and its protocol, `protocol` what a protocol calls in a connection. `callbacks`
//! are those of the public fields, `handlers` those with data of the program, which `handled` calls. The functions for
//! programs are in `output::send`, `control` and `handle`. `posted` has the requests of other threads, and `kept` counts
//! the references to the memory.
//!
//! Imports: abi, backend, buffer, event_loop, kept, list, log, sync, sys.

mod block;
pub mod callbacks;
pub mod close_reason;
pub mod cold_state;
pub mod control;
pub mod filter;
pub mod handle;
pub mod handled;
pub mod handlers;
pub mod input;
pub mod kept;
pub mod lifecycle;
pub mod lists;
pub mod maker;
pub mod member;
pub mod output;
pub mod posted;
pub mod protocol;
mod registration;
pub mod remote;
pub mod settings;
pub mod shared;
pub mod state;
mod watch;
mod wire;

pub use output::write_side::Side;
use state::LIMIT;
pub use state::{AfterSending, Connection, HeldBy, Work};
