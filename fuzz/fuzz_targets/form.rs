#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| yolanda_fuzz::form(data));
