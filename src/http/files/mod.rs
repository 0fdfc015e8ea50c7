//! Static files: what a program makes of a folder, and gives to its servers.
//!
//! `answer` fills a response in; `path` reads what a request asks for, `open` (with `walk`) opens it and
//! nothing outside of the folder, `types` names its content, `validator`, `conditions` and `range` are what
//! RFC 9110 has for them. How the bytes get to the client is told in `sending`.

mod answer;
mod conditions;
mod open;
mod path;
mod range;
mod types;
mod validator;
mod walk;

pub use crate::http::files::answer::yolanda_http_files_answer;

use core::ffi::{c_char, c_int, c_void};
use core::mem::size_of;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed, fence};
use core::sync::atomic::{Ordering::Acquire, Ordering::Release};

use crate::abi::types::{
    YOLANDA_HTTP_FILES_HIDDEN as HIDDEN, YOLANDA_HTTP_FILES_LINKS as LINKS, yolanda_http_files,
};
use crate::http::message::collected::Collected;
use crate::http::route::table::Wish;
use crate::http::wire::encode::Sink;
use crate::sys::text::text;
use crate::sys::{errno, fd as sys_fd, pool};

/// The longest name of a file (NAME_MAX).
const NAME: usize = 255;

/// What stands behind a `struct yolanda_http_files`. Once it is in use nothing of it changes.
pub struct Files {
    root: c_int,
    links: bool,
    hidden: bool,
    /// The name of a folder's own page, with a NUL behind it; empty for none.
    index: [u8; NAME + 1],
    /// Seconds; negative for none.
    max_age: c_int,
    used: AtomicBool,
    /// The program, and each server that has them.
    owners: AtomicU32,
}

/// The object of a public call; None with EINVAL for NULL.
///
/// # Safety
/// NULL or a live object.
pub unsafe fn given(what: &str, files: *mut yolanda_http_files) -> Option<*mut Files> {
    if files.is_null() {
        log_err!("{}: no files", what);
        errno::set(libc::EINVAL);
        return None;
    }
    Some(files.cast())
}

/// The same, if it may still be changed; else EBUSY.
unsafe fn to_change(what: &str, files: *mut yolanda_http_files) -> Option<*mut Files> {
    // SAFETY: NULL or a live object.
    unsafe {
        let own = given(what, files)?;
        if (*own).used.load(Relaxed) {
            errno::set(libc::EBUSY);
            return None;
        }
        Some(own)
    }
}

pub unsafe extern "C" fn yolanda_http_files_new(
    root: *const c_char,
    flags: c_int,
) -> *mut yolanda_http_files {
    if root.is_null() || flags & !(LINKS | HIDDEN) != 0 {
        errno::set(libc::EINVAL);
        return null_mut();
    }
    // SAFETY: a C string; fresh memory is written at once.
    unsafe {
        let how = libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC;
        let root = sys_fd::lift(libc::open(root, how));
        if root < 0 {
            return null_mut();
        }
        let files: *mut Files = pool::alloc(size_of::<Files>()).cast();
        if files.is_null() {
            sys_fd::close(root);
            errno::set(libc::ENOMEM);
            return null_mut();
        }
        files.write(Files {
            root,
            links: flags & LINKS != 0,
            hidden: flags & HIDDEN != 0,
            index: [0; NAME + 1],
            max_age: -1,
            used: AtomicBool::new(false),
            owners: AtomicU32::new(1),
        });
        set_index(files, b"index.html");
        files.cast()
    }
}

pub unsafe extern "C" fn yolanda_http_files_free(files: *mut yolanda_http_files) -> c_int {
    // SAFETY: NULL, or a live object that the caller gives up.
    unsafe {
        let Some(own) = given("yolanda_http_files_free", files) else {
            return -1;
        };
        release(own);
    }
    0
}

/// One owner less; the last one frees.
unsafe fn release(files: *mut Files) {
    // SAFETY: the caller's reference.
    unsafe {
        if (*files).owners.fetch_sub(1, Release) == 1 {
            fence(Acquire);
            sys_fd::close((*files).root);
            pool::free(files.cast(), size_of::<Files>());
        }
    }
}

unsafe fn set_index(files: *mut Files, name: &[u8]) {
    // SAFETY: a live object that nobody else uses now.
    unsafe {
        let mut index = [0; NAME + 1];
        for (place, &byte) in index.iter_mut().take(NAME).zip(name) {
            *place = byte;
        }
        (*files).index = index;
    }
}

pub unsafe extern "C" fn yolanda_http_files_set_index(
    files: *mut yolanda_http_files,
    name: *const c_char,
) -> c_int {
    // SAFETY: NULL or a live object; NULL or a C string.
    unsafe {
        let Some(own) = to_change("yolanda_http_files_set_index", files) else {
            return -1;
        };
        let index = text(name);
        let is_name = !matches!(index, b"" | b"." | b"..") && !index.contains(&b'/');
        if !name.is_null() && (!is_name || index.len() > NAME) {
            return errno::fail(libc::EINVAL);
        }
        set_index(own, index);
    }
    0
}

pub unsafe extern "C" fn yolanda_http_files_set_max_age(
    files: *mut yolanda_http_files,
    seconds: c_int,
) -> c_int {
    // SAFETY: NULL or a live object that nobody else uses yet.
    unsafe {
        let Some(own) = to_change("yolanda_http_files_set_max_age", files) else {
            return -1;
        };
        if seconds < -1 {
            return errno::fail(libc::EINVAL);
        }
        (*own).max_age = seconds;
    }
    0
}

unsafe extern "C-unwind" fn destroy(data: *mut c_void) {
    // SAFETY: the reference of a route.
    unsafe { release(data.cast()) }
}

/// Adds the routes of a folder: `add` is given the patterns, and what answers there. Err with errno: that of `add`,
/// ENOMEM.
///
/// # Safety
/// `files` is a live object. `add` keeps what it is given unless it fails.
pub unsafe fn serve_below(
    files: *mut Files,
    prefix: &[u8],
    add: impl Fn(&[u8], Wish) -> Result<(), c_int>,
) -> Result<(), c_int> {
    let folder = prefix.strip_suffix(b"/").unwrap_or(prefix);
    let mut below = Collected::new();
    below.put(folder);
    below.put(b"/*");
    let below = below.bytes().ok_or(libc::ENOMEM)?;
    for pattern in [below, folder] {
        if pattern.is_empty() {
            break;
        }
        // SAFETY: the caller's reference keeps the files; each route gets one of its own.
        unsafe {
            (*files).owners.fetch_add(1, Relaxed);
            let wish = Wish {
                handler: Some(answer::on_request),
                data: files.cast(),
                destroy: Some(destroy),
                takes_bodies: false,
            };
            match add(pattern, wish) {
                Ok(()) => (),
                // The folder's name without a slash only leads to the one with it.
                Err(libc::EEXIST) if pattern == folder => release(files),
                Err(error) => {
                    release(files);
                    return Err(error);
                }
            }
        }
    }
    // SAFETY: the caller's reference keeps the files.
    unsafe { (*files).used.store(true, Relaxed) };
    Ok(())
}
