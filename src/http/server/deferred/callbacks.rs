//! Calls the callbacks of a deferred response, on the connection's thread: when everything was sent, when the
//! client has ended its side, and when the connection has ended; never after the program has given back the
//! response.

use core::cell::Cell;
use core::ffi::{c_int, c_void};
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::{Deferred, Held};
use crate::abi::types::{
    YOLANDA_HTTP_CLOSED as CLOSED, YOLANDA_HTTP_HALF_CLOSED as HALF_CLOSED,
    YOLANDA_HTTP_WRITABLE as WRITABLE, event_loop, yolanda_http_closed_callback,
    yolanda_http_stream_callback,
};

/// How much of the connection has ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
enum End {
    None,
    /// The client has shut down its sending side.
    Half,
    All,
}

/// A callback of the program.
#[derive(Clone, Copy)]
struct Callback {
    function: yolanda_http_stream_callback,
    data: *mut c_void,
}

/// A callback, and the last end that was reported to it.
struct Reported {
    callback: Cell<Callback>,
    told: Cell<End>,
}

impl Reported {
    fn none() -> Reported {
        let callback = Callback { function: None, data: null_mut() };
        Reported { callback: Cell::new(callback), told: Cell::new(End::None) }
    }

    fn is_there(&self) -> bool {
        self.callback.get().function.is_some()
    }

    /// Whether this end has to be reported; records it as reported.
    fn is_due(&self, end: End) -> bool {
        let due = self.is_there() && self.told.get() < end;
        if due {
            self.told.set(end);
        }
        due
    }
}

/// The callbacks and what was reported. Everything except `looks` belongs to the connection's thread.
pub struct Callbacks {
    stream: Reported,
    closed: Reported,
    end: Cell<End>,
    /// A task that checks the connection is queued.
    looks: AtomicBool,
}

impl Callbacks {
    pub fn new() -> Callbacks {
        Callbacks {
            stream: Reported::none(),
            closed: Reported::none(),
            end: Cell::new(End::None),
            looks: AtomicBool::new(false),
        }
    }
}

impl Deferred {
    /// Sets the callback for the client's progress. Err with EPERM on another thread.
    pub fn set_stream_callback(
        &self,
        function: yolanda_http_stream_callback,
        data: *mut c_void,
    ) -> Result<(), c_int> {
        self.check_thread()?;
        self.callbacks.stream.callback.set(Callback { function, data });
        self.look_for_stream();
        Ok(())
    }

    /// Sets the callback for the client's end. Err with EPERM on another thread.
    pub fn set_closed_callback(
        &self,
        function: yolanda_http_closed_callback,
        data: *mut c_void,
    ) -> Result<(), c_int> {
        self.check_thread()?;
        self.callbacks.closed.callback.set(Callback { function, data });
        if function.is_some() {
            self.look_soon();
        }
        Ok(())
    }

    /// Queues a check of the connection, once for many writes, if there is a stream callback. The thread that
    /// uses the response sees whether one was set.
    pub fn look_for_stream(&self) {
        if self.callbacks.stream.is_there() {
            self.look_soon();
        }
    }

    fn look_soon(&self) {
        let looks = &self.callbacks.looks;
        if looks.swap(true, Relaxed) {
            return;
        }
        let Some(held) = self.keep() else {
            return looks.store(false, Relaxed);
        };
        let l = self.connection().event_loop();
        // The task owns the reference.
        let raw = held.into_raw();
        if l.post_function(Some(on_look), raw.as_ptr().cast()) < 0 {
            looks.store(false, Relaxed);
            // SAFETY: the task wasn't queued.
            drop(unsafe { Held::from_raw(raw) });
        }
    }

    /// Checks whether the client has ended its side, for a program with a closed callback.
    fn note_half(&self) {
        let Some(conn) = self.connection().here() else { return };
        let callbacks = &self.callbacks;
        if callbacks.end.get() == End::None
            && callbacks.closed.is_there()
            && !conn.has_closed()
            && conn.peer_has_ended()
        {
            callbacks.end.set(End::Half);
        }
    }

    /// Checks whether the client has ended its side, if reading is stopped so that it wouldn't be noticed. A task
    /// reports it to the program.
    pub fn look_for_end(&self) {
        self.note_half();
        if self.callbacks.end.get() > self.callbacks.closed.told.get() {
            self.look_soon();
        }
    }

    /// Everything that was queued has been sent.
    pub fn tell_writable(&self) {
        self.call(&self.callbacks.stream, WRITABLE);
    }

    /// The client has ended its side.
    pub fn tell_half_closed(&self) {
        if self.callbacks.end.get() == End::None {
            self.callbacks.end.set(End::Half);
        }
        self.tell_end();
    }

    /// The connection has ended.
    pub fn tell_closed(&self) {
        self.callbacks.end.set(End::All);
        self.tell_end();
    }

    /// Reports the end to the callbacks that haven't been told.
    fn tell_end(&self) {
        let callbacks = &self.callbacks;
        // The callbacks may give back the response.
        let Some(_held) = self.keep() else { return };
        if callbacks.end.get() == End::All && callbacks.stream.is_due(End::All) {
            self.call(&callbacks.stream, CLOSED);
        }
        let end = callbacks.end.get();
        if callbacks.closed.is_due(end) {
            self.call(&callbacks.closed, if end == End::All { CLOSED } else { HALF_CLOSED });
        }
    }

    /// Calls a callback, unless the response was given back.
    fn call(&self, listener: &Reported, event: c_int) {
        let Callback { function: Some(function), data } = listener.callback.get() else { return };
        // The callback may send the response, and run the loop until it is finished.
        let Some(held) = self.keep() else { return };
        // SAFETY: the program set the callback together with this data, and hasn't given back the response.
        held.hold.call(|| unsafe { function(held.as_c(), event, data) });
    }
}

unsafe extern "C-unwind" fn on_look(_loop: *mut event_loop, data: *mut c_void) {
    // SAFETY: `look_soon` posted the task with a reference, which is released here.
    let held = unsafe { Held::from_raw(NonNull::new_unchecked(data.cast())) };
    held.callbacks.looks.store(false, Relaxed);
    let conn = held.connection();
    if !conn.has_closed() && conn.unsent() == 0 {
        held.tell_writable();
    }
    held.note_half();
    held.tell_end();
}
