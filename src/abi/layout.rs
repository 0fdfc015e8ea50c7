//! Checks at compile time the struct layouts that compiled C code relies on.

#![forbid(unsafe_code)]

/// `assert_layout!(type, size; field: offset, size; ...)`
macro_rules! assert_layout {
    ($type:ty, $size:literal; $($field:ident: $offset:literal, $bytes:literal;)*) => {
        // pthread_mutex_t and pthread_cond_t have other sizes on other targets.
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        const _: () = {
            assert!(core::mem::size_of::<$type>() == $size);
            $(
                assert!(core::mem::offset_of!($type, $field) == $offset);
                assert!($crate::abi::layout::size_of_field(|whole: &$type| &whole.$field) == $bytes);
            )*
        };
    };
}

pub(in crate::abi) const fn size_of_field<T, F>(_: fn(&T) -> &F) -> usize {
    core::mem::size_of::<F>()
}
