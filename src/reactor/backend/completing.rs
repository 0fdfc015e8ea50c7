//! A back end for tests that reads by itself, as a completion-based one does: it reads the bytes of a connection
//! when they arrive, at most one block, and passes them on when the connection asks for them. Chosen by
//! YOLANDA_DISPATCHER=completing. Descriptors other than the library's streams, and all writing, use readiness,
//! as with poll.
//!
//! If a program removes such a connection from its loop, or replaces the callbacks in its channel, the bytes in
//! the block are lost. A back end for releases would have to return them first.

use crate::abi::types::{EVENT_READ, EVENT_WRITE, channel, event_dispatcher, event_loop};
use crate::reactor::backend::{self, For, IN};
use crate::reactor::event_loop::registry;
use crate::reactor::event_loop::source::{Buffered, Source};
use crate::reactor::event_loop::state::Loop;
use crate::sys::{errno, fd as sys_fd};
use libc::{c_int, c_void, pollfd, timeval};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::ptr;
use std::rc::Rc;

/// More than one read of a connection takes, and not a divisor of the amounts that the tests send.
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

static SOURCE: Source = Source { read, buffered };

/// The state of a descriptor. It remains, with the bytes that were read, when the channel is removed.
struct Slot {
    /// The lower half of the registration's number.
    id: u32,
    is_on: bool,
    /// The back end reads from it.
    reads: bool,
    block: Vec<u8>,
    passed_on: usize,
    /// The result of the last read: 0 for the end of the stream, or an errno value.
    end: Option<c_int>,
}

impl Slot {
    fn buffered(&self) -> Buffered {
        let bytes = self.block.len() - self.passed_on;
        Buffered { bytes, ended: self.end.is_some(), error: self.end.unwrap_or(0) }
    }

    /// Whether the block has room for the next bytes.
    fn is_empty(&self) -> bool {
        self.block.len() == self.passed_on && self.end.is_none()
    }

    /// Copies as many bytes as fit.
    fn give(&mut self, to: &mut [MaybeUninit<u8>]) -> isize {
        let rest = &self.block[self.passed_on..];
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
        self.passed_on += n;
        n as isize
    }
}

#[derive(Default)]
struct Completing {
    slots: RefCell<BTreeMap<c_int, Slot>>,
}

/// The back end's data of a loop that uses this back end.
fn data(l: &Loop) -> Option<Rc<Completing>> {
    let data = l.public.event_dispatcher_data.get().cast::<Completing>().cast_const();
    if data.is_null() || !ptr::eq(l.public.eventDispatcher.get(), &DISPATCHER) {
        return None;
    }
    // SAFETY: while a loop uses this back end, its data is what `init` made, and has a reference until `clear`.
    unsafe {
        Rc::increment_strong_count(data);
        Some(Rc::from_raw(data))
    }
}

unsafe extern "C-unwind" fn init(l: *mut event_loop) -> *mut c_void {
    // SAFETY: by contract NULL or a live loop.
    if let Some(l) = unsafe { backend::loop_of(l) } {
        l.back_end_is_new();
        l.source.set(Some(&SOURCE));
    }
    Rc::into_raw(Rc::new(Completing::default())).cast_mut().cast()
}

unsafe extern "C-unwind" fn clear(l: *mut event_loop) {
    // SAFETY: by contract NULL or a live loop.
    let Some(l) = (unsafe { backend::loop_of(l) }) else { return };
    let Some(own) = data(l) else { return };
    // SAFETY: this is the reference that `init` stored in the loop. The pointer to it is removed below.
    unsafe { Rc::decrement_strong_count(Rc::as_ptr(&own)) };
    l.public.event_dispatcher_data.set(ptr::null_mut());
    l.source.set(None);
}

