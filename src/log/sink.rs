//! The program's log sink: a function and its data, which get the lines instead of stdout.
//!
//! Both are stored in a record. A thread that logs increments the use count of the current record
//! while the function runs. A thread that sets another sink waits until the old record isn't in use.
//! Records are reused but never freed, so a thread may access one that has just been replaced. There
//! are no locks, so a child that was forked while other threads logged can't deadlock and loses no
//! line.

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
    /// The number of calls of the sink that are running, plus `CLAIMED` while the record is set or
    /// being replaced.
    users: AtomicUsize,
    next: *mut Record,
}

const CLAIMED: usize = 1 << 62;

/// All records that were ever created.
static RECORDS: Place = Place::empty();
/// The current record; none means stdout.
static CURRENT: Place = Place::empty();

thread_local! {
    /// The record whose sink is running on this thread.
    static INSIDE: Cell<Option<&'static Record>> = const { Cell::new(None) };
}

/// An atomic pointer to a record, or none.
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
    // SAFETY: NULL or a record from `claim`. Records are never freed, and the fields that change have
    // interior mutability.
    unsafe { at.as_ref() }
}

fn is_inside() -> bool {
    INSIDE.get().is_some()
}

/// Passes a line to the sink; `text` ends with a NUL. False if it has to go to stdout: there is no
/// sink, or the sink itself logs the line.
pub fn take(severity: c_int, text: &[u8]) -> bool {
    if CURRENT.0.load(Relaxed).is_null() || is_inside() {
        return false;
    }
    let Some((0, line)) = text.split_last() else { return false };
    let Some(record) = enter() else { return false };
    INSIDE.set(Some(record));
    // SAFETY: a record that is current after its use count was incremented isn't written until the
    // count is decremented. The program has promised that the function may be called with its data.
    // The line has a NUL at the end.
    unsafe {
        let (sink, data) = *record.target.get();
        sink(severity, text.as_ptr().cast(), line.len(), data);
    }
    INSIDE.set(None);
    record.users.fetch_sub(1, Release);
    true
}

/// Increments the use count of the current record and returns the record.
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

/// Claims an unused record and sets its target. None if out of memory.
// Never inlined with `plain-malloc`, because tests/cmake/memcheck.supp contains its name.
#[cfg_attr(feature = "plain-malloc", inline(never))]
fn claim(sink: Sink, data: *mut c_void) -> Option<&'static Record> {
    let mut next = RECORDS.get(Acquire);
    while let Some(one) = next {
        if one.users.compare_exchange(0, CLAIMED, Acquire, Relaxed).is_ok() {
            // SAFETY: only threads that are counted in `users` read the target. There are none, and
            // the record isn't current, so none is added.
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
        // SAFETY: a new block of that size, which nothing else uses until it is in the list.
        unsafe { fresh.write(Record { target, users: AtomicUsize::new(CLAIMED), next: head }) };
        match RECORDS.0.compare_exchange(head, fresh, Release, Relaxed) {
            Ok(_) => return record(fresh),
            Err(now) => head = now,
        }
    }
}

/// Waits until a replaced record isn't in use, and releases it. Doesn't wait within a sink, because
/// that may be the sink to wait for.
fn retire(record: &Record) {
    let mut turns = 0;
    while !is_inside() && record.users.load(SeqCst) != CLAIMED {
        // SAFETY: neither call touches memory.
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

/// Resets the use counts in a forked child, which doesn't have the threads that were counted.
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

/// Returns 0 or an errno value.
fn prepare_for_forks() -> c_int {
    static DONE: AtomicBool = AtomicBool::new(false);
    if DONE.swap(true, Relaxed) {
        return 0;
    }
    // SAFETY: the function stays loaded, because the library is never unloaded, and only stores to
    // atomics.
    let e = unsafe { libc::pthread_atfork(None, None, Some(after_fork)) };
    DONE.store(e == 0, Relaxed);
    e
}

/// Sets or removes the sink. If it fails with an errno value, the old sink stays.
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
