//! Host names to addresses, by getaddrinfo(3) on threads of its own, so that no loop has to wait.
//!
//! A job belongs to two at first: its loop, which has it in a list until the answer has arrived, and
//! the line of jobs with the thread that works it off. Only the loop's thread looks at `client`.
//!
//! Nothing ends a look-up that a thread has begun. A job that its client left stays in the list, and the
//! next attempt at the same host takes it over: a client has at most one, however often it tries. The
//! line is worked off in order, so each client gets its turn.

use super::{ADDRESSES, Client};
use crate::abi::types::event_loop;
use crate::reactor::client::look_up::look_up;
use crate::reactor::event_loop::state;
use crate::reactor::event_loop::state::of as loop_of;
use crate::reactor::event_loop::{iteration, posts};
use crate::sys::address::Address;
use crate::sys::lock::Lock;
use crate::sys::{errno, loaded, pool};
use libc::{c_char, c_int, c_void};
use std::ffi::CStr;
use std::mem;
use std::ptr;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering::AcqRel, Ordering::Relaxed};

/// The longest host name, with its NUL.
const HOST: usize = 256;
/// Threads at a time: a name server that doesn't answer holds one for many seconds.
const THREADS: u32 = 16;
/// Address space, used as far as the system's resolving modules need it.
const STACK: usize = 512 << 10;
/// How long a thread waits for memory to report with.
const AGAIN_US: u32 = 10_000;

/// How far a job is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// In the line.
    Waiting,
    /// In the line, and nobody wants it.
    Unwanted,
    /// A thread asks, or has asked.
    Asking,
    /// Its turn has come while nobody wanted it.
    Skipped,
}

pub struct Job {
    refs: AtomicU32,
    /// Under the line's lock.
    stage: Stage,
    /// In the line of jobs.
    next: *mut Job,
    /// Whose threads the line has.
    process: libc::pid_t,
    /// In the list of the loop; and the link that points here.
    next_of_loop: *mut Job,
    link_of_loop: *mut *mut Job,
    eventLoop: *mut event_loop,
    /// Who waits; NULL: nobody any more.
    client: *mut Client,
    host: [c_char; HOST],
    /// When the answer was found (CLOCK_MONOTONIC, milliseconds); 0 before.
    found: AtomicI64,
    /// errno for the client, 0 where there are addresses.
    pub error: c_int,
    pub count: usize,
    /// Without a port.
    pub addresses: [Address; ADDRESSES],
}

/// The jobs that no thread has taken yet, and how many threads there are.
struct Line {
    head: *mut Job,
    tail: *mut Job,
    threads: u32,
    /// Threads are gone after a fork.
    process: libc::pid_t,
    /// The code of the threads is kept loaded.
    stays: bool,
}

// SAFETY: jobs are process-wide memory, handed on under the mutex.
unsafe impl Send for Line {}

const EMPTY: Line =
    Line { head: ptr::null_mut(), tail: ptr::null_mut(), threads: 0, process: 0, stays: false };

static LINE: Lock<Line> = Lock::new(EMPTY);

/// Looks a name up for a client: the answer comes by `attempt::resolved`, in a pass of the loop.
/// NULL with errno where that can't be begun.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn ask(l: *mut event_loop, client: *mut Client, host: &[u8]) -> *mut Job {
    // SAFETY: the block is checked, zeroes are valid, and it is filled before it is shared.
    unsafe {
        debug_assert!(host.len() < HOST);
        let left = adopt(l, client, host);
        if !left.is_null() {
            return left;
        }
        let job = pool::alloc(size_of::<Job>()).cast::<Job>();
        if job.is_null() {
            errno::set(libc::ENOMEM);
            return job;
        }
        ptr::write_bytes(job, 0, 1);
        (*job).refs = AtomicU32::new(2);
        (*job).stage = Stage::Waiting;
        (*job).process = libc::getpid();
        (*job).eventLoop = l;
        (*job).client = client;
        ptr::copy_nonoverlapping(host.as_ptr(), (&raw mut (*job).host).cast(), host.len());
        state::retain(l);
        if !enqueue(job) {
            let e = errno::get();
            state::release(l);
            pool::free(job.cast(), size_of::<Job>());
            errno::set(e);
            return ptr::null_mut();
        }
        let first = (*loop_of(l)).jobs.as_ptr();
        (*job).next_of_loop = *first;
        (*job).link_of_loop = first;
        if !(*first).is_null() {
            (**first).link_of_loop = &raw mut (*job).next_of_loop;
        }
        *first = job;
        job
    }
}