/// Calls `f` with the loop's data and a channel. Fails with EINVAL if one is missing.
///
/// # Safety
/// Each pointer is NULL or to a live object.
unsafe fn change(
    l: *mut event_loop,
    ch: *mut channel,
    f: fn(&Completing, &Loop, &channel) -> c_int,
) -> c_int {
    // SAFETY: by contract each is NULL or live during this call, and neither reference is kept.
    if let (Some(l), Some(ch)) = unsafe { (backend::loop_of(l), ch.as_ref()) }
        && let Some(own) = data(l)
    {
        return f(&own, l, ch);
    }
    errno::fail(libc::EINVAL)
}

unsafe extern "C-unwind" fn add(l: *mut event_loop, ch: *mut channel) -> c_int {
    // SAFETY: NULL or live, because the loop calls this.
    unsafe { change(l, ch, Completing::add) }
}

unsafe extern "C-unwind" fn del(l: *mut event_loop, ch: *mut channel) -> c_int {
    // SAFETY: NULL or live, because the loop calls this.
    unsafe { change(l, ch, Completing::del) }
}

unsafe extern "C-unwind" fn update(l: *mut event_loop, ch: *mut channel) -> c_int {
    // SAFETY: NULL or live, because the loop calls this.
    unsafe { change(l, ch, Completing::update) }
}

/// Updates the registration after an add or update. Returns its number.
fn note(l: &Loop, ch: &channel) -> u32 {
    let fd = ch.fd.get();
    l.change_registration(fd, |reg| {
        reg.events = ch.events.get() as u8;
        reg.edge = false;
    });
    l.registration(fd).map_or(0, |reg| reg.id)
}

/// The events of a descriptor that the loop currently wants.
fn wanted(l: &Loop, fd: c_int) -> c_int {
    l.registration(fd).map_or(0, |reg| l.asked_events(fd, c_int::from(reg.events)))
}

/// Calls `f` for a descriptor that the back end reads from.
fn with_slot<R>(l: &Loop, fd: c_int, id: u64, f: impl FnOnce(&mut Slot) -> R) -> Option<R> {
    let own = data(l)?;
    let mut slots = own.slots.borrow_mut();
    let slot = slots.get_mut(&fd)?;
    (slot.id == id as u32 && slot.reads).then(|| f(slot))
}

fn read(l: &Loop, fd: c_int, id: u64, to: &mut [MaybeUninit<u8>]) -> Option<isize> {
    with_slot(l, fd, id, |slot| slot.give(to))
}

fn buffered(l: &Loop, fd: c_int, id: u64) -> Option<Buffered> {
    with_slot(l, fd, id, |slot| slot.buffered())
}

/// Reads what has arrived into an empty block, unless the program has closed the descriptor and its number was
/// reused.
fn complete(l: &Loop, fd: c_int, slot: &mut Slot) {
    let member = l.channel_at(fd).and_then(|ch| l.member(ch)).map(|member| member.id());
    let is_own = |id: u64| registry::get(fd).is_none_or(|entry| entry.id == id);
    if !member.is_some_and(|id| id as u32 == slot.id && is_own(id)) {
        return;
    }
    slot.block.clear();
    slot.block.reserve(BLOCK);
    slot.passed_on = 0;
    let n = sys_fd::recv(fd, &mut slot.block.spare_capacity_mut()[..BLOCK]);
    // SAFETY: recv has written this many bytes, none if it failed.
    unsafe { slot.block.set_len(n.max(0) as usize) };
    match n {
        0 => slot.end = Some(0),
        n if n < 0 && errno::get() != libc::EAGAIN => slot.end = Some(errno::get()),
        _ => {}
    }
}

unsafe extern "C-unwind" fn dispatch(l: *mut event_loop, tv: *mut timeval) -> c_int {
    // SAFETY: by contract NULL or live; a loop isn't freed while it dispatches.
    let (l, limit) = unsafe { (backend::loop_of(l), tv.as_ref()) };
    match l.and_then(|l| Some((l, data(l)?))) {
        Some((l, own)) => own.dispatch(l, backend::milliseconds(limit)),
        None => errno::fail(libc::EINVAL),
    }
}

