//! A connection from the point of view of its loop: the owner of a channel, and one of the loop's connections.

use super::Connection;
use super::close_reason::CloseReason;
use super::input::{pause, read};
use super::lifecycle::{open, ready};
use super::output::write;
use crate::reactor::event_loop::member::{Member, Members, Standing};
use crate::sys::kind::Kind;
use std::mem::offset_of;

/// What loops know about connections.
/// SAFETY: a program's own channel can't have these callbacks, and the address of a copied channel doesn't match
/// its `data`.
pub static MEMBERS: Members = unsafe {
    Members::of::<Connection>(
        read::on_readable,
        write::on_writable,
        offset_of!(Connection, channel),
    )
};

impl Member for Connection {
    fn id(&self) -> u64 {
        self.id.get()
    }

    fn standing(&self) -> Standing {
        if self.shared.life.is_closed() {
            Standing::Closed
        } else if self.watch.is_on() {
            Standing::Registered
        } else {
            Standing::Off
        }
    }

    fn set_registered(&self, on: bool) {
        self.watch.set(on);
    }

    fn owns_number(&self) -> bool {
        open::owns_number(self)
    }

    fn identify(&self) {
        open::identify_once(self);
    }

    fn may_be_edge(&self) -> bool {
        self.is_kind(Kind::Tcp)
    }

    fn read_by_back_end(&self) -> bool {
        self.wire.set(self.wire.get().indirect());
        matches!(self.kind(), Kind::Tcp | Kind::Stream)
    }

    fn unwatched(&self) {
        ready::close_unwatched(self);
    }

    fn lost(&self) {
        ready::close_in_iteration(self, CloseReason::DescriptorGone);
    }

    fn hung_up(&self) {
        pause::hung_up(self);
    }
}
