//! Connections with handlers: the public fields have functions of this file, which look the handlers up: the connection's
//! own, or those of its maker.

use super::Connection;
use super::callbacks::Callbacks;
use super::handlers::Handlers;
use crate::abi::types::{buffer, tcp_connection, yolanda_callbacks, yolanda_connection_callback};
use crate::reactor::kept::Kept;
use libc::c_int;

/// What a connection with these handlers has in its public fields. Its completed callback is called by `completed`, on
/// the connection's own thread.
pub fn public(handlers: &Handlers) -> Callbacks {
    let own = &handlers.callbacks;
    Callbacks {
        completed: None,
        closed: own.closed.map(|_| on_closed as _),
        message: match handlers.framing {
            Some(_) => Some(on_framed),
            None => own.message.map(|_| on_message as _),
        },
        write_completed: own.write_completed.map(|_| on_write_completed as _),
    }
}

impl Connection {
    /// Gives the connection handlers of its own; ENOMEM.
    pub fn set_handlers(&self, handlers: &Handlers) -> Result<(), c_int> {
        let (cold, kept) = self.make_cold().zip(Kept::of(handlers)).ok_or(libc::ENOMEM)?;
        public(handlers).give(self);
        cold.handlers.set(Some(kept));
        Ok(())
    }

    /// Calls `f` with the connection's handlers, which stay meanwhile even if `f` gives it others. None if it has none.
    fn with_handlers<R>(&self, f: impl FnOnce(&Handlers) -> R) -> Option<R> {
        if let Some(handlers) = self.cold().and_then(|cold| cold.handlers.get()) {
            return Some(f(&handlers));
        }
        self.maker().and_then(|maker| maker.handlers.get()).map(|handlers| f(handlers))
    }

    fn has_handler(&self, which: impl FnOnce(&yolanda_callbacks) -> bool) -> bool {
        self.with_handlers(|handlers| which(&handlers.callbacks)) == Some(true)
    }

    /// Calls one of the handlers, if there is one, with the data.
    fn call(&self, which: impl FnOnce(&yolanda_callbacks) -> yolanda_connection_callback) {
        self.with_handlers(|handlers| {
            if let Some(callback) = which(&handlers.callbacks) {
                // SAFETY: the program gave the callback together with the data, and `with_handlers` keeps both. The
                // connection is freed only after its closed callback, which is the last.
                unsafe { callback(self.as_c(), handlers.callbacks.data) };
            }
        });
    }

    /// Whether code of the program runs when the connection comes to its loop.
    pub fn has_completed_handler(&self) -> bool {
        self.has_handler(|callbacks| callbacks.completed.is_some())
    }

    /// The connection comes to its loop.
    pub fn completed(&self) {
        if self.has_completed_handler() {
            self.event_loop().guarded(|| self.call(|callbacks| callbacks.completed));
        }
    }

    /// Whether the program is told the end of the input, which then doesn't close the connection.
    pub fn has_input_ended_handler(&self) -> bool {
        self.has_handler(|callbacks| callbacks.input_ended.is_some())
    }

    /// Tells the program that the peer sends no more. Within an iteration.
    pub fn input_ended(&self) {
        self.call(|callbacks| callbacks.input_ended);
    }

    /// Whether the program is asked before a time limit closes the connection.
    pub fn has_idle_handler(&self) -> bool {
        self.has_handler(|callbacks| callbacks.idle.is_some())
    }

    /// Asks the program whether a connection that has reached a time limit stays open. Within an iteration.
    pub fn outlasts_limit(&self) -> bool {
        let answer = self.with_handlers(|handlers| {
            let callback = handlers.callbacks.idle?;
            // SAFETY: the program gave the callback together with the data, and `with_handlers` keeps both. The
            // iteration keeps the connection.
            Some(unsafe { callback(self.as_c(), handlers.callbacks.data) })
        });
        answer.flatten().is_some_and(|answer| answer != 0)
    }
}

unsafe extern "C-unwind" fn on_message(input: *mut buffer, conn: *mut tcp_connection) -> c_int {
    // SAFETY: the library calls this with a live connection. The program gave callback and data together.
    unsafe {
        let conn = Connection::from_c(conn);
        conn.with_handlers(|handlers| {
            if let Some(callback) = handlers.callbacks.message {
                callback(conn.as_c(), input, handlers.callbacks.data);
            }
        });
    }
    0
}

unsafe extern "C-unwind" fn on_framed(_: *mut buffer, conn: *mut tcp_connection) -> c_int {
    // SAFETY: the library calls this with a live connection.
    let conn = unsafe { Connection::from_c(conn) };
    conn.with_handlers(|handlers| {
        if let (Some(framing), Some(callback)) = (handlers.framing, handlers.callbacks.frame) {
            conn.deliver_frames(framing, |at, len| {
                // SAFETY: the program gave the callback together with the data, and `with_handlers` keeps both. The
                // bytes stay where they are until the loop runs.
                unsafe { callback(conn.as_c(), at.cast(), len, handlers.callbacks.data) };
            });
        }
    });
    0
}

unsafe extern "C-unwind" fn on_write_completed(conn: *mut tcp_connection) -> c_int {
    // SAFETY: the library calls this with a live connection.
    unsafe { Connection::from_c(conn) }.call(|callbacks| callbacks.write_completed);
    0
}

unsafe extern "C-unwind" fn on_closed(conn: *mut tcp_connection) -> c_int {
    // SAFETY: the library calls this once, before the connection is freed.
    unsafe { Connection::from_c(conn) }.call(|callbacks| callbacks.closed);
    0
}
