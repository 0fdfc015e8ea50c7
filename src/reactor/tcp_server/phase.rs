//! The phases of a server and their transitions. Connections and listeners on other threads read the phase; only
//! the server's own thread changes it.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU8, Ordering::Relaxed, Ordering::SeqCst};

/// In order: a server never returns to an earlier phase, unless starting or freeing it fails.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Phase {
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

impl Phase {
    /// The next phase. None if the event can't happen.
    pub fn after(self, event: Event) -> Option<Phase> {
        use Event::*;
        use Phase::*;
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
        matches!(self, Phase::Stopping | Phase::Overdue | Phase::Cut)
    }

    fn of(number: u8) -> Phase {
        match number {
            0 => Phase::New,
            1 => Phase::Running,
            2 => Phase::Stopping,
            3 => Phase::Overdue,
            4 => Phase::Cut,
            5 => Phase::Stopped,
            _ => Phase::Freed,
        }
    }
}

/// The phase of a server, readable by all threads.
pub struct Life(AtomicU8);

impl Life {
    pub const fn new() -> Life {
        Life(AtomicU8::new(Phase::New as u8))
    }

    pub fn phase(&self) -> Phase {
        Phase::of(self.0.load(SeqCst))
    }

    /// Whether the server accepts no more clients. Other threads may see this late.
    pub fn is_ending(&self) -> bool {
        self.0.load(Relaxed) > Phase::Running as u8
    }

    /// Changes to the next phase. Returns the previous one, or None if the event can't happen.
    pub fn advance(&self, event: Event) -> Option<Phase> {
        let before = self.phase();
        self.0.store(before.after(event)? as u8, SeqCst);
        Some(before)
    }

    /// Reverts a transition that couldn't be completed.
    pub fn restore(&self, before: Phase) {
        self.0.store(before as u8, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Life, Phase};

    const ALL: [Phase; 7] = [
        Phase::New,
        Phase::Running,
        Phase::Stopping,
        Phase::Overdue,
        Phase::Cut,
        Phase::Stopped,
        Phase::Freed,
    ];

    #[test]
    fn number_names_one_phase() {
        for phase in ALL {
            assert_eq!(Phase::of(phase as u8), phase);
        }
    }

    #[test]
    fn graceful_stop_goes_through_all_its_phases() {
        let life = Life::new();
        for (event, before) in [
            (Event::Start, Phase::New),
            (Event::Stop, Phase::Running),
            (Event::Deadline, Phase::Stopping),
            (Event::LastTurnsOver, Phase::Overdue),
            (Event::Drained, Phase::Cut),
            (Event::Free, Phase::Stopped),
        ] {
            assert_eq!(life.advance(event), Some(before));
        }
        assert_eq!(life.phase(), Phase::Freed);
    }

    #[test]
    fn stopped_server_neither_starts_nor_stops_again() {
        for event in [Event::Start, Event::Stop, Event::StopAtOnce, Event::Drained] {
            for phase in [Phase::Stopped, Phase::Freed] {
                assert_eq!(phase.after(event), None, "{phase:?}, {event:?}");
            }
        }
    }

    #[test]
    fn only_a_failed_start_leads_back() {
        use Event::*;
        for phase in ALL {
            for event in [Start, Stop, StopAtOnce, Deadline, LastTurnsOver, Drained, Free] {
                assert!(
                    phase.after(event).is_none_or(|next| next >= phase),
                    "{phase:?}, {event:?}"
                );
            }
        }
        assert_eq!(Phase::Running.after(StartFailed), Some(Phase::New));
    }
}