/// A job for that host that nobody waits for and that is still to be answered; NULL where there is
/// none.
unsafe fn adopt(l: *mut event_loop, client: *mut Client, host: &[u8]) -> *mut Job {
    // SAFETY: listed jobs are alive, and their hosts end with a NUL and don't change.
    unsafe {
        let process = libc::getpid();
        let mut job = (*loop_of(l)).jobs.get();
        while !job.is_null() {
            let name = CStr::from_ptr((&raw const (*job).host).cast());
            if (*job).client.is_null()
                && (*job).process == process
                && name.to_bytes() == host
                && is_wanted_again(job)
            {
                (*job).client = client;
                return job;
            }
            job = (*job).next_of_loop;
        }
        job
    }
}

/// False where it is too late for that.
unsafe fn is_wanted_again(job: *mut Job) -> bool {
    let _line = LINE.lock();
    // SAFETY: a live job, whose stage the lock guards.
    unsafe {
        if (*job).stage == Stage::Unwanted {
            (*job).stage = Stage::Waiting;
        }
        (*job).stage != Stage::Skipped
    }
}

/// What a thread posts: the answer is there.
unsafe extern "C-unwind" fn arrived(_: *mut event_loop, data: *mut c_void) {
    // SAFETY: the list keeps the job until here; a client that waits is alive.
    unsafe {
        let job = data.cast::<Job>();
        let next = (*job).next_of_loop;
        *(*job).link_of_loop = next;
        if !next.is_null() {
            (*next).link_of_loop = (*job).link_of_loop;
        }
        let client = std::mem::replace(&mut (*job).client, ptr::null_mut());
        if client.is_null() {
            release(job);
        } else {
            super::attempt::resolved(client);
        }
    }
}

/// Milliseconds since the answer was found, which is on its way to the loop, or has arrived there; None before.
///
/// # Safety
/// A client's job, on the loop's thread.
pub unsafe fn since_found(job: *const Job) -> Option<i64> {
    // SAFETY: the client's part keeps the job.
    let found = unsafe { (*job).found.load(Relaxed) };
    (found != 0).then(|| (iteration::now_ms() - found).max(0))
}

/// The client doesn't wait for this job any more, or is done with its addresses.
///
/// # Safety
/// The client's own job, on the loop's thread; it isn't used any more.
pub unsafe fn leave(job: *mut Job) {
    // SAFETY: as said.
    unsafe {
        if std::mem::replace(&mut (*job).client, ptr::null_mut()).is_null() {
            // It arrived: the list's part is the client's.
            release(job);
        } else {
            let _line = LINE.lock();
            if (*job).stage == Stage::Waiting {
                (*job).stage = Stage::Unwanted;
            }
        }
    }
}

/// Forgets the jobs of a loop that is being freed.
///
/// # Safety
/// On the loop's thread; no client waits any more.
pub unsafe fn forget_all_of(l: *mut event_loop) {
    // SAFETY: listed jobs are alive by the list's part.
    unsafe {
        let mut job = (*loop_of(l)).jobs.replace(ptr::null_mut());
        while !job.is_null() {
            let following = (*job).next_of_loop;
            release(job);
            job = following;
        }
    }
}

unsafe fn release(job: *mut Job) {
    // SAFETY: the caller's own part; the last one frees.
    unsafe {
        if (*job).refs.fetch_sub(1, AcqRel) == 1 {
            pool::free(job.cast(), size_of::<Job>());
        }
    }
}

