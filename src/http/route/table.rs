//! The routes of a server: a list of patterns in the order in which they are asked, each with a list of
//! methods. They are made before the server starts and stay until its end, so that any thread reads
//! them without a lock.

use core::ffi::{c_char, c_int, c_void};
use core::mem::size_of;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering::Relaxed};

use crate::abi::types::yolanda_http_handler;
use crate::http::message::head_hook::Hook;
pub use crate::http::message::upload::Destroy;
use crate::http::route::pattern::{Text, compile, matches, order, room_for};
use crate::sys::pool;

/// What a program wants to be called for.
pub struct Wish {
    pub handler: yolanda_http_handler,
    pub data: *mut c_void,
    pub destroy: Destroy,
    /// What is called may want to have the bodies of requests.
    pub takes_bodies: bool,
}

/// A pattern, and what answers the methods there.
pub struct Pattern {
    next: *mut Pattern,
    routes: *mut Route,
    /// As `compile` writes it, in the memory of the first of the routes.
    path: *const u8,
    len: usize,
}

/// The handler of a method; the texts stand behind it in its memory.
pub struct Route {
    next: *mut Route,
    pub wish: Wish,
    /// Whom to ask behind the head of a request.
    pub head: Hook,
    /// Empty for a route that takes any method.
    method: *const u8,
    method_len: usize,
    /// The names of the parameters, each with a NUL behind it.
    pub names: *const c_char,
    size: usize,
}

impl Pattern {
    fn path(&self) -> &[u8] {
        // SAFETY: written before the pattern was made, and not changed afterwards.
        unsafe { core::slice::from_raw_parts(self.path, self.len) }
    }
}

impl Route {
    fn method(&self) -> &[u8] {
        // SAFETY: as in `path`.
        unsafe { core::slice::from_raw_parts(self.method, self.method_len) }
    }
}

/// Adds a route. Err with errno: EINVAL for what is no pattern, EEXIST, ENOMEM.
///
/// # Safety
/// `table` is that of a server that doesn't run, on its thread.
pub unsafe fn add(
    table: &AtomicPtr<Pattern>,
    method: &[u8],
    pattern: &[u8],
    wish: Wish,
) -> Result<(), c_int> {
    // SAFETY: fresh memory is written at once; the lists are this thread's until the server runs.
    unsafe {
        let room = room_for(pattern);
        let size = size_of::<Route>() + method.len() + 2 * room;
        let route: *mut Route = pool::alloc(size).cast();
        if route.is_null() {
            return Err(libc::ENOMEM);
        }
        let texts: *mut u8 = route.add(1).cast();
        texts.write_bytes(0, method.len() + 2 * room);
        texts.copy_from_nonoverlapping(method.as_ptr(), method.len());
        let names = texts.add(method.len());
        let path = names.add(room);
        let mut compiled = Text::new(core::slice::from_raw_parts_mut(path, room));
        let mut named = Text::new(core::slice::from_raw_parts_mut(names, room));
        let done = compile(pattern, &mut compiled, &mut named).map(|()| compiled.bytes().len());
        let Some(len) = done else {
            pool::free(route.cast(), size);
            return Err(libc::EINVAL);
        };
        route.write(Route {
            next: null_mut(),
            wish,
            head: Hook::NONE,
            method: texts,
            method_len: method.len(),
            names: names.cast(),
            size,
        });
        insert(table, route, path, len).inspect_err(|_| pool::free(route.cast(), size))
    }
}

/// Puts a route where it belongs.
unsafe fn insert(
    table: &AtomicPtr<Pattern>,
    route: *mut Route,
    path: *const u8,
    len: usize,
) -> Result<(), c_int> {
    // SAFETY: as in `add`; the path has `len` bytes.
    unsafe {
        let wanted = core::slice::from_raw_parts(path, len);
        let mut before: *mut Pattern = null_mut();
        let mut at = table.load(Relaxed);
        while !at.is_null() && order((*at).path(), wanted).is_lt() {
            (before, at) = (at, (*at).next);
        }
        if !at.is_null() && (*at).path() == wanted {
            let mut end = &raw mut (*at).routes;
            while !(*end).is_null() {
                if (**end).method() == (*route).method() {
                    return Err(libc::EEXIST);
                }
                end = &raw mut (**end).next;
            }
            *end = route;
            return Ok(());
        }
        let pattern: *mut Pattern = pool::alloc(size_of::<Pattern>()).cast();
        if pattern.is_null() {
            return Err(libc::ENOMEM);
        }
        pattern.write(Pattern { next: at, routes: route, path, len });
        if before.is_null() {
            table.store(pattern, Relaxed);
        } else {
            (*before).next = pattern;
        }
        Ok(())
    }
}

