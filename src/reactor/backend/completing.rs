//! A back end for tests that reads by itself, as one on completions does: the bytes of a connection are taken from
//! its descriptor as they arrive, whether anybody wants them or not, a block at most, and handed over when the
//! connection asks. Chosen by YOLANDA_DISPATCHER=completing. What isn't a stream of the library's, and all writing,
//! goes by readiness, as with poll.
//!
//! A program that takes such a connection off its loop, or puts its own callbacks into the channel, doesn't get the
//! block's bytes: a back end of a release has to give them back first.

use crate::abi::types::{EVENT_READ, EVENT_WRITE, channel, event_dispatcher, event_loop};
use crate::reactor::backend::{self, For, IN};
use crate::reactor::event_loop::iteration;
use crate::reactor::event_loop::state::{Loop, channel_at, registration};
use crate::reactor::tcp_connection::input::source::{Held, Source};
use crate::reactor::tcp_connection::lifecycle::open;
use crate::reactor::tcp_connection::{Connection, of_channel};
use crate::sys::kind::Kind;
use crate::sys::{errno, fd as sys_fd};
use libc::{c_int, c_void, pollfd, timeval};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::ptr;
use std::rc::Rc;

/// More than one read of a connection takes, and of a size that divides none that tests send.
const BLOCK: usize = 99_991;

pub static DISPATCHER: event_dispatcher = event_dispatcher {
    name: c"completing".as_ptr(),
    init: Some(init),
    add: Some(add),
    del: Some(del),
    update: Some(update),
    dispatch: Some(dispatch),
    clear: Some(clear),
};

static SOURCE: Source = Source { read, held };

/// What is known of a descriptor. It stays behind when the channel is taken off, with what was read.
struct Slot {
    /// The lower half of the registration's number.
    id: u32,
    is_on: bool,
    /// The back end reads from it.
    reads: bool,
    block: Vec<u8>,
    handed_over: usize,
    /// What a read brought in the end: 0, or an errno value.
    end: Option<c_int>,
}

impl Slot {
    fn held(&self) -> Held {
        let bytes = self.block.len() - self.handed_over;
        Held { bytes, ended: self.end.is_some(), error: self.end.unwrap_or(0) }
    }

    /// Whether the next bytes have a place.
    fn is_empty(&self) -> bool {
        self.block.len() == self.handed_over && self.end.is_none()
    }

    /// Hands over what fits.
    fn give(&mut self, to: &mut [MaybeUninit<u8>]) -> isize {
        let rest = &self.block[self.handed_over..];
        if let (true, Some(end)) = (rest.is_empty(), self.end) {
            return if end == 0 { 0 } else { errno::fail(end) as isize };
        }
        if rest.is_empty() {
            return errno::fail(libc::EAGAIN) as isize;
        }
        let n = rest.len().min(to.len());
        for (to, &from) in to.iter_mut().zip(&rest[..n]) {
            to.write(from);
        }
        self.handed_over += n;
        n as isize
    }
}

#[derive(Default)]
struct Completing {
    slots: RefCell<BTreeMap<c_int, Slot>>,
}

/// The back end's data of a loop, None where it has none.
unsafe fn data(l: *mut event_loop) -> Option<Rc<Completing>> {
    // SAFETY: NULL, or a live loop. With this back end in place the data is what `init` made, and has a reference.
    unsafe {
        let l = l.as_ref()?;
        let data = l.event_dispatcher_data.get().cast::<Completing>().cast_const();
        if data.is_null() || !ptr::eq(l.eventDispatcher.get(), &DISPATCHER) {
            return None;
        }
        Rc::increment_strong_count(data);
        Some(Rc::from_raw(data))
    }
}

unsafe extern "C-unwind" fn init(l: *mut event_loop) -> *mut c_void {
    if !l.is_null() {
        // SAFETY: the library makes its loops with this back end only.
        unsafe {
            backend::initialised(l);
            Loop::from_c(l).set_source(Some(&SOURCE));
        }
    }
    Rc::into_raw(Rc::new(Completing::default())).cast_mut().cast()
}

unsafe extern "C-unwind" fn clear(l: *mut event_loop) {
    // SAFETY: NULL or a live loop, whose reference to the data is given up.
    unsafe {
        let Some(own) = data(l) else { return };
        Rc::decrement_strong_count(Rc::as_ptr(&own));
        (*l).event_dispatcher_data.set(ptr::null_mut());
        Loop::from_c(l).set_source(None);
    }
}

