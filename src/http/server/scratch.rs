//! What a loop keeps for the requests that it answers, so that a request costs no allocation and
//! a connection without one holds nothing. Callbacks may run the loop again: then the state is
//! in use, and that pass gets another one.

use core::ffi::c_void;
use core::mem::size_of;
use core::ptr::null_mut;

use crate::abi::types::tcp_connection;
use crate::http::message::http_response;
use crate::http::message::http_response::{Kind, Response};
use crate::http::message::output::{Output, ROOM};
use crate::http::message::request;
use crate::http::message::request::Request;
use crate::http::server::deferred::Deferred;
use crate::http::wire::date::Date;
use crate::sys::pool;

/// First the response that a callback is given: from its address the rest is found.
#[repr(C)]
pub struct Scratch {
    pub response: Response,
    /// The request that is being answered.
    pub current: Current,
    pub date: Date,
    /// Room for responses on their way out.
    pub room: *mut u8,
    /// An empty request, or NULL.
    spare: *mut Request,
}

/// What a callback's call to defer its response needs.
pub struct Current {
    pub conn: *mut tcp_connection,
    pub request: *mut Request,
    pub out: *mut Output,
    /// What the call made.
    pub deferred: *mut Deferred,
}

const NOTHING: Current =
    Current { conn: null_mut(), request: null_mut(), out: null_mut(), deferred: null_mut() };

/// The loop's state, or a new one while that is in use; NULL when memory is out.
///
/// # Safety
/// `slot` is the place of the loop whose thread this is.
pub unsafe fn take(slot: *mut *mut c_void) -> *mut Scratch {
    // SAFETY: what the slot holds was put there by `put_back`; fresh memory is written at once.
    unsafe {
        let kept: *mut Scratch = (*slot).cast();
        if !kept.is_null() {
            *slot = null_mut();
            return kept;
        }
        let scratch: *mut Scratch = pool::alloc(size_of::<Scratch>()).cast();
        let room = pool::alloc(ROOM);
        if scratch.is_null() || room.is_null() {
            give_back(scratch.cast(), size_of::<Scratch>());
            give_back(room, ROOM);
            return null_mut();
        }
        http_response::init(&raw mut (*scratch).response, Kind::Serving);
        (&raw mut (*scratch).current).write(NOTHING);
        (&raw mut (*scratch).date).write(Date::new());
        (*scratch).room = room;
        (*scratch).spare = null_mut();
        scratch
    }
}

/// # Safety
/// `scratch` came from `take` with this slot, and nothing uses it any more.
pub unsafe fn put_back(slot: *mut *mut c_void, scratch: *mut Scratch) {
    // SAFETY: the caller's state.
    unsafe {
        if (*slot).is_null() {
            *slot = scratch.cast();
        } else {
            free(scratch);
        }
    }
}

/// Frees what a loop has kept.
///
/// # Safety
/// A state that `put_back` has left with the loop, and that nobody uses any more.
pub unsafe fn free_kept(kept: *mut c_void) {
    // SAFETY: it came from `take`.
    unsafe { free(kept.cast()) }
}

unsafe fn free(scratch: *mut Scratch) {
    // SAFETY: a state from `take` that nobody uses.
    unsafe {
        if !(*scratch).spare.is_null() {
            request::free((*scratch).spare);
        }
        pool::free((*scratch).room, ROOM);
        pool::free(scratch.cast(), size_of::<Scratch>());
    }
}

unsafe fn give_back(memory: *mut u8, size: usize) {
    if !memory.is_null() {
        // SAFETY: memory of the pools that nobody uses.
        unsafe { pool::free(memory, size) };
    }
}

/// An empty request; NULL when memory is out.
///
/// # Safety
/// `scratch` came from `take`.
pub unsafe fn take_request(scratch: *mut Scratch) -> *mut Request {
    // SAFETY: the caller's state.
    unsafe {
        let spare = (*scratch).spare;
        (*scratch).spare = null_mut();
        if spare.is_null() {
            return request::alloc();
        }
        spare
    }
}

/// Takes a request that nobody uses any more.
///
/// # Safety
/// `scratch` came from `take`, and `request` is empty.
pub unsafe fn put_request(scratch: *mut Scratch, request: *mut Request) {
    // SAFETY: the caller's objects.
    unsafe {
        if (*scratch).spare.is_null() {
            (*scratch).spare = request;
        } else {
            request::free(request);
        }
    }
}
