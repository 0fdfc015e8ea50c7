//! The process-wide table of descriptors: the registration of each number, on any loop. Accepting uses it,
//! because a number that accept returns proves that an older registration has ended; closing uses it, to check
//! whether the number still belongs to us; and so do functions that get a channel and need its loop.

use crate::abi::types::{channel, event_loop};
use crate::log::stream;
use crate::sys::lock::{Guard, Lock};
use crate::sys::pool;
use libc::c_int;
use std::ptr;
use std::sync::atomic::{
    AtomicPtr, AtomicU64, Ordering::Acquire, Ordering::Relaxed, Ordering::Release,
};

#[derive(Clone, Copy)]
pub struct Entry {
    /// 0: none.
    pub id: u64,
    pub owner: *mut event_loop,
    pub channel: *mut channel,
    /// The channel belongs to a connection.
    pub connection: bool,
}

const NOBODY: Entry =
    Entry { id: 0, owner: ptr::null_mut(), channel: ptr::null_mut(), connection: false };

const PER_CHUNK: usize = 2048;
const CHUNKS: usize = 8192;
const SHARDS: usize = 64;

static TABLE: [AtomicPtr<Entry>; CHUNKS] = [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS];
/// The entries are accessed under the lock of their shard.
static LOCKS: [Lock<()>; SHARDS] = [const { Lock::new(()) }; SHARDS];
static LAST_ID: AtomicU64 = AtomicU64::new(0);

/// A number for a registration, never reused in this process. Its lower half isn't 0.
pub fn new_id() -> u64 {
    loop {
        let id = LAST_ID.fetch_add(1, Relaxed) + 1;
        if id as u32 != 0 {
            return id;
        }
    }
}

fn lock(fd: c_int) -> Guard<'static, ()> {
    LOCKS[fd as usize % SHARDS].lock()
}

/// The entry of `fd`, or NULL if there can't be one (a chunk is made only if requested).
/// Never inlined with `plain-malloc`, because tests/cmake/memcheck.supp contains its name.
#[cfg_attr(feature = "plain-malloc", inline(never))]
fn slot(fd: c_int, make: bool) -> *mut Entry {
    let Some(at) = usize::try_from(fd).ok().and_then(|n| TABLE.get(n / PER_CHUNK)) else {
        return ptr::null_mut();
    };
    let mut chunk = at.load(Acquire);
    if chunk.is_null() && make {
        let fresh = pool::run_alloc(PER_CHUNK * size_of::<Entry>()).cast::<Entry>();
        if fresh.is_null() {
            return fresh;
        }
        // SAFETY: the run has room for that many entries, and nothing else refers to it yet.
        unsafe { (0..PER_CHUNK).for_each(|i| fresh.add(i).write(NOBODY)) };
        chunk = match at.compare_exchange(ptr::null_mut(), fresh, Release, Acquire) {
            Ok(_) => fresh,
            Err(theirs) => {
                // SAFETY: this chunk lost the race, so no other thread has seen it.
                unsafe { pool::run_free(fresh.cast(), PER_CHUNK * size_of::<Entry>()) };
                theirs
            }
        };
    }
    if chunk.is_null() {
        return chunk;
    }
    // SAFETY: chunks are never freed and have PER_CHUNK entries.
    unsafe { chunk.add(fd as usize % PER_CHUNK) }
}

/// Enters a registration and returns the one that it replaces.
pub fn enter(fd: c_int, entry: Entry) -> Option<Entry> {
    let slot = slot(fd, true);
    if slot.is_null() {
        return None;
    }
    let _held = lock(fd);
    // SAFETY: the entry is in a chunk, which is never freed, and the lock of its shard is held.
    let old = unsafe { slot.replace(entry) };
    stream::note(fd, entry.connection);
    (old.id != 0).then_some(old)
}

pub fn get(fd: c_int) -> Option<Entry> {
    let slot = slot(fd, false);
    if slot.is_null() {
        return None;
    }
    let _held = lock(fd);
    // SAFETY: the entry is in a chunk, which is never freed, and the lock of its shard is held.
    let entry = unsafe { *slot };
    (entry.id != 0).then_some(entry)
}

/// Removes a registration, unless the number belongs to another one.
fn leave_if(fd: c_int, mine: impl Fn(&Entry) -> bool) {
    let slot = slot(fd, false);
    if slot.is_null() {
        return;
    }
    let _held = lock(fd);
    // SAFETY: the entry is in a chunk, which is never freed, and the lock of its shard is held.
    unsafe {
        if mine(&*slot) {
            *slot = NOBODY;
            stream::note(fd, false);
        }
    }
}

/// Removes the registration `id`.
pub fn leave(fd: c_int, id: u64) {
    leave_if(fd, |entry| entry.id == id);
}

/// Removes the registration of a program's channel.
pub fn leave_channel(fd: c_int, ch: *mut channel) {
    leave_if(fd, |entry| entry.channel == ch);
}