/// The library's connection behind a channel, if it is a stream.
unsafe fn stream<'a>(ch: *mut channel) -> Option<&'a Connection> {
    // SAFETY: NULL or a live channel; a registered connection is live.
    let conn = unsafe { of_channel(ch).as_ref() }?;
    matches!(conn.kind(), Kind::Tcp | Kind::Stream).then_some(conn)
}

unsafe extern "C-unwind" fn add(l: *mut event_loop, ch: *mut channel) -> c_int {
    // SAFETY: live objects on the loop's thread, as the loop calls it.
    unsafe {
        let (Some(own), false) = (data(l), ch.is_null()) else {
            return errno::fail(libc::EINVAL);
        };
        let conn = stream(ch);
        if let Some(conn) = conn {
            conn.read_by_back_end();
        }
        let id = note(l, ch);
        let fresh =
            || Slot { id, is_on: true, reads: false, block: Vec::new(), handed_over: 0, end: None };
        let mut slots = own.slots.borrow_mut();
        let slot = slots.entry((*ch).fd.get()).or_insert_with(fresh);
        if slot.id != id {
            *slot = fresh();
        }
        (slot.is_on, slot.reads) = (true, conn.is_some());
        0
    }
}

unsafe extern "C-unwind" fn del(l: *mut event_loop, ch: *mut channel) -> c_int {
    // SAFETY: as in `add`.
    unsafe { change(l, ch, |slot| slot.is_on = false) }
}

unsafe extern "C-unwind" fn update(l: *mut event_loop, ch: *mut channel) -> c_int {
    // SAFETY: as in `add`.
    unsafe {
        change(l, ch, |_| {
            note(l, ch);
        })
    }
}

/// Calls `f` for the slot of a channel that is on.
unsafe fn change(l: *mut event_loop, ch: *mut channel, f: impl FnOnce(&mut Slot)) -> c_int {
    // SAFETY: as in `add`.
    unsafe {
        let (Some(own), false) = (data(l), ch.is_null()) else {
            return errno::fail(libc::EINVAL);
        };
        match own.slots.borrow_mut().get_mut(&(*ch).fd.get()) {
            Some(slot) if slot.is_on => {
                f(slot);
                0
            }
            _ => errno::fail(libc::ENOENT),
        }
    }
}

/// The registration's side of an add or update; its number.
unsafe fn note(l: *mut event_loop, ch: *mut channel) -> u32 {
    // SAFETY: live objects on the loop's thread.
    unsafe {
        let Some(reg) = registration(l, (*ch).fd.get()).as_mut() else { return 0 };
        reg.events = (*ch).events.get() as u8;
        reg.edge = false;
        reg.id
    }
}

/// What the loop wants to hear of a descriptor at the moment.
unsafe fn wanted(l: *mut event_loop, fd: c_int) -> c_int {
    // SAFETY: a live loop on its thread.
    unsafe {
        registration(l, fd).as_ref().map_or(0, |reg| backend::asked(l, fd, c_int::from(reg.events)))
    }
}

/// `read` and `held` look for the connection here.
fn with_slot<R>(conn: &Connection, f: impl FnOnce(&mut Slot) -> R) -> Option<R> {
    // SAFETY: the connection's loop is live, and this its thread.
    let own = unsafe { data(conn.event_loop().as_c()) }?;
    let mut slots = own.slots.borrow_mut();
    let slot = slots.get_mut(&conn.channel.fd.get())?;
    (slot.id == conn.id.get() as u32 && slot.reads).then(|| f(slot))
}

fn read(conn: &Connection, to: &mut [MaybeUninit<u8>]) -> Option<isize> {
    with_slot(conn, |slot| slot.give(to))
}

fn held(conn: &Connection) -> Option<Held> {
    with_slot(conn, |slot| slot.held())
}

/// Reads what has arrived for a connection into its empty block.
unsafe fn complete(l: *mut event_loop, fd: c_int, slot: &mut Slot) {
    // SAFETY: a live loop on its thread; the block has the room, and what was read of it is its new length.
    unsafe {
        let conn = stream(channel_at(l, fd));
        if !conn.is_some_and(|conn| conn.id.get() as u32 == slot.id && open::is_entered(conn)) {
            // The program closed the descriptor, and the number is another's.
            return;
        }
        slot.block.clear();
        slot.block.reserve(BLOCK);
        slot.handed_over = 0;
        match sys_fd::recv(fd, slot.block.as_mut_ptr(), BLOCK) {
            0 => slot.end = Some(0),
            n if n > 0 => slot.block.set_len(n as usize),
            _ if errno::get() != libc::EAGAIN => slot.end = Some(errno::get()),
            _ => {}
        }
    }
}

