//! Finds control characters, sixteen bytes at a time.

use core::arch::x86_64::{
    _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
};

/// A mask with one bit for each byte, set for control characters (below 0x20, or 0x7f). The lowest bit is for the
/// first byte.
#[inline]
pub fn of(bytes: &[u8; 16]) -> u32 {
    // SAFETY: every x86-64 CPU has SSE2, and the unaligned load reads the sixteen bytes of the array.
    unsafe {
        let bytes = _mm_loadu_si128(bytes.as_ptr().cast());
        let small = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
        let delete = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
        _mm_movemask_epi8(_mm_or_si128(small, delete)) as u32
    }
}
