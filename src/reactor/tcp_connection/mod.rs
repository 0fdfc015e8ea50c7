//! Connections: bytes in (`input`), bytes out (`output`), from the first registration to the end (`lifecycle`).
//!
//! `state` is what stands behind the public `struct tcp_connection`, `cold_state` what only few of them need. `remote`
//! is a connection as other threads have it, `shared` what they may touch.
//! `owner` is what a connection tells its maker and its protocol, `protocol` what a protocol asks of it. `callbacks` are
//! those of the public fields, `handlers` those with data of the program, which `handled` calls. `output::send`,
//! `control` and `handle` are what a program does with a connection, `posted` brings there what other threads ask for,
//! `kept` counts who needs the memory.
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
mod watch;
mod wire;

pub use output::write_side::Side;
use state::LIMIT;
pub use state::{AfterSending, Connection, HeldBy, Work};