unsafe extern "C-unwind" fn dispatch(l: *mut event_loop, tv: *mut timeval) -> c_int {
    // SAFETY: a live loop on its thread; slots are looked up by number, and never borrowed across a callback.
    unsafe {
        let Some(own) = data(l) else {
            return errno::fail(libc::EINVAL);
        };
        let (mut polled, mut ids) = (Vec::new(), Vec::new());
        let mut limit = backend::milliseconds(tv);
        for (&fd, slot) in own.slots.borrow().iter().filter(|(_, slot)| slot.is_on) {
            let wanted = wanted(l, fd);
            let reads = if slot.reads { slot.is_empty() } else { wanted & EVENT_READ != 0 };
            let mut events = if reads { libc::POLLIN } else { 0 };
            if wanted & EVENT_WRITE != 0 {
                events |= libc::POLLOUT;
            }
            if slot.reads && !slot.is_empty() && wanted & EVENT_READ != 0 {
                limit = 0;
            }
            polled.push(pollfd { fd, events, revents: 0 });
            ids.push(slot.id);
        }
        let n = libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, limit);
        if n < 0 {
            return if errno::get() == libc::EINTR { 0 } else { -1 };
        }
        for &pollfd { fd, revents, .. } in &polled {
            let mut slots = own.slots.borrow_mut();
            if let Some(slot) = slots.get_mut(&fd)
                && slot.reads
                && slot.is_empty()
                && revents & (libc::POLLIN | libc::POLLHUP | libc::POLLERR) != 0
            {
                complete(l, fd, slot);
            }
        }
        iteration::within(l, || {
            for (&pollfd { fd, revents, .. }, id) in polled.iter().zip(ids) {
                let Some(bits) = own.due(l, fd, id, revents) else { continue };
                if bits == 0 {
                    continue;
                }
                backend::before_event(l, fd);
                // A callback may have changed the back end, or delivered this.
                if !data(l).is_some_and(|now| Rc::ptr_eq(&now, &own)) {
                    break;
                }
                let Some(bits) = own.due(l, fd, id, revents).filter(|&bits| bits != 0) else {
                    continue;
                };
                let known = backend::deliver(l, fd, id, bits, |read| {
                    log_msg!(
                        "get message channel fd=={} for {}, {}",
                        fd,
                        For(read),
                        backend::name(l)
                    );
                });
                if !known {
                    own.slots.borrow_mut().remove(&fd);
                }
            }
        });
        0
    }
}

impl Completing {
    /// What is to be told of a descriptor: what the kernel says, with `IN` for what was read; None where the
    /// registration is no more.
    unsafe fn due(&self, l: *mut event_loop, fd: c_int, id: u32, revents: i16) -> Option<u32> {
        let slots = self.slots.borrow();
        let slot = slots.get(&fd).filter(|slot| slot.is_on && slot.id == id)?;
        // poll's bits have the values of epoll's.
        let mut bits = u32::from(revents as u16);
        if slot.reads {
            // SAFETY: a live loop on its thread.
            let wants = unsafe { wanted(l, fd) } & EVENT_READ != 0;
            // The number of another connection shows as one that is readable.
            let foreign = slot.is_empty() && bits & IN != 0;
            bits &= !IN;
            if wants && (!slot.is_empty() || foreign) {
                bits |= IN;
            }
        }
        Some(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(bytes: &[u8], end: Option<c_int>) -> Slot {
        Slot { id: 1, is_on: true, reads: true, block: bytes.to_vec(), handed_over: 0, end }
    }

    #[test]
    fn a_block_is_handed_over_in_pieces_and_its_end_for_ever() {
        let mut slot = slot(b"hello", Some(libc::ECONNRESET));
        let mut to = [MaybeUninit::new(0u8); 4];
        assert_eq!(slot.held(), Held { bytes: 5, ended: true, error: libc::ECONNRESET });
        assert_eq!((slot.give(&mut to), slot.give(&mut to)), (4, 1));
        for _ in 0..2 {
            assert_eq!((slot.give(&mut to), errno::get()), (-1, libc::ECONNRESET));
        }
        slot.end = Some(0);
        assert_eq!(slot.give(&mut to), 0);
    }

    #[test]
    fn an_empty_block_has_nothing_yet() {
        let mut slot = slot(b"", None);
        assert!(slot.is_empty());
        assert_eq!((slot.give(&mut [MaybeUninit::uninit(); 4]), errno::get()), (-1, libc::EAGAIN));
    }
}
