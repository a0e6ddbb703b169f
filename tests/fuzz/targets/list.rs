//! libFuzzer feeds `list`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sweep_fuzz::list(data));
