//! Listening on a path (unix(7)), and how a path passes from one server to the next.
//!
//! The kernel gives a path to one socket, but leaves its file behind: who comes later finds out
//! whether anybody still listens there, and takes the file away. So that no two do that at once, and
//! nobody removes the file of a successor, a path changes hands only under a lock on a file beside it,
//! which is there for that moment.

use super::{errno, fd as sys_fd, file, socket};
use crate::sys::address::Address;
use crate::sys::listen::{bound, fails, listen, stream};
use libc::{c_char, c_int, sockaddr_un};
use std::ffi::CStr;
use std::mem;

/// What the name of the lock's file has behind the path.
const SUFFIX: &[u8] = b".yolanda-lock\0";
const LOCK_NAME: usize = mem::size_of::<sockaddr_un>() + SUFFIX.len();

/// How often the lock is tried, and the pause between. It is held for a moment: who has it longer was
/// stopped meanwhile.
const TRIES: u32 = 1000;
const NAP_US: u32 = 1000;

/// Tells a file from every other one that is there: device and inode.
type FileId = (u64, u64);

/// The file of a socket that was bound here.
pub struct File {
    id: FileId,
    /// A child that has the socket by fork(2) didn't bind it.
    process: libc::pid_t,
}

/// A socket that listens on a path or an abstract name, and its file, which the latter hasn't. A socket
/// file that nobody listens on is replaced.
pub fn open(address: &Address) -> Result<(c_int, Option<File>), c_int> {
    with_path(address, |path| {
        let _lock = Lock::take(path)?;
        let fd = match bound(address, false) {
            Err(libc::EADDRINUSE) => {
                remove_stale(path, address)?;
                bound(address, false)?
            }
            done => done?,
        };
        let id = socket_file(path);
        if let Err(e) = listen(fd) {
            id.inspect(|&id| remove(path, id));
            sys_fd::close(fd);
            return Err(e);
        }
        // SAFETY: getpid has no preconditions.
        let process = unsafe { libc::getpid() };
        Ok((fd, id.map(|id| File { id, process })))
    })
    .unwrap_or_else(|| {
        let fd = bound(address, false)?;
        listen(fd).map(|()| (fd, None)).inspect_err(|_| sys_fd::close(fd))
    })
}

/// Ends what `open` began: has `close` close the socket, and removes its file, unless the path is
/// somebody else's by now, or other processes have the socket that this one has by fork(2). Without
/// the lock the file stays: the next server replaces it.
pub fn retire(address: &Address, file: File, close: impl FnOnce()) {
    let _keep = errno::Keep::new();
    // SAFETY: getpid has no preconditions.
    let ours = file.process == unsafe { libc::getpid() };
    with_path(address, |path| {
        if ours && let Ok(_lock) = Lock::take(path) {
            // As long as the socket is open, no other file has its file's inode.
            remove(path, file.id);
        }
    });
    close();
    with_path(address, |path| {
        if !ours
            && let Ok(_lock) = Lock::take(path)
            && probe(address) == Err(libc::ECONNREFUSED)
        {
            remove(path, file.id);
        }
    });
}

/// Removes a socket file that nobody listens on. EADDRINUSE where it isn't one.
fn remove_stale(path: &CStr, address: &Address) -> Result<(), c_int> {
    let found = socket_file(path).ok_or(libc::EADDRINUSE)?;
    match probe(address) {
        Err(libc::ECONNREFUSED) => {
            remove(path, found);
            Ok(())
        }
        Err(libc::ENOENT) => Ok(()),
        _ => Err(libc::EADDRINUSE),
    }
}

/// Tries to connect.
fn probe(address: &Address) -> Result<c_int, c_int> {
    let fd = stream(libc::AF_UNIX)?;
    let answer = fails(socket::connect(fd, address));
    sys_fd::close(fd);
    answer
}

fn lstat(path: *const c_char) -> Option<libc::stat> {
    // SAFETY: a NUL-terminated path; lstat fills the struct, of which zero is a valid value.
    unsafe {
        let mut st: libc::stat = mem::zeroed();
        (libc::lstat(path, &mut st) == 0).then_some(st)
    }
}

