//! The output side: sending, the queue and its limits.

pub mod batch;
pub mod file;
pub mod queue;
pub mod quota;
pub mod send;
pub mod water_marks;
pub mod write;
pub mod write_side;
