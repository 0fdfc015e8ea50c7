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
    AtomicBool, AtomicPtr, AtomicUsize, Ordering, Ordering::Acquire, Ordering::Relaxed,
    Ordering::Release, Ordering::SeqCst,
};

use crate::abi::yolanda::log::yolanda_log_sink;
use crate::sys::{errno, pool};

type Sink = unsafe extern "C-unwind" fn(c_int, *const c_char, usize, *mut c_void);

struct Record {
    /// Written by the thread that has claimed the record, before it becomes the current one.
    target: UnsafeCell<(Sink, *mut c_void)>,
    /// Lines within the sink, and `CLAIMED` from the setting until the next one has come through.
    users: AtomicUsize,
    next: *mut Record,
}

const CLAIMED: usize = 1 << 62;

/// All records ever made.
static RECORDS: Place = Place::empty();
/// The record in use; none: stdout.
static CURRENT: Place = Place::empty();

thread_local! {
    /// The record whose sink runs on this thread.
    static INSIDE: Cell<Option<&'static Record>> = const { Cell::new(None) };
}

/// Where a record is, or none.
struct Place(AtomicPtr<Record>);

impl Place {
    const fn empty() -> Place {
        Place(AtomicPtr::new(ptr::null_mut()))
    }

    fn get(&self, order: Ordering) -> Option<&'static Record> {
        record(self.0.load(order))
    }
}

fn record(at: *mut Record) -> Option<&'static Record> {
    // SAFETY: NULL or a record that `claim` has made, and those are never freed. What changes in them has
    // interior mutability.
    unsafe { at.as_ref() }
}

fn is_inside() -> bool {
    INSIDE.get().is_some()
}

/// Hands a line to the sink; `text` ends with a NUL. False when it has to go to stdout: there is no sink, or the
/// line comes from within it.
pub fn take(severity: c_int, text: &[u8]) -> bool {
    if CURRENT.0.load(Relaxed).is_null() || is_inside() {
        return false;
    }
    let Some((0, line)) = text.split_last() else { return false };
    let Some(record) = enter() else { return false };
    INSIDE.set(Some(record));
    // SAFETY: nobody writes a record that was found current after it was counted into, until it is
    // left; the function and its data are the program's. The line has a NUL behind it.
    unsafe {
        let (sink, data) = *record.target.get();
        sink(severity, text.as_ptr().cast(), line.len(), data);
    }
    INSIDE.set(None);
    record.users.fetch_sub(1, Release);
    true
}

/// Counts into the current record.
fn enter() -> Option<&'static Record> {
    loop {
        let record = CURRENT.get(SeqCst)?;
        record.users.fetch_add(1, SeqCst);
        if ptr::eq(CURRENT.0.load(SeqCst), record) {
            return Some(record);
        }
        record.users.fetch_sub(1, Release);
    }
}

/// A record that nobody uses, claimed, with its target set; None when memory is out.
// tests/cmake/memcheck.supp knows it by its name.
#[cfg_attr(feature = "plain-malloc", inline(never))]
fn claim(sink: Sink, data: *mut c_void) -> Option<&'static Record> {
    let mut next = RECORDS.get(Acquire);
    while let Some(one) = next {
        if one.users.compare_exchange(0, CLAIMED, Acquire, Relaxed).is_ok() {
            // SAFETY: only lines that have counted themselves into the record read its target, there are none,
            // and it isn't current, so that none comes.
            unsafe { one.target.get().write((sink, data)) };
            return Some(one);
        }
        next = record(one.next);
    }
    let fresh = pool::alloc(size_of::<Record>()).cast::<Record>();
    if fresh.is_null() {
        return None;
    }
    let mut head = RECORDS.0.load(Relaxed);
    loop {
        let target = UnsafeCell::new((sink, data));
        // SAFETY: a fresh block of that size, nobody else's until it is in the list.
        unsafe { fresh.write(Record { target, users: AtomicUsize::new(CLAIMED), next: head }) };
        match RECORDS.0.compare_exchange(head, fresh, Release, Relaxed) {
            Ok(_) => return record(fresh),
            Err(now) => head = now,
        }
    }
}

/// Waits for the lines in a record that isn't current any more, and gives it free. From within a
/// sink there is no waiting: it may be the one that would be waited for.
fn retire(record: &Record) {
    let mut turns = 0;
    while !is_inside() && record.users.load(SeqCst) != CLAIMED {
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
    let mut next = RECORDS.get(Acquire);
    while let Some(one) = next {
        let claimed = one.users.load(Relaxed) & CLAIMED;
        let is_mine = mine.is_some_and(|mine| ptr::eq(mine, one));
        one.users.store(claimed + usize::from(is_mine), Relaxed);
        next = record(one.next);
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

/// Sets the sink, or none. The error is an errno: the old sink stays then.
///
/// # Safety
/// `sink` may be called with `data`, on any thread, until another one has been set.
pub unsafe fn set(sink: yolanda_log_sink, data: *mut c_void) -> Result<(), c_int> {
    let _keep = errno::Keep::new();
    let new = match sink {
        None => None,
        Some(sink) => {
            let new = claim(sink, data).ok_or(libc::ENOMEM)?;
            let e = prepare_for_forks();
            if e != 0 {
                new.users.fetch_sub(CLAIMED, Release);
                return Err(e);
            }
            Some(new)
        }
    };
    let at = new.map_or(ptr::null_mut(), |new| ptr::from_ref(new).cast_mut());
    if let Some(old) = record(CURRENT.0.swap(at, SeqCst)) {
        retire(old);
    }
    Ok(())
}