/// The file of a path that is a socket, not a link to one.
fn socket_file(path: &CStr) -> Option<FileId> {
    let st = lstat(path.as_ptr())?;
    (st.st_mode & libc::S_IFMT == libc::S_IFSOCK).then_some((st.st_dev, st.st_ino))
}

/// Where that fails the file stays, which the next server replaces.
fn remove(path: &CStr, file: FileId) {
    if socket_file(path) == Some(file) {
        // SAFETY: a NUL-terminated path.
        unsafe { libc::unlink(path.as_ptr()) };
    }
}

/// Calls `f` with the path of an address that has one.
fn with_path<R>(address: &Address, f: impl FnOnce(&CStr) -> R) -> Option<R> {
    if address.family() != libc::AF_UNIX {
        return None;
    }
    // SAFETY: the storage is larger than the struct, and all zero behind what was written to it.
    let un = unsafe { address.as_ptr().cast::<sockaddr_un>().read() };
    let mut text = [0u8; mem::size_of::<sockaddr_un>()];
    text.iter_mut().zip(un.sun_path).for_each(|(to, from)| *to = from as u8);
    let path = CStr::from_bytes_until_nul(&text).ok()?;
    (!path.is_empty()).then(|| f(path))
}

/// The right to change who has a path, against other processes and other threads of this one. Ends
/// with the process, too.
struct Lock {
    fd: c_int,
    name: [u8; LOCK_NAME],
}

impl Lock {
    /// Waits for the lock. EADDRINUSE where somebody else has it for too long.
    fn take(path: &CStr) -> Result<Lock, c_int> {
        let mut name = [0; LOCK_NAME];
        let whole = path.to_bytes().iter().chain(SUFFIX);
        name.iter_mut().zip(whole).for_each(|(to, &from)| *to = from);
        for _ in 0..TRIES {
            let fd = open_file(&name)?;
            match lock_file(fd, &name) {
                Ok(true) => return Ok(Lock { fd, name }),
                Ok(false) => sys_fd::close(fd),
                Err(e) => {
                    sys_fd::close(fd);
                    return Err(e);
                }
            }
            // SAFETY: usleep takes a number and touches no memory.
            unsafe { libc::usleep(NAP_US) };
        }
        Err(libc::EADDRINUSE)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if is_file_of(self.fd, &self.name) {
            // SAFETY: the name ends with a NUL. A file that stays is locked by whoever comes next.
            unsafe { libc::unlink(self.name.as_ptr().cast()) };
        }
        sys_fd::close(self.fd);
    }
}

/// Opens the lock's file; makes it where it isn't there.
fn open_file(name: &[u8; LOCK_NAME]) -> Result<c_int, c_int> {
    let name = name.as_ptr().cast::<c_char>();
    // Whatever stands there is neither followed nor waited for.
    let flags =
        libc::O_RDWR | libc::O_CLOEXEC | libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
    loop {
        // SAFETY: the name ends with a NUL.
        match fails(sys_fd::lift(unsafe { libc::open(name, flags) })) {
            Err(libc::ENOENT) => {}
            done => return done,
        }
        let anew = flags | libc::O_CREAT | libc::O_EXCL;
        // SAFETY: the name ends with a NUL.
        match fails(sys_fd::lift(unsafe { libc::open(name, anew, 0o600) })) {
            Err(libc::EEXIST) => {}
            done => return done,
        }
    }
}

/// Whether the lock was to be had, and the file still is the one that others find.
fn lock_file(fd: c_int, name: &[u8; LOCK_NAME]) -> Result<bool, c_int> {
    // SAFETY: flock takes numbers only.
    match fails(unsafe { libc::flock(fd, libc::LOCK_EX | libc::LOCK_NB) }) {
        Ok(_) => Ok(is_file_of(fd, name)),
        Err(libc::EWOULDBLOCK | libc::EINTR) => Ok(false),
        Err(e) => Err(e),
    }
}

/// Whether a descriptor's file is the one of that name.
fn is_file_of(fd: c_int, name: &[u8; LOCK_NAME]) -> bool {
    let found = lstat(name.as_ptr().cast());
    file::status(fd)
        .zip(found)
        .is_some_and(|(ours, found)| (found.st_dev, found.st_ino) == (ours.st_dev, ours.st_ino))
}
