//! The states of a server and their transitions. Connections and listeners on other threads read the state; only
//! the server's own thread changes it.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU8, Ordering::Relaxed, Ordering::SeqCst};

/// In order: a server never returns to an earlier state, unless starting or freeing it fails.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Life {
    /// Not started yet.
    New,
    /// Accepts clients. Later states don't.
    Running,
    /// Connections end when they become idle.
    Stopping,
    /// The deadline has passed: connections are closed after a last turn.
    Overdue,
    /// Connections are closed at once.
    Cut,
    /// The stop is complete: there are no connections.
    Stopped,
    /// Connections are closed. The memory is kept until the last of them is freed.
    Freed,
}

/// An event of a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    Start,
    /// Its sockets can't be registered.
    StartFailed,
    /// With time for the connections to end.
    Stop,
    StopAtOnce,
    /// The deadline of a stop has passed.
    Deadline,
    /// The time for the last turns has also passed.
    LastTurnsOver,
    /// The last connection has closed, and no thread is accepting.
    Drained,
    Free,
}

impl Life {
    /// The next state. None if the event can't happen.
    pub fn after(self, event: Event) -> Option<Life> {
        use Event::*;
        use Life::*;
        Some(match (self, event) {
            (New, Start) => Running,
            (Running, StartFailed) => New,
            (New | Running, Stop) => Stopping,
            (New | Running, StopAtOnce) => Cut,
            (Stopping, Deadline) => Overdue,
            (Stopping | Overdue, LastTurnsOver) => Cut,
            (Stopping | Overdue | Cut, Drained) => Stopped,
            (_, Free) => Freed,
            _ => return None,
        })
    }

    /// Whether a stop has begun and isn't complete.
    pub fn is_stopping(self) -> bool {
        matches!(self, Life::Stopping | Life::Overdue | Life::Cut)
    }

    fn of(number: u8) -> Life {
        match number {
            0 => Life::New,
            1 => Life::Running,
            2 => Life::Stopping,
            3 => Life::Overdue,
            4 => Life::Cut,
            5 => Life::Stopped,
            _ => Life::Freed,
        }
    }
}

/// The state, readable by all threads.
pub struct State(AtomicU8);

impl State {
    pub const fn new() -> State {
        State(AtomicU8::new(Life::New as u8))
    }

    pub fn get(&self) -> Life {
        Life::of(self.0.load(SeqCst))
    }

    /// Whether the server accepts no more clients. Other threads may see this late.
    pub fn is_ending(&self) -> bool {
        self.0.load(Relaxed) > Life::Running as u8
    }

    /// Changes to the next state. Returns the previous one, or None if the event can't happen.
    pub fn advance(&self, event: Event) -> Option<Life> {
        let before = self.get();
        self.0.store(before.after(event)? as u8, SeqCst);
        Some(before)
    }

    /// Reverts a transition that couldn't be completed.
    pub fn restore(&self, before: Life) {
        self.0.store(before as u8, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Life, State};

    const ALL: [Life; 7] = [
        Life::New,
        Life::Running,
        Life::Stopping,
        Life::Overdue,
        Life::Cut,
        Life::Stopped,
        Life::Freed,
    ];

    #[test]
    fn number_names_one_state() {
        for life in ALL {
            assert_eq!(Life::of(life as u8), life);
        }
    }

    #[test]
    fn graceful_stop_goes_through_all_its_states() {
        let state = State::new();
        for (event, before) in [
            (Event::Start, Life::New),
            (Event::Stop, Life::Running),
            (Event::Deadline, Life::Stopping),
            (Event::LastTurnsOver, Life::Overdue),
            (Event::Drained, Life::Cut),
            (Event::Free, Life::Stopped),
        ] {
            assert_eq!(state.advance(event), Some(before));
        }
        assert_eq!(state.get(), Life::Freed);
    }

    #[test]
    fn stopped_server_neither_starts_nor_stops_again() {
        for event in [Event::Start, Event::Stop, Event::StopAtOnce, Event::Drained] {
            for life in [Life::Stopped, Life::Freed] {
                assert_eq!(life.after(event), None, "{life:?}, {event:?}");
            }
        }
    }

    #[test]
    fn only_a_failed_start_leads_back() {
        use Event::*;
        for life in ALL {
            for event in [Start, Stop, StopAtOnce, Deadline, LastTurnsOver, Drained, Free] {
                assert!(life.after(event).is_none_or(|next| next >= life), "{life:?}, {event:?}");
            }
        }
        assert_eq!(Life::Running.after(StartFailed), Some(Life::New));
    }
}