/// Puts a job at the end of the line, and a thread to it where there are few. False with errno
/// where there is no thread and none can be made.
fn enqueue(job: *mut Job) -> bool {
    let mut line = LINE.lock();
    // SAFETY: getpid has no preconditions.
    let process = unsafe { libc::getpid() };
    if line.process != process {
        *line = Line { process, stays: line.stays, ..EMPTY };
    }
    if !line.stays {
        line.stays = loaded::stay();
        if !line.stays {
            errno::set(libc::ENOMEM);
            return false;
        }
    }
    if line.threads < THREADS {
        match spawn() {
            0 => line.threads += 1,
            e if line.threads == 0 => {
                errno::set(e);
                return false;
            }
            _ => {}
        }
    }
    if line.head.is_null() {
        line.head = job;
    } else {
        // SAFETY: jobs in the line are alive.
        unsafe { (*line.tail).next = job };
    }
    line.tail = job;
    true
}

/// Starts a detached thread that no signal of the program is delivered to. 0 or an errno.
fn spawn() -> c_int {
    let _keep = errno::Keep::new();
    // SAFETY: attributes and signal sets are plain values, made by the calls that are for it.
    unsafe {
        let mut attributes: libc::pthread_attr_t = mem::zeroed();
        let e = libc::pthread_attr_init(&mut attributes);
        if e != 0 {
            return e;
        }
        libc::pthread_attr_setdetachstate(&mut attributes, libc::PTHREAD_CREATE_DETACHED);
        let mut thread: libc::pthread_t = mem::zeroed();
        let mut every: libc::sigset_t = mem::zeroed();
        let mut before: libc::sigset_t = mem::zeroed();
        libc::sigfillset(&mut every);
        libc::pthread_sigmask(libc::SIG_BLOCK, &every, &mut before);
        libc::pthread_attr_setstacksize(&mut attributes, STACK);
        let mut e = libc::pthread_create(&mut thread, &attributes, work, ptr::null_mut());
        if e == libc::EINVAL {
            // A program with much thread-local memory needs more than that.
            libc::pthread_attr_destroy(&mut attributes);
            libc::pthread_attr_init(&mut attributes);
            libc::pthread_attr_setdetachstate(&mut attributes, libc::PTHREAD_CREATE_DETACHED);
            e = libc::pthread_create(&mut thread, &attributes, work, ptr::null_mut());
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, &before, ptr::null_mut());
        libc::pthread_attr_destroy(&mut attributes);
        e
    }
}

/// The thread: works the line off, and ends with it.
extern "C" fn work(_: *mut c_void) -> *mut c_void {
    // SAFETY: names the calling thread.
    unsafe { libc::prctl(libc::PR_SET_NAME, c"yolanda-resolve".as_ptr()) };
    while let Some((job, is_wanted)) = take() {
        // SAFETY: the line's part of the job is this thread's, which also retained the loop.
        unsafe {
            let l = (*job).eventLoop;
            if is_wanted {
                let host = (&raw const (*job).host).cast();
                match look_up(host, &mut (*job).addresses) {
                    Ok(count) => (*job).count = count,
                    Err(e) => (*job).error = e,
                }
                (*job).found.store(iteration::now_ms(), Relaxed);
            }
            // Without memory for a post the loop would wait for ever; a loop that was freed
            // has let go of the job itself.
            while posts::post_function(l, Some(arrived), job.cast()) < 0
                && errno::get() != libc::ESHUTDOWN
            {
                libc::usleep(AGAIN_US);
            }
            release(job);
            state::release(l);
        }
    }
    ptr::null_mut()
}

/// The first job of the line, and whether anybody wants it; None ends the thread.
fn take() -> Option<(*mut Job, bool)> {
    let mut line = LINE.lock();
    let job = line.head;
    if job.is_null() {
        line.threads -= 1;
        return None;
    }
    // SAFETY: jobs in the line are alive.
    unsafe {
        line.head = (*job).next;
        if line.head.is_null() {
            line.tail = ptr::null_mut();
        }
        let is_wanted = (*job).stage == Stage::Waiting;
        (*job).stage = if is_wanted { Stage::Asking } else { Stage::Skipped };
        Some((job, is_wanted))
    }
}
