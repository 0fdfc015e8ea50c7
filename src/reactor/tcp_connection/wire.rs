//! The kind of a connection's descriptor, and whether bytes go directly between it and the buffers: one byte,
//! which is checked for each read and write.
#![forbid(unsafe_code)]

use crate::sys::kind::Kind;

const KINDS: [Kind; 4] = [Kind::File, Kind::Tcp, Kind::Stream, Kind::Messages];
const INDIRECT: u8 = 4;

#[derive(Clone, Copy)]
pub struct Wire(u8);

impl Wire {
    pub fn of(kind: Kind) -> Wire {
        Wire(kind as u8 | if kind.is_socket() { 0 } else { INDIRECT })
    }

    pub fn kind(self) -> Kind {
        KINDS[usize::from(self.0 & 3)]
    }

    pub fn is(self, kind: Kind) -> bool {
        self.0 & 3 == kind as u8
    }

    /// A socket that the library reads, without a filter.
    #[inline]
    pub fn is_direct(self) -> bool {
        self.0 & INDIRECT == 0
    }

    /// The same descriptor with something between it and the buffers: a filter, or a back end that reads.
    pub fn indirect(self) -> Wire {
        Wire(self.0 | INDIRECT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_the_kind() {
        for kind in KINDS {
            let wire = Wire::of(kind);
            assert_eq!((wire.kind(), wire.is_direct()), (kind, kind.is_socket()));
            assert_eq!((wire.indirect().kind(), wire.indirect().is_direct()), (kind, false));
        }
    }
}
