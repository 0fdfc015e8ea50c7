//! What the program is told of a deferred response, on the connection's thread: that all was sent, that the
//! client has ended its side, that the connection has ended; nothing once it has given the response back.

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

/// How far the connection's end has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
enum End {
    None,
    /// The client sends no more.
    Half,
    All,
}

/// One of the program's callbacks.
#[derive(Clone, Copy)]
struct Callback {
    function: yolanda_http_stream_callback,
    data: *mut c_void,
}

/// A callback, and what it was told of the end.
struct Listener {
    callback: Cell<Callback>,
    told: Cell<End>,
}

impl Listener {
    fn nobody() -> Listener {
        let callback = Callback { function: None, data: null_mut() };
        Listener { callback: Cell::new(callback), told: Cell::new(End::None) }
    }

    fn is_there(&self) -> bool {
        self.callback.get().function.is_some()
    }

    /// Whether it is to be told that the end has come so far; it counts as told then.
    fn is_due(&self, end: End) -> bool {
        let due = self.is_there() && self.told.get() < end;
        if due {
            self.told.set(end);
        }
        due
    }
}

/// Whom to tell, and of what. All but `looks` is the connection's thread's.
pub struct Telling {
    stream: Listener,
    closed: Listener,
    end: Cell<End>,
    /// A look at the connection is on its way.
    looks: AtomicBool,
}

impl Telling {
    pub fn new() -> Telling {
        Telling {
            stream: Listener::nobody(),
            closed: Listener::nobody(),
            end: Cell::new(End::None),
            looks: AtomicBool::new(false),
        }
    }
}

impl Deferred {
    /// Whom to tell that the client takes what is written. Err with EPERM on another thread.
    pub fn set_stream_callback(
        &self,
        function: yolanda_http_stream_callback,
        data: *mut c_void,
    ) -> Result<(), c_int> {
        self.check_thread()?;
        self.telling.stream.callback.set(Callback { function, data });
        self.look_for_stream();
        Ok(())
    }

    /// Whom to tell that the client leaves. Err with EPERM on another thread.
    pub fn set_closed_callback(
        &self,
        function: yolanda_http_closed_callback,
        data: *mut c_void,
    ) -> Result<(), c_int> {
        self.check_thread()?;
        self.telling.closed.callback.set(Callback { function, data });
        if function.is_some() {
            self.look_soon();
        }
        Ok(())
    }

    /// Has the connection looked at, once for many writes, where there is a stream's callback: who uses the response
    /// has seen it set.
    pub fn look_for_stream(&self) {
        if self.telling.stream.is_there() {
            self.look_soon();
        }
    }

    fn look_soon(&self) {
        let looks = &self.telling.looks;
        if looks.swap(true, Relaxed) {
            return;
        }
        let Some(held) = self.keep() else {
            return looks.store(false, Relaxed);
        };
        let l = self.connection().event_loop();
        // The reference goes with the task.
        let raw = held.into_raw();
        if l.post_function(Some(on_look), raw.as_ptr().cast()) < 0 {
            looks.store(false, Relaxed);
            // SAFETY: the task wasn't queued.
            drop(unsafe { Held::from_raw(raw) });
        }
    }

    /// Looks whether the client has ended its side, for a program that wants to know.
    fn note_half(&self) {
        let Some(conn) = self.connection().here() else { return };
        let telling = &self.telling;
        if telling.end.get() == End::None
            && telling.closed.is_there()
            && !conn.has_closed()
            && conn.peer_has_ended()
        {
            telling.end.set(End::Half);
        }
    }

    /// Looks, where nobody reads and so nobody would see it, whether the client has ended its side. The program is
    /// told by a task.
    pub fn look_for_end(&self) {
        self.note_half();
        if self.telling.end.get() > self.telling.closed.told.get() {
            self.look_soon();
        }
    }

    /// All that was queued has been sent.
    pub fn tell_writable(&self) {
        self.call(&self.telling.stream, WRITABLE);
    }

    /// The client has ended its side.
    pub fn tell_half_closed(&self) {
        if self.telling.end.get() == End::None {
            self.telling.end.set(End::Half);
        }
        self.tell_end();
    }

    /// The connection has ended.
    pub fn tell_closed(&self) {
        self.telling.end.set(End::All);
        self.tell_end();
    }

    /// Tells those of the end who don't know it yet.
    fn tell_end(&self) {
        let telling = &self.telling;
        // The callbacks may give the response back.
        let Some(_held) = self.keep() else { return };
        if telling.end.get() == End::All && telling.stream.is_due(End::All) {
            self.call(&telling.stream, CLOSED);
        }
        let end = telling.end.get();
        if telling.closed.is_due(end) {
            self.call(&telling.closed, if end == End::All { CLOSED } else { HALF_CLOSED });
        }
    }

    /// Calls a callback, unless the response was given back.
    fn call(&self, listener: &Listener, event: c_int) {
        let Callback { function: Some(function), data } = listener.callback.get() else { return };
        // The callback may send the response, and run the loop until it is finished with.
        let Some(held) = self.keep() else { return };
        // SAFETY: the program gave the callback for this response and this data, and hasn't given it back.
        held.hold.call(|| unsafe { function(held.as_c(), event, data) });
    }
}

unsafe extern "C-unwind" fn on_look(_loop: *mut event_loop, data: *mut c_void) {
    // SAFETY: `look_soon` posted it with a reference, which is given back here.
    let held = unsafe { Held::from_raw(NonNull::new_unchecked(data.cast())) };
    held.telling.looks.store(false, Relaxed);
    let conn = held.connection();
    if !conn.has_closed() && conn.unsent() == 0 {
        held.tell_writable();
    }
    held.note_half();
    held.tell_end();
}
