//! The states of a client and their transitions.

#![forbid(unsafe_code)]

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Not started, stopped or given up, or the connection has ended and there will be no other.
    Idle,
    /// The name is being looked up.
    Resolving,
    /// Sockets are connecting.
    Connecting,
    /// An attempt has failed, which is reported to the program in the next iteration.
    Failed,
    /// Waits for the next attempt.
    Waiting,
    Connected,
    /// Stopped, but the connection's closed callback hasn't been called yet.
    Closing,
    /// As `Closing`, and started again: the attempt begins after that callback.
    Restarting,
}

/// An event of a client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// The program starts it while its connection is still closing.
    Restart,
    /// The program stops it.
    Stop,
    /// An attempt begins with a name.
    LookUp,
    /// There are addresses to try.
    Connect,
    /// The attempt has failed.
    Fail,
    /// There will be no further attempt, or there is no memory for one.
    GiveUp,
    /// There will be another attempt later.
    Wait,
    /// An address has answered, and there is a connection.
    Establish,
    /// The connection has ended.
    End,
}

impl State {
    /// The next state. None if the event can't happen.
    pub fn after(self, event: Event) -> Option<State> {
        use Event::*;
        use State::*;
        Some(match (self, event) {
            (Closing, Restart) => Restarting,
            (Connected | Closing | Restarting, Stop) => Closing,
            (_, Stop) => Idle,
            (Idle | Waiting, LookUp) => Resolving,
            (Idle | Waiting | Resolving | Connecting, Connect) => Connecting,
            (Idle | Waiting | Resolving | Connecting, Fail) => Failed,
            (Idle | Resolving | Connecting | Failed, GiveUp) => Idle,
            (Idle, Wait) => Waiting,
            (Connecting, Establish) => Connected,
            (Connected | Closing | Restarting, End) => Idle,
            _ => return None,
        })
    }

    /// Whether there is a connection, or an attempt is running or will follow.
    pub fn is_active(self) -> bool {
        !matches!(self, State::Idle | State::Closing)
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, State};

    #[test]
    fn a_connection_is_left_only_by_its_end() {
        for state in [State::Connected, State::Closing, State::Restarting] {
            for event in [Event::LookUp, Event::Connect, Event::Fail, Event::GiveUp, Event::Wait] {
                assert_eq!(state.after(event), None, "{state:?} {event:?}");
            }
            assert_eq!(state.after(Event::Stop), Some(State::Closing));
            assert_eq!(state.after(Event::End), Some(State::Idle));
        }
    }

    #[test]
    fn only_a_closing_client_is_restarted() {
        let all = [
            State::Idle,
            State::Resolving,
            State::Connecting,
            State::Failed,
            State::Waiting,
            State::Connected,
            State::Closing,
            State::Restarting,
        ];
        for state in all {
            let next = state.after(Event::Restart);
            assert_eq!(next, (state == State::Closing).then_some(State::Restarting));
            assert!(!state.after(Event::Stop).is_some_and(State::is_active));
        }
    }
}