/// The route that was added for that method and pattern. Err with errno: ENOENT without one, EINVAL for what is
/// no pattern, ENOMEM.
///
/// # Safety
/// As `add`.
pub unsafe fn added(
    table: &AtomicPtr<Pattern>,
    method: &[u8],
    pattern: &[u8],
) -> Result<*mut Route, c_int> {
    let room = room_for(pattern);
    let texts = pool::alloc(2 * room);
    if texts.is_null() {
        return Err(libc::ENOMEM);
    }
    // SAFETY: the two halves of fresh memory are written before they are read; the lists are this thread's.
    unsafe {
        texts.write_bytes(0, 2 * room);
        let mut path = Text::new(core::slice::from_raw_parts_mut(texts, room));
        let mut names = Text::new(core::slice::from_raw_parts_mut(texts.add(room), room));
        let mut found = Err(libc::EINVAL);
        if compile(pattern, &mut path, &mut names).is_some() {
            let mut at = table.load(Relaxed);
            while !at.is_null() && (*at).path() != path.bytes() {
                at = (*at).next;
            }
            let mut route = if at.is_null() { null_mut() } else { (*at).routes };
            while !route.is_null() && (*route).method() != method {
                route = (*route).next;
            }
            found = if route.is_null() { Err(libc::ENOENT) } else { Ok(route) };
        }
        pool::free(texts, 2 * room);
        found
    }
}

/// Frees all routes, and what the program gave for them.
///
/// # Safety
/// Nobody uses the table any more.
pub unsafe fn free(table: &AtomicPtr<Pattern>) {
    // SAFETY: as said; each block is read before it goes.
    unsafe {
        let mut pattern = table.swap(null_mut(), Relaxed);
        while !pattern.is_null() {
            let mut route = (*pattern).routes;
            while !route.is_null() {
                let Wish { data, destroy, .. } = (*route).wish;
                let next = (*route).next;
                pool::free(route.cast(), (*route).size);
                route = next;
                if let Some(destroy) = destroy {
                    destroy(data);
                }
            }
            let next = (*pattern).next;
            pool::free(pattern.cast(), size_of::<Pattern>());
            pattern = next;
        }
    }
}

#[derive(Clone, Copy)]
pub enum Found {
    Route(*mut Pattern, *mut Route),
    /// There are routes of other methods.
    OtherMethods,
    Nothing,
}

/// The route for a method and a path that `decode_segments` has decoded.
///
/// # Safety
/// `first` is the table of a live server.
pub unsafe fn find(first: *mut Pattern, method: &[u8], path: &[u8]) -> Found {
    let mut found = Found::Nothing;
    let mut pattern = first;
    // SAFETY: a running server's lists stay as they are.
    unsafe {
        while !pattern.is_null() {
            if matches((*pattern).path(), path, |_| ()) {
                let route = of_method((*pattern).routes, method);
                if !route.is_null() {
                    return Found::Route(pattern, route);
                }
                found = Found::OtherMethods;
            }
            pattern = (*pattern).next;
        }
    }
    found
}

/// The route of that method, for HEAD then that of GET, or the one of any method; NULL without any.
unsafe fn of_method(first: *mut Route, method: &[u8]) -> *mut Route {
    let is_head = method == b"HEAD";
    let (mut of_get, mut of_any) = (null_mut(), null_mut());
    let mut route = first;
    // SAFETY: as in `find`.
    unsafe {
        while !route.is_null() {
            match (*route).method() {
                own if own == method => return route,
                b"" => of_any = route,
                b"GET" if is_head => of_get = route,
                _ => (),
            }
            route = (*route).next;
        }
    }
    if of_get.is_null() { of_any } else { of_get }
}

/// What the parameters of a route stand for in a path that its pattern matches.
///
/// # Safety
/// A pattern of a live server.
pub unsafe fn captures(pattern: *mut Pattern, path: &[u8], each: impl FnMut(&[u8])) {
    // SAFETY: as in `find`.
    unsafe { matches((*pattern).path(), path, each) };
}

/// The methods of the routes for a path, in their order; one may come twice.
///
/// # Safety
/// As `find`; the table stays while the result is used.
pub unsafe fn methods(first: *mut Pattern, path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut pattern = first;
    let mut route: *mut Route = null_mut();
    core::iter::from_fn(move || {
        // SAFETY: as in `find`.
        unsafe {
            while route.is_null() {
                if pattern.is_null() {
                    return None;
                }
                if matches((*pattern).path(), path, |_| ()) {
                    route = (*pattern).routes;
                }
                pattern = (*pattern).next;
            }
            let method = &*core::ptr::from_ref((*route).method());
            route = (*route).next;
            Some(method)
        }
    })
}
