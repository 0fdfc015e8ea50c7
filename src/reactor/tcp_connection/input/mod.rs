//! The input side: reading, and when it is paused or deferred.

pub mod back_pressure;
mod frames;
pub mod framing;
pub mod pace;
pub mod pace_steps;
pub mod pause;
pub mod read;
pub mod reading;
pub mod room;
pub mod source;
