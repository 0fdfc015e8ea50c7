//! Where lines go instead of stdout: a function of the program, with its data.
//!
//! The two stand in a record. A line counts itself into the current record while the function runs;
//! who sets another sink waits until nobody is left in the old record. Records are never freed but
//! used again, so that a line may look at one that was replaced a moment ago. No locks: a child that
//! was forked while other threads logged has none to wait for, and no line to miss.

use core::cell::{Cell, UnsafeCell};
use core::ffi::{c_char, c_int, c_void};
use core::ptr;
use core::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicUsize, Ordering::Acquire, Ordering::Relaxed, Ordering::Release,
    Ordering::SeqCst,
};

use crate::abi::yolanda::log::yolanda_log_sink;
use crate::sys::{errno, pool};

type Sink = unsafe extern "C-unwind" fn(c_int, *const c_char, usize, *mut c_void);

struct Record {
    /// Written by who has claimed the record, before it becomes the current one.
    target: UnsafeCell<(Sink, *mut c_void)>,
    /// Lines within the sink, and `CLAIMED` from the setting until the next one has come through.
    users: AtomicUsize,
    next: *mut Record,
}

const CLAIMED: usize = 1 << 62;

/// All records ever made.
static RECORDS: AtomicPtr<Record> = AtomicPtr::new(ptr::null_mut());
/// NULL: stdout.
static CURRENT: AtomicPtr<Record> = AtomicPtr::new(ptr::null_mut());

thread_local! {
    /// The record whose sink runs on this thread.
    static INSIDE: Cell<*mut Record> = const { Cell::new(ptr::null_mut()) };
}

/// Hands a line to the sink. False when it has to go to stdout: there is no sink, or the line comes
/// from within it.
///
/// # Safety
/// `text` has `len` bytes and a NUL behind them.
pub unsafe fn take(severity: c_int, text: *const c_char, len: usize) -> bool {
    if CURRENT.load(Relaxed).is_null() || !INSIDE.get().is_null() {
        return false;
    }
    let Some(record) = enter() else { return false };
    INSIDE.set(record);
    // SAFETY: nobody writes a record that was found current after it was counted into, until it is
    // left; the function and its data are the program's.
    unsafe {
        let (sink, data) = *(*record).target.get();
        sink(severity, text, len, data);
        INSIDE.set(ptr::null_mut());
        (*record).users.fetch_sub(1, Release);
    }
    true
}

/// Counts into the current record.
fn enter() -> Option<*mut Record> {
    loop {
        let record = CURRENT.load(SeqCst);
        // SAFETY: NULL or a record, and those are never freed.
        let users = unsafe { &record.as_ref()?.users };
        users.fetch_add(1, SeqCst);
        if CURRENT.load(SeqCst) == record {
            return Some(record);
        }
        users.fetch_sub(1, Release);
    }
}

/// A record that nobody uses, claimed; NULL when memory is out.
// tests/cmake/memcheck.supp knows it by its name.
#[cfg_attr(feature = "plain-malloc", inline(never))]
fn claim() -> *mut Record {
    let mut record = RECORDS.load(Acquire);
    // SAFETY: records are never freed, and their links are final once they are in the list.
    while let Some(one) = unsafe { record.as_ref() } {
        if one.users.compare_exchange(0, CLAIMED, Acquire, Relaxed).is_ok() {
            return record;
        }
        record = one.next;
    }
    let fresh = pool::alloc(size_of::<Record>()).cast::<Record>();
    if fresh.is_null() {
        return fresh;
    }
    let mut head = RECORDS.load(Relaxed);
    loop {
        let target = UnsafeCell::new((nowhere as Sink, ptr::null_mut()));
        // SAFETY: a fresh block of that size, nobody else's until it is in the list.
        unsafe { fresh.write(Record { target, users: AtomicUsize::new(CLAIMED), next: head }) };
        match RECORDS.compare_exchange(head, fresh, Release, Relaxed) {
            Ok(_) => return fresh,
            Err(now) => head = now,
        }
    }
}

unsafe extern "C-unwind" fn nowhere(_: c_int, _: *const c_char, _: usize, _: *mut c_void) {}

/// Waits for the lines in a record that isn't current any more, and gives it free. From within a
/// sink there is no waiting: it may be the one that would be waited for.
fn retire(record: &Record) {
    let mut turns = 0;
    while INSIDE.get().is_null() && record.users.load(SeqCst) != CLAIMED {
        // SAFETY: neither touches memory.
        unsafe {
            if turns < 100 {
                libc::sched_yield();
            } else {
                libc::usleep(1000);
            }
        }
        turns += 1;
    }
    record.users.fetch_sub(CLAIMED, Release);
}

/// In a forked child: the lines of the threads that it doesn't have will never end.
unsafe extern "C" fn after_fork() {
    let mine = INSIDE.get();
    let mut record = RECORDS.load(Acquire);
    // SAFETY: as in `claim`.
    while let Some(one) = unsafe { record.as_ref() } {
        let claimed = one.users.load(Relaxed) & CLAIMED;
        one.users.store(claimed + usize::from(record == mine), Relaxed);
        record = one.next;
    }
}

/// 0, or an errno.
fn prepare_for_forks() -> c_int {
    static DONE: AtomicBool = AtomicBool::new(false);
    if DONE.swap(true, Relaxed) {
        return 0;
    }
    // SAFETY: the function stays loaded (the library is never unloaded) and only stores to atomics.
    let e = unsafe { libc::pthread_atfork(None, None, Some(after_fork)) };
    DONE.store(e == 0, Relaxed);
    e
}

/// # Safety
/// `data` is what `sink` wants, until another one has been set.
pub unsafe extern "C" fn yolanda_log_set_sink(sink: yolanda_log_sink, data: *mut c_void) -> c_int {
    let keep = errno::Keep::new();
    let mut record = ptr::null_mut();
    if let Some(sink) = sink {
        record = claim();
        let e = prepare_for_forks();
        if record.is_null() || e != 0 {
            drop(keep);
            // SAFETY: NULL, or a record that nobody but this thread uses.
            if let Some(unused) = unsafe { record.as_ref() } {
                unused.users.fetch_sub(CLAIMED, Release);
            }
            return errno::fail(if e != 0 { e } else { libc::ENOMEM });
        }
        // SAFETY: a line reads the target of a current record only; this one isn't, and is claimed.
        unsafe { (*record).target.get().write((sink, data)) };
    }
    let old = CURRENT.swap(record, SeqCst);
    // SAFETY: NULL or a record, and those are never freed.
    if let Some(old) = unsafe { old.as_ref() } {
        retire(old);
    }
    drop(keep);
    0
}
