//! The handlers of a program, and the handler to which a request is routed.

use core::cell::Cell;
use core::ffi::c_void;
use core::ops::Deref;
use core::ptr::NonNull;

use crate::abi::types::{Destroy, yolanda_http_handler};
use crate::http::message::head_hook::Hook;
use crate::http::message::http_response::Response;
use crate::http::message::request::Request;

/// A handler as the program passes it.
#[derive(Clone, Copy)]
pub struct Wish {
    pub handler: yolanda_http_handler,
    pub data: *mut c_void,
    /// Called with the data when the handler isn't needed any more.
    pub destroy: Destroy,
    /// The handler may want the bodies of requests.
    pub takes_bodies: bool,
}

/// A handler of the program. It exists from before its server's start until the server's end.
pub struct Handler {
    wish: Wish,
    /// Whether `destroy` is called at the end.
    is_owned: Cell<bool>,
    /// The head callback. It changes only before the server's start.
    head: Cell<Hook>,
}

impl Handler {
    /// The caller owns the program's data until `own`.
    pub fn new(wish: Wish) -> Handler {
        Handler { wish, is_owned: Cell::new(false), head: Cell::new(Hook::NONE) }
    }

    /// Takes ownership of the program's data.
    pub fn own(&self) {
        self.is_owned.set(true);
    }

    /// Whether it may want the bodies of requests.
    pub fn takes_bodies(&self) -> bool {
        self.wish.takes_bodies
    }

    pub fn head(&self) -> Hook {
        self.head.get()
    }

    pub fn set_head(&self, hook: Hook) {
        self.head.set(hook);
    }

    /// Calls the program's handler.
    pub fn call(&self, request: &Request, response: &Response) {
        if let Some(handler) = self.wish.handler {
            // SAFETY: the program passed the handler together with this data, which it keeps until `destroy` is
            // called. Both objects are live, as the header promises.
            unsafe { handler(request.as_c(), response.as_c(), self.wish.data) };
        }
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        if let (true, Some(destroy)) = (self.is_owned.get(), self.wish.destroy) {
            // SAFETY: the program passed it together with this data, and the handler isn't called afterwards.
            unsafe { destroy(self.wish.data) };
        }
    }
}

/// The handler to which a request was routed.
#[derive(Clone, Copy)]
pub struct Chosen(NonNull<Handler>);

impl Chosen {
    pub fn new(handler: &Handler) -> Chosen {
        Chosen(NonNull::from(handler))
    }
}

impl Deref for Chosen {
    type Target = Handler;

    fn deref(&self) -> &Handler {
        // SAFETY: the handler stays valid, as the caller of `new` promised.
        unsafe { self.0.as_ref() }
    }
}

/// The result of routing a request.
#[derive(Clone, Copy)]
pub enum Found {
    Route(Chosen),
    /// There are only routes for other methods.
    OtherMethods,
    Nothing,
}
