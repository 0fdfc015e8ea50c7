//! A program's settings for a client and its future connections.

#![forbid(unsafe_code)]

use super::Client;
use super::failed::Data;
use crate::abi::types::{Destroy, yolanda_client_failed_callback};
use crate::reactor::kept::Kept;
use crate::reactor::tcp_connection::handlers::Handlers;
use crate::reactor::tcp_connection::settings::Settings;
use crate::sys::explained::explain;
use libc::{c_int, c_void};

impl Client {
    /// Sets the initial `data` of future connections.
    pub fn set_data(&self, data: *mut c_void) {
        self.data.set(data);
    }

    /// The callbacks of the next connections.
    pub fn set_handlers(&self, handlers: Kept<Handlers>) {
        self.handlers.set(Some(handlers));
    }

    pub fn set_failed_callback(&self, callback: yolanda_client_failed_callback, data: *mut c_void) {
        self.failed.set(callback, data, None);
    }

    /// The same with data that is destroyed after its last use. On failure it stays the program's.
    pub fn set_failed_callback_with_destroy(
        &self,
        callback: yolanda_client_failed_callback,
        data: *mut c_void,
        destroy: Destroy,
    ) -> Result<(), c_int> {
        if self.event_loop().is_ending() {
            return Err(explain!(libc::ESHUTDOWN, "the loop is being freed"));
        }
        let owned = Data::new(self.event_loop(), data, destroy).ok_or(libc::ENOMEM)?;
        self.failed.set(callback, data, Some(owned));
        Ok(())
    }

    /// Sets the time limit of a whole attempt in milliseconds; 0 means none.
    pub fn set_timeout(&self, ms: i64) -> Result<(), c_int> {
        if ms < 0 {
            return Err(libc::EINVAL);
        }
        self.limit_ms.set(ms);
        Ok(())
    }

    /// Sets the waits between attempts, in milliseconds (`min_ms` 0: no further attempts), and the maximum number
    /// of failed attempts in a row (0: any number).
    pub fn set_reconnect(&self, min_ms: i64, max_ms: i64, attempts: c_int) -> Result<(), c_int> {
        if min_ms < 0 || attempts < 0 || (min_ms > 0 && max_ms < min_ms) {
            return Err(libc::EINVAL);
        }
        self.backoff.set(min_ms, max_ms);
        self.attempts.set(attempts);
        Ok(())
    }

    /// Changes the settings for future connections.
    pub fn change_settings<R>(&self, change: impl FnOnce(&mut Settings) -> R) -> R {
        let mut settings = self.settings.get();
        let result = change(&mut settings);
        self.settings.set(settings);
        result
    }
}
