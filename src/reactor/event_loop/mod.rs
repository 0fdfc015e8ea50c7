//! The event loop: its state, its iteration, and its channels, timers, signals and tasks.
//!
//! Imports: abi, kept, list, log, sync, sys.

pub mod budget;
pub mod changes;
pub mod channel;
pub mod channel_map;
pub mod create;
mod destroy;
pub mod dispatcher;
pub mod inherit;
pub mod interrupts;
pub mod iteration;
pub mod member;
pub mod owner;
pub mod parts;
pub mod posts;
pub mod registration;
pub mod registry;
pub mod remote;
pub mod roster;
pub mod shared;
pub mod signals;
pub mod source;
pub mod state;
pub mod teardown;
pub mod timers;
pub mod wakeup;
