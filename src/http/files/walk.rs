//! Opens a file below a root folder name by name, checks each name for a symbolic link, and resolves links
//! itself: a replacement for openat2(2) on kernels without it. It never leaves the root, even if the folders are
//! changed at the same time: no name that it opens contains a slash, and the kernel follows no link.

use core::ffi::{CStr, c_int};

use crate::http::files::open::FLAGS;
use crate::http::files::path::LONGEST;
use crate::sys::{errno, fd as sys_fd};

/// The maximum number of links in a path, the same as the kernel's (path_resolution(7)).
const LINKS: usize = 40;

/// A folder on the path; it is closed when this is dropped.
struct Folder(c_int);

impl Drop for Folder {
    fn drop(&mut self) {
        sys_fd::close(self.0);
    }
}

/// The path that is being walked. Its beginning may already have been walked.
struct Path {
    text: [u8; LONGEST],
    len: usize,
}

impl Path {
    fn bytes(&self) -> &[u8] {
        self.text.get(..self.len).unwrap_or(b"")
    }

    /// Replaces the bytes from `start` to `end` by `with`. None if the result is too long.
    fn replace(&mut self, start: usize, end: usize, with: &[u8]) -> Option<()> {
        let behind = self.len.checked_sub(end)?;
        let len = start + with.len() + behind;
        if len > LONGEST || start > end {
            return None;
        }
        self.text.copy_within(end..self.len, start + with.len());
        self.text.get_mut(start..start + with.len())?.copy_from_slice(with);
        self.len = len;
        Some(())
    }
}

/// As `open`.
pub fn walk(root: c_int, path: &CStr, links: bool) -> Result<c_int, c_int> {
    let mut left = Path { text: [0; LONGEST], len: 0 };
    left.replace(0, 0, path.to_bytes()).ok_or(libc::ENAMETOOLONG)?;
    let mut folder: Option<Folder> = None;
    // Where the next name begins, and how many links have been followed.
    let (mut start, mut seen) = (0, 0);
    loop {
        let rest = left.bytes().get(start..).unwrap_or(b"");
        let len = rest.iter().position(|&b| b == b'/').unwrap_or(rest.len());
        let (name, behind) = rest.split_at(len);
        let is_last = !behind.iter().any(|&b| b != b'/');
        match name {
            // Only in the target of a link: in paths these were rejected.
            b"" | b"." if !is_last => {
                left.replace(start, start + len + 1, b"").ok_or(libc::ENAMETOOLONG)?;
                continue;
            }
            b".." => {
                // All names before are folders, so this removes the last of them.
                let before = left.bytes().get(..start).unwrap_or(b"");
                let before = before.strip_suffix(b"/").ok_or(libc::EXDEV)?;
                let first = before.iter().rposition(|&b| b == b'/').map_or(0, |slash| slash + 1);
                let end = (start + len + 1).min(left.len);
                left.replace(first, end, b"").ok_or(libc::ENAMETOOLONG)?;
                (start, folder) = (0, None);
                continue;
            }
            _ => (),
        }
        let at = folder.as_ref().map_or(root, |folder| folder.0);
        let name = Name::of(if name.is_empty() { b"." } else { name })?;
        let flags = match is_last && behind.is_empty() {
            true => FLAGS,
            false => libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC,
        };
        match open_name(at, &name, flags) {
            Ok(fd) if is_last && behind.is_empty() => return Ok(fd),
            Ok(fd) if is_last => {
                // A slash follows it, so it is a folder, which is opened for reading.
                let found = Folder(fd);
                return open_name(found.0, &Name::of(b".")?, FLAGS);
            }
            Ok(fd) => {
                folder = Some(Folder(fd));
                start += len + 1;
            }
            Err(error @ (libc::ELOOP | libc::ENOTDIR)) => {
                let mut target = [0; LONGEST];
                let target = match read_link(at, &name, &mut target) {
                    Some(target) if links => target,
                    Some(_) => return Err(libc::ELOOP),
                    None => return Err(error),
                };
                seen += 1;
                if seen > LINKS {
                    return Err(libc::ELOOP);
                }
                if target.first() == Some(&b'/') {
                    return Err(libc::EXDEV);
                }
                left.replace(start, start + len, target).ok_or(libc::ENAMETOOLONG)?;
            }
            Err(error) => return Err(error),
        }
    }
}

/// A single name as a C string.
struct Name([u8; 256]);

impl Name {
    fn of(name: &[u8]) -> Result<Name, c_int> {
        let mut text = [0; 256];
        let room = text.get_mut(..name.len()).filter(|_| name.len() < 256);
        room.ok_or(libc::ENAMETOOLONG)?.copy_from_slice(name);
        Ok(Name(text))
    }
}

/// Opens a name in a folder without following links. Err with errno; for a link ELOOP or ENOTDIR.
fn open_name(folder: c_int, name: &Name, flags: c_int) -> Result<c_int, c_int> {
    loop {
        // SAFETY: a C string.
        let fd = unsafe { libc::openat(folder, name.0.as_ptr().cast(), flags | libc::O_NOFOLLOW) };
        let fd = sys_fd::lift(fd);
        match (fd, errno::get()) {
            (0.., _) => return Ok(fd),
            (_, libc::EINTR) => (),
            (_, error) => return Err(error),
        }
    }
}

/// The target of a link; None if it isn't a link.
fn read_link<'a>(folder: c_int, name: &Name, to: &'a mut [u8; LONGEST]) -> Option<&'a [u8]> {
    // SAFETY: a C string, and a buffer of the given size.
    let len = unsafe {
        libc::readlinkat(folder, name.0.as_ptr().cast(), to.as_mut_ptr().cast(), to.len())
    };
    usize::try_from(len).ok().and_then(|len| to.get(..len))
}

#[cfg(test)]
mod tests;
