//! A connection's turn in the pass: what a call of the program, another thread or a timer left to be
//! done, closing above all. No call of the program sees its callbacks run under it.

use super::{close, open, overdue, shutdown, timeouts};
use crate::reactor::event_loop::iteration;
use crate::reactor::event_loop::state::{Loop, count};
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::input::{back_pressure, read};
use crate::reactor::tcp_connection::output::{batch, water_marks};
use crate::reactor::tcp_connection::posted;
use crate::reactor::tcp_connection::{AfterSending, Connection, Work};
use crate::sys::errno;
use libc::c_int;
use std::ptr;
use std::sync::atomic::Ordering::Relaxed;

/// How long a half-closed connection waits for the peer's end.
const LINGER_MS: i64 = 5000;

/// Gives a connection a turn in this pass.
pub fn schedule(conn: &Connection) {
    // SAFETY: as said; the list is this thread's.
    unsafe {
        // A connection that another thread is still announcing waits for `register`; one that has
        // closed may be kept by no more than the task that brings it here.
        if !open::is_announced(conn) || conn.life.is_closed() || conn.on_ready.replace(true) {
            return;
        }
        let own = conn.event_loop();
        conn.next_ready.set(ptr::null_mut());
        if own.ready.get().is_null() {
            own.ready.set(conn.raw());
        } else {
            (*own.ready_tail.get()).next_ready.set(conn.raw());
        }
        own.ready_tail.set(conn.raw());
    }
}

/// Gives a connection a turn in this pass, with work to do.
pub fn give(conn: &Connection, work: Work) {
    conn.work.set(conn.work.get().max(work));
    schedule(conn);
}

/// Decides that a connection closes, and why: an errno value, 0 for an end in order. False when that
/// was decided before.
pub fn decide(conn: &Connection, why: CloseReason) -> bool {
    conn.close_reason.compare_exchange(0, why.errno() as i16 + 1, Relaxed, Relaxed).is_ok()
}

/// Closes in the loop's pass; `why` as in `decide`.
pub fn close_in_pass(conn: &Connection, why: CloseReason) {
    decide(conn, why);
    schedule(conn);
}

/// Closes a connection that its back end doesn't watch; errno says why.
pub fn close_unwatched(conn: &Connection) {
    let why = match errno::get() {
        // What epoll was given goes by another number now, or by none.
        libc::ENOENT => CloseReason::DescriptorGone,
        e => CloseReason::of_call(e),
    };
    close_in_pass(conn, why)
}

/// Closes from any thread: 0, or -1 with ENOTCONN where that was decided before, ENOMEM.
pub fn close_from_anywhere(conn: &Connection, why: CloseReason) -> c_int {
    if conn.event_loop().on_owner() {
        conn.take_in();
        if !decide(conn, why) {
            return errno::fail(libc::ENOTCONN);
        }
        schedule(conn);
        return 0;
    }
    // First the memory: it isn't taken back. The owner decides when it comes to the task: what this
    // thread asked for before takes effect before.
    let Some(task) = posted::close(conn) else {
        return errno::fail(libc::ENOMEM);
    };
    if !open::is_open(conn) || !conn.intake.close(why.errno() as u16) {
        return errno::fail(libc::ENOTCONN);
    }
    // A loop that is being freed closes it without being told.
    conn.event_loop().post(task);
    0
}

/// Why another thread has the connection closed: it told the errno value.
fn posted_reason(conn: &Connection) -> CloseReason {
    match conn.intake.closing().map_or(0, c_int::from) {
        libc::ENOBUFS => CloseReason::OverLimit,
        libc::ECANCELED => CloseReason::Canceled,
        errno => CloseReason::of_call(errno),
    }
}

/// The close that another thread asked for.
pub fn take_posted_close(conn: &Connection) {
    close_in_pass(conn, posted_reason(conn))
}

/// Gives every waiting connection its turn, as long as there is time; what they leave for later, and those
/// that had none, in their order, wait for the next pass. A callback may run the loop, whose pass then goes
/// on with those that haven't had their turn.
pub fn run_ready(l: &Loop) {
    // SAFETY: a listed connection isn't freed; it is taken off its list before its turn.
    unsafe {
        batch::flush(l);
        let own = l;
        if own.turning.get().is_null() {
            own.turning.set(take_ready(own));
        }
        if !own.turning.get().is_null() {
            l.begin_reading();
        }
        while !own.turning.get().is_null() {
            l.between();
            if own.turning.get().is_null() {
                // A callback ran the loop, which went on with them.
                return;
            }
            if l.is_spent() {
                let left = own.turning.replace(ptr::null_mut());
                return close_or_keep(own, left);
            }
            take_first_turn(own);
        }
    }
}

/// Closes those of the waiting connections that are to be closed.
pub fn close_ready(l: &Loop) {
    // SAFETY: as said.
    unsafe {
        let own = l;
        close_or_keep(own, take_ready(own));
    }
}

