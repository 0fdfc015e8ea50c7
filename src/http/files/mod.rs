//! Static files: a folder that a program opens and its servers serve.
//!
//! `answer` fills in a response. `path` checks the path of a request, `open` (with `walk`) opens the file and
//! nothing outside of the folder, `types` determines its content type. `validator`, `conditions` and `range`
//! implement conditional and range requests (RFC 9110, 13 and 14).

mod answer;
mod conditions;
mod open;
mod path;
mod range;
mod types;
mod validator;
mod walk;

use core::cell::Cell;
use core::ffi::{CStr, c_int, c_void};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::http::message::collected::Collected;
use crate::http::message::handler::Wish;
use crate::http::wire::encode::Sink;
use crate::reactor::kept::{Counted, Kept};
use crate::sync::refs::{RefCount, Released};
use crate::sys::pool::Owned;
use crate::sys::{errno, fd as sys_fd};

/// The maximum length of a file name (NAME_MAX).
const NAME: usize = 255;

/// The object of a `struct yolanda_http_files`. It doesn't change after its first use.
pub struct Files {
    root: c_int,
    links: bool,
    hidden: bool,
    /// The name of a folder's index file, followed by a NUL; empty for none.
    index: Cell<[u8; NAME + 1]>,
    /// Cache-Control's max-age in seconds; negative for none.
    max_age: Cell<c_int>,
    used: AtomicBool,
    /// The program has the count's own reference, each route one of the others.
    refs: RefCount,
}

impl Files {
    /// Opens a folder. `links`: follow symbolic links; `hidden`: serve names that begin with a dot. Err with
    /// errno: that of open(2), ENOMEM.
    pub fn open(root: &CStr, links: bool, hidden: bool) -> Result<Owned<Files>, c_int> {
        let how = libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC;
        // SAFETY: a C string.
        let root = sys_fd::lift(unsafe { libc::open(root.as_ptr(), how) });
        if root < 0 {
            return Err(errno::get());
        }
        let files = Files {
            root,
            links,
            hidden,
            index: Cell::new([0; NAME + 1]),
            max_age: Cell::new(-1),
            used: AtomicBool::new(false),
            refs: RefCount::new(),
        };
        files.put_index(b"index.html");
        Owned::new(files).ok_or(libc::ENOMEM)
    }

    /// Releases the program's reference.
    ///
    /// # Safety
    /// `files` came from `open`; the program doesn't use it any more.
    pub unsafe fn let_go(files: NonNull<Files>) {
        // SAFETY: the program's reference keeps the files until here. After the last release nothing refers to
        // them.
        unsafe {
            if files.as_ref().refs.let_go() == Released::Last {
                drop(Owned::from_raw(files));
            }
        }
    }

    /// Err(EBUSY) after the first use.
    fn may_change(&self) -> Result<(), c_int> {
        if self.used.load(Relaxed) { Err(libc::EBUSY) } else { Ok(()) }
    }

    /// Records that the files are in use. They don't change afterwards.
    pub fn note_use(&self) {
        if !self.used.load(Relaxed) {
            self.used.store(true, Relaxed);
        }
    }

    fn put_index(&self, name: &[u8]) {
        let mut index = [0; NAME + 1];
        for (place, &byte) in index.iter_mut().take(NAME).zip(name) {
            *place = byte;
        }
        self.index.set(index);
    }

    /// Sets the name of the index file of folders; None for none. Err with errno: EBUSY, EINVAL if it isn't a
    /// file name.
    pub fn set_index(&self, name: Option<&[u8]>) -> Result<(), c_int> {
        self.may_change()?;
        if let Some(name) = name
            && (matches!(name, b"" | b"." | b"..") || name.contains(&b'/') || name.len() > NAME)
        {
            return Err(libc::EINVAL);
        }
        self.put_index(name.unwrap_or(b""));
        Ok(())
    }

    /// Sets how long clients may cache a file, in seconds; -1 omits the header. Err with errno: EBUSY, EINVAL.
    pub fn set_max_age(&self, seconds: c_int) -> Result<(), c_int> {
        self.may_change()?;
        if seconds < -1 {
            return Err(libc::EINVAL);
        }
        self.max_age.set(seconds);
        Ok(())
    }

    /// Adds the routes of a folder: calls `add` with each pattern and its handler, which `add` keeps unless it
    /// fails. Err with errno: that of `add`, ENOMEM.
    ///
    /// # Safety
    /// `this` came from `open`, and the program's reference keeps it.
    pub unsafe fn serve_below(
        this: NonNull<Files>,
        prefix: &[u8],
        add: impl Fn(&[u8], Wish) -> Result<(), c_int>,
    ) -> Result<(), c_int> {
        // SAFETY: the program's reference keeps the files.
        let files = unsafe { this.as_ref() };
        let folder = prefix.strip_suffix(b"/").unwrap_or(prefix);
        let mut below = Collected::new();
        below.put(folder);
        below.put(b"/*");
        let below = below.bytes().ok_or(libc::ENOMEM)?;
        for pattern in [below, folder] {
            if pattern.is_empty() {
                break;
            }
            let kept = Kept::of(files).ok_or(libc::ENOMEM)?;
            let wish = Wish {
                handler: Some(answer::on_request),
                data: this.as_ptr().cast(),
                destroy: Some(destroy),
                takes_bodies: false,
            };
            if let Err(error) = add(pattern, wish) {
                drop(kept);
                // The route without the slash only redirects to the one with it.
                if error != libc::EEXIST || pattern != folder {
                    return Err(error);
                }
            } else {
                // The route owns the reference.
                kept.into_raw();
            }
        }
        files.note_use();
        Ok(())
    }
}

// SAFETY: `open` makes all files as an `Owned`, which is dropped only after the last reference.
unsafe impl Counted for Files {
    type Face = Files;

    fn face(&self) -> &Files {
        self
    }

    fn retain(&self) -> bool {
        self.refs.retain()
    }

    unsafe fn release(files: NonNull<Files>) {
        // SAFETY: the reference keeps the files until it is released. After the last one nothing refers to them.
        unsafe {
            if files.as_ref().refs.release() == Released::Last {
                drop(Owned::from_raw(files));
            }
        }
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        sys_fd::close(self.root);
    }
}

/// Releases the reference of a route.
unsafe extern "C-unwind" fn destroy(data: *mut c_void) {
    let Some(files) = NonNull::new(data.cast::<Files>()) else { return };
    // SAFETY: the reference that `serve_below` passed to the route.
    drop(unsafe { Kept::from_raw(files) });
}
