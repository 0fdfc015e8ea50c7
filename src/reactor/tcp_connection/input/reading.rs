//! The states of the input side: what the peer has sent, and what is delivered to the program.

#![forbid(unsafe_code)]

use std::cell::Cell;

#[repr(u8)]
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Sent {
    #[default]
    Nothing,
    Bytes,
    /// The end of the stream was received, without a byte before it.
    OnlyEnd,
    BytesAndEnd,
}

/// What the peer has sent. All zeroes: nothing.
#[derive(Default)]
pub struct Peer(Cell<Sent>);

impl Peer {
    /// Bytes were received. Nothing is read after the end of the stream, so this never follows `ends`.
    #[inline(always)]
    pub fn sends(&self) {
        self.0.set(Sent::Bytes);
    }

    /// The end of the stream was received.
    pub fn ends(&self) {
        self.0.set(if self.has_sent() { Sent::BytesAndEnd } else { Sent::OnlyEnd });
    }

    /// Whether at least one byte was received.
    pub fn has_sent(&self) -> bool {
        matches!(self.0.get(), Sent::Bytes | Sent::BytesAndEnd)
    }

    pub fn has_ended(&self) -> bool {
        matches!(self.0.get(), Sent::OnlyEnd | Sent::BytesAndEnd)
    }
}

#[repr(u8)]
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Taking {
    /// Bytes are delivered when they arrive.
    #[default]
    Arrivals,
    /// The next turn of reading begins with the unread bytes.
    LeftFirst,
    /// The program has paused reading.
    Nothing,
}

/// What is delivered to the program. All zeroes: bytes that arrive.
#[derive(Default)]
pub struct Reading(Cell<Taking>);

impl Reading {
    /// Pauses reading. False if it is already paused.
    pub fn pause(&self) -> bool {
        self.0.replace(Taking::Nothing) != Taking::Nothing
    }

    /// Resumes reading. If bytes are `left` unread, the next turn begins with them. False if reading wasn't paused.
    pub fn resume(&self, left: bool) -> bool {
        if !self.is_paused() {
            return false;
        }
        self.0.set(if left { Taking::LeftFirst } else { Taking::Arrivals });
        true
    }

    /// Makes the next turn begin with the unread bytes. During a pause it does nothing, because `resume` does that.
    pub fn redeliver(&self) {
        if !self.is_paused() {
            self.0.set(Taking::LeftFirst);
        }
    }

    /// Begins a turn of reading. Returns whether unread bytes have to be delivered first.
    #[inline(always)]
    pub fn begin_turn(&self) -> bool {
        let begins = self.0.get() == Taking::LeftFirst;
        if begins {
            self.0.set(Taking::Arrivals);
        }
        begins
    }

    pub fn is_paused(&self) -> bool {
        self.0.get() == Taking::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_keeps_whether_bytes_were_received() {
        let peer = Peer::default();
        assert!(!peer.has_sent() && !peer.has_ended());
        peer.ends();
        assert!(!peer.has_sent() && peer.has_ended());
        let peer = Peer::default();
        peer.sends();
        peer.ends();
        peer.ends();
        assert!(peer.has_sent() && peer.has_ended());
    }

    #[test]
    fn unread_bytes_are_delivered_once_and_not_during_a_pause() {
        let reading = Reading::default();
        assert!(!reading.begin_turn() && !reading.resume(true) && !reading.begin_turn());
        reading.redeliver();
        assert!(reading.begin_turn() && !reading.begin_turn());
        reading.redeliver();
        assert!(reading.pause() && !reading.pause());
        reading.redeliver();
        assert!(reading.is_paused() && !reading.begin_turn());
        assert!(reading.resume(true) && reading.begin_turn());
        assert!(reading.pause() && reading.resume(false) && !reading.begin_turn());
    }
}
