//! Validators, which distinguish the states of a file: an entity tag and a date (RFC 9110, 8.8).
#![deny(unsafe_code)]

use libc::stat;

pub const TAG_LENGTH: usize = 18;

pub struct Validator {
    /// A strong entity tag, including its quotes.
    pub tag: [u8; TAG_LENGTH],
    /// Seconds since 1970-01-01; never in the future.
    pub modified: i64,
    /// The current time, in the same unit.
    pub now: i64,
}

impl Validator {
    pub fn of(status: &stat, now: i64) -> Validator {
        // The status change time changes with the content, even if a program resets the modification time after
        // copying. The inode number is mixed in, so that clients don't see it.
        let state = [
            status.st_dev,
            status.st_ino,
            status.st_size as u64,
            status.st_mtime as u64,
            status.st_mtime_nsec as u64,
            status.st_ctime as u64,
            status.st_ctime_nsec as u64,
        ];
        let mixed = state.iter().fold(0, |mixed, &part| mix(mixed ^ part));
        let mut tag = [b'"'; TAG_LENGTH];
        for (i, place) in tag.iter_mut().skip(1).take(16).enumerate() {
            let nibble = (mixed >> (60 - 4 * i) & 15) as u8;
            *place = nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
        }
        Validator { tag, modified: status.st_mtime.min(now), now }
    }
}

/// Makes each bit depend on all others, without collisions (the finalizer of SplitMix64).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
#[allow(unsafe_code)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_the_state_counts() {
        // SAFETY: `stat` consists of numbers, for which zeroes are valid.
        let state = || unsafe { std::mem::zeroed::<stat>() };
        let tag = |change: fn(&mut stat)| {
            let mut status = state();
            change(&mut status);
            Validator::of(&status, 0).tag
        };
        let tags = [
            tag(|_| ()),
            tag(|s| s.st_dev = 1),
            tag(|s| s.st_ino = 1),
            tag(|s| s.st_size = 1),
            tag(|s| s.st_mtime = 1),
            tag(|s| s.st_mtime_nsec = 1),
            tag(|s| s.st_ctime = 1),
            tag(|s| s.st_ctime_nsec = 1),
        ];
        for (i, one) in tags.iter().enumerate() {
            assert!(one.starts_with(b"\"") && one.ends_with(b"\""));
            assert!(one[1..17].iter().all(u8::is_ascii_hexdigit));
            assert!(tags[..i].iter().all(|other| other != one), "{i}");
        }
    }
}
