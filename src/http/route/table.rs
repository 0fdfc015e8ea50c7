//! The routes of a server: a list of patterns in the order in which they are tried, each with a list of methods.
//! They are added before the server starts and don't change until its end, so any thread reads them without a
//! lock.

use core::cell::UnsafeCell;
use core::ffi::c_int;

use crate::http::message::handler::{Handler, Wish};
use crate::http::message::head_hook::Hook;
use crate::http::route::pattern::{Text, compile, matches, order, room_for};
use crate::sys::pool::{Bytes, Owned};

/// A pattern and its routes, one per method.
pub struct Pattern {
    next: Option<Owned<Pattern>>,
    routes: Option<Owned<Route>>,
    /// In the format of `compile`.
    path: Compiled,
}

/// The handler for a method.
pub struct Route {
    next: Option<Owned<Route>>,
    pub handler: Handler,
    /// Empty for a route that accepts any method.
    method: Bytes,
    names: Compiled,
}

/// The output of `compile`, in a buffer that may be longer.
struct Compiled {
    room: Bytes,
    len: usize,
}

impl Compiled {
    fn bytes(&self) -> &[u8] {
        self.room.bytes().get(..self.len).unwrap_or(b"")
    }
}

/// The path and the names of a pattern. Err with errno: EINVAL for an invalid pattern, ENOMEM.
fn compiled(pattern: &[u8]) -> Result<(Compiled, Compiled), c_int> {
    let room = || Bytes::zeroed(room_for(pattern)).ok_or(libc::ENOMEM);
    let (mut path, mut names) = (room()?, room()?);
    let (path_len, names_len) = {
        let (mut path, mut names) = (Text::new(path.bytes_mut()), Text::new(names.bytes_mut()));
        compile(pattern, &mut path, &mut names).ok_or(libc::EINVAL)?;
        (path.bytes().len(), names.bytes().len())
    };
    Ok((Compiled { room: path, len: path_len }, Compiled { room: names, len: names_len }))
}

impl Route {
    pub fn method(&self) -> &[u8] {
        self.method.bytes()
    }

    /// The names of the parameters, each followed by a NUL.
    pub fn names(&self) -> &[u8] {
        self.names.bytes()
    }
}

impl Pattern {
    fn routes(&self) -> impl Iterator<Item = &Route> {
        core::iter::successors(self.routes.as_deref(), |route| route.next.as_deref())
    }

    /// The route for a method. HEAD falls back to the route for GET, and every method to the route for any
    /// method.
    fn of_method(&self, method: &[u8]) -> Option<&Route> {
        let is_head = method == b"HEAD";
        let (mut of_get, mut of_any) = (None, None);
        for route in self.routes() {
            match route.method() {
                own if own == method => return Some(route),
                b"" => of_any = Some(route),
                b"GET" if is_head => of_get = Some(route),
                _ => (),
            }
        }
        of_get.or(of_any)
    }

    /// Passes the values of a route's parameters in a path that the pattern matches to `each`.
    pub fn captures(&self, path: &[u8], each: impl FnMut(&[u8])) {
        matches(self.path.bytes(), path, each);
    }

    /// Adds a route for another method; Err(EEXIST).
    fn add(&mut self, route: Owned<Route>) -> Result<(), c_int> {
        if self.routes().any(|known| known.method() == route.method()) {
            return Err(libc::EEXIST);
        }
        let mut end = &mut self.routes;
        while let Some(known) = end {
            end = &mut known.next;
        }
        route.handler.own();
        *end = Some(route);
        Ok(())
    }
}

/// The result of looking up a path and a method.
pub enum Match<'a> {
    Route(&'a Pattern, &'a Route),
    /// There are only routes for other methods.
    OtherMethods,
    Nothing,
}

pub struct Routes {
    first: UnsafeCell<Option<Owned<Pattern>>>,
}

impl Routes {
    pub const fn new() -> Routes {
        Routes { first: UnsafeCell::new(None) }
    }

