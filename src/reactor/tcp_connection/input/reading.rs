//! The states of the input side: what the peer has sent, and what the program wants of reading.

#![forbid(unsafe_code)]

use std::cell::Cell;

#[repr(u8)]
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Sent {
    #[default]
    Nothing,
    Bytes,
    /// The end of the stream was seen, without a byte before it.
    OnlyEnd,
    BytesAndEnd,
}

/// What the peer has sent. All zeroes: nothing.
#[derive(Default)]
pub struct Peer(Cell<Sent>);

impl Peer {
    /// Bytes have come. Nothing is read after the end of the stream.
    #[inline(always)]
    pub fn sends(&self) {
        self.0.set(Sent::Bytes);
    }

    /// The end of the stream was seen.
    pub fn ends(&self) {
        self.0.set(if self.has_sent() { Sent::BytesAndEnd } else { Sent::OnlyEnd });
    }

    /// Whether at least a byte has come.
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
    /// What arrives is delivered.
    #[default]
    Arrivals,
    /// The next turn begins with what was left unread.
    LeftFirst,
    /// The program stopped reading.
    Nothing,
}

/// What the program wants of reading. All zeroes: what arrives.
#[derive(Default)]
pub struct Reading(Cell<Taking>);

impl Reading {
    /// The program stops reading. False where it has stopped before.
    pub fn pause(&self) -> bool {
        self.0.replace(Taking::Nothing) != Taking::Nothing
    }

    /// The program goes on, with what is `left` unread first. False where it hadn't stopped.
    pub fn resume(&self, left: bool) -> bool {
        if !self.is_paused() {
            return false;
        }
        self.0.set(if left { Taking::LeftFirst } else { Taking::Arrivals });
        true
    }

    /// What is left unread is delivered again, unless reading is stopped: going on does that by itself.
    pub fn redeliver(&self) {
        if !self.is_paused() {
            self.0.set(Taking::LeftFirst);
        }
    }

    /// A turn of reading begins: whether with what was left unread.
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
    fn the_end_keeps_whether_bytes_came() {
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
    fn what_was_left_comes_once_and_not_while_reading_is_stopped() {
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