/// Takes the list of those that wait.
fn take_ready(own: &Loop) -> *mut Connection {
    own.ready_tail.set(ptr::null_mut());
    own.ready.replace(ptr::null_mut())
}

/// Closes what is to be closed of a list that was taken, and puts the others back, before those that have
/// come since.
unsafe fn close_or_keep(own: &Loop, mut first: *mut Connection) {
    // SAFETY: a listed connection isn't freed. No callback runs before all stand in one of the two lists.
    unsafe {
        let (mut kept, mut closing) = (Chain::EMPTY, Chain::EMPTY);
        while let Some(conn) = first.as_ref() {
            let following = conn.next_ready.get();
            if conn.life.is_closed() || !open::is_open(conn) {
                closing.add(conn);
            } else {
                kept.add(conn);
            }
            first = following;
        }
        if !kept.last.is_null() {
            (*kept.last).next_ready.set(own.ready.get());
            own.ready.set(kept.first);
            if own.ready_tail.get().is_null() {
                own.ready_tail.set(kept.last);
            }
        }
        if !closing.last.is_null() {
            (*closing.last).next_ready.set(own.turning.get());
            own.turning.set(closing.first);
        }
        for _ in 0..closing.len {
            if own.turning.get().is_null() {
                // A callback ran the loop, which went on with them.
                return;
            }
            take_first_turn(own);
        }
    }
}

/// Connections in their order, linked as those that wait.
struct Chain {
    first: *mut Connection,
    last: *mut Connection,
    len: usize,
}

impl Chain {
    const EMPTY: Chain = Chain { first: ptr::null_mut(), last: ptr::null_mut(), len: 0 };

    fn add(&mut self, conn: &Connection) {
        // SAFETY: the last one was added, so it isn't freed either.
        unsafe {
            conn.next_ready.set(ptr::null_mut());
            if self.last.is_null() {
                self.first = conn.raw();
            } else {
                (*self.last).next_ready.set(conn.raw());
            }
        }
        self.last = conn.raw();
        self.len += 1;
    }
}

/// Gives the first of those whose turn has come its turn.
fn take_first_turn(own: &Loop) {
    // SAFETY: there is one; it is taken off its list before a callback runs.
    unsafe {
        let conn = &*own.turning.get();
        own.turning.set(conn.next_ready.get());
        conn.on_ready.set(false);
        // It may call back, as a channel does: a single pass has had something to do.
        count(&own.counts.callbacks, 1);
        turn(conn);
    }
}

fn turn(conn: &Connection) {
    if conn.life.is_closed() {
        return;
    }
    if !open::is_open(conn) {
        return close::close(conn);
    }
    if let Some(cold) = conn.cold() {
        water_marks::tell(conn, &cold.marks);
        if !open::is_open(conn) {
            // A callback closed it: the next turn does that.
            return;
        }
    }
    if conn.after_sending.get() != AfterSending::GoOn && shutdown::all_sent(conn) {
        // Closing alone would drop what still waits for its end (`More`), were anything unread.
        shutdown::half_close(conn);
        if conn.after_sending.get() == AfterSending::Close || conn.ended.get() {
            return close::close(conn);
        }
        if !timeouts::is_cut(conn) {
            linger(conn);
        }
    }
    match conn.work.replace(Work::None) {
        Work::None => {}
        Work::Read => read::go_on(conn),
        Work::Judge => overdue::turn(conn),
    }
}

fn linger(conn: &Connection) {
    if conn.on_lingering.replace(true) {
        return;
    }
    let own = conn.event_loop();
    conn.linger_until.set((iteration::now_ms() + LINGER_MS) as u32);
    conn.next_lingering.set(own.lingering.get());
    own.lingering.set(conn.raw());
}

/// Whether a connection that lingers has waited long enough.
fn has_lingered(conn: &Connection, now: i64) -> bool {
    conn.on_lingering.get() && conn.linger_until.get().wrapping_sub(now as u32) as i32 <= 0
}

/// Closes a connection that has lingered long enough.
pub fn judge(conn: &Connection) {
    if has_lingered(conn, iteration::now_ms()) {
        decide(conn, CloseReason::TimedOut);
    }
}

/// Has those judged that waited long enough, and forgets those that have ended.
pub fn end_lingering(l: &Loop, now: i64) {
    // SAFETY: a listed connection isn't freed.
    unsafe {
        let own = l;
        let mut first = own.lingering.replace(ptr::null_mut());
        while let Some(conn) = first.as_ref() {
            let following = conn.next_lingering.get();
            if !conn.life.is_closed() && has_lingered(conn, now) {
                overdue::begin(conn);
            }
            if conn.life.is_closed() {
                conn.on_lingering.set(false);
            } else {
                conn.next_lingering.set(own.lingering.get());
                own.lingering.set(conn.raw());
            }
            first = following;
        }
    }
}

/// Takes those that have ended off the lists of what waits for time, at once.
pub fn forget_waiting(l: &Loop) {
    end_lingering(l, iteration::now_ms());
    back_pressure::end_holding(l);
}
