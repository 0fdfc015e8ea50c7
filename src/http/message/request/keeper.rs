//! Stores the parser's results in the request: lines as strings, the body as it arrives.

use core::ptr::NonNull;

use super::{Intake, Request};
use crate::http::wire::line::{HeaderLine, RequestLine};
use crate::http::wire::parse::Store;
use crate::http::wire::status::{NO_MEMORY, Status};
use crate::http::wire::target::absolute;

/// Stores the parser's results.
pub struct Keeper<'a>(pub &'a Request);

impl Keeper<'_> {
    /// A copy of the line followed by a NUL, with NULs at these positions.
    fn cut(&self, line: &[u8], at: [usize; 2]) -> Result<NonNull<u8>, Status> {
        let text = self.0.front.text.copy(line).ok_or(NO_MEMORY)?;
        for at in at {
            debug_assert!(at <= line.len());
            // SAFETY: the parts of a line end within it, or at its end, where the NUL is.
            unsafe { text.add(at).write(0) };
        }
        Ok(text)
    }

    /// Stores the host of a target that contains one. The URL of a server's request becomes the path, because
    /// callbacks compare it with the paths that they know.
    #[cold]
    fn absolute(&self, authority: &[u8], path: &[u8]) -> Result<(), Status> {
        let front = &self.0.front;
        front.host.set(front.text.copy(authority).ok_or(NO_MEMORY)?.as_ptr());
        if front.is_program_s {
            return Ok(());
        }
        let slash: &[u8] = if path.starts_with(b"/") { b"" } else { b"/" };
        let url = front.text.filled(slash.len() + path.len() + 1, |room| {
            for (place, &byte) in room.iter_mut().zip(slash.iter().chain(path)) {
                *place = byte;
            }
            Ok::<(), Status>(())
        });
        front.public.url.set(url.ok_or(NO_MEMORY)??.as_ptr().cast());
        Ok(())
    }
}

impl Store for Keeper<'_> {
    fn request_line(&mut self, line: &[u8], parts: &RequestLine) -> Result<(), Status> {
        // A blank follows the method and the URL.
        let text = self.cut(line, [parts.method_end, parts.url.end])?.as_ptr();
        let public = &self.0.front.public;
        public.method.set(text.cast());
        public.url.set(text.wrapping_add(parts.url.start).cast());
        public.version.set(text.wrapping_add(parts.url.end + 1).cast());
        let target = line.get(parts.url.clone()).unwrap_or(b"");
        match absolute(target) {
            None => Ok(()),
            Some((authority, path)) => self.absolute(target.get(authority).unwrap_or(b""), path),
        }
    }

    fn header(&mut self, line: &[u8], parts: &HeaderLine) -> Result<(), Status> {
        // A colon follows the name.
        let text = self.cut(line, [parts.name_end, parts.value.end])?.as_ptr();
        self.0.push(text, text.wrapping_add(parts.value.start)).ok_or(NO_MEMORY)
    }

    fn overridden_host(&mut self, line: &[u8], parts: &HeaderLine) -> Result<(), Status> {
        let host = self.0.front.host.get();
        if host.is_null() {
            return self.header(line, parts);
        }
        let key = line.get(..parts.name_end).unwrap_or(b"");
        let key = self.0.front.text.copy(key).ok_or(NO_MEMORY)?;
        self.0.push(key.as_ptr(), host).ok_or(NO_MEMORY)
    }

    fn body(&mut self, bytes: &[u8], left: Option<u64>) -> Result<(), Status> {
        let front = &self.0.front;
        if let Some(upload) = self.0.upload() {
            upload.part.set(bytes.len());
            return Ok(());
        }
        if front.intake.get() == Intake::Dropped {
            return Ok(());
        }
        front.body.append(&front.text, bytes, left, self.0.bodies()).ok_or(NO_MEMORY)
    }
}
