//! Signals that end a run: languages whose handlers only take a note (Python, Node) get control back, and act on it.

#![forbid(unsafe_code)]

use crate::reactor::event_loop::state::Loop;
use std::cell::Cell;

#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[repr(u8)]
enum State {
    /// Signals don't end a run.
    #[default]
    Off,
    On,
    /// A signal has ended a wait. The run that waited ends with its iteration.
    Interrupted,
}

/// What signals do to the runs of a loop. All zeroes: nothing.
#[derive(Default)]
pub struct Interrupts(Cell<State>);

impl Loop {
    /// Sets whether a signal ends a run.
    pub fn set_interruptible(&self, on: bool) {
        self.interrupts.0.set(if on { State::On } else { State::Off });
    }

    /// A signal has ended the wait of a back end.
    pub fn was_interrupted(&self) {
        if self.interrupts.0.get() == State::On {
            self.interrupts.0.set(State::Interrupted);
        }
    }

    /// Whether the current run ends because of a signal. Says so once.
    pub fn take_interrupt(&self) -> bool {
        let interrupted = self.interrupts.0.get() == State::Interrupted;
        if interrupted {
            self.interrupts.0.set(State::On);
        }
        interrupted
    }
}
