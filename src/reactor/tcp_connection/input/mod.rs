//! Bytes in: reading, and what makes it wait.

pub mod back_pressure;
mod frames;
pub mod framing;
pub mod pace;
pub mod pace_steps;
pub mod pause;
pub mod read;
pub mod source;
