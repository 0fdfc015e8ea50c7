//! Collects a message or a part of one in its own memory. Any thread may use it.
#![forbid(unsafe_code)]

use crate::http::wire::encode::Sink;
use crate::sys::pool::Bytes;

/// The size of the first block; most heads fit into it.
const FIRST: usize = 2048;

pub struct Collected {
    bytes: Bytes,
    failed: bool,
}

impl Collected {
    pub fn new() -> Collected {
        Collected { bytes: Bytes::new(), failed: false }
    }

    /// For a message of at most `len` bytes.
    pub fn with_room(len: usize) -> Collected {
        let mut bytes = Bytes::new();
        let failed = bytes.reserve(len).is_none();
        Collected { bytes, failed }
    }

    /// The collected bytes. None if memory ran out.
    pub fn bytes(&self) -> Option<&[u8]> {
        (!self.failed).then(|| self.bytes.bytes())
    }
}

impl Sink for Collected {
    fn put(&mut self, bytes: &[u8]) {
        if self.failed {
            return;
        }
        let more = match self.bytes.capacity() {
            0 => bytes.len().max(FIRST),
            _ => bytes.len(),
        };
        self.failed = self.bytes.reserve(more).is_none() || self.bytes.append(bytes).is_none();
    }
}
