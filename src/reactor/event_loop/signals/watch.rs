//! A loop's part: its watchers, in the order in which they were started.

use super::handler;
use crate::abi::types::{Destroy, yolanda_signal_callback};
use crate::reactor::event_loop::registry;
use crate::reactor::event_loop::signals::handler::Node;
use crate::reactor::event_loop::state::{Loop, count};
use crate::sys::errno;
use crate::sys::pool::array::Array;
use libc::{c_int, c_void};
use std::cell::Cell;

#[derive(Clone, Copy)]
struct Watcher {
    id: u64,
    number: c_int,
    /// Stopped during an iteration over the list.
    dead: bool,
    callback: yolanda_signal_callback,
    data: *mut c_void,
    /// Frees the data after the end.
    destroy: Destroy,
}

/// A loop's watchers. All zeroes: none.
pub struct Watchers {
    node: Cell<Option<&'static Node>>,
    list: Array<Watcher>,
    /// The number of calls on the loop's stack that iterate over the list; positions don't change meanwhile.
    walkers: Cell<u32>,
    /// The state of the iteration, which inner calls continue: the signals that have arrived, the next watcher,
    /// and the end of the watchers to call.
    arrived: Cell<u64>,
    next: Cell<usize>,
    end: Cell<usize>,
    has_dead: Cell<bool>,
}

impl Watchers {
    fn all(&self) -> impl Iterator<Item = (usize, Watcher)> + '_ {
        (0..self.list.len()).filter_map(|at| Some((at, self.list.get(at)?)))
    }

    /// The watcher with this number, and its position.
    fn find(&self, id: u64) -> Option<(usize, Watcher)> {
        self.all().find(|(_, watcher)| watcher.id == id && !watcher.dead)
    }

    /// Whether watchers of delivered signals still have to be called.
    fn is_delivering(&self) -> bool {
        self.next.get() < self.end.get()
    }

    /// The next watcher of a signal that has arrived.
    fn next(&self) -> Option<Watcher> {
        while self.is_delivering() {
            let at = self.next.get();
            self.next.set(at + 1);
            let watcher = self.list.get(at)?;
            if !watcher.dead && handler::has(self.arrived.get(), watcher.number) {
                return Some(watcher);
            }
        }
        None
    }

    /// Ends a watcher. `sweep` removes it.
    fn stop(&self, at: usize, watcher: Watcher) {
        self.list.set(at, Watcher { dead: true, ..watcher });
        self.has_dead.set(true);
        self.drop_if_unwanted(watcher.number);
        handler::give_back(watcher.number);
    }

    /// Unsubscribes the loop from a signal without watchers.
    fn drop_if_unwanted(&self, number: c_int) {
        let wanted = self.all().any(|(_, watcher)| watcher.number == number && !watcher.dead);
        if let Some(node) = self.node.get()
            && !wanted
        {
            node.want(number, false);
        }
    }

    /// Removes a stopped watcher, unless there is an iteration over the list. None if there is none.
    fn take_dead(&self) -> Option<Watcher> {
        if self.walkers.get() > 0 || !self.has_dead.get() {
            return None;
        }
        let found = self.all().find(|(_, watcher)| watcher.dead);
        let Some((gap, dead)) = found else {
            self.has_dead.set(false);
            return None;
        };
        for at in gap + 1..self.list.len() {
            if let Some(watcher) = self.list.get(at) {
                self.list.set(at - 1, watcher);
            }
        }
        self.list.pop();
        Some(dead)
    }
}

impl Loop {
    /// Starts a watcher of a watchable signal, whose callback gets `data`. 0 with errno on failure.
    pub fn watch_signal(
        &self,
        number: c_int,
        callback: yolanda_signal_callback,
        data: *mut c_void,
    ) -> u64 {
        let own = &self.signals;
        if own.node.get().is_none() {
            own.node.set(handler::enlist(self));
        }
        let room = own.list.reserve(own.list.len() + 1);
        let (Some(node), true) = (own.node.get(), room) else {
            errno::set(libc::ENOMEM);
            return 0;
        };
        // Before the watcher is returned, so that no signal is missed.
        node.want(number, true);
        if !handler::take(number) {
            let _keep = errno::Keep::new();
            own.drop_if_unwanted(number);
            return 0;
        }
        let id = registry::new_id();
        own.list.push(Watcher { id, number, dead: false, callback, data, destroy: None });
        id
    }

    /// Stops a watcher. False if there is none with this number.
    pub fn unwatch_signal(&self, id: u64) -> bool {
        let own = &self.signals;
        let Some((at, watcher)) = own.find(id) else { return false };
        own.stop(at, watcher);
        self.sweep_watchers();
        true
    }

    /// Sets the function that frees a watcher's data after its end. False if there is none with this number.
    pub fn set_signal_destroy(&self, id: u64, destroy: Destroy) -> bool {
        let own = &self.signals;
        let Some((at, watcher)) = own.find(id) else { return false };
        own.list.set(at, Watcher { destroy, ..watcher });
        true
    }

    /// Removes stopped watchers and destroys their data, unless there is an iteration over the list. The functions
    /// that destroy it may start and stop others.
    fn sweep_watchers(&self) {
        while let Some(Watcher { destroy, data, .. }) = self.signals.take_dead() {
            self.destroy(destroy, data);
        }
    }

    /// Stops the watchers whose data is to be destroyed. Returns whether there were any. For a loop that is being
    /// freed.
    pub fn end_signals_with_destroy(&self) -> bool {
        let own = &self.signals;
        let mut some = false;
        while let Some((at, watcher)) =
            own.all().find(|(_, watcher)| watcher.destroy.is_some() && !watcher.dead)
        {
            own.stop(at, watcher);
            self.sweep_watchers();
            some = true;
        }
        some
    }

    /// Calls the watchers of the signals that have arrived. Watchers that are started by a callback wait for the
    /// next signal. A callback may run the loop, whose iteration then continues with the remaining watchers.
    pub fn deliver_signals(&self) {
        let own = &self.signals;
        let Some(node) = own.node.get() else { return };
        if !own.is_delivering() {
            own.arrived.set(node.take_arrived());
            if own.arrived.get() == 0 {
                return;
            }
            own.next.set(0);
            own.end.set(own.list.len());
        }
        own.walkers.set(own.walkers.get() + 1);
        while let Some(Watcher { number, callback, data, .. }) = own.next() {
            count(&self.counts.callbacks, 1);
            if let Some(callback) = callback {
                // SAFETY: the starter of a watcher keeps its data valid until it is stopped.
                unsafe { callback(self.as_c(), number, data) };
            }
        }
        own.walkers.set(own.walkers.get() - 1);
        self.sweep_watchers();
    }

    /// Whether watchers of delivered signals still have to be called.
    pub fn is_delivering_signals(&self) -> bool {
        self.signals.is_delivering()
    }

    /// Ends all watchers. Must not be called in a callback.
    pub fn forget_signals(&self) {
        let own = &self.signals;
        while let Some((at, watcher)) = own.all().find(|(_, watcher)| !watcher.dead) {
            own.stop(at, watcher);
        }
        own.list.clear();
        own.end.set(0);
        if let Some(node) = own.node.take() {
            node.leave();
        }
    }
}
