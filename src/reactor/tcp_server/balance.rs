//! Which of the server's loops gets a new connection.

use super::Server;
use crate::abi::types::{YOLANDA_BALANCE_FEWEST, YOLANDA_BALANCE_IN_TURN, yolanda_choose_callback};
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::threads::thread_pool::Pool;
use libc::{c_int, c_void};
use std::ptr;

#[derive(Clone, Copy)]
pub enum Balance {
    InTurn,
    /// The loop with the fewest connections.
    Fewest,
}

impl Balance {
    /// None for a number that names no policy.
    pub fn of(policy: c_int) -> Option<Balance> {
        match policy {
            YOLANDA_BALANCE_IN_TURN => Some(Balance::InTurn),
            YOLANDA_BALANCE_FEWEST => Some(Balance::Fewest),
            _ => None,
        }
    }
}

/// The program's own choice.
#[derive(Clone, Copy)]
pub struct Choice {
    pub callback: yolanda_choose_callback,
    pub data: *mut c_void,
}

impl Choice {
    pub const NONE: Choice = Choice { callback: None, data: ptr::null_mut() };
}

impl Server {
    pub fn set_balance(&self, balance: Balance) {
        self.balance.set(balance);
    }

    pub fn set_choice(&self, choice: Choice) {
        self.choice.set(choice);
    }

    /// The loop of a thread, counted from 0; without threads the server's own is the first. None where there is no such
    /// thread, or it doesn't run.
    pub fn thread_loop(&self, at: usize) -> Option<&RemoteLoop> {
        match self.threads() {
            Some(pool) if pool.running() > 0 => pool.loop_at(at),
            // Before the start nobody knows how many threads will run.
            _ if !self.has_started() && self.public.threadNum.get() > 0 => None,
            _ => (at == 0).then(|| self.own_loop()),
        }
    }

    /// Chooses a loop for a client that was accepted as `fd`. Calls the program, which may end the server.
    pub fn choose_loop(&self, fd: c_int) -> Option<&RemoteLoop> {
        let Choice { callback: Some(callback), data } = self.choice.get() else {
            return Some(self.next_loop());
        };
        // SAFETY: the program's data stays as long as its callback is set.
        let chosen = unsafe { callback(self.as_c(), fd, data) };
        if self.has_ended() {
            return None;
        }
        if chosen.is_null() {
            return Some(self.next_loop());
        }
        let own = self.loop_of(chosen);
        if own.is_none() {
            log_err!("the loop that was chosen for socket {} isn't the server's", fd);
        }
        Some(own.unwrap_or_else(|| self.next_loop()))
    }

    /// One of the server's loops by its pointer.
    fn loop_of(&self, l: *mut crate::abi::types::event_loop) -> Option<&RemoteLoop> {
        let threads = self.threads().map_or(0, Pool::running);
        let mut own = (0..threads).filter_map(|at| self.thread_loop(at));
        own.find(|own| own.as_c() == l)
            .or_else(|| Some(self.own_loop()).filter(|own| own.as_c() == l))
    }

    fn own_loop(&self) -> &RemoteLoop {
        self.event_loop()
    }

    fn next_loop(&self) -> &RemoteLoop {
        let next = self.threads().and_then(|pool| match self.balance.get() {
            Balance::InTurn => pool.next_loop(),
            Balance::Fewest => pool.least_busy_loop(),
        });
        next.unwrap_or_else(|| self.own_loop())
    }
}
