//! A program's settings for a server and its new connections.

#![forbid(unsafe_code)]

use super::Server;
use crate::reactor::kept::Kept;
use crate::reactor::tcp_connection::handled;
use crate::reactor::tcp_connection::handlers::Handlers;
use crate::reactor::tcp_connection::settings::{Keepalive, Settings};
use crate::reactor::threads::hooks::Hooks;
use crate::sys::explained::explain;
use libc::{c_int, c_void};
use std::sync::atomic::Ordering::SeqCst;

impl Server {
    /// Changes the settings of new connections.
    pub fn change_settings<R>(&self, with: impl FnOnce(&mut Settings) -> R) -> R {
        with(&mut self.shared.settings.lock())
    }

    /// Sets the initial `data` of new connections; NULL changes nothing.
    pub fn set_data(&self, data: *mut c_void) {
        if !data.is_null() {
            self.public.data.set(data);
        }
    }

    pub fn set_nodelay(&self, on: bool) {
        self.nodelay.set(Some(on));
        self.set_options();
    }

    pub fn set_keepalive(&self, keepalive: Keepalive) {
        self.keepalive.set(Some(keepalive));
        self.set_options();
    }

    /// Sets whether each thread gets its own listening socket. Only before the start (else EBUSY) and on an
    /// address (else ENOTSUP).
    pub fn set_reuseport(&self, on: bool) -> Result<(), c_int> {
        self.not_started()?;
        if on && !self.origin.can_share_port() {
            return Err(explain!(libc::ENOTSUP, "the server has no TCP address of its own"));
        }
        self.reuseport.set(on);
        Ok(())
    }

    /// Sets the maximum number of open connections; 0 means any number.
    pub fn set_max_connections(&self, n: c_int) -> Result<(), c_int> {
        if n < 0 {
            return Err(explain!(libc::EINVAL, "the limit of connections is {n}"));
        }
        self.shared.max.store(n, SeqCst);
        self.shared.room_has_changed();
        Ok(())
    }

    /// Sets the functions that are called on the threads. Only before the start (else EBUSY).
    pub fn set_thread_hooks(&self, hooks: Hooks) -> Result<(), c_int> {
        self.not_started()?;
        self.hooks.set(hooks);
        Ok(())
    }

    /// The callbacks of new connections. Before the start, and once (EBUSY).
    pub fn set_handlers(&self, handlers: &Handlers) -> Result<(), c_int> {
        if self.header.protocol().is_some() {
            return Err(explain!(
                libc::ENOTSUP,
                "the connections of an HTTP server are the library's"
            ));
        }
        self.not_started()?;
        if self.header.handlers.get().is_some() {
            return Err(explain!(libc::EBUSY, "the server has callbacks with data already"));
        }
        let kept = Kept::of(handlers).ok_or(libc::ENOMEM)?;
        let own = handled::public(handlers);
        self.public.connectionCompletedCallBack.set(own.completed);
        self.public.connectionClosedCallBack.set(own.closed);
        self.public.messageCallBack.set(own.message);
        self.public.writeCompletedCallBack.set(own.write_completed);
        // Empty, as was seen above.
        let _ = self.header.handlers.set(kept);
        Ok(())
    }

    fn not_started(&self) -> Result<(), c_int> {
        if self.has_started() {
            return Err(explain!(libc::EBUSY, "the server has been started"));
        }
        Ok(())
    }

    /// The number of open connections. Any thread.
    pub fn connections(&self) -> i64 {
        self.shared.live.load(SeqCst)
    }
}