    pub fn is_empty(&self) -> bool {
        self.first().is_none()
    }

    fn first(&self) -> Option<&Pattern> {
        // SAFETY: the list changes only in `add`, whose caller guarantees that no other thread reads it.
        unsafe { (*self.first.get()).as_deref() }
    }

    fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        core::iter::successors(self.first(), |pattern| pattern.next.as_deref())
    }

    /// The patterns that match a decoded path.
    fn matching(&self, path: &[u8]) -> impl Iterator<Item = &Pattern> {
        self.patterns().filter(move |pattern| matches(pattern.path.bytes(), path, |_| ()))
    }

    /// Adds a route; an empty method stands for any. Err with errno: EINVAL for an invalid pattern, EEXIST,
    /// ENOMEM; on failure the caller still owns the program's data.
    ///
    /// # Safety
    /// The server hasn't started: no other thread uses the routes, and there are no references to them.
    pub unsafe fn add(&self, method: &[u8], pattern: &[u8], wish: Wish) -> Result<(), c_int> {
        let (path, names) = compiled(pattern)?;
        let mut own_method = Bytes::new();
        own_method.append(method).ok_or(libc::ENOMEM)?;
        let handler = Handler::new(wish);
        let route = Route { next: None, handler, method: own_method, names };
        let route = Owned::new(route).ok_or(libc::ENOMEM)?;
        // SAFETY: by contract nothing else uses the list.
        let first = unsafe { &mut *self.first.get() };
        insert(first, path, route)
    }

    /// Sets the head callback of a route. Err with errno: ENOENT if there is no such route, EINVAL for an invalid
    /// pattern, ENOMEM.
    pub fn set_head(&self, method: &[u8], pattern: &[u8], hook: Hook) -> Result<(), c_int> {
        let (path, _) = compiled(pattern)?;
        let pattern = self.patterns().find(|known| known.path.bytes() == path.bytes());
        let route = pattern.and_then(|known| known.routes().find(|one| one.method() == method));
        route.ok_or(libc::ENOENT)?.handler.set_head(hook);
        Ok(())
    }

    /// The route for a method and a path that `decode_segments` has decoded.
    pub fn find(&self, method: &[u8], path: &[u8]) -> Match<'_> {
        let mut found = Match::Nothing;
        for pattern in self.matching(path) {
            match pattern.of_method(method) {
                Some(route) => return Match::Route(pattern, route),
                None => found = Match::OtherMethods,
            }
        }
        found
    }

    /// The methods of the routes for a path, in order; a method may occur more than once.
    pub fn methods(&self, path: &[u8]) -> impl Iterator<Item = &[u8]> {
        self.matching(path).flat_map(Pattern::routes).map(Route::method)
    }
}

impl Drop for Routes {
    /// Frees the patterns one by one, because recursion along a long list could overflow the stack.
    fn drop(&mut self) {
        let mut first = self.first.get_mut().take();
        while let Some(mut pattern) = first {
            let mut routes = pattern.routes.take();
            while let Some(mut route) = routes {
                routes = route.next.take();
            }
            first = pattern.next.take();
        }
    }
}

/// Inserts a pattern at its place in the order.
fn insert(
    first: &mut Option<Owned<Pattern>>,
    path: Compiled,
    route: Owned<Route>,
) -> Result<(), c_int> {
    let mut place = first;
    while place.as_ref().is_some_and(|known| order(known.path.bytes(), path.bytes()).is_lt()) {
        match place {
            Some(known) => place = &mut known.next,
            None => break,
        }
    }
    if let Some(known) = place.as_mut()
        && known.path.bytes() == path.bytes()
    {
        return known.add(route);
    }
    let mut pattern = Owned::new(Pattern { next: None, routes: None, path }).ok_or(libc::ENOMEM)?;
    pattern.next = place.take();
    let added = pattern.add(route);
    *place = Some(pattern);
    added
}
