//! Every interleaving, and every stale value that the memory model allows, of the library's small
//! protocols between threads. The modelled files are the library's own, built over loom's atomics.
//!
//! Each protocol also has variants with plausible faults, whose models have to fail.

mod sync {
    pub mod atomic {
        pub use loom::sync::atomic::*;
    }
}

#[path = "../../src/sync/wake_flag.rs"]
mod wake_flag;

#[path = "../../src/sync/in_use.rs"]
mod in_use;

#[path = "../../src/sync/refs.rs"]
mod ref_count;

#[path = "../../src/reactor/tcp_connection/output/write_side.rs"]
mod write_side;

mod descriptor;
mod refs;
mod wake;
mod writing;

/// Runs a model. `preemptions` bounds how often a running thread is interrupted; two or three are
/// enough to find most errors (Musuvathi and Qadeer, PLDI 2007).
fn explore(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}
