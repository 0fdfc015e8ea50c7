//! The process's side: the nodes, the handler, and what was there before it.

use crate::abi::types::event_loop;
use crate::reactor::event_loop::wakeup;
use crate::sys::lock::Lock;
use crate::sys::{errno, pool};
use libc::{c_int, sigaction};
use std::mem;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering::SeqCst};

/// Signals have the numbers 1 to 64: a bit each.
const LAST: c_int = 64;

/// What the handler needs of a loop that listens.
pub struct Node {
    /// NULL: free to be used.
    owner: AtomicPtr<event_loop>,
    /// Bit n - 1 stands for signal n.
    wanted: AtomicU64,
    arrived: AtomicU64,
    next: *mut Node,
}

static NODES: AtomicPtr<Node> = AtomicPtr::new(ptr::null_mut());
/// Handlers that are at work, on whatever threads.
static AT_WORK: AtomicU32 = AtomicU32::new(0);

/// How many watchers a signal has in the process, and what was done with it before the first.
#[derive(Clone, Copy)]
struct Use {
    watchers: u32,
    before: sigaction,
}

// SAFETY: a sigaction is plain values, and zero is one of each.
const UNUSED: Use = Use { watchers: 0, before: unsafe { mem::zeroed() } };

static USES: Lock<[Use; LAST as usize]> = Lock::new([UNUSED; LAST as usize]);

fn bit(number: c_int) -> u64 {
    1 << (number - 1)
}

/// Async-signal-safe: atomics, and one byte into the loop's socket.
extern "C" fn on_signal(number: c_int) {
    let _keep = errno::Keep::new();
    AT_WORK.fetch_add(1, SeqCst);
    let mut node = NODES.load(SeqCst);
    // SAFETY: nodes are never freed; a loop whose node says so waits for this before it goes.
    unsafe {
        while !node.is_null() {
            // Who wants it owns the node, and goes on owning it while a handler is at work.
            if (*node).wanted.load(SeqCst) & bit(number) != 0 {
                let l = (*node).owner.load(SeqCst);
                (*node).arrived.fetch_or(bit(number), SeqCst);
                wakeup::wake_once(l);
            }
            node = (*node).next;
        }
    }
    AT_WORK.fetch_sub(1, SeqCst);
}

/// Whether a signal can be watched: what can't be caught, and what the processor's faults raise, can't.
pub fn is_watchable(number: c_int) -> bool {
    let never =
        [libc::SIGKILL, libc::SIGSTOP, libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL];
    (1..=LAST).contains(&number) && !never.contains(&number)
}

/// What the process does on a signal now.
fn current(number: c_int) -> Option<sigaction> {
    // SAFETY: fills the struct that it is given; zero is a valid value of it.
    unsafe {
        let mut now: sigaction = mem::zeroed();
        (libc::sigaction(number, ptr::null(), &mut now) == 0).then_some(now)
    }
}

fn is_ours(action: &sigaction) -> bool {
    action.sa_sigaction == on_signal as *const () as usize
}

/// One watcher more: the handler is put in place where it isn't. False with errno.
pub fn take(number: c_int) -> bool {
    let mut uses = USES.lock();
    let Some(one) = uses.get_mut(number as usize - 1) else { return false };
    let Some(now) = current(number) else { return false };
    if !is_ours(&now) {
        // SAFETY: the action is complete; the mask is filled by its function.
        unsafe {
            let mut ours: sigaction = mem::zeroed();
            ours.sa_sigaction = on_signal as *const () as usize;
            // A thread's own stack may be too small for a handler: goroutines, coroutines.
            ours.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
            libc::sigfillset(&mut ours.sa_mask);
            if libc::sigaction(number, &ours, ptr::null_mut()) != 0 {
                return false;
            }
        }
        one.before = now;
    }
    one.watchers += 1;
    true
}

/// One watcher less: behind the last one, what was there before is put back, unless the program has put
/// something else in place of the handler.
pub fn give_back(number: c_int) {
    let mut uses = USES.lock();
    let Some(one) = uses.get_mut(number as usize - 1) else { return };
    one.watchers = one.watchers.saturating_sub(1);
    if one.watchers == 0 && current(number).is_some_and(|now| is_ours(&now)) {
        // SAFETY: an action that the kernel has filled. It took one for this number before, and takes it.
        unsafe { libc::sigaction(number, &one.before, ptr::null_mut()) };
    }
}

/// In a forked child: handlers that were at work on threads that it doesn't have never end.
pub fn after_fork() {
    AT_WORK.store(0, SeqCst);
}

/// A node for a loop; NULL when memory is out.
// tests/cmake/memcheck.supp knows it by its name.
#[cfg_attr(feature = "plain-malloc", inline(never))]
pub fn enlist(l: *mut event_loop) -> *mut Node {
    // SAFETY: nodes are never freed, and a fresh one is filled before it is shown.
    unsafe {
        let mut node = NODES.load(SeqCst);
        while !node.is_null() {
            let owner = &(*node).owner;
            if owner.compare_exchange(ptr::null_mut(), l, SeqCst, SeqCst).is_ok() {
                return node;
            }
            node = (*node).next;
        }
        let node = pool::alloc(size_of::<Node>()).cast::<Node>();
        if node.is_null() {
            return node;
        }
        let owner = AtomicPtr::new(l);
        let (wanted, arrived) = (AtomicU64::new(0), AtomicU64::new(0));
        node.write(Node { owner, wanted, arrived, next: NODES.load(SeqCst) });
        while let Err(head) = NODES.compare_exchange((*node).next, node, SeqCst, SeqCst) {
            (*node).next = head;
        }
        node
    }
}

/// Gives a node up, and waits until no handler knows the loop any more.
///
/// # Safety
/// `node` came from `enlist`; its loop uses it no more.
pub unsafe fn leave(node: *mut Node) {
    // SAFETY: nodes are never freed.
    unsafe {
        (*node).wanted.store(0, SeqCst);
        while AT_WORK.load(SeqCst) > 0 {
            libc::sched_yield();
        }
        // Only now may another loop have it: nothing that was meant for this one reaches it.
        (*node).arrived.store(0, SeqCst);
        (*node).owner.store(ptr::null_mut(), SeqCst);
    }
}

/// Says whether the loop of a node wants a signal.
///
/// # Safety
/// `node` came from `enlist`.
pub unsafe fn want(node: *mut Node, number: c_int, on: bool) {
    // SAFETY: nodes are never freed.
    unsafe {
        if on {
            (*node).wanted.fetch_or(bit(number), SeqCst);
        } else {
            (*node).wanted.fetch_and(!bit(number), SeqCst);
            (*node).arrived.fetch_and(!bit(number), SeqCst);
        }
    }
}

/// Takes the signals that have come: a bit each, see `has`.
///
/// # Safety
/// `node` came from `enlist`.
pub unsafe fn take_arrived(node: *mut Node) -> u64 {
    // SAFETY: nodes are never freed.
    unsafe { if (*node).arrived.load(SeqCst) == 0 { 0 } else { (*node).arrived.swap(0, SeqCst) } }
}

pub fn has(arrived: u64, number: c_int) -> bool {
    arrived & bit(number) != 0
}