impl Completing {
    fn add(&self, l: &Loop, ch: &channel) -> c_int {
        let reads = l.member(ch).is_some_and(|member| member.read_by_back_end());
        let id = note(l, ch);
        let fresh = || Slot { id, is_on: true, reads, block: Vec::new(), passed_on: 0, end: None };
        let mut slots = self.slots.borrow_mut();
        let slot = slots.entry(ch.fd.get()).or_insert_with(fresh);
        if slot.id != id {
            *slot = fresh();
        }
        (slot.is_on, slot.reads) = (true, reads);
        0
    }

    fn del(&self, _l: &Loop, ch: &channel) -> c_int {
        match self.slots.borrow_mut().get_mut(&ch.fd.get()) {
            Some(slot) if slot.is_on => {
                slot.is_on = false;
                0
            }
            _ => errno::fail(libc::ENOENT),
        }
    }

    fn update(&self, l: &Loop, ch: &channel) -> c_int {
        if !self.slots.borrow().get(&ch.fd.get()).is_some_and(|slot| slot.is_on) {
            return errno::fail(libc::ENOENT);
        }
        note(l, ch);
        0
    }

    fn dispatch(self: Rc<Self>, l: &Loop, mut limit: c_int) -> c_int {
        let (mut polled, mut ids) = (Vec::new(), Vec::new());
        for (&fd, slot) in self.slots.borrow().iter().filter(|(_, slot)| slot.is_on) {
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
        // SAFETY: the array has `polled.len()` elements.
        let n = unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, limit) };
        if n < 0 {
            return backend::failed_wait(l);
        }
        for &pollfd { fd, revents, .. } in &polled {
            if let Some(slot) = self.slots.borrow_mut().get_mut(&fd)
                && slot.reads
                && slot.is_empty()
                && revents & (libc::POLLIN | libc::POLLHUP | libc::POLLERR) != 0
            {
                complete(l, fd, slot);
            }
        }
        l.within(|_| {
            for (&pollfd { fd, revents, .. }, id) in polled.iter().zip(ids) {
                if self.due(l, fd, id, revents).is_none() {
                    continue;
                }
                backend::before_event(l, fd);
                // A callback may have changed the back end or delivered this event.
                if !data(l).is_some_and(|now| Rc::ptr_eq(&now, &self)) {
                    break;
                }
                let Some(bits) = self.due(l, fd, id, revents) else { continue };
                let known = backend::deliver(l, fd, id, bits, |read| {
                    let name = l.shown_name();
                    log_msg!("get message channel fd=={} for {}, {}", fd, For(read), name);
                });
                if !known {
                    self.slots.borrow_mut().remove(&fd);
                }
            }
        });
        0
    }

    /// The events to report for a descriptor: those of the kernel, and `IN` if bytes were read. None if there is
    /// nothing to report or the registration has ended.
    fn due(&self, l: &Loop, fd: c_int, id: u32, revents: i16) -> Option<u32> {
        let slots = self.slots.borrow();
        let slot = slots.get(&fd).filter(|slot| slot.is_on && slot.id == id)?;
        // The bits of poll have the same values as those of epoll.
        let mut bits = u32::from(revents as u16);
        if slot.reads {
            // If the number was reused for another file, the event is reported, so that the connection notices.
            let foreign = slot.is_empty() && bits & IN != 0;
            bits &= !IN;
            if wanted(l, fd) & EVENT_READ != 0 && (!slot.is_empty() || foreign) {
                bits |= IN;
            }
        }
        (bits != 0).then_some(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(bytes: &[u8], end: Option<c_int>) -> Slot {
        Slot { id: 1, is_on: true, reads: true, block: bytes.to_vec(), passed_on: 0, end }
    }

    #[test]
    fn a_block_is_passed_on_in_pieces_and_its_end_repeatedly() {
        let mut slot = slot(b"hello", Some(libc::ECONNRESET));
        let mut to = [MaybeUninit::new(0u8); 4];
        assert_eq!(slot.buffered(), Buffered { bytes: 5, ended: true, error: libc::ECONNRESET });
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
